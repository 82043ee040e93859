# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Avro object container files."""

import json
from collections.abc import Hashable, Mapping
from functools import partial
from typing import Any

from pyspark.sql.types import (
    ArrayType,
    BinaryType,
    BooleanType,
    DataType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegerType,
    LongType,
    MapType,
    StringType,
    StructField,
    StructType,
    TimestampNTZType,
    TimestampType,
)

from glue_runtime.input.exact import avro_file
from glue_runtime.input.exact.columns import arrow_type
from glue_runtime.input.exact.whole_files import FileFaultError, ReadFile
from glue_runtime.input.formats.columns import check_columns
from glue_runtime.input.formats.file_reader import FileReader
from glue_runtime.input.formats.interface import Batch, Columns, UnreadableFileError
from glue_runtime.input.formats.options import COLUMNS
from glue_runtime.spark.columns import holds
from glue_runtime.spark.files import StoredFile

_HEAD, _LONGEST_HEAD = 64 * 1024, 16 * 1024 * 1024

_TYPES: Mapping[str, DataType] = {
    "boolean": BooleanType(),
    "int": IntegerType(),
    "long": LongType(),
    "float": FloatType(),
    "double": DoubleType(),
    "bytes": BinaryType(),
    "fixed": BinaryType(),
    "string": StringType(),
    "enum": StringType(),
}
_LOGICAL: Mapping[tuple[str, str], DataType] = {
    ("int", "date"): DateType(),
    ("long", "timestamp-millis"): TimestampType(),
    ("long", "timestamp-micros"): TimestampType(),
    ("long", "local-timestamp-millis"): TimestampNTZType(),
    ("long", "local-timestamp-micros"): TimestampNTZType(),
}
_NOT_READ = frozenset(("time-millis", "time-micros", "timestamp-nanos", "local-timestamp-nanos"))


class Reader(FileReader):
    """Reads Avro files; files with the same schema form a batch."""

    package = "fastavro"
    takes = COLUMNS

    def sniff(self, file: StoredFile) -> str:
        """See `FormatReader`: the schema of the file."""
        if file.size == 0:
            raise UnreadableFileError("an empty file")
        size = _HEAD
        while True:
            try:
                return avro_file.header_of(self.storage.head(file.uri, size)).schema
            except FileFaultError as error:
                raise UnreadableFileError(str(error)) from error
            except EOFError as error:
                if size >= min(file.size, _LONGEST_HEAD):
                    raise UnreadableFileError(
                        f"an Avro file without the end of its header ({error})"
                    ) from error
                size = min(size * 16, file.size, _LONGEST_HEAD)

    def batch(self, kind: Hashable, files: Mapping[str, StoredFile]) -> Batch:
        """See `FormatReader`."""
        fields = fields_of(str(kind))
        check_columns([field.name for field in fields], self.contract)
        own = {field.name.casefold(): field.dataType for field in fields}
        for one in self.contract.fields or ():
            kind_of_file = own.get(one.name.casefold())
            if kind_of_file is not None and not holds(one.dataType, kind_of_file):
                raise UnreadableFileError(
                    f"the column {one.name} as {kind_of_file.simpleString()}, which does not fit into "
                    f"{one.dataType.simpleString()}"
                )
        names, kinds = zip(*((each.name, each.dataType) for each in fields), strict=True)
        found = self.contract.present(names, kinds) if self.contract.fields else Columns(fields)
        return Batch(files, found.fields, kind, others=found.others)

    def read_function(self, batch: Batch) -> ReadFile:
        """See `FileReader`."""
        of_file = fields_of(str(batch.kind))
        own = [arrow_type(field.dataType) for field in of_file]
        names = [field.name for field in of_file]
        return partial(avro_file.rows, fields=batch.fields, own=own, names=names)

    def common_type(self, one: DataType, other: DataType) -> DataType | None:  # type: ignore[override]
        """See `FormatReader`."""
        return one if holds(one, other) else other if holds(other, one) else None


def fields_of(schema: str) -> tuple[StructField, ...]:
    """The columns of a file with this schema.

    Raises:
        UnreadableFileError: it is no record, or has a type that Spark does not have.
    """
    import fastavro

    try:
        # With the whole name of each type.
        found = _type(fastavro.parse_schema(json.loads(schema)), {}, ())
    except UnreadableFileError:
        raise
    except Exception as error:
        raise UnreadableFileError(f"a schema that cannot be read ({error!r})") from error
    if not isinstance(found, StructType):
        raise UnreadableFileError(f"no records, but values of {found.simpleString()}")
    return tuple(found.fields)


def _type(schema: Any, named: dict[str, Any], within: tuple[str, ...]) -> DataType:
    """The type of a schema. named: the definitions so far. within: the names of those around it."""
    if isinstance(schema, list):
        [*others] = [each for each in schema if each != "null"]
        if len(others) != 1:
            raise UnreadableFileError(
                f"a union of {len(others)} types, {json.dumps(schema)[:80]}, where one and null are expected"
            )
        return _type(others[0], named, within)
    if isinstance(schema, str):
        if schema in _TYPES:
            return _TYPES[schema]
        if schema not in named:
            raise UnreadableFileError(f"the type {schema}, which Spark does not have")
        return _type(named[schema], named, within)
    kind = schema["type"]
    if not isinstance(kind, str) or (kind not in _TYPES and kind not in ("record", "array", "map")):
        return _type(kind, named, within)
    if "name" in schema:
        named[schema["name"]] = schema
    return _constructed(schema, kind, named, within)


def _constructed(
    schema: Mapping[str, Any], kind: str, named: dict[str, Any], within: tuple[str, ...]
) -> DataType:
    if kind == "record":
        if schema["name"] in within:
            raise UnreadableFileError(f"the record {schema['name']} within itself")
        inner = (*within, schema["name"])
        return StructType(
            [
                StructField(each["name"], _type(each["type"], named, inner))
                for each in schema["fields"]
            ]
        )
    if kind == "array":
        return ArrayType(_type(schema["items"], named, within))
    if kind == "map":
        return MapType(StringType(), _type(schema["values"], named, within))
    logical = schema.get("logicalType", "")
    if logical in _NOT_READ:
        raise UnreadableFileError(f"the logical type {logical}, which Spark does not have")
    if logical == "decimal" and kind in ("bytes", "fixed"):
        return DecimalType(schema["precision"], schema.get("scale", 0))
    if logical == "uuid":
        return StringType()
    return _LOGICAL.get((kind, logical), _TYPES[kind])
