# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Arrays of texts: join them, and find texts that are not UTF-8."""

import pyarrow as pa
import pyarrow.compute as pc


def joined(lines: pa.Array) -> pa.Buffer:
    """Join lines of bytes to one text."""
    end = pa.scalar(b"\n", pa.binary())
    ended = pc.binary_join_element_wise(lines, pa.scalar(b"", pa.binary()), end)
    data = ended.buffers()[2]
    return data.slice(0, pc.sum(pc.binary_length(ended)).as_py()) if data else pa.py_buffer(b"")


def undecodable(texts: pa.Array) -> list[int]:
    """The indexes of the texts that are not valid UTF-8."""
    try:
        texts.cast(pa.string())
    except pa.ArrowInvalid:
        return [place for place, text in enumerate(texts.to_pylist()) if not _is_utf_8(text)]
    return []


def flags(values: bytearray) -> pa.Array:
    """A boolean array, from one byte per value, 0 or 1."""
    count = len(values)
    return pa.Array.from_buffers(pa.uint8(), count, [None, pa.py_buffer(values)]).cast(pa.bool_())


def at_of(mask: pa.Array) -> pa.Array:
    """The indexes where the mask is true."""
    return pc.indices_nonzero(mask).cast(pa.int64())


def _is_utf_8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
