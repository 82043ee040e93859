"""Propose the Source of a file."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import orc, parquet
from pyspark.sql.pandas.types import from_arrow_type
from pyspark.sql.types import DataType

from glue_runtime.input.exact import packing
from gluecast.errors import GluecastError
from gluecast.sniff import avro, records, tables, workbooks
from gluecast.sniff.kinds import Kinds, kinds_of
from gluecast.sniff.proposal import Proposal
from gluecast.sniff.sample import Sample, Text, decoded, read

_SHOWN = 3


def sniff(path: Path, prefix: str | None = None) -> Proposal:
    """The proposal for a file. prefix: that of the source; by default from the file's name.

    Raises:
        GluecastError: the file is of no known format, or has no rows.
        FileNotFoundError: there is no such file.
    """
    sample = read(path)
    suffix = _suffix(path)
    prefix = prefix or f"{re.sub('[^a-z].*', '', path.name.lower()) or 'source'}/"
    if sample.data.startswith(b"PAR1"):
        columns = _typed(parquet.read_schema(path))
        return Proposal(prefix, suffix, "parquet", columns, {}, ())
    if sample.data.startswith(b"ORC"):
        schema = orc.ORCFile(path).schema
        if zoned := [field.name for field in schema if getattr(field.type, "tz", None)]:
            raise GluecastError(
                f"expected columns that Spark reads from ORC, found {zoned[0]}, a timestamp with local time "
                "zone; write it as a timestamp"
            )
        columns = _typed(schema)
        return Proposal(prefix, suffix, "orc", columns, {}, ())
    if sample.data.startswith(avro.MAGIC):
        columns = {name: _sql(kind) for name, kind in avro.columns_of(path).items()}
        return Proposal(prefix, suffix, "avro", columns, {}, ())
    if sample.data.startswith(workbooks.MAGIC):
        return _of_workbook(path, prefix, suffix)
    if b"\0" in sample.data[:4096] and not decoded(sample).encoding.startswith("UTF-16"):
        raise GluecastError(
            f"expected text, JSON, Parquet, ORC, Avro or an Excel workbook, found other data in {path}; export it as one of them"
        )
    text = decoded(sample)
    options = {"encoding": text.encoding} if text.encoding else {}
    if records.is_json(text.text):
        return _of_json(text, prefix, suffix, options)
    return _of_csv(text, sample, prefix, suffix, options)


def _of_csv(
    text: Text, sample: Sample, prefix: str, suffix: str, options: dict[str, str]
) -> Proposal:
    table = tables.table_of(text.text)
    found = kinds_of(table.columns, has_nulls=True)
    notes = [*text.notes, *found.notes]
    options |= table.options
    if "" in table.names:
        options["schemaEvolutionMode"] = "none"
        notes.append("a column has no name: it is ignored, as other columns that the schema lacks")
    if "header" in options:
        notes.append("there is no header: give the columns their names")
    options |= found.options
    if null := found.options.get("nullValue"):
        table = _with_null(table, null)
    checked = tables.check(text.text, table, found.types, found.notation)
    notes += _refused(checked.invalid)
    if reserved := {"source_id", "source_object"} & {*found.types}:
        notes.append(
            f"{min(reserved)} is a column that the runtime adds: the schema needs another name"
        )
        options |= {"header": "false", "skipRows": str(int(options.get("skipRows", 0)) + 1)}
        renamed = {f"original_{n}" if n in reserved else n: t for n, t in found.types.items()}
        found = Kinds(renamed, found.options, found.notes)
    return Proposal(
        prefix, suffix, "csv", _named(found), options, notes, checked.rows, len(checked.invalid)
    )


def _of_json(text: Text, prefix: str, suffix: str, options: dict[str, str]) -> Proposal:
    found = records.records_of(text.text)
    strings = kinds_of(found.texts, has_nulls=False, has_numbers=False)
    kinds = Kinds({**found.types, **strings.types}, strings.options, strings.notes)
    rows, invalid = records.check(found, kinds.types, kinds.notation)
    notes = [*text.notes, *kinds.notes, *_refused(invalid)]
    options |= kinds.options
    return Proposal(
        prefix, suffix, found.file_format, _named(kinds), options, notes, rows, len(invalid)
    )


def _of_workbook(path: Path, prefix: str, suffix: str) -> Proposal:
    found = workbooks.table_of(path)
    columns = {name: _sql(kind) for name, kind in found.types.items()}
    return Proposal(
        prefix, suffix, "excel", columns, found.options, found.notes, found.rows, found.invalid
    )


def _with_null(table: tables.Table, null: str) -> tables.Table:
    return replace(table, dialect=replace(table.dialect, null=null))


def _named(kinds: Kinds) -> dict[str, str]:
    return {name: _sql(kind) for name, kind in kinds.types.items()}


def _sql(kind: DataType) -> str:
    text = kind.simpleString()
    return text if "<" in text else text.upper()


def _typed(schema: pa.Schema) -> dict[str, str]:
    return {field.name: _sql(_spark_type(field.type)) for field in schema}


def _spark_type(kind: Any) -> DataType:
    if pa.types.is_timestamp(kind):
        # Arrow's unit does not matter: the runtime reads whole microseconds.
        kind = pa.timestamp("us", kind.tz)
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    try:
        return from_arrow_type(kind, prefer_timestamp_ntz=True)
    except Exception as error:
        raise GluecastError(
            f"expected columns of types that Spark has, found {kind}; write the file with another type"
        ) from error


def _refused(reasons: Sequence[str]) -> list[str]:
    if not reasons:
        return []
    shown = "; ".join(dict.fromkeys(reasons[:_SHOWN]))
    return [f"{len(reasons)} rows of the sample are invalid: {shown}"]


def _suffix(path: Path) -> str:
    found = re.search(r"(\.[A-Za-z0-9]+)?\.[A-Za-z0-9]+$", path.name)
    if not found:
        raise GluecastError(
            f"expected a name with an extension, found {path.name}; rename the file"
        )
    return found[0] if packing.ending_of(path.name) else path.suffix
