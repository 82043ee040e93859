"""Excel workbooks: the table of a sheet, and made-up rows in its place."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils.escape import unescape
from pyspark.sql.types import (
    BooleanType,
    DataType,
    DateType,
    DoubleType,
    LongType,
    StringType,
    StructField,
    TimestampType,
)

from glue_runtime.input.exact import excel_file
from glue_runtime.input.exact.excel_file import Address, Sheets, address_of
from glue_runtime.input.exact.verdicts import FITS
from glue_runtime.input.exact.whole_files import FileFaultError
from gluecast.errors import GluecastError

MAGIC = b"PK\x03\x04"

_LOOKED_AT = 10_000
"""The number of rows whose cells decide about the types."""

_MOST_TITLES = 20
"""The number of rows among which the header is looked for."""

_LARGEST_WHOLE = 2**53


@dataclass(frozen=True)
class Table:
    """The table of a workbook. options: those that the Source needs. rows, invalid: as it reads them."""

    types: dict[str, DataType]
    options: dict[str, str]
    notes: list[str]
    rows: int
    invalid: int


def table_of(path: Path) -> Table:
    """The table of the first sheet that has cells.

    Raises:
        GluecastError: the file is no workbook, or has no table.
    """
    data = path.read_bytes()
    filled = _filled_sheets(data, path)
    title, cells = next(iter(filled.items()))
    first = _header(cells)
    notes = []
    if len(filled) > 1:
        notes.append(f"the other sheets are not read: {', '.join([*filled][1:])}")
    names = [str(value) for value in cells[first] if value is not None]
    columns = {name: place for place, name in enumerate(map(_name, cells[first])) if name}
    types = {
        name: _type([row[place] for row in cells[first + 1 :] if place < len(row)])
        for name, place in columns.items()
    }
    options = {}
    if address := _address(title if len(filled) > 1 else "", first + 1):
        options["dataAddress"] = address
    if len(names) < max(len([v for v in row if v is not None]) for row in cells[first:]):
        options["schemaEvolutionMode"] = "none"
        notes.append("a column has no name: it is ignored, as other columns that the schema lacks")
    rows, reasons = _check(data, types, address)
    notes += [f"a row of the sample is invalid: {reason}" for reason in reasons[:1]]
    return Table(types, options, notes, rows, len(reasons))


def sample(types: dict[str, DataType], options: dict[str, str], rows: range) -> bytes:
    """A workbook whose table has these columns, at the same place, with made-up rows."""
    address = address_of(options.get("dataAddress", "")) or Address()
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.title = address.sheet or "Sheet1"
    lines: list[list[object]] = [
        [*types],
        *([_value(kind, row) for kind in types.values()] for row in rows),
    ]
    for number, line in enumerate(lines, address.row):
        for place, value in enumerate(line, address.column):
            sheet.cell(number, place, value)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _filled_sheets(data: bytes, path: Path) -> dict[str, list[Sequence[Any]]]:
    """The first rows of each visible sheet with cells, by its title."""
    try:
        book = openpyxl.load_workbook(
            io.BytesIO(data), read_only=True, data_only=True, keep_links=False
        )
    except Exception as error:
        raise GluecastError(
            f"expected an Excel workbook, found none that can be read in {path} ({error!r}); save it anew"
        ) from error
    found = {}
    for sheet in book.worksheets:
        sheet.reset_dimensions()
        rows = [*islice(sheet.iter_rows(values_only=True), _LOOKED_AT)]
        if sheet.sheet_state == "visible" and any(
            value is not None for row in rows for value in row
        ):
            found[sheet.title] = rows
    if not found:
        raise GluecastError(
            f"expected a sheet with rows, found none in {path}; choose another file"
        )
    return found


def _header(rows: Sequence[Sequence[Any]]) -> int:
    """The place of the header: the first of the widest rows at the top."""
    widths = [sum(value is not None for value in row) for row in rows[:_MOST_TITLES]]
    return widths.index(max(widths))


def _name(value: object) -> str:
    return "" if value is None else unescape(str(value))


def _type(values: Sequence[Any]) -> DataType:
    """The type of the cells of a column."""
    kinds = {_kind(value) for value in values if value is not None}
    if kinds == {LongType, DoubleType}:
        return DoubleType()
    if kinds == {DateType, TimestampType}:
        return TimestampType()
    return kinds.pop()() if len(kinds) == 1 else StringType()


def _kind(value: Any) -> type[DataType]:
    if isinstance(value, bool):
        return BooleanType
    if isinstance(value, int | float):
        return LongType if value == int(value) and abs(value) < _LARGEST_WHOLE else DoubleType
    if isinstance(value, datetime):
        return TimestampType if value.time() != datetime.min.time() else DateType
    return DateType if isinstance(value, date) else StringType


def _address(sheet: str, row: int) -> str:
    quoted = sheet if re.fullmatch(r"\w*", sheet) else "'" + sheet.replace("'", "''") + "'"
    return quoted + (f"!A{row}" if row > 1 else "")


def _check(data: bytes, types: dict[str, DataType], address: str) -> tuple[int, list[str]]:
    """The number of rows, and the reasons for which the runtime refuses some."""
    fields = [StructField(name, kind) for name, kind in types.items()]
    sheets = Sheets(fields, lambda names: None, address_of(address) or Address(), declared=False)
    rows, reasons = 0, []
    try:
        for found in excel_file.rows(data, sheets):
            rows += len(found.rows)
            verdicts = zip(
                found.rows.verdicts.to_pylist(), found.rows.reasons.to_pylist(), strict=True
            )
            reasons += [str(reason) for verdict, reason in verdicts if verdict != FITS]
    except FileFaultError as error:
        raise GluecastError(
            f"expected a workbook with one table, found {error}; mend it, or export it as CSV"
        ) from error
    return rows, reasons


def _value(kind: DataType, row: int) -> object:
    values: dict[type[DataType], object] = {
        BooleanType: bool(row % 2),
        LongType: row,
        DoubleType: row + 0.5,
        DateType: date(2024, 1, 15),
        TimestampType: datetime(2024, 1, 15, 8, 30, row),
    }
    return values.get(type(kind), f"sample {row}")
