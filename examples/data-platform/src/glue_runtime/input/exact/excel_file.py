# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Parse Excel workbooks: each row of a sheet becomes a JSON object, which is judged as one.

openpyxl reads the cells. Numbers are the doubles that Excel stores, days and moments are those of its calendar.
"""

import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import pyarrow as pa
from pyspark.sql.types import (
    DataType,
    DateType,
    DecimalType,
    StructField,
    TimestampNTZType,
    TimestampType,
)

from glue_runtime.input.exact import inference, json_lines, packing
from glue_runtime.input.exact.whole_files import FileFaultError, FileRows

_MANY = 10_000
_HEAD = 64 * 1024
_FIRST_SURE_DAY = datetime(1900, 3, 1)
_NAMES = 5
_NEVER_TEXT = (DecimalType, DateType, TimestampType, TimestampNTZType)
"""The types that JSON has in strings, and Excel has not."""
_ADDRESS = re.compile(
    r"(?P<sheet>'(?:[^']|'')+'|[^'!]+)?(?:!\$?(?P<column>[A-Z]{1,3})\$?(?P<row>[1-9][0-9]{0,6}))?"
)


@dataclass(frozen=True)
class Address:
    """Where the cells of a workbook begin. sheet: its name; empty if there is only one."""

    sheet: str = ""
    column: int = 1
    row: int = 1


def address_of(text: str) -> Address | None:
    """The meaning of ``Sheet``, ``Sheet!A3``, ``'A sheet'!A3`` or ``!A3``; None if it has none."""
    found = _ADDRESS.fullmatch(text)
    if found is None:
        return None
    sheet = found["sheet"] or ""
    if sheet.startswith("'"):
        sheet = sheet[1:-1].replace("''", "'")
    column = 0
    for letter in found["column"] or "A":
        column = column * 26 + ord(letter) - ord("A") + 1
    return Address(sheet, column, int(found["row"] or 1))


@dataclass(frozen=True)
class Sheets:
    """How to read workbooks.

    fields: the columns. declared: whether others make a row invalid.
    names: of the columns, where files have no header; else empty.
    complaint: what is wrong with the names in a header, or None.
    """

    fields: Sequence[StructField]
    complaint: Callable[[Sequence[str]], str | None]
    address: Address
    names: tuple[str, ...] = ()
    declared: bool = True


def rows(data: bytes, sheets: Sheets) -> Iterator[FileRows]:
    """The rows of a workbook.

    Raises:
        FileFaultError: it is none, or has other columns, or it is not clear which cells are meant.
    """
    read = json_lines.reader(sheets.fields, declared=sheets.declared)
    for numbers, documents in _gathered(_documents(data, sheets)):
        found = read(pa.array(documents, pa.binary()))
        places = pa.array(numbers, pa.int64())
        at = found.rows.at
        yield FileRows(
            replace(found.rows, at=None), found.raws, places if at is None else places.take(at)
        )


def shape(files: pa.Array, sheets: Sheets) -> inference.Shape:
    """The columns of workbooks."""
    documents = [text for data in files.to_pylist() for _, text in _documents(data, sheets)]
    return inference.merged([inference.shape_of_json(each) for each in documents])


def _gathered(
    documents: Iterator[tuple[int, bytes]],
) -> Iterator[tuple[list[int], list[bytes]]]:
    numbers: list[int] = []
    texts: list[bytes] = []
    for number, text in documents:
        numbers.append(number)
        texts.append(text)
        if len(texts) == _MANY:
            yield numbers, texts
            numbers, texts = [], []
    if texts:
        yield numbers, texts


def _documents(data: bytes, sheets: Sheets) -> Iterator[tuple[int, bytes]]:
    """Each row as JSON, with its number."""
    cells = _cells(data, sheets.address)
    names: Sequence[str] = sheets.names
    kinds = {field.name: field.dataType for field in sheets.fields}
    spelt = {name.casefold(): name for name in kinds}
    for number, row in cells:
        if all(value is None for value in row):
            continue
        if not names:
            names = _header(row, sheets)
            names = [spelt.get(name.casefold(), name) for name in names]
            continue
        yield number, _document(names, row, kinds)
    if not names:
        raise FileFaultError("an empty sheet, without a header")


def _header(row: Sequence[Any], sheets: Sheets) -> list[str]:
    named = [str(value) for value in row if value is not None]
    counts = Counter(name.casefold() for name in named)
    if twice := [name for name in named if counts[name.casefold()] > 1]:
        raise FileFaultError(f"the column {twice[0]!r} twice in its header")
    if complaint := sheets.complaint(named):
        raise FileFaultError(complaint)
    return [f"_c{place}" if value is None else str(value) for place, value in enumerate(row)]


def _document(names: Sequence[str], row: Sequence[Any], kinds: Mapping[str, DataType]) -> bytes:
    """A row as JSON. Cells without a name are called by their places, unless they are empty."""
    pairs = []
    for place, value in enumerate(row):
        name = names[place] if place < len(names) else f"_c{place}"
        if value is not None or name in kinds:
            pairs.append(f"{json.dumps(name)}:{_value(value, kinds.get(name))}")
    return ("{" + ",".join(pairs) + "}").encode()


def _value(value: Any, kind: DataType | None) -> str:
    """A cell as JSON."""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    if isinstance(value, datetime):
        return json.dumps(_moment(value, kind))
    if isinstance(value, str) and isinstance(kind, _NEVER_TEXT):
        return json.dumps(f"{value} (a text)")
    if value is None or isinstance(value, bool | int | str):
        return json.dumps(value)
    return json.dumps(value.isoformat() if isinstance(value, date) else str(value))


def _moment(value: datetime, kind: DataType | None) -> str:
    if value < _FIRST_SURE_DAY:
        # For Excel, 1900 was a leap year; before March, programs differ by a day.
        return f"{value.isoformat()} (before March 1900)"
    is_day = value == datetime(value.year, value.month, value.day)
    if is_day and not isinstance(kind, TimestampType | TimestampNTZType):
        return value.date().isoformat()
    return value.isoformat()


def _cells(data: bytes, address: Address) -> Iterator[tuple[int, list[Any]]]:
    """The rows of the sheet with their numbers."""
    import openpyxl

    has_formulas = _check_archive(data)

    def opened(*, with_values: bool) -> Any:
        try:
            book = openpyxl.load_workbook(
                io.BytesIO(data), read_only=True, data_only=with_values, keep_links=False
            )
        except Exception as error:
            raise FileFaultError(f"no Excel workbook that can be read ({error!r})") from error
        return _sheet(book, address)

    sheet = opened(with_values=True)
    written = _rows(opened(with_values=False), address) if has_formulas else None
    for number, cells in enumerate(_rows(sheet, address), address.row):
        if written is not None:
            _check_formulas(next(written), cells, number)
        yield number, [_content(cell) for cell in cells]


def _rows(sheet: Any, address: Address) -> Iterator[Any]:
    # Some programs record a smaller size than the sheet has, and openpyxl would stop there.
    sheet.reset_dimensions()
    return iter(sheet.iter_rows(min_row=address.row, min_col=address.column))


def _content(cell: Any) -> Any:
    from openpyxl.utils.escape import unescape

    value = cell.value
    if isinstance(value, str):
        return (unescape(value) if "_x" in value else value) or None
    return value


def _check_formulas(written: Sequence[Any], cells: Sequence[Any], number: int) -> None:
    for formula, cell in zip(written, cells, strict=True):
        if formula.data_type == "f" and cell.value is None:
            raise FileFaultError(
                f"a formula without its value in row {number}; open the workbook in a program that "
                "calculates it, and save it"
            )


def _sheet(book: Any, address: Address) -> Any:
    """The sheet that is meant."""
    sheets = {each.title: each for each in book.worksheets}
    if address.sheet:
        if address.sheet not in sheets:
            raise FileFaultError(f"no sheet {address.sheet!r}, but {', '.join([*sheets][:_NAMES])}")
        return sheets[address.sheet]
    visible = [each for each in sheets.values() if each.sheet_state == "visible"]
    filled = [each for each in visible if _has_cell(each)] if len(visible) > 1 else visible
    if len(filled) != 1:
        names = ", ".join(each.title for each in filled[:_NAMES])
        raise FileFaultError(
            f"{len(filled)} sheets with rows ({names}), of which one is expected"
            + (
                f'; options={{"dataAddress": {json.dumps(filled[0].title)}}} would read the first'
                if filled
                else ""
            )
        )
    return filled[0]


def _has_cell(sheet: Any) -> bool:
    sheet.reset_dimensions()
    return any(value is not None for row in sheet.iter_rows(values_only=True) for value in row)


def _check_archive(data: bytes) -> bool:
    """Whether the workbook has formulas.

    Raises:
        FileFaultError: it expands too far, or declares entities.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if sum(each.file_size for each in entries) > packing.most_bytes([len(data)]):
                raise FileFaultError(packing.TOO_LARGE)
            return any([_looked_at(archive, each) for each in entries])
    except (
        zipfile.BadZipFile,
        OSError,
        EOFError,
        ValueError,
        NotImplementedError,  # zipfile's error for a compression that it does not know
        RuntimeError,  # its error for an entry with a password
    ) as error:
        if isinstance(error, FileFaultError):
            raise
        raise FileFaultError(f"no Excel workbook that can be read ({error!r})") from error


def _looked_at(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bool:
    """Whether an entry is a sheet with formulas."""
    if not entry.filename.endswith((".xml", ".rels")):
        return False
    with archive.open(entry) as file:
        text = file.read(_HEAD)
        if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
            raise FileFaultError("a workbook with a document type, which may declare entities")
        if not entry.filename.startswith("xl/worksheets/"):
            return False
        while text:
            if re.search(rb"<(?:[a-z]+:)?f[ >]", text):
                return True
            following = file.read(_HEAD)
            text = text[-16:] + following if following else b""
    return False
