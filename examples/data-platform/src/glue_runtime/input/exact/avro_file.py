# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Parse Avro object container files: https://avro.apache.org/docs/1.12.0/specification/

fastavro decodes the records. The blocks are found and unpacked here, because a block of some kilobytes may
expand to gigabytes, and a file may end after any of them.
"""

import bz2
import io
import json
import lzma
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql.types import StructField

from glue_runtime.input.exact import packing, verdicts
from glue_runtime.input.exact.columns import arrow_type
from glue_runtime.input.exact.verdicts import INVALID, Fault
from glue_runtime.input.exact.whole_files import FileFaultError, FileRows

MAGIC = b"Obj\x01"
_SYNC = 16
_METADATA = {"type": "map", "values": "bytes"}
_CHUNK = 64 * 1024


@dataclass(frozen=True)
class Header:
    """The header of a file. schema: as JSON. codec: its name. sync: the mark after each block."""

    schema: str
    codec: str
    sync: bytes
    size: int


def header_of(data: bytes) -> Header:
    """The header at the beginning of a file.

    Raises:
        FileFaultError: there is none.
        EOFError: it does not end in these bytes.
    """
    import fastavro

    if not data.startswith(MAGIC):
        raise FileFaultError("no Avro data: it does not begin with its magic number")
    stream = io.BytesIO(data)
    stream.seek(len(MAGIC))
    try:
        metadata: Any = fastavro.schemaless_reader(stream, _METADATA, None)
    except (EOFError, IndexError) as error:
        raise EOFError(str(error)) from error
    sync = stream.read(_SYNC)
    if len(sync) < _SYNC:
        raise EOFError("no mark after the header")
    try:
        schema = metadata["avro.schema"].decode()
        json.loads(schema)
    except (KeyError, ValueError) as error:
        raise FileFaultError(f"a header without a schema ({error})") from error
    codec = metadata.get("avro.codec", b"null").decode("ascii", "replace")
    if codec not in _UNPACKERS:
        raise FileFaultError(f"the codec {codec}; expected {', '.join(_UNPACKERS)}")
    return Header(schema, codec, sync, stream.tell())


def rows(
    data: bytes,
    fields: Sequence[StructField],
    own: Sequence[pa.DataType],
    names: Sequence[str],
) -> Iterator[FileRows]:
    """The rows of a file, block by block.

    fields: the columns, in the order of the file. own, names: their types and names in the file.

    Raises:
        FileFaultError: it is damaged, or expands too far.
    """
    import fastavro

    try:
        header = header_of(data)
    except EOFError as error:
        raise FileFaultError(f"an Avro file without the end of its header ({error})") from error
    schema = fastavro.parse_schema(json.loads(header.schema))
    number = 1
    for count, block in _blocks(data, header):
        stream = io.BytesIO(block)
        records = []
        try:
            for _ in range(count):
                records.append(fastavro.schemaless_reader(stream, schema, None))
        except Exception as error:
            raise FileFaultError(f"a record that cannot be decoded ({error!r})") from error
        if stream.read(1):
            raise FileFaultError("a block with more than its records")
        yield _converted([[r[name] for name in names] for r in records], fields, own, number)
        number += count


def _converted(
    records: Sequence[Sequence[Any]],
    fields: Sequence[StructField],
    own: Sequence[pa.DataType],
    first: int,
) -> FileRows:
    columns: list[pa.Array] = []
    faults: dict[int, list[str]] = {}
    for place, (field, kind) in enumerate(zip(fields, own, strict=True)):
        values = [record[place] for record in records]
        try:
            column = pa.array(values, kind).cast(arrow_type(field.dataType))
        except (pa.ArrowException, OverflowError, ValueError, TypeError) as error:
            raise FileFaultError(
                f"a value of {field.name} that is no {field.dataType.simpleString()} ({error})"
            ) from error
        if not field.nullable:
            for row in pc.indices_nonzero(column.is_null()).to_pylist():
                faults.setdefault(row, []).append(verdicts.missing(field))
        columns.append(column)
    found = [Fault(row, INVALID, ", ".join(reasons)) for row, reasons in sorted(faults.items())]
    raws = [_raw(fields, record) if row in faults else None for row, record in enumerate(records)]
    return FileRows(
        verdicts.rows(fields, None, columns, found, []),
        pa.array(raws, pa.string()),
        pa.array(range(first, first + len(records)), pa.int64()),
    )


def _raw(fields: Sequence[StructField], record: Sequence[Any]) -> str:
    shown = {field.name: value for field, value in zip(fields, record, strict=True)}
    return json.dumps(shown, default=_shown, ensure_ascii=False)


def _shown(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _blocks(data: bytes, header: Header) -> Iterator[tuple[int, bytes]]:
    """The number of records and the bytes of each block."""
    at, left = header.size, packing.most_bytes([len(data)])
    while at < len(data):
        count, at = _long(data, at)
        size, at = _long(data, at)
        end = at + size
        if count < 0 or size < 0 or end + _SYNC > len(data):
            raise FileFaultError("an Avro file that ends within a block")
        if data[end : end + _SYNC] != header.sync:
            raise FileFaultError("an Avro block without its mark")
        block = _unpacked(data[at:end], header.codec, left)
        left -= len(block)
        if count > max(len(block), 1) * 8 and count > _CHUNK:
            # Records of no bytes are possible, and there may be any number of them.
            raise FileFaultError(packing.TOO_LARGE)
        yield count, block
        at = end + _SYNC


def _long(data: bytes, at: int) -> tuple[int, int]:
    """A number in Avro's variable length, and the place behind it."""
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise FileFaultError("an Avro file that ends within a number")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return (value >> 1) ^ -(value & 1), at


def _unpacked(block: bytes, codec: str, most: int) -> bytes:
    try:
        found = _UNPACKERS[codec](block, most + 1)
    except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
        raise FileFaultError(f"{codec} data that cannot be decompressed ({error})") from error
    if len(found) > most:
        raise FileFaultError(packing.TOO_LARGE)
    return found


def _null(block: bytes, most: int) -> bytes:
    return block


def _deflate(block: bytes, most: int) -> bytes:
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    return _ended(stream, stream.decompress(block, most), most)


def _bzip2(block: bytes, most: int) -> bytes:
    stream = bz2.BZ2Decompressor()
    return _ended(stream, stream.decompress(block, most), most)


def _xz(block: bytes, most: int) -> bytes:
    stream = lzma.LZMADecompressor()
    return _ended(stream, stream.decompress(block, most), most)


def _ended(stream: Any, found: bytes, most: int) -> bytes:
    if not stream.eof and len(found) < most:
        raise EOFError("a block without its end")
    return found


def _zstandard(block: bytes, most: int) -> bytes:
    with pa.CompressedInputStream(pa.BufferReader(block), "zstd") as stream:
        return bytes(stream.read(most))


def _snappy(block: bytes, most: int) -> bytes:
    """Snappy, whose data begin with their size, and the checksum of the content."""
    packed, checksum = block[:-4], block[-4:]
    size = shift = 0
    for byte in packed[:5]:
        size |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    if size >= most:
        raise FileFaultError(packing.TOO_LARGE)
    found: bytes = pa.decompress(packed, decompressed_size=size, codec="snappy", asbytes=True)
    if zlib.crc32(found).to_bytes(4, "big") != checksum:
        raise ValueError("another checksum")
    return found


_UNPACKERS: Mapping[str, Callable[[bytes, int], bytes]] = {
    "null": _null,
    "deflate": _deflate,
    "snappy": _snappy,
    "bzip2": _bzip2,
    "xz": _xz,
    "zstandard": _zstandard,
}
