"""Avro: the columns of a file, and made-up rows with its schema."""

import io
import json
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastavro
from pyspark.sql.types import DataType

from glue_runtime.input.exact import avro_file
from glue_runtime.input.exact.whole_files import FileFaultError
from glue_runtime.input.formats.avro import fields_of
from glue_runtime.input.formats.interface import UnreadableFileError
from gluecast.errors import GluecastError

MAGIC = avro_file.MAGIC

_MOMENT = datetime(2024, 1, 15, 8, 30, tzinfo=UTC)
_LOGICAL: Mapping[str, Callable[[int], object]] = {
    "decimal": lambda row: Decimal(0),
    "date": lambda row: date(2024, 1, 15),
    "uuid": lambda row: str(uuid.UUID(int=row)),
    "timestamp-millis": lambda row: _MOMENT,
    "timestamp-micros": lambda row: _MOMENT,
    "local-timestamp-millis": lambda row: _MOMENT.replace(tzinfo=None),
    "local-timestamp-micros": lambda row: _MOMENT.replace(tzinfo=None),
}
_PLAIN: Mapping[str, Callable[[int], object]] = {
    "null": lambda row: None,
    "boolean": lambda row: bool(row % 2),
    "int": lambda row: row,
    "long": lambda row: row,
    "float": lambda row: row + 0.5,
    "double": lambda row: row + 0.5,
    "bytes": lambda row: b"sample",
    "string": lambda row: f"sample {row}",
}


def columns_of(path: Path) -> dict[str, DataType]:
    """The types of the columns of a file by their names.

    Raises:
        GluecastError: the file has no schema of records that Spark can read.
    """
    try:
        return {field.name: field.dataType for field in fields_of(_schema_of(path))}
    except (EOFError, FileFaultError, UnreadableFileError) as error:
        raise GluecastError(
            f"expected an Avro file with columns of Spark's types, found {error} in {path}; write it anew"
        ) from error


def sample(path: Path, rows: range) -> bytes:
    """A file with the schema of the one in `path`, and made-up rows."""
    schema = json.loads(_schema_of(path))
    stream = io.BytesIO()
    records = [_value(schema, {}, row) for row in rows]
    fastavro.writer(stream, schema, records, sync_marker=b"gluecast sample.")
    return stream.getvalue()


def _schema_of(path: Path) -> str:
    schema: str = avro_file.header_of(path.read_bytes()).schema
    return schema


def _value(schema: Any, named: dict[str, Any], row: int) -> Any:
    """A value of a schema. named: the definitions so far."""
    if isinstance(schema, list):
        return _value(next(each for each in schema if each != "null"), named, row)
    if isinstance(schema, str):
        return _PLAIN[schema](row) if schema in _PLAIN else _value(named[schema], named, row)
    if "name" in schema:
        named[schema["name"]] = schema
    if (logical := schema.get("logicalType")) in _LOGICAL:
        return _LOGICAL[logical](row)
    match schema["type"]:
        case "record":
            return {each["name"]: _value(each["type"], named, row) for each in schema["fields"]}
        case "array":
            return [_value(schema["items"], named, row)]
        case "map":
            return {"sample": _value(schema["values"], named, row)}
        case "enum":
            return schema["symbols"][0]
        case "fixed":
            return bytes(schema["size"])
    return _value(schema["type"], named, row)
