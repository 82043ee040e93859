# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Parse CSV with one row per line, by RFC 4180: https://www.rfc-editor.org/rfc/rfc4180

Arrow's parser accepts quotes that the RFC does not: text after a closing quote, an unclosed quote.
It gets only lines without such quotes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv
from pyspark.sql.types import StructField

from glue_runtime.input.exact import verdicts
from glue_runtime.input.exact.arrays import at_of, flags, joined, undecodable
from glue_runtime.input.exact.columns import convert
from glue_runtime.input.exact.dialect import Dialect
from glue_runtime.input.exact.notations import PLAIN, Notation
from glue_runtime.input.exact.verdicts import BREAKS_FILE, HEADER, INVALID, Fault, Rows

BOM = "\ufeff"
_BOM = BOM.encode()
NOT_UTF_8 = "not UTF-8"
THE_HEADER_AGAIN = "the header again"
LEFT_OPEN = "a quote that is left open"
AFTER_A_QUOTE = "text after a closing quote"
BEFORE_A_QUOTE = "a blank before a quote"


@dataclass(frozen=True)
class Layout:
    """How to parse the lines of files with the same header.

    fields: the columns, in the order of the header.
    header: the header's line, without a byte order mark and the line's end.
    names: the cells of the header; without a header, the names of the columns.
    dialect, notation: how cells and values are written.
    """

    fields: tuple[StructField, ...]
    header: bytes
    names: tuple[str, ...]
    dialect: Dialect = field(default_factory=Dialect)
    notation: Notation = PLAIN

    @property
    def separator(self) -> str:
        """The separator of cells."""
        return self.dialect.separator

    @property
    def blanks(self) -> str:
        """The characters that count as blank."""
        return self.dialect.blanks

    @property
    def nothing(self) -> str:
        """A line of nulls."""
        return self.separator * (len(self.fields) - 1) or '""'


def read(lines: pa.Array, layout: Layout) -> Rows:
    """The rows of lines.

    lines: the bytes of each line, without its end. An empty line is not a row. Neither is a line of
        blanks, unless rows have a single cell.
    """
    places, faults = None, []
    if (
        layout.dialect.has_header
        and pc.index(lines, pa.scalar(layout.header, lines.type)).as_py() >= 0
    ):
        is_header = pc.equal(lines, pa.scalar(layout.header, lines.type))
        faults = [
            Fault(place, HEADER, THE_HEADER_AGAIN)
            for place in pc.indices_nonzero(is_header).to_pylist()
        ]
        places = at_of(pc.invert(is_header))
        lines = lines.take(places)
    cells = _cells_at_once(lines, layout)
    if cells is None:
        cells, kept, more = _sorted_out(lines, layout)
        faults += [Fault(_of(places, fault.at), fault.verdict, fault.reason) for fault in more]
        places = kept if places is None else places.take(kept)
    return typed(cells, places, faults, layout)


def fault_of(line: str, layout: Layout) -> Fault | None:
    """The fault of a line whose quotes violate RFC 4180, or None; its index is 0.

    A quote in a cell that does not begin with a quote is literal: `27"`.
    """
    quoted = re.compile('"(?:[^"]|"")*"')
    end = -1
    while end < len(line):
        start = end + 1
        blanks = re.compile(f"[{layout.blanks}]*").match(line, start)
        opened = blanks.end() if blanks else start
        if line[opened : opened + 1] != '"':
            end = _next(line, layout.separator, start)
            continue
        cell = quoted.match(line, opened)
        if cell is None:
            return Fault(0, BREAKS_FILE, LEFT_OPEN)
        end = cell.end()
        if opened > start:
            return Fault(0, INVALID, BEFORE_A_QUOTE)
        if end < len(line) and line[end] != layout.separator:
            return Fault(0, INVALID, AFTER_A_QUOTE)
    return None


def _next(line: str, separator: str, start: int) -> int:
    found = line.find(separator, start)
    return len(line) if found < 0 else found


def typed(
    cells: Sequence[pa.Array], places: pa.Array | None, faults: Sequence[Fault], layout: Layout
) -> Rows:
    """The rows of cells: one array of strings per column, from the texts at these places."""
    converted = [
        convert(column, field.dataType, layout.notation)
        for column, field in zip(cells, layout.fields, strict=True)
    ]
    reasons = verdicts.judged(layout.fields, cells, converted)
    found = {row: Fault(row, INVALID, reason) for row, reason in reasons.items()}
    for row in _headers(cells, layout):
        found[row] = Fault(row, HEADER, THE_HEADER_AGAIN)
    columns = [column.values for column in converted]
    return verdicts.rows(layout.fields, places, columns, list(found.values()), faults)


def _headers(cells: Sequence[pa.Array], layout: Layout) -> list[int]:
    """The rows that repeat the header in another form: with a byte order mark, or in quotes."""
    first = pa.array([layout.names[0], BOM + layout.names[0]], pa.string())
    alike = pc.is_in(cells[0], value_set=first)
    if not alike.true_count:
        return []
    return [
        row
        for row in pc.indices_nonzero(alike).to_pylist()
        if all(
            column[row].as_py() == name
            for column, name in zip(cells[1:], layout.names[1:], strict=True)
        )
    ]


def _cells_at_once(lines: pa.Array, layout: Layout) -> list[pa.Array] | None:
    """The cells, one array per column, if all lines are valid; else None."""
    text = joined(lines)
    if text[: len(_BOM)].to_pybytes() == _BOM:
        return None
    if b'"' in text.to_pybytes() and _well_formed(lines, layout).false_count:
        return None
    try:
        cells = _parsed(text, layout, None)
    except pa.ArrowInvalid:
        return None
    return cells if len(cells[0]) == len(lines) else None


def _sorted_out(lines: pa.Array, layout: Layout) -> tuple[list[pa.Array], pa.Array, list[Fault]]:
    """The cells of the valid lines, their indexes, and the faults of the other lines."""
    faults = []
    is_line = _is_line(lines, layout)
    for place in undecodable(lines):
        faults.append(Fault(place, INVALID, NOT_UTF_8))
        is_line[place] = 0
    places = at_of(flags(is_line))
    texts = lines.take(places).cast(pa.string())
    well_formed = _well_formed(texts, layout)
    if well_formed.false_count:
        for row in pc.indices_nonzero(pc.invert(well_formed)).to_pylist():
            fault = fault_of(texts[row].as_py(), layout)
            assert fault is not None, "the two forms of the grammar differ"
            faults.append(Fault(places[row].as_py(), fault.verdict, fault.reason))
        texts, places = texts.filter(well_formed), places.filter(well_formed)
    wrong: list[int] = []
    # Arrow strips a byte order mark at the start of a text: put another line first.
    first = pa.array([layout.nothing.encode()], pa.binary())
    text = joined(pa.concat_arrays([first, texts.cast(pa.binary())]))
    cells = [column[1:] for column in _parsed(text, layout, wrong)]
    assert len(cells[0]) + len(wrong) == len(texts), "the lines of the text and Arrow's differ"
    if wrong:
        right = bytearray(b"\1" * len(texts))
        for row in wrong:
            right[row - 2] = 0
            reason = f"not {len(layout.fields)} cells"
            faults.append(Fault(places[row - 2].as_py(), INVALID, reason))
        places = places.filter(flags(right))
    return cells, places, faults


def _well_formed(lines: pa.Array, layout: Layout) -> pa.Array:
    """Whether `fault_of` finds no fault in a line."""
    sep, blanks = re.escape(layout.separator), layout.blanks
    cell = f'(?:"(?:[^"]|"")*"|[{blanks}]*(?:[^"{blanks}{sep}][^{sep}]*)?)'
    return pc.match_substring_regex(lines, f"(?s)\\A{cell}(?:{sep}{cell})*\\z")


def _is_line(lines: pa.Array, layout: Layout) -> bytearray:
    """For each line, whether it is not blank."""
    flags = bytearray(len(lines))
    alone = len(layout.fields) == 1
    for row, line in enumerate(lines.to_pylist()):
        flags[row] = bool(line if alone else line.strip(layout.blanks.encode()))
    return flags


def _parsed(text: pa.Buffer, layout: Layout, wrong: list[int] | None) -> list[pa.Array]:
    """The cells as Arrow parses them, as strings or nulls.

    wrong: receives the numbers, from 1, of lines with a wrong number of cells, which are omitted.
        If it is None, such a line is an error.

    Raises:
        pa.ArrowInvalid: there is such a line, or the text is not UTF-8.
    """
    names = [str(number) for number in range(len(layout.fields))]

    def note(row: csv.InvalidRow) -> str:
        assert wrong is not None
        wrong.append(row.number)
        return "skip"

    if not text.size:
        return [pa.nulls(0, pa.string()) for _ in names]
    table = csv.read_csv(
        pa.BufferReader(text),
        csv.ReadOptions(use_threads=False, block_size=text.size + 1, column_names=names),
        csv.ParseOptions(
            delimiter=layout.separator,
            newlines_in_values=True,
            invalid_row_handler=note if wrong is not None else None,
        ),
        csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
        ),
    )
    return [_one_chunk(column) for column in table.columns]


def _one_chunk(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _of(places: pa.Array | None, row: int) -> int:
    return row if places is None else int(places[row].as_py())
