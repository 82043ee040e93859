# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""CSV: a header, and one row per line (or cells that span lines, if declared)."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import partial

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField

from glue_runtime.input.exact import frames
from glue_runtime.input.exact.csv_dialects import DialectError, parser
from glue_runtime.input.exact.csv_lines import Layout
from glue_runtime.input.exact.dialect import UTF_8, Dialect, is_wide
from glue_runtime.input.exact.inference import shape_of_csv
from glue_runtime.input.exact.verdicts import HEADER
from glue_runtime.input.formats.columns import check_columns
from glue_runtime.input.formats.interface import POSITION, Batch, UnreadableFileError
from glue_runtime.input.formats.options import CELLS, VALUES
from glue_runtime.input.formats.text_head import LONGEST_LINE, first_lines, has_text
from glue_runtime.input.formats.text_reader import TextReader
from glue_runtime.spark.storage import Storage, StoredFile

_OTHER_SEPARATORS = ";\t|"


@dataclass(frozen=True)
class Header:
    """The first line of a CSV file that is a row, or names the columns.

    text: the line without a byte order mark and its end; empty if it is a row.
    line: the number of the line, from 1.
    """

    text: str
    line: int
    cells: tuple[str, ...]


class Reader(TextReader):
    """Reads CSV files; files with the same header form a batch."""

    takes = CELLS | VALUES | {"encoding", "lineSep"}

    @property
    def whole(self) -> bool:
        """See `TextReader`: if a cell may span lines, a line is not a row."""
        return self.dialect.reads_whole_files

    @property
    def dialect(self) -> Dialect:
        """The declared dialect."""
        return self.contract.options.dialect

    @property
    def position(self) -> str:  # type: ignore[override]
        """See `TextReader`."""
        return frames.NUMBER if self.whole else POSITION

    def sniff(self, file: StoredFile) -> Header:
        """See `FormatReader`."""
        if not self.dialect.has_header:
            return self._without_header(file)
        header = read_header(self.storage, file, self.dialect)
        others = [mark for mark in _OTHER_SEPARATORS if mark in header.text]
        if others and len(header.cells) == 1 and not self.contract.fields:
            raise UnreadableFileError(
                f"a header of one column {header.text[:80]!r}; if {others[0]!r} separates its cells, "
                f'declare options={{"sep": {others[0]!r}}}; if not, declare the schema'
            )
        check_columns(header.cells, self.contract)
        return header

    def batch(self, kind: Hashable, files: Mapping[str, StoredFile]) -> Batch:
        """See `FormatReader`."""
        header = _header_of(kind)
        if self.contract.fields:
            by_name = {field.name.casefold(): field for field in self.contract.fields}
            return Batch(files, tuple(by_name[cell.casefold()] for cell in header.cells), kind)
        texts = tuple(StructField(cell, StringType()) for cell in header.cells)
        layout = self._layout(header, texts)
        shape_of = partial(shape_of_csv, layout=layout)
        types = frames.inferred(self.texts(files), shape_of, self.limit(files))
        fields = tuple(StructField(cell, types[cell]) for cell in header.cells)
        return Batch(files, fields, kind)

    def parsed(self, texts: DataFrame, batch: Batch, *, explained: bool) -> DataFrame:
        """See `TextReader`."""
        layout = self._layout(_header_of(batch.kind), batch.fields)
        read = frames.csv_file_rows if self.whole else frames.csv_rows
        return read(texts, layout, self.limit(batch.files), explained=explained)

    def header_count(self, batch: Batch) -> int:
        """See `FormatReader`."""
        return len(batch.files) if self.dialect.has_header else 0

    def without_headers(self, rows: DataFrame, batch: Batch) -> DataFrame:
        """See `TextReader`."""
        if not self.dialect.has_header:
            return rows
        line = _header_of(batch.kind).line
        return rows.where(~((F.col("verdict") == HEADER) & (F.col("position") == line)))

    def breach(self, position: int | None, reason: str) -> str:
        """See `TextReader`."""
        hint = (
            "" if self.dialect.spans_lines else " (if cells may span lines, declare multiline=True)"
        )
        return super().breach(position, reason) + hint

    def _without_header(self, file: StoredFile) -> Header:
        """What stands for a header that the file does not have: the declared columns."""
        lines = first_lines(self.storage, file, self.dialect, has_text)
        if not has_text(lines):
            raise UnreadableFileError("an empty file")
        return Header("", 0, tuple(field.name for field in self.contract.fields or ()))

    def _layout(self, header: Header, fields: tuple[StructField, ...]) -> Layout:
        options = self.contract.options
        text = header.text.encode()
        return Layout(fields, text, header.cells, options.dialect, options.notation)


def _header_of(kind: Hashable) -> Header:
    assert isinstance(kind, Header)
    return kind


def read_header(storage: Storage, file: StoredFile, dialect: Dialect) -> Header:
    """The header of a CSV file.

    Raises:
        UnreadableFileError: there is no header, or it does not name the columns.
    """
    has_blanks = False
    lines = first_lines(storage, file, dialect, partial(_has_a_row, dialect))
    for number, line in enumerate(lines, start=1):
        if number <= dialect.skipped or _is_comment(line, dialect):
            continue
        if not line.strip(b" \t\xef\xbb\xbf"):
            has_blanks |= bool(line.strip(b"\xef\xbb\xbf"))
            continue
        if len(line) >= LONGEST_LINE:
            raise UnreadableFileError(f"a first line of {LONGEST_LINE:,} bytes or more")
        text = _decoded(line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line, dialect)
        names = _names(text, dialect)
        if has_blanks and len(names) == 1:
            # In a file of one column, they are a value.
            raise UnreadableFileError("a line of blanks before its header")
        return Header(text, number, names)
    raise UnreadableFileError("an empty file, without a header")


def _is_comment(line: bytes, dialect: Dialect) -> bool:
    return bool(dialect.comment) and line.startswith(dialect.comment.encode())


def _has_a_row(dialect: Dialect, lines: list[bytes]) -> bool:
    """Whether there is a line after those that are no rows."""
    rest = [line for line in lines[dialect.skipped :] if not _is_comment(line, dialect)]
    return has_text(rest)


def _names(text: str, dialect: Dialect) -> tuple[str, ...]:
    try:
        cells = tuple(cell or "" for cell in parser(dialect).cells(text))
    except DialectError as error:
        raise UnreadableFileError(f"{error} in its header {text[:80]!r}") from error
    names = [cell.casefold() for cell in cells]
    if not all(name.strip() for name in names):
        raise UnreadableFileError(f"a column without a name in its header {text[:80]!r}")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UnreadableFileError(f"the column {twice[0]!r} twice in its header {text[:80]!r}")
    return cells


def _decoded(line: bytes, dialect: Dialect) -> str:
    try:
        return line.decode(UTF_8 if is_wide(dialect.encoding) else dialect.encoding)
    except UnicodeDecodeError as error:
        raise UnreadableFileError(
            f"a header that is not {dialect.encoding.upper()} (byte {line[error.start]:#04x} at {error.start + 1})"
        ) from error
