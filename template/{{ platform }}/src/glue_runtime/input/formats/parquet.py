# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Parquet."""

import json
import struct
from collections.abc import Iterator

import pyarrow as pa
from pyarrow import parquet
from pyspark.sql.types import DataType, TimestampNTZType, TimestampType

from glue_runtime.input.formats.interface import UnreadableFileError
from glue_runtime.input.formats.typed_reader import Footer, TypedReader
from glue_runtime.spark.storage import StoredFile

_TAIL = 64 * 1024
_MAGIC = b"PAR1"


class Reader(TypedReader):
    """Reads Parquet files, and verifies the checksums of pages that have one."""

    spark_format = "parquet"
    options = {"parquet.page.verify-checksum.enabled": "true"}  # noqa: RUF012

    def footer(self, file: StoredFile) -> Footer:
        """See `TypedReader`."""
        try:
            found = parquet.read_metadata(pa.BufferReader(self._tail(file)))
        except (pa.ArrowException, OSError) as error:
            raise UnreadableFileError(f"no PARQUET data: {error}") from error
        in_groups = sum(found.row_group(each).num_rows for each in range(found.num_row_groups))
        if in_groups != found.num_rows:
            raise UnreadableFileError(
                f"a footer of {found.num_rows} rows whose row groups have {in_groups}"
            )
        # The first line of the text contains an object's address.
        schema = str(found.schema).partition("\n")[2]
        return Footer(schema, found.num_rows, dict(_nanoseconds(found.schema)))

    def _tail(self, file: StoredFile) -> bytes:
        """The end of a file: the footer, its length in four bytes, and the magic number."""
        tail = self.storage.tail(file, _TAIL)
        if not tail.endswith(_MAGIC) or len(tail) < 12:
            raise UnreadableFileError("no PARQUET data: it does not end with its magic number PAR1")
        [length] = struct.unpack("<I", tail[-8:-4])
        if length + 8 > file.size:
            raise UnreadableFileError("no PARQUET data: a footer that is longer than the file")
        return tail if length + 8 <= len(tail) else self.storage.tail(file, length + 8)


def _nanoseconds(schema: parquet.ParquetSchema) -> Iterator[tuple[str, DataType]]:
    """The columns that count nanoseconds, for which Spark has no type, and their types.

    Raises:
        UnreadableFileError: such a column is within another column.
    """
    for number in range(len(schema)):
        column = schema.column(number)
        kind = json.loads(column.logical_type.to_json())
        if kind.get("Type") == "Timestamp" and kind["timeUnit"] == "nanoseconds":
            if column.path != column.name:
                raise UnreadableFileError(f"nanoseconds within a column, in {column.path}")
            yield column.name, TimestampType() if kind["isAdjustedToUTC"] else TimestampNTZType()
