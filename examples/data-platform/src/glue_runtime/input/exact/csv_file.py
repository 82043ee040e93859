# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Parse CSV files whose cells may span lines, strictly by RFC 4180.

A single extra quote can merge many rows into one cell. So a violation of the RFC, or a row of
several lines with a wrong number of cells, makes the whole file doubtful.
"""

import re
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from glue_runtime.input.exact import csv_dialects, csv_lines
from glue_runtime.input.exact.csv_lines import LEFT_OPEN, Layout
from glue_runtime.input.exact.dialect import UTF_8, decoded
from glue_runtime.input.exact.verdicts import INVALID, Rows

WITHIN_A_CELL = "a quote within a cell that has none around it"
AFTER_A_QUOTE = csv_lines.AFTER_A_QUOTE

_BOM = csv_lines.BOM.encode()
_LINE_END = re.compile(rb"\r\n|\n|\r")
_QUOTED = rb'"[^"]*+(?:""[^"]*+)*+"'


@dataclass(frozen=True)
class Records:
    """The records of a file as bytes.

    texts: each record, without its line end.
    lines: the number of the line in which each record begins, from 1.
    """

    texts: pa.Array
    lines: pa.Array


@dataclass(frozen=True)
class ReadFile:
    """The rows of a file. fault: why all of them are doubtful, or None."""

    records: Records
    rows: Rows
    fault: str | None = None


class DoubtfulFileError(ValueError):
    """The quotes of a file violate the RFC; the message says how, and in which line."""


def read(data: bytes, layout: Layout) -> ReadFile:
    """The rows of a file."""
    try:
        records, layout = _records(data, layout)
    except (DoubtfulFileError, csv_dialects.DialectError) as error:
        nothing = Records(pa.array([], pa.binary()), pa.array([], pa.int64()))
        return ReadFile(nothing, rows_of(nothing.texts, layout), str(error))
    rows = rows_of(records.texts, layout)
    if layout.dialect.spans_lines:
        return ReadFile(records, rows, _doubt(records, rows, layout))
    return ReadFile(records, rows)


def rows_of(texts: pa.Array, layout: Layout) -> Rows:
    """The rows of records, by the parser of their dialect."""
    if layout.dialect.is_plain:
        return csv_lines.read(texts, layout)
    return csv_dialects.read(texts, layout)


def _records(data: bytes, layout: Layout) -> tuple[Records, Layout]:
    """The records of a file in UTF-8, and their layout.

    Raises:
        DoubtfulFileError, DialectError: its quotes violate the dialect, or it has another encoding.
    """
    dialect = layout.dialect
    if dialect.is_plain and dialect.spans_lines and not dialect.skipped:
        return split(data, layout.separator), layout
    try:
        text = decoded(data, dialect.encoding)
    except UnicodeError as error:
        raise DoubtfulFileError(f"what is not {dialect.encoding}: {error}") from error
    found = csv_dialects.split(text, dialect)
    texts = pa.array([record.text.encode() for record in found], pa.binary())
    lines = pa.array([record.line for record in found], pa.int64())
    return Records(texts, lines), replace(layout, dialect=replace(dialect, encoding=UTF_8))


def split(data: bytes, separator: str = ",") -> Records:
    """Split a file into records: lines end with LF, CRLF or CR, but not within quotes.

    Raises:
        DoubtfulFileError: its quotes violate the RFC.
    """
    data = data.removeprefix(_BOM)
    if b'"' not in data:
        texts = data.splitlines()
        return Records(pa.array(texts, pa.binary()), pa.array(range(1, len(texts) + 1), pa.int64()))
    record = re.compile(_record(separator))
    texts, lines = [], []
    at, line = 0, 1
    while at < len(data):
        found = record.match(data, at)
        assert found is not None, "a record may be empty"
        text = found[1]
        if found[2] == b"" and found.end() < len(data):
            raise DoubtfulFileError(f"{_contradiction(data, found.end())} in line {line}")
        texts.append(text)
        lines.append(line)
        line += 1 + (len(_LINE_END.findall(text)) if b"\n" in text or b"\r" in text else 0)
        at = found.end()
    return Records(pa.array(texts, pa.binary()), pa.array(lines, pa.int64()))


def _record(separator: str) -> bytes:
    """The pattern of cells up to the end of a line, or up to the first violation of the RFC."""
    sep = re.escape(separator).encode()
    cell = rb"(?:" + _QUOTED + rb'|[^"\r\n' + sep + rb"]*+)"
    return rb"(" + cell + rb"(?:" + sep + cell + rb")*+)(\r\n|\n|\r|)"


def _contradiction(data: bytes, at: int) -> str:
    """Why a record cannot continue at this position."""
    if data[at : at + 1] != b'"':
        return AFTER_A_QUOTE
    before = data[at - 1 : at]
    if before == b'"':
        return AFTER_A_QUOTE
    is_beginning = at == 0 or before in (b"\n", b"\r") or not before.strip(b",;|\t")
    return LEFT_OPEN if is_beginning else WITHIN_A_CELL


def _doubt(records: Records, rows: Rows, layout: Layout) -> str | None:
    """Why a row of several lines is doubtful: with a wrong number of cells, it may be two rows."""
    reason = f"not {len(layout.fields)} cells"
    wrong = pc.and_(pc.equal(rows.verdicts, INVALID), pc.equal(rows.reasons, reason))
    for row in pc.indices_nonzero(pc.fill_null(wrong, False)).to_pylist():
        place = row if rows.at is None else rows.at[row].as_py()
        if _LINE_END.search(records.texts[place].as_py()):
            return f"{reason} in quotes that span lines in line {records.lines[place]}"
    return None
