"""CSV: its dialect, as DuckDB finds it, and its cells, as the runtime reads them."""

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow.compute as pc
from pyspark.sql.types import DataType, StringType, StructField

from glue_runtime.input.exact import csv_file
from glue_runtime.input.exact.csv_dialects import DialectError, parser
from glue_runtime.input.exact.csv_lines import LEFT_OPEN, THE_HEADER_AGAIN, Layout
from glue_runtime.input.exact.dialect import Dialect
from glue_runtime.input.exact.notations import PLAIN, Notation
from glue_runtime.input.exact.verdicts import FITS, HEADER
from gluecast.errors import GluecastError

_NOTHING = "(empty)"
_HIGHEST_TITLE = 30
_NO_NAME = re.compile(r"[+-]?[0-9.,:/ -]+|\\N|NULL|true|false", re.IGNORECASE)


@dataclass(frozen=True)
class Table:
    """A CSV file.

    options: those of its dialect. header: its header's line; empty if it has none. names: the cells of
    the header, or made-up names. columns: the texts of each column, without nulls.
    """

    options: Mapping[str, str]
    dialect: Dialect
    header: str
    names: tuple[str, ...]
    columns: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Checked:
    """What the runtime makes of a table. invalid: the reasons of invalid rows."""

    rows: int
    invalid: Sequence[str]


def table_of(text: str) -> Table:
    """The dialect and the cells of a text.

    Raises:
        GluecastError: it is no table.
    """
    table = _table_from(text, 0)
    title = _title(text)
    if title and (not table.header or _faults(text, table)):
        # What stands above a blank line may look like a row.
        other = _table_from(text, title)
        if other.header and not _faults(text, other):
            table = other
    return replace(table, columns=_columns(text, table))


def _table_from(text: str, title: int) -> Table:
    """The table below the title, of so many lines; it has no cells yet."""
    below = "\n".join(re.split("\r\n|\n|\r", text)[title:])
    options = _sniffed(below)
    if title:
        options["skipRows"] = str(title + int(options.get("skipRows", "0")))
    dialect = _dialect(options)
    lines = dialect.lines(text)
    place = next((i for i in range(dialect.skipped, len(lines)) if lines[i].strip()), None)
    if place is None:
        raise GluecastError("expected a table, found a file without a row; choose another")
    cells = _cells(lines[place], dialect)
    if dialect.has_header and any(cell and _NO_NAME.fullmatch(cell) for cell in cells):
        options["header"], dialect = "false", replace(dialect, has_header=False)
    if any(cell != cell.strip() for cell in cells):
        options |= {"ignoreLeadingWhiteSpace": "true", "ignoreTrailingWhiteSpace": "true"}
        dialect = replace(dialect, strips_before=True, strips_after=True)
        cells = _cells(lines[place], dialect)
    header = lines[place] if dialect.has_header else ""
    names = cells if header else tuple(f"column_{number}" for number in range(1, len(cells) + 1))
    table = Table(options, dialect, header, names, {})
    if _checked(text, table).fault or LEFT_OPEN in _reasons(text, table):
        options["multiLine"] = "true"
        table = replace(table, options=options, dialect=replace(dialect, spans_lines=True))
    return table


def _title(text: str) -> int:
    """The number of lines up to the last blank one among the first; 0 if there is none."""
    first = re.split("\r\n|\n|\r", text.rstrip())[:_HIGHEST_TITLE]
    blank = [number for number, line in enumerate(first, 1) if not line.strip()]
    return blank[-1] if blank else 0


def _faults(text: str, table: Table) -> bool:
    return bool(_checked(text, table).fault or _reasons(text, table) - {THE_HEADER_AGAIN})


def check(text: str, table: Table, types: Mapping[str, DataType], notation: Notation) -> Checked:
    """What the runtime makes of a table with these types."""
    found = _checked(text, table, types, notation)
    if found.fault:
        return Checked(0, [found.fault])
    verdicts = pc.value_counts(found.rows.verdicts).to_pylist()
    counts = {each["values"]: each["counts"] for each in verdicts}
    invalid = [reason for reason in found.rows.reasons.to_pylist() if reason]
    invalid = [reason for reason in invalid if reason != THE_HEADER_AGAIN]
    return Checked(sum(counts.values()) - counts.get(HEADER, 0), invalid)


def _sniffed(text: str) -> dict[str, str]:
    """The options of the dialect that DuckDB finds."""
    # For DuckDB, a file has one kind of line end.
    found = _by_duckdb(text.replace("\r\n", "\n").replace("\r", "\n"))
    separator, quote, escape, skipped, has_header = found
    options = {"sep": separator} if separator != "," else {}
    if quote not in (_NOTHING, '"'):
        options["quote"] = quote
    elif quote == _NOTHING and '"' in text and not _has_cells_in_quotes(text, separator):
        options["quote"] = ""
    if escape not in (_NOTHING, quote):
        options["escape"] = escape
    if skipped:
        options["skipRows"] = str(skipped)
    return options | ({} if has_header else {"header": "false"})


def _by_duckdb(text: str) -> tuple[str, str, str, int, bool]:
    """The separator, quote, escape, number of skipped lines, and whether there is a header."""
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = Path(folder, "sample.csv")
        path.write_text(text, encoding="utf-8", newline="")
        reason = ""
        for is_strict in ("true", "false"):
            try:
                found = connection.execute(
                    "SELECT Delimiter, Quote, Escape, SkipRows, HasHeader FROM sniff_csv(?, "
                    f"sample_size = -1, ignore_errors = true, strict_mode = {is_strict})",
                    [str(path)],
                ).fetchone()
            except duckdb.Error as error:
                [reason, *_] = str(error).splitlines()
            else:
                assert found is not None
                return found
    raise GluecastError(
        f"expected a table of text, found none that DuckDB can sniff ({reason}); choose another file"
    )


def _has_cells_in_quotes(text: str, separator: str) -> bool:
    beginning = f'(^|{re.escape(separator)})"'
    return re.search(beginning, text, re.MULTILINE) is not None


def _dialect(options: Mapping[str, str]) -> Dialect:
    return Dialect(
        separator=options.get("sep", ","),
        quote=options.get("quote", '"'),
        escape=options.get("escape", ""),
        has_header=options.get("header") != "false",
        skipped=int(options.get("skipRows", "0")),
    )


def _cells(line: str, dialect: Dialect) -> tuple[str, ...]:
    try:
        return tuple(cell or "" for cell in parser(dialect).cells(line))
    except DialectError as error:
        raise GluecastError(
            f"expected a header, found {line[:80]!r}: {error}; choose another file"
        ) from error


def _checked(
    text: str,
    table: Table,
    types: Mapping[str, DataType] | None = None,
    notation: Notation = PLAIN,
) -> csv_file.ReadFile:
    kinds = types or {}
    fields = tuple(
        StructField(name or f"_c{place}", kinds.get(name, StringType()))
        for place, name in enumerate(table.names)
    )
    layout = Layout(fields, table.header.encode(), table.names, table.dialect, notation)
    return csv_file.read(text.encode(), layout)


def _reasons(text: str, table: Table) -> set[str]:
    return {*_checked(text, table).rows.reasons.to_pylist()} - {None}


def _columns(text: str, table: Table) -> dict[str, list[str]]:
    rows = _checked(text, table).rows
    fits = pc.equal(rows.verdicts, FITS)
    return {
        name: column.filter(fits).drop_null().to_pylist()
        for name, column in zip(table.names, rows.columns, strict=True)
        if name
    }
