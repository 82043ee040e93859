"""Made-up sample files in the dialect of a real one: a repository is no place for the values of customers."""

import bz2
import gzip
import io
import zipfile
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pyarrow import orc, parquet

from glue_runtime.input.exact import packing
from glue_runtime.input.exact.dialect import encoding_of
from gluecast.sniff import avro, workbooks
from gluecast.sniff.proposal import Proposal
from gluecast.template.bundled import TEMPLATE_ROOT

NAMES = ("daily_2024-01-15", "daily_2024-01-16")
ROWS = 3
"""The number of rows of each file."""


def sample_files(proposal: Proposal, path: Path) -> Mapping[str, bytes]:
    """Sample files by their names, with made-up values for the columns of the file in `path`."""
    found = {}
    for number, name in enumerate(NAMES):
        first = 1 + number * ROWS
        if write := _TYPED.get(proposal.file_format):
            content = write(path, first)
        elif proposal.file_format == "excel":
            types = workbooks.table_of(path).types
            content = workbooks.sample(types, {**proposal.options}, range(first, first + ROWS))
        else:
            content = _packed(_text(proposal, first), proposal.suffix)
        found[name + proposal.suffix] = content
    return found


def _text(proposal: Proposal, first: int) -> bytes:
    """The text that the template writes for such a source, in the encoding of the file."""
    text = _macros().sample(proposal.file_format, proposal.schema, {**proposal.options}, first)
    encoding = encoding_of(proposal.options.get("encoding", "utf-8"))
    return str(text).encode(encoding or "utf-8")


@cache
def _macros() -> Any:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATE_ROOT),
        undefined=StrictUndefined,
        extensions=["jinja2_ansible_filters.AnsibleCoreFiltersExtension"],
        keep_trailing_newline=True,
    )
    return environment.get_template("template/_macros/samples.jinja").module


def _packed(data: bytes, suffix: str) -> bytes:
    ending = packing.ending_of(suffix)
    return _PACKERS[ending](data) if ending else data


def _zip(data: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("data"), data, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def _zstd(data: bytes) -> bytes:
    stream = pa.BufferOutputStream()
    with pa.CompressedOutputStream(stream, "zstd") as packed:
        packed.write(data)
    return bytes(stream.getvalue())


_PACKERS: Mapping[str, Callable[[bytes], bytes]] = {
    ".gz": lambda data: gzip.compress(data, mtime=0),
    ".bz2": bz2.compress,
    ".zst": _zstd,
    ".zip": _zip,
}


def _parquet(path: Path, first: int) -> bytes:
    stream = io.BytesIO()
    parquet.write_table(_table(parquet.read_schema(path), first), stream)
    return stream.getvalue()


def _orc(path: Path, first: int) -> bytes:
    stream = io.BytesIO()
    orc.write_table(_table(orc.ORCFile(path).schema, first), stream)
    return stream.getvalue()


def _avro(path: Path, first: int) -> bytes:
    return avro.sample(path, range(first, first + ROWS))


_TYPED: Mapping[str, Callable[[Path, int], bytes]] = {
    "parquet": _parquet,
    "orc": _orc,
    "avro": _avro,
}


def _table(schema: pa.Schema, first: int) -> pa.Table:
    rows = range(first, first + ROWS)
    # What a file says about pandas, or about its writer, is not what these rows have.
    schema = schema.remove_metadata()
    columns = [pa.array([_value(field.type, row) for row in rows], field.type) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def _value(kind: Any, row: int) -> object:
    """A value of an Arrow type."""
    is_type = pa.types
    if is_type.is_dictionary(kind):
        return _value(kind.value_type, row)
    if is_type.is_struct(kind):
        return {field.name: _value(field.type, row) for field in kind}
    if is_type.is_map(kind):
        return [(_value(kind.key_type, row), _value(kind.item_type, row))]
    if is_type.is_list(kind) or is_type.is_large_list(kind):
        return [_value(kind.value_type, row)]
    return next((value(row) for fits, value in _values() if fits(kind)), None)


def _values() -> Iterator[tuple[Callable[[Any], bool], Callable[[int], object]]]:
    """Tests of types, and the values of each."""
    moment = datetime(2024, 1, 15, 8, 30, tzinfo=UTC)
    is_type = pa.types
    yield is_type.is_boolean, lambda row: bool(row % 2)
    yield is_type.is_integer, lambda row: row
    yield is_type.is_floating, lambda row: row + 0.5
    yield is_type.is_decimal, lambda row: Decimal(0)
    yield is_type.is_date, lambda row: date(2024, 1, 15)
    yield is_type.is_timestamp, lambda row: moment + timedelta(seconds=row)
    yield is_type.is_fixed_size_binary, lambda row: None
    yield is_type.is_binary, lambda row: b"sample"
    yield is_type.is_large_binary, lambda row: b"sample"
    yield is_type.is_string, lambda row: f"sample {row}"
    yield is_type.is_large_string, lambda row: f"sample {row}"
