# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Exact reading on Spark's executors: a DataFrame of texts becomes one of rows with verdicts.

Spark brings the bytes and takes Arrow back; it converts nothing. Every function takes a DataFrame
with the bytes of a line or a file a row in the column `value`, keeps its other columns, and adds

the columns of the source
FAULT    null where the row fits; else the verdict, the reason in words and the text of the row
NUMBER   the line in which a row of a file begins, or its place in a JSON text, from 1
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas import functions as pandas_functions
from pyspark.sql.types import (
    ByteType,
    DataType,
    LongType,
    StringType,
    StructField,
    StructType,
)

from glue_runtime.input.exact import (
    csv_file,
    csv_lines,
    inference,
    json_lines,
    verdicts,
)
from glue_runtime.input.exact.columns import arrow_type
from glue_runtime.input.exact.csv_lines import Layout
from glue_runtime.input.exact.verdicts import BREAKS_FILE, FITS, Rows

VALUE, FAULT, NUMBER = "value", "_fault", "_number"

FAULT_TYPE = StructType(
    [
        StructField("verdict", ByteType()),
        StructField("reason", StringType()),
        StructField("raw", StringType()),
    ]
)

_FAULT = pa.struct([("verdict", pa.int8()), ("reason", pa.string()), ("raw", pa.string())])
_ENOUGH = 4 * 1024 * 1024
_ROOT = str(Path(__file__).parents[3])

Batches = Iterable[pa.RecordBatch]


@dataclass(frozen=True)
class Limit:
    """How many bytes of text one task may get; more of them break the file, for this reason."""

    bytes: int
    reason: str


def csv_rows(lines: DataFrame, layout: Layout, limit: Limit | None = None) -> DataFrame:
    """The rows of CSV files, from their lines as Spark splits them."""

    def read(batches: Batches) -> Iterator[pa.RecordBatch]:
        for batch in _gathered(batches):
            rows = csv_lines.read(batch[VALUE], layout)
            yield _batch(batch, layout.fields, rows, raws_of=batch[VALUE])

    return _mapped(lines, layout.fields, read, limit)


def csv_file_rows(files: DataFrame, layout: Layout, limit: Limit | None = None) -> DataFrame:
    """The rows of CSV files whose cells span lines; of a doubtful file one row that says so."""

    def read(batches: Batches) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in range(batch.num_rows):
                file = batch.slice(number, 1)
                yield _file_batch(file, layout)

    return _mapped(files, layout.fields, read, limit, numbered=True)


def json_rows(
    texts: DataFrame,
    fields: Sequence[StructField],
    limit: Limit | None = None,
    *,
    declared: bool,
) -> DataFrame:
    """The records of JSON texts; declared: whether a name that is no field makes a record invalid."""

    def read(batches: Batches) -> Iterator[pa.RecordBatch]:
        read_lines = json_lines.reader(fields, declared=declared)
        for batch in _gathered(batches):
            found = read_lines(batch[VALUE])
            yield _batch(batch, fields, found.rows, raws=found.raws, numbers=found.numbers)

    return _mapped(texts, fields, read, limit, numbered=True)


def inferred(
    texts: DataFrame,
    shape_of: Callable[[pa.Array], inference.Shape],
    limit: Limit | None = None,
) -> dict[str, DataType]:
    """The columns of texts and their types; shape_of: what is known of some of the texts."""

    def read(batches: Batches) -> Iterator[pa.RecordBatch]:
        some = _gathered(_up_to(limit, batches, []))
        shape = inference.merged([shape_of(batch[VALUE]) for batch in some])
        yield pa.RecordBatch.from_arrays([pa.array([json.dumps(shape)])], names=[VALUE])

    schema = StructType([StructField(VALUE, StringType())])
    found = _map_in_arrow(texts.select(VALUE), read, schema).collect()
    shape = inference.merged([json.loads(row[VALUE]) for row in found])
    columns = shape["struct"] if isinstance(shape, dict) and "struct" in shape else {}
    return {name: inference.type_of(each) for name, each in columns.items()}


def _up_to(
    limit: Limit | None, batches: Batches, beyond: list[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """The batches within a limit; the first one after it goes to `beyond`."""
    seen = 0
    for batch in batches:
        seen += batch[VALUE].nbytes
        if limit and seen > limit.bytes:
            beyond.append(batch.slice(0, 1))
            return
        yield batch


def _gathered(batches: Batches) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of some size: each has its price."""
    kept: list[pa.RecordBatch] = []
    for batch in batches:
        kept.append(batch)
        if sum(each.nbytes for each in kept) >= _ENOUGH:
            yield _one(kept)
            kept = []
    if kept:
        yield _one(kept)


def _one(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    if len(batches) == 1:
        return batches[0]
    [batch] = pa.Table.from_batches(batches).combine_chunks().to_batches()
    return batch


def _file_batch(file: pa.RecordBatch, layout: Layout) -> pa.RecordBatch:
    found = csv_file.read(file[VALUE][0].as_py(), layout)
    rows, records = found.rows, found.records
    if found.fault is not None:
        rows = _doubtful(layout.fields, found.fault)
        records = csv_file.Records(pa.array([b""]), pa.array([None], pa.int64()))
    places = pa.array([0] * len(records.texts), pa.int64())
    spread = file.take(places)
    value = spread.schema.get_field_index(VALUE)
    return _batch(
        spread.set_column(value, VALUE, records.texts),
        layout.fields,
        rows,
        raws_of=records.texts if found.fault is None else pa.array([None], pa.binary()),
        numbers=records.lines if rows.at is None else records.lines.take(rows.at),
    )


def _doubtful(fields: Sequence[StructField], reason: str) -> Rows:
    fault = verdicts.Fault(0, BREAKS_FILE, reason)
    nothing = [pa.nulls(0, arrow_type(field.dataType)) for field in fields]
    return verdicts.rows(fields, None, nothing, [], [fault])


def _batch(
    batch: pa.RecordBatch,
    fields: Sequence[StructField],
    rows: Rows,
    *,
    raws: pa.Array | None = None,
    raws_of: pa.Array | None = None,
    numbers: pa.Array | None = None,
) -> pa.RecordBatch:
    """The rows of a batch; their texts are `raws`, or those of `raws_of`."""
    others = batch.drop_columns([VALUE])
    if rows.at is not None:
        others = others.take(rows.at)
    columns = [*others.columns, *rows.columns, _faults(rows, raws, raws_of)]
    names = [*others.schema.names, *(field.name for field in fields), FAULT]
    if numbers is not None:
        columns, names = [*columns, numbers], [*names, NUMBER]
    return pa.RecordBatch.from_arrays(columns, names=names)


def _faults(rows: Rows, raws: pa.Array | None, raws_of: pa.Array | None) -> pa.Array:
    fits = pc.equal(rows.verdicts, FITS)
    if not fits.false_count:
        return pa.nulls(len(rows), _FAULT)
    if raws_of is not None:
        places = range(len(rows)) if rows.at is None else rows.at.to_pylist()
        texts = [
            None if fitting else _shown(raws_of[place].as_py())
            for place, fitting in zip(places, fits.to_pylist(), strict=True)
        ]
        raws = pa.array(texts, pa.string())
    return pa.StructArray.from_arrays(
        [rows.verdicts, rows.reasons, raws], fields=list(_FAULT), mask=fits
    )


def _shown(text: bytes | None) -> str | None:
    return None if text is None else text.decode(errors="replace")


def _mapped(
    df: DataFrame,
    fields: Sequence[StructField],
    read: Callable[[Batches], Iterator[pa.RecordBatch]],
    limit: Limit | None,
    *,
    numbered: bool = False,
) -> DataFrame:
    def read_within_limit(batches: Batches) -> Iterator[pa.RecordBatch]:
        beyond: list[pa.RecordBatch] = []
        yield from read(_up_to(limit, batches, beyond))
        for batch in beyond:
            nothing = pa.array([None], pa.string())
            numbers = pa.array([None], pa.int64()) if numbered else None
            fault = _doubtful(fields, limit.reason if limit else "")
            yield _batch(batch, fields, fault, raws=nothing, numbers=numbers)

    others = [field for field in df.schema.fields if field.name != VALUE]
    nullable = [StructField(field.name, field.dataType) for field in fields]
    added = [StructField(FAULT, FAULT_TYPE)]
    added += [StructField(NUMBER, LongType())] * numbered
    schema = StructType([*others, *nullable, *added])
    return _map_in_arrow(df, read_within_limit, schema)


def _map_in_arrow(
    df: DataFrame, read: Callable[[Batches], Iterator[pa.RecordBatch]], schema: StructType
) -> DataFrame:
    binary = df.withColumn(VALUE, df[VALUE].cast("binary"))
    _let_workers_import(df.sparkSession)
    # Spark asks for pandas here and does not use it; importing it takes half a second.
    with mock.patch.object(pandas_functions, "require_minimum_pandas_version"):
        return binary.mapInArrow(read, schema)


def _let_workers_import(spark: SparkSession) -> None:
    """Let the Python processes of this machine find this package where this process has it."""
    environment = spark.sparkContext.environment
    paths = environment.get("PYTHONPATH", "").split(os.pathsep)
    if _ROOT not in paths:
        environment["PYTHONPATH"] = os.pathsep.join([_ROOT, *filter(None, paths)])
