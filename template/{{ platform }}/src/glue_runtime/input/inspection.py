# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""A look at the beginning of each file, or at its own schema, before anything is read.

It costs one or two small requests a file, and finds what Spark would read as something else without
a word: other columns, another order of them, another format than the name says, another encoding.
"""

import csv
import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from py4j.protocol import Py4JJavaError

from glue_runtime.input.formats.registry import FileFormat
from glue_runtime.spark.storage import Storage, StoredFile

_HEAD = 64 * 1024

_MAGIC = {
    b"\x1f\x8b": "gzip data",
    b"PAR1": "Parquet",
    b"ORC": "ORC",
    b"PK\x03\x04": "a zip archive",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
    b"BZh": "bzip2 data",
    b"\x28\xb5\x2f\xfd": "zstd data",
}


@dataclass(frozen=True)
class Header:
    """The first line of a CSV file that is not blank.

    text: as Spark gives it, without a byte order mark.
    line: its number, from 1.
    """

    text: str
    line: int
    cells: tuple[str, ...]


class UnreadableFileError(Exception):
    """A file cannot be read as its format at all; the message says why."""


def csv_header(storage: Storage, file: StoredFile) -> Header:
    """The header of a CSV file.

    Raises:
        UnreadableFileError: there is none, or it cannot be told what its columns are.
    """
    head = _text_head(storage, file)
    for number, line in enumerate(_lines(head), start=1):
        if not line.strip(b" \xef\xbb\xbf"):
            continue
        text = _decoded(line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line)
        if text.count('"') % 2:
            raise UnreadableFileError(f"a quote is left open in its header {text[:80]!r}")
        cells = tuple(next(csv.reader(io.StringIO(text), strict=False)))
        names = [cell.casefold() for cell in cells]
        if not all(name.strip() for name in names):
            raise UnreadableFileError(f"a column without a name in its header {text[:80]!r}")
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise UnreadableFileError(f"the column {twice[0]!r} twice in its header {text[:80]!r}")
        return Header(text, number, cells)
    raise UnreadableFileError("an empty file, without a header")


def check_text(storage: Storage, file: StoredFile, *, may_be_empty: bool) -> None:
    """Check that a file is text, compressed as its name says.

    Raises:
        UnreadableFileError: it is not.
    """
    if not _text_head(storage, file).strip(b" \r\n\t\xef\xbb\xbf") and not may_be_empty:
        raise UnreadableFileError("an empty file")


def schema_text(storage: Storage, file: StoredFile, file_format: FileFormat) -> str:
    """The schema in the footer of a Parquet or ORC file, in its own language.

    Raises:
        UnreadableFileError: there is none.
    """
    if file.size == 0:
        raise UnreadableFileError("an empty file")
    try:
        return storage.footer_schema(file.uri, file_format.reader)
    except Py4JJavaError as error:
        told = str(error.java_exception.getMessage()).splitlines()[0]
        raise UnreadableFileError(f"no {file_format.reader.upper()} data: {told[:200]}") from error


def unexpected_columns(found: Sequence[str], expected: Sequence[str]) -> str | None:
    """What is wrong with these column names, whatever their order and case; None if nothing."""
    have, want = ({name.casefold() for name in names} for names in (found, expected))
    if have == want:
        return None
    missing = [name for name in expected if name.casefold() not in have]
    extra = [name for name in found if name.casefold() not in want]
    parts = [f"lacks {', '.join(missing)}"] * bool(missing)
    parts += [f"has {', '.join(extra)} too"] * bool(extra)
    return f"the columns {', '.join(found)}; it {' and '.join(parts)}"


def _text_head(storage: Storage, file: StoredFile) -> bytes:
    if file.size == 0:
        return b""
    head = storage.head(file.uri, _HEAD)
    if file.uri.endswith(".gz"):
        if not head.startswith(b"\x1f\x8b"):
            raise UnreadableFileError("a name that ends in .gz, but no gzip data")
        try:
            return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, _HEAD)
        except zlib.error as error:
            raise UnreadableFileError(f"gzip data that cannot be decompressed: {error}") from error
    found = next((name for magic, name in _MAGIC.items() if head.startswith(magic)), None)
    if found:
        raise UnreadableFileError(f"{found}, not the text that its name says")
    return head


def _lines(head: bytes) -> list[bytes]:
    """The lines as Spark's reader of text splits them."""
    return head.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")


def _decoded(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise UnreadableFileError(
            f"a header that is not UTF-8 (byte {line[error.start]:#04x} at {error.start + 1})"
        ) from error
