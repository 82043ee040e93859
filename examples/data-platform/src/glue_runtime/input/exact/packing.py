# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Unpack compressed files: gzip, bzip2 and zstd, and zip archives of one file.

Spark unpacks gzip itself. The others are unpacked here, whole, on the executors: Spark needs native libraries
for zstd, and has no reader of zip.
"""

import bz2
import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

GZIP, ZIP = ".gz", ".zip"

ENDINGS = (GZIP, ".bz2", ".zst", ZIP)
"""The ends of the names of packed files."""

MAGIC = {
    GZIP: b"\x1f\x8b",
    ".bz2": b"BZh",
    ".zst": b"\x28\xb5\x2f\xfd",
    ZIP: b"PK\x03\x04",
}
NAMES = {GZIP: "gzip", ".bz2": "bzip2", ".zst": "zstd", ZIP: "zip"}

TOO_LARGE = "compressed data that expands to more than 200 times its size"
MOST_EXPANDED, ALWAYS_EXPANDED = 200, 64 * 1024 * 1024
"""A packed file may expand by this factor, or to this many bytes; a bomb expands a thousandfold."""

_CHUNK = 64 * 1024
_STORED, _DEFLATED = 0, 8
_LOCAL_HEADER = struct.Struct("<4sHHHHHIIIHH")


class PackingError(ValueError):
    """A file cannot be unpacked; the message says why."""


def most_bytes(sizes: Iterable[int]) -> int:
    """The number of bytes to which packed files of these sizes may expand."""
    return max(ALWAYS_EXPANDED, MOST_EXPANDED * sum(sizes))


def ending_of(name: str) -> str:
    """The end of the name of a packed file; empty for others."""
    return next((ending for ending in ENDINGS if name.endswith(ending)), "")


def is_unpacked_here(name: str) -> bool:
    """Whether a file of this name is unpacked here, and not by Spark."""
    return ending_of(name) not in ("", GZIP)


def beginning(data: bytes, ending: str, size: int) -> bytes:
    """At most `size` unpacked bytes, from the beginning of a packed file.

    Raises:
        PackingError: it is not packed so.
    """
    if not data.startswith(MAGIC[ending]):
        raise PackingError(f"a name that ends in {ending}, but no {NAMES[ending]} data")
    text = b""
    try:
        for chunk in _READERS[ending](data):
            text += chunk
            if len(text) >= size:
                break
    except _ERRORS as error:
        # The rest of the file is not here: what came before it counts.
        if not text and not _is_cut(error):
            raise PackingError(
                f"{NAMES[ending]} data that cannot be decompressed: {error}"
            ) from error
    return text[:size]


def unpacked(data: bytes) -> bytes:
    """The content of a packed file, or the file itself if it is not packed.

    Raises:
        PackingError: it is damaged, expands too far, or is an archive of several files.
    """
    ending = next((each for each, magic in MAGIC.items() if data.startswith(magic)), "")
    if not ending:
        return data
    most = most_bytes([len(data)])
    chunks, size = [], 0
    try:
        for chunk in _archived(data) if ending == ZIP else _READERS[ending](data):
            size += len(chunk)
            if size > most:
                raise PackingError(TOO_LARGE)
            chunks.append(chunk)
    except _ERRORS as error:
        raise PackingError(
            f"{NAMES[ending]} data that cannot be read to its end: {error}"
        ) from error
    return b"".join(chunks)


@dataclass(frozen=True)
class Packing:
    """Whether texts are packed files.

    of_lines: whether each line of a file is a text. line_end: its end; empty for LF, CRLF and CR.
    """

    unpacks: bool = False
    of_lines: bool = False
    line_end: str = ""

    def texts(self, file: bytes) -> list[bytes]:
        """The texts of a packed file. Raises PackingError."""
        data = unpacked(file)
        if not self.of_lines:
            return [data]
        if self.line_end:
            return data.split(self.line_end.encode())
        return data.splitlines()


NOT_PACKED = Packing()


def _is_cut(error: Exception) -> bool:
    return isinstance(error, EOFError) or "runcated" in str(error)


def _archived(data: bytes) -> Iterator[bytes]:
    """The only file of an archive. Its checksum is verified at its end."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = [each for each in archive.infolist() if not each.is_dir()]
        if len(files) != 1:
            raise PackingError(f"a zip archive of {len(files)} files, of which one is expected")
        if files[0].flag_bits & 1:
            raise PackingError("a zip archive with a password")
        with archive.open(files[0]) as file:
            while chunk := file.read(_CHUNK):
                yield chunk


def _zip(data: bytes) -> Iterator[bytes]:
    """The beginning of the first file of an archive, which ends with a list that is not here."""
    try:
        _, _, flags, method, *_, name, extra = _LOCAL_HEADER.unpack_from(data)
    except struct.error as error:
        raise EOFError(str(error)) from error
    begin = _LOCAL_HEADER.size + name + extra
    if data[_LOCAL_HEADER.size : _LOCAL_HEADER.size + name].endswith(b"/"):
        following = data.find(MAGIC[ZIP], begin)
        if following < 0:
            raise EOFError("a folder alone")
        yield from _zip(data[following:])
        return
    if flags & 1:
        raise PackingError("a zip archive with a password")
    packed = data[begin:]
    if method == _STORED:
        yield packed
    elif method == _DEFLATED:
        yield from _bounded(zlib.decompressobj(-zlib.MAX_WBITS), packed)
    else:
        raise PackingError(f"a zip archive of the method {method}; expected Deflate")


def _members(data: bytes, magic: bytes, new: Callable[[], Any]) -> Iterator[bytes]:
    """The chunks of members that follow each other."""
    at = 0
    while data.startswith(magic, at):
        member = new()
        while not member.eof:
            part = data[at : at + _CHUNK]
            if not part:
                raise EOFError("a member without its end")
            at += len(part)
            yield from _bounded(member, part)
        at -= len(member.unused_data)
    if data[at:].strip(b"\0"):
        raise PackingError("other data after the compressed data")


def _bounded(member: Any, part: bytes) -> Iterator[bytes]:
    """What a decompressor makes of some bytes, in chunks, since they may expand a thousandfold."""
    while True:
        chunk = member.decompress(part, _CHUNK)
        if chunk:
            yield chunk
        part = getattr(member, "unconsumed_tail", b"")
        if member.eof or (not part and len(chunk) < _CHUNK):
            return


def _gzip(data: bytes) -> Iterator[bytes]:
    return _members(data, MAGIC[GZIP], lambda: zlib.decompressobj(zlib.MAX_WBITS | 16))


def _bzip2(data: bytes) -> Iterator[bytes]:
    return _members(data, MAGIC[".bz2"], bz2.BZ2Decompressor)


def _zstd(data: bytes) -> Iterator[bytes]:
    with pa.CompressedInputStream(pa.BufferReader(data), "zstd") as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


_READERS: dict[str, Callable[[bytes], Iterator[bytes]]] = {
    GZIP: _gzip,
    ".bz2": _bzip2,
    ".zst": _zstd,
    ZIP: _zip,
}
_ERRORS = (OSError, EOFError, zlib.error, zipfile.BadZipFile)
