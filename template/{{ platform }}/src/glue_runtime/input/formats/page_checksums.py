# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The checksums of Parquet pages of version 2: Spark verifies those of version 1 only.

Arrow verifies both, so it reads such files once before Spark does. Few programs write them.
"""

import io
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from glue_runtime.input.formats.interface import UnreadableFileError
from glue_runtime.spark.files import StoredFile
from glue_runtime.spark.storage import Storage

_HEADER = 64
_BUFFER = 1024 * 1024
_INT32 = 0x15
"""A field of four bytes that follows the one before it, in Thrift's compact protocol."""

_VERSION_2 = 6
"""The type of a page, 3, as that protocol writes it."""


def check_pages(storage: Storage, file: StoredFile, metadata: parquet.FileMetaData) -> None:
    """Verify the checksums of a file whose first page is of version 2 and has one.

    Raises:
        UnreadableFileError: a page does not match its checksum, or Arrow cannot read it.
    """
    if not metadata.num_row_groups or not metadata.num_columns:
        return
    start = metadata.row_group(0).column(0).data_page_offset
    if not _has_checksum(storage.part(file, start, _HEADER)):
        return
    source = io.BufferedReader(_Parts(storage, file), _BUFFER)
    try:
        reader = parquet.ParquetFile(source, page_checksum_verification=True)
        for _ in reader.iter_batches():
            pass
    except (OSError, pa.ArrowException) as error:
        # What Arrow cannot read is refused too: Spark would read it without a look at the checksums.
        is_damaged = not isinstance(error, pa.ArrowNotImplementedError)
        fault = "does not match its checksum" if is_damaged else "has a checksum nobody can verify"
        reason = " ".join(str(error).split())[:200]
        raise UnreadableFileError(f"a page that {fault}: {reason}") from error


def _has_checksum(header: bytes) -> bool:
    """Whether a page's header says that it is of version 2 and has a checksum, its fourth number."""
    place = 0
    numbers: list[int] = []
    while len(numbers) < 3 and header[place : place + 1] == bytes([_INT32]) and header[place + 1 :]:
        number, place = header[place + 1], place + 2
        while header[place - 1 : place] >= b"\x80":
            place += 1
        numbers.append(number)
    return numbers[:1] == [_VERSION_2] and header[place : place + 1] == bytes([_INT32])


class _Parts(io.RawIOBase):
    """A stored file, read part by part."""

    def __init__(self, storage: Storage, file: StoredFile) -> None:
        super().__init__()
        self._storage = storage
        self._file = file
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        begin = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._file.size}[whence]
        self._place = begin + offset
        return self._place

    def readinto(self, buffer: Any) -> int:
        size = min(len(buffer), max(self._file.size - self._place, 0))
        found = self._storage.part(self._file, self._place, size) if size else b""
        buffer[: len(found)] = found
        self._place += len(found)
        return len(found)
