# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Parse CSV in other dialects than RFC 4180: other quotes, escapes, nulls, encodings, comments.

Where programs give a text different meanings, the row is invalid.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import pyarrow as pa

from glue_runtime.input.exact.csv_lines import (
    AFTER_A_QUOTE,
    BEFORE_A_QUOTE,
    LEFT_OPEN,
    NOT_UTF_8,
    THE_HEADER_AGAIN,
    Layout,
    typed,
)
from glue_runtime.input.exact.dialect import UTF_8, Dialect
from glue_runtime.input.exact.verdicts import BREAKS_FILE, HEADER, INVALID, Fault, Rows

ODD_ESCAPE = "an escape outside quotes, which programs read differently"
ODD_SEPARATOR = "separators that overlap, which programs read differently"


class DialectError(ValueError):
    """A text does not follow the dialect. breaks_file: whether that makes the whole file doubtful."""

    def __init__(self, reason: str, *, breaks_file: bool = False) -> None:
        super().__init__(reason)
        self.verdict = BREAKS_FILE if breaks_file else INVALID


def read(lines: pa.Array, layout: Layout) -> Rows:
    """The rows of records, like `csv_lines.read`."""
    dialect, width = layout.dialect, len(layout.fields)
    header = layout.header.decode() if dialect.has_header else None
    parse = parser(dialect)
    rows: list[list[str | None]] = []
    places, faults = [], []
    for place, line in enumerate(lines.to_pylist()):
        try:
            text = line.decode(dialect.encoding)
        except UnicodeDecodeError:
            faults.append(Fault(place, INVALID, _undecodable(dialect)))
            continue
        if dialect.is_blank(text, width) or dialect.is_comment(text):
            continue
        if text == header:
            faults.append(Fault(place, HEADER, THE_HEADER_AGAIN))
            continue
        try:
            cells = parse.cells(text)
        except DialectError as error:
            faults.append(Fault(place, error.verdict, str(error)))
            continue
        if len(cells) != width:
            faults.append(Fault(place, INVALID, f"not {width} cells"))
            continue
        rows.append(cells)
        places.append(place)
    columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
    columns = columns or [pa.nulls(0, pa.string()) for _ in layout.fields]
    return typed(columns, pa.array(places, pa.int64()), faults, layout)


def _undecodable(dialect: Dialect) -> str:
    return NOT_UTF_8 if dialect.encoding == UTF_8 else f"not {dialect.encoding}"


@dataclass(frozen=True)
class Record:
    """A record of a file. line: the number of its first line, from 1."""

    text: str
    line: int


def split(text: str, dialect: Dialect) -> list[Record]:
    """Split a file into records, without the skipped lines.

    Raises:
        DialectError: its quotes violate the dialect.
    """
    if not dialect.spans_lines or (dialect.quote not in text if dialect.quote else True):
        records = [Record(line, number) for number, line in enumerate(dialect.lines(text), 1)]
        return records[dialect.skipped :]
    return [*parser(dialect).records(text)]


@cache
def parser(dialect: Dialect) -> "Parser":
    """The parser of a dialect."""
    return Parser(dialect)


class Parser:
    """Splits texts into records and cells."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._end = re.compile(re.escape(dialect.line_end) or "\r\n|\n|\r")
        mark = dialect.separator
        self._overlaps = any(mark.startswith(mark[at:]) for at in range(1, len(mark)))
        if dialect.quote:
            self._compile_quotes()

    def _compile_quotes(self) -> None:
        dialect, end = self._dialect, self._end.pattern
        quote, escape = re.escape(dialect.quote), re.escape(dialect.escape)
        blanks = f"[{re.escape(dialect.blanks)}]*+" if dialect.blanks else ""
        before, after = blanks * dialect.strips_before, blanks * dialect.strips_after
        within = f"(?:[^{quote}]|{quote}{quote})*+"
        if escape:
            within = f"(?:[^{quote}{escape}]|{escape}.)*+"
        separator = re.escape(dialect.separator)
        bare = f"(?:(?!{quote}|{separator}|{end}).)*+"
        cell = f"(?:{before}{quote}{within}{quote}{after}|{bare})"
        ends = f"({end}|\\Z)"
        self._quoted = re.compile(f"{before}{quote}({within}){quote}{after}", re.DOTALL)
        self._open = re.compile(f"({blanks}){quote}")
        self._escaped = re.compile(f"{escape}([{quote}{escape}])") if escape else None
        self._record = re.compile(f"({cell}(?:{separator}{cell})*+){ends}", re.DOTALL)
        comment = f"{re.escape(dialect.comment)}(?:(?!{end}).)*+"
        self._comment = re.compile(f"({comment}){ends}", re.DOTALL)

    def cells(self, text: str) -> list[str | None]:
        """The cells of a record.

        Raises:
            DialectError: it does not follow the dialect.
        """
        dialect = self._dialect
        if dialect.quote and dialect.quote in text:
            return [*self._cells(text)]
        if dialect.escape and dialect.escape in text:
            return self._escaped_cells(text)
        self._check_separators(text)
        return [self._bare(cell) for cell in text.split(dialect.separator)]

    def records(self, text: str) -> Iterator[Record]:
        """The records of a file whose cells may span lines, and its comments.

        Raises:
            DialectError: it does not follow the dialect.
        """
        at, line = 0, 1
        for _ in range(self._dialect.skipped):
            if found := self._end.search(text, at):
                at, line = found.end(), line + 1
            else:
                return
        while at < len(text):
            is_comment = self._dialect.is_comment(text[at : at + 1])
            found = (self._comment if is_comment else self._record).match(text, at)
            if found is None:
                raise DialectError(
                    f"{self._contradiction(text, at)} in line {line}", breaks_file=True
                )
            yield Record(found[1], line)
            line += 1 + len(self._end.findall(found[1]))
            at = found.end()

    def _contradiction(self, text: str, at: int) -> str:
        """Why no record begins at this position."""
        end = self._end.search(text, at)
        try:
            self.cells(text[at : end.start() if end else len(text)])
        except DialectError as error:
            return str(error)
        return "a quote within a cell that has none around it"

    def _check_separators(self, text: str) -> None:
        """Raise DialectError if cells without quotes end elsewhere when they are read from their end."""
        mark = self._dialect.separator
        if self._overlaps and text.split(mark) != text.rsplit(mark):
            raise DialectError(ODD_SEPARATOR)

    def _cells(self, text: str) -> Iterator[str | None]:
        dialect, at, bare = self._dialect, 0, 0
        while True:
            found = self._quoted.match(text, at)
            if found:
                self._check_separators(text[bare : max(at - len(dialect.separator), bare)])
                bare = found.end() + len(dialect.separator)
                end = found.end()
                if end < len(text) and not text.startswith(dialect.separator, end):
                    raise DialectError(AFTER_A_QUOTE)
                yield self._value(found[1])
            else:
                end = text.find(dialect.separator, at)
                end = len(text) if end < 0 else end
                self._refuse_odd_quote(text, at, end)
                cell = text[at:end]
                if dialect.escape and self._is_ambiguous(cell, is_last=end == len(text)):
                    raise DialectError(ODD_ESCAPE)
                yield self._bare(cell)
            if end >= len(text):
                self._check_separators(text[bare:])
                return
            at = end + len(dialect.separator)

    def _refuse_odd_quote(self, text: str, at: int, end: int) -> None:
        opened = self._open.match(text, at, end)
        if opened is None:
            return
        closed = self._quoted.match(text, at + len(opened[1]))
        if closed and opened[1] and not self._dialect.strips_before:
            raise DialectError(BEFORE_A_QUOTE)
        raise DialectError(LEFT_OPEN, breaks_file=True)

    def _is_ambiguous(self, cell: str, *, is_last: bool) -> bool:
        """Whether an unquoted cell has an escape that some programs take for one."""
        escape, quote = self._dialect.escape, self._dialect.quote
        return (
            escape + escape in cell
            or escape + quote in cell
            or (cell.endswith(escape) and not is_last)
        )

    def _escaped_cells(self, text: str) -> list[str | None]:
        """The cells of a record without a quote that has escapes."""
        dialect = self._dialect
        if dialect.quote:
            return [*self._cells(text)]
        escape, separator = re.escape(dialect.escape), re.escape(dialect.separator)
        self._check_separators(re.sub(f"{escape}(?:{separator}|.)", "\0", text, flags=re.DOTALL))
        cell = f"((?:(?!{separator})[^{escape}]|{escape}(?:{separator}|.))*+)"
        cells = re.findall(f"{cell}(?:{separator}|\\Z)", text, re.DOTALL)
        # At its end, the pattern also matches the empty text after the last cell.
        cells = cells[:-1] if len(cells) > 1 and not self._ends_with_separator(text) else cells
        return [self._unescaped(cell) for cell in cells]

    def _ends_with_separator(self, text: str) -> bool:
        dialect = self._dialect
        before = text.removesuffix(dialect.separator)
        escapes = len(before) - len(before.rstrip(dialect.escape))
        return text != before and escapes % 2 == 0

    def _unescaped(self, cell: str) -> str | None:
        dialect = self._dialect
        if not cell or cell == dialect.null:
            return None
        value, at = "", 0
        while (found := cell.find(dialect.escape, at)) >= 0:
            following = cell[found + 1 :]
            mark = next(
                (
                    each
                    for each in (dialect.separator, dialect.escape)
                    if following.startswith(each)
                ),
                None,
            )
            if mark is None:
                raise DialectError(
                    f"an escape before {following[:1]!r}, which programs read differently"
                )
            value += cell[at:found] + mark
            at = found + 1 + len(mark)
        return self._bare(value + cell[at:])

    def _bare(self, cell: str) -> str | None:
        """The value of a cell without quotes."""
        dialect = self._dialect
        if dialect.strips_before:
            cell = cell.lstrip(dialect.blanks)
        if dialect.strips_after:
            cell = cell.rstrip(dialect.blanks)
        return None if cell in ("", dialect.null) else cell

    def _value(self, written: str) -> str | None:
        """The value of what stands within quotes."""
        dialect = self._dialect
        if not written:
            written = dialect.empty
        elif self._escaped:
            written = self._escaped.sub(r"\1", written)
        else:
            written = written.replace(dialect.quote * 2, dialect.quote)
        return None if written == dialect.null else written
