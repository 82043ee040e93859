# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Parquet."""

import json
from collections.abc import Iterator, Mapping

import pyarrow as pa
from pyarrow import parquet
from pyspark.sql.types import StructType

from glue_runtime.input.formats.interface import UnreadableFileError
from glue_runtime.input.formats.nanoseconds import Nanoseconds, from_int96, from_numbers
from glue_runtime.input.formats.page_checksums import check_pages
from glue_runtime.input.formats.typed_reader import Footer, TypedReader
from glue_runtime.spark.files import StoredFile
from glue_runtime.spark.parquet_footer import parquet_footer

_NOTE = b"org.apache.spark.sql.parquet.row.metadata"
"""The footer entry in which Spark describes the columns; Spark trusts it more than the columns."""

_NOT_VECTORIZED = frozenset(("DELTA_LENGTH_BYTE_ARRAY", "BYTE_STREAM_SPLIT"))
"""Encodings that Spark's vectorized reader reads wrongly, or not at all."""

_NOTED_AS = {
    "array": "list",
    "binary": "binary",
    "boolean": "bool",
    "byte": "int8",
    "date": "date32",
    "decimal": "decimal",
    "double": "double",
    "float": "float",
    "integer": "int32",
    "long": "int64",
    "map": "map",
    "short": "int16",
    "string": "string",
    "struct": "struct",
    "timestamp": "timestamp",
    "timestamp_ntz": "timestamp",
}
"""The beginnings of Arrow's type names, by Spark's names for the same types."""


class Reader(TypedReader):
    """Reads Parquet files, and verifies the checksums of pages that have one."""

    spark_format = "parquet"
    options = {"parquet.page.verify-checksum.enabled": "true"}  # noqa: RUF012

    def footer(self, file: StoredFile) -> Footer:
        """See `TypedReader`."""
        try:
            found = parquet_footer(self.storage, file)
        except ValueError as error:
            raise UnreadableFileError(f"no PARQUET data: {error}") from error
        in_groups = sum(found.row_group(each).num_rows for each in range(found.num_row_groups))
        if in_groups != found.num_rows:
            raise UnreadableFileError(
                f"a footer of {found.num_rows} rows whose row groups have {in_groups}"
            )
        # The first line of the text contains an object's address.
        schema = str(found.schema).partition("\n")[2]
        metadata = found.metadata or {}
        # Of the programs that keep Spark's note when they rewrite a file, none is parquet-mr.
        by_spark = (found.created_by or "").startswith("parquet-mr")
        is_sparks = _NOTE in metadata and by_spark and _is_right(metadata, found.schema)
        if not is_sparks:
            check_pages(self.storage, file, found)
        nanoseconds = dict(_nanoseconds(found.schema, int96=not is_sparks))
        has_raw = any(each.read_as for each in nanoseconds.values())
        return Footer(
            schema,
            found.num_rows,
            nanoseconds,
            is_misdescribed=_NOTE in metadata and not is_sparks,
            needs_row_by_row=has_raw or bool(_encodings(found) & _NOT_VECTORIZED),
        )

    def own_schema(self, file: StoredFile) -> StructType:
        """See `TypedReader`: as Spark reads a file without its note."""
        session = self.spark._jsparkSession.sessionState()
        parquet_types = self.storage.jvm.org.apache.spark.sql.execution.datasources.parquet
        converter = parquet_types.ParquetToSparkSchemaConverter(session.conf())
        hadoop = self.storage.jvm.org.apache.parquet.hadoop
        place, settings = self.storage.path(file.uri), self.storage.configuration
        opened = hadoop.ParquetFileReader.open(
            hadoop.util.HadoopInputFile.fromPath(place, settings)
        )
        try:
            columns = converter.convert(opened.getFileMetaData().getSchema())
        finally:
            opened.close()
        return StructType.fromJson(json.loads(columns.json()))


def _is_right(metadata: Mapping[bytes, bytes], schema: parquet.ParquetSchema) -> bool:
    """Whether Spark's note describes the columns; programs that rewrite a file keep the old note."""
    try:
        noted = [(each["name"], each["type"]) for each in json.loads(metadata[_NOTE])["fields"]]
        columns = schema.to_arrow_schema()
        return [name for name, _ in noted] == columns.names and all(
            _is_noted_as(kind, stored)
            for (_, kind), stored in zip(noted, columns.types, strict=True)
        )
    except (ValueError, LookupError, TypeError, AttributeError, pa.ArrowException):
        return False


def _is_noted_as(kind: str | dict[str, str], stored: pa.DataType) -> bool:
    name = kind if isinstance(kind, str) else kind["type"]
    return str(stored).startswith(_NOTED_AS.get(name.partition("(")[0], ""))


def _encodings(metadata: parquet.FileMetaData) -> set[str]:
    groups = map(metadata.row_group, range(metadata.num_row_groups))
    return {
        encoding
        for group in groups
        for number in range(group.num_columns)
        for encoding in group.column(number).encodings
    }


def _nanoseconds(
    schema: parquet.ParquetSchema, *, int96: bool
) -> Iterator[tuple[str, Nanoseconds]]:
    """The columns that hold nanoseconds, for which Spark has no type.

    int96: whether INT96 columns count; those that Spark has written hold whole microseconds.

    Raises:
        UnreadableFileError: such a column is within another column.
    """
    for number in range(len(schema)):
        column = schema.column(number)
        kind = json.loads(column.logical_type.to_json())
        counted = None
        if int96 and column.physical_type == "INT96":
            counted = from_int96()
        elif kind.get("Type") == "Timestamp" and kind["timeUnit"] == "nanoseconds":
            counted = from_numbers(zoned=kind["isAdjustedToUTC"])
        if counted and column.path != column.name:
            raise UnreadableFileError(f"nanoseconds within a column, in {column.path}")
        if counted:
            yield column.name, counted
