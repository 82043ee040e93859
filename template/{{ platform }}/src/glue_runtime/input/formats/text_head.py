# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Check the beginning of a text file before reading it.

This costs one small request per file, and finds files that Spark would silently misread: another
format than the name says, another encoding, an empty file.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from glue_runtime.input.exact import packing
from glue_runtime.input.exact.dialect import UTF_8, Dialect, decoded, is_wide
from glue_runtime.input.formats.interface import UnreadableFileError
from glue_runtime.spark.files import StoredFile
from glue_runtime.spark.storage import Storage

_HEAD = 64 * 1024

LONGEST_LINE = 16 * 1024 * 1024
"""The longest first line of a file in bytes: a header of hundreds of thousands of columns."""

_DEFLATE_AT_BEST = 1032
_MARK = b"\xef\xbb\xbf"

_WIDE = "UTF-16"
_MAGIC = {
    packing.MAGIC[packing.GZIP]: "gzip data",
    b"PAR1": "Parquet",
    b"ORC": "ORC",
    packing.MAGIC[packing.ZIP]: "a zip archive",
    b"\xff\xfe": _WIDE,
    b"\xfe\xff": _WIDE,
    packing.MAGIC[".bz2"]: "bzip2 data",
    packing.MAGIC[".zst"]: "zstd data",
}


class DamagedPackageError(UnreadableFileError):
    """A packed file that cannot be unpacked: no option would read it."""


_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f-\xff]")


def check_expansion(storage: Storage, file: StoredFile) -> None:
    """Check the expanded size that a gzip file records.

    Raises:
        UnreadableFileError: it is too large.
        FileNotFoundError: there is no such file.
    """
    if file.size * _DEFLATE_AT_BEST <= packing.ALWAYS_EXPANDED:
        return
    size = int.from_bytes(storage.tail(file, 4), "little")
    if size > packing.most_bytes([file.size]):
        raise UnreadableFileError(packing.TOO_LARGE)


def check_text(
    storage: Storage, file: StoredFile, encoding: str = UTF_8, *, may_be_empty: bool
) -> None:
    """Check that a file is text, compressed according to its name.

    Raises:
        UnreadableFileError: it is not.
    """
    if not _has_text(text_head(storage, file, _has_text, encoding)) and not may_be_empty:
        raise UnreadableFileError("an empty file")


def first_lines(
    storage: Storage,
    file: StoredFile,
    dialect: Dialect,
    is_enough: Callable[[list[bytes]], bool],
    most: int = LONGEST_LINE,
) -> list[bytes]:
    """The first lines of a text file, in UTF-8 if its characters have two bytes or more.

    is_enough: whether complete lines are enough. There may be more of them, and an incomplete one.
    most: after this many bytes, any lines are enough, and there are no others.

    Raises:
        UnreadableFileError: it is another kind of file, or not compressed according to its name.
        FileNotFoundError: there is no such file.
    """

    def lines(head: bytes) -> list[bytes]:
        if is_wide(dialect.encoding):
            head = _in_utf_8(head, dialect.encoding)
        if dialect.line_end:
            return head.split(dialect.line_end.encode())
        return lines_of(head)

    def are_enough(head: bytes) -> bool:
        return len(head) >= most or is_enough(lines(head)[:-1])

    head = text_head(storage, file, are_enough, dialect.encoding)
    found = lines(head[:most])
    return found if len(head) <= most else found[:-1]


def has_text(lines: list[bytes]) -> bool:
    """Whether a line is not blank."""
    return any(map(_has_text, lines))


def _in_utf_8(head: bytes, encoding: str) -> bytes:
    try:
        return decoded(head, encoding, is_cut=True).encode()
    except UnicodeError as error:
        raise UnreadableFileError(f"what is not {encoding}: {error}") from error


def text_head(
    storage: Storage,
    file: StoredFile,
    is_enough: Callable[[bytes], bool],
    encoding: str = UTF_8,
) -> bytes:
    """The beginning of a text file, unpacked where its name says so.

    It is 64 KiB long; or longer, until it is enough: at most `LONGEST_LINE` bytes.

    Raises: see `first_lines`.
    """
    if file.size == 0:
        return b""
    size = _HEAD
    head = _head(storage, file, size, encoding)
    while size < LONGEST_LINE and not is_enough(head) and (size < file.size or size <= len(head)):
        size *= 16
        head = _head(storage, file, size, encoding)
    return head


def _has_text(head: bytes) -> bool:
    """Whether there is anything but blanks."""
    return bool(head.strip(b" \r\n\t\xef\xbb\xbf"))


@lru_cache(maxsize=4)
def _unpacked(head: bytes, ending: str, size: int, *, is_all: bool) -> bytes:
    """The beginning of a packed file. It is remembered: advice looks at the same file many times."""
    text = packing.beginning(head, ending, size)
    return packing.unpacked(head)[:size] if is_all else text


def _head(storage: Storage, file: StoredFile, size: int, encoding: str) -> bytes:
    head = storage.head(file.uri, size)
    if ending := packing.ending_of(file.uri):
        is_all = len(head) == file.size and ending != packing.GZIP
        try:
            text = _unpacked(head, ending, size, is_all=is_all)
        except packing.PackingError as error:
            raise DamagedPackageError(str(error)) from error
        if not text and is_all:
            name = packing.NAMES[ending]
            raise DamagedPackageError(f"{name} data that cannot be read to its end, or is empty")
        if ending == packing.GZIP:
            check_expansion(storage, file)
        head = text
    if head.startswith(_MARK) and encoding != UTF_8:
        raise UnreadableFileError(
            f"a byte order mark of UTF-8, and not {encoding}; remove the option encoding, or the mark"
        )
    found = next((name for magic, name in _MAGIC.items() if head.startswith(magic)), None)
    if found == _WIDE and is_wide(encoding):
        return head
    # Some of them are letters, with which a text may begin too.
    if found and _NO_TEXT.search(head):
        raise UnreadableFileError(f"{found}, not the text that its name says")
    return head


def lines_of(head: bytes) -> list[bytes]:
    """Split text into lines like Spark's text reader."""
    return head.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
