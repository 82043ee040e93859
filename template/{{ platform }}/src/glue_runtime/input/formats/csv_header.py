# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The header of a CSV file."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from pyspark.sql.types import StringType, StructField

from glue_runtime.input.exact.csv_dialects import DialectError, parser
from glue_runtime.input.exact.dialect import UTF_8, Dialect, is_wide
from glue_runtime.input.exact.notations import Notation
from glue_runtime.input.formats.advice import reads
from glue_runtime.input.formats.interface import Contract, UnreadableFileError
from glue_runtime.input.formats.options import IGNORED, RESCUED
from glue_runtime.input.formats.text_head import LONGEST_LINE, first_lines, has_text
from glue_runtime.spark.files import StoredFile
from glue_runtime.spark.storage import Storage

_LONGEST_CHARACTER = 4


@dataclass(frozen=True)
class Header:
    """The first line of a CSV file that is a row, or names the columns.

    text: the line without a byte order mark and its end; empty if it is a row.
    line: the number of the line, from 1.
    """

    text: str
    line: int
    cells: tuple[str, ...]


def read_header(
    storage: Storage, file: StoredFile, dialect: Dialect, most: int = LONGEST_LINE
) -> Header:
    """The header of a CSV file, whose line has fewer bytes than `most`.

    Raises:
        UnreadableFileError: there is no header, or it does not name the columns.
    """
    has_blanks = False
    lines = first_lines(storage, file, dialect, partial(_has_a_row, dialect), most)
    lines[:1] = [line.removeprefix(b"\xef\xbb\xbf") for line in lines[:1]]
    for number, line in enumerate(lines, start=1):
        if number <= dialect.skipped or _is_comment(line, dialect):
            continue
        if not line.strip(b" \t"):
            has_blanks |= bool(line)
            continue
        if len(line) >= most:
            raise UnreadableFileError(f"a first line of {most:,} bytes or more")
        text = _decoded(line, dialect)
        names = _names(text, dialect)
        if has_blanks and len(names) == 1:
            # In a file of one column, they are a value.
            raise UnreadableFileError("a line of blanks before its header")
        return Header(text, number, names)
    raise UnreadableFileError("an empty file, without a header")


def _is_comment(line: bytes, dialect: Dialect) -> bool:
    if not dialect.comment:
        return False
    encoding = UTF_8 if is_wide(dialect.encoding) else dialect.encoding
    return dialect.is_comment(line[:_LONGEST_CHARACTER].decode(encoding, errors="replace"))


def _has_a_row(dialect: Dialect, lines: list[bytes]) -> bool:
    """Whether there is a line after those that are no rows."""
    rest = [line for line in lines[dialect.skipped :] if not _is_comment(line, dialect)]
    return has_text(rest)


def _names(text: str, dialect: Dialect) -> tuple[str, ...]:
    try:
        cells = tuple(
            cell or "" for cell in parser(replace(dialect, null="", empty="")).cells(text)
        )
    except DialectError as error:
        raise UnreadableFileError(f"{error} in its header {text[:80]!r}") from error
    return cells


def check_names(header: Header, contract: Contract) -> None:
    """Check that each column has a name, unless it is not needed, and no other has it.

    Raises:
        UnreadableFileError: one does not.
    """
    names, shown = [cell.casefold() for cell in header.cells], f"in its header {header.text[:80]!r}"
    may_lack = contract.options.new_columns in (IGNORED, RESCUED)
    if not may_lack and not all(name.strip() for name in names):
        raise UnreadableFileError(f"a column without a name {shown}")
    places = {f"_c{place}" for place, name in enumerate(names) if not name.strip()}
    if taken := places & {*names, *(field.name.casefold() for field in contract.fields or ())}:
        raise UnreadableFileError(
            f"a column without a name {shown}, which would be called {min(taken)}, as another column is"
        )
    twice = sorted(name for name, count in Counter(names).items() if name and count > 1)
    if twice:
        raise UnreadableFileError(f"the column {twice[0]!r} twice {shown}")


def is_row(cells: Sequence[str], fields: Sequence[StructField], notation: Notation) -> bool:
    """Whether a header is a row of these columns, of which some are no texts."""
    if len(cells) != len(fields) or all(isinstance(f.dataType, StringType) for f in fields):
        return False
    pairs = zip(cells, fields, strict=True)
    return all(reads([cell or None], field.dataType, notation) for cell, field in pairs)


def _decoded(line: bytes, dialect: Dialect) -> str:
    try:
        return line.decode(UTF_8 if is_wide(dialect.encoding) else dialect.encoding)
    except UnicodeDecodeError as error:
        raise UnreadableFileError(
            f"a header that is not {dialect.encoding.upper()} (byte {line[error.start]:#04x} at {error.start + 1})"
        ) from error
