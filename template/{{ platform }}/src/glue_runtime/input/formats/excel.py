# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Excel workbooks (xlsx): a header, and one row per row of a sheet."""

from collections.abc import Mapping
from functools import partial

from pyspark.sql.types import DataType

from glue_runtime.input.exact import excel_file, frames
from glue_runtime.input.exact.excel_file import Address, Sheets, address_of
from glue_runtime.input.exact.whole_files import ReadFile
from glue_runtime.input.formats import json
from glue_runtime.input.formats.columns import unexpected_columns
from glue_runtime.input.formats.file_reader import FileReader
from glue_runtime.input.formats.interface import Batch, UnreadableFileError
from glue_runtime.input.formats.options import COLUMNS
from glue_runtime.spark.files import StoredFile

_ZIP, _OLD = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


class Reader(FileReader, json.Reader):
    """Reads workbooks; all of them form one batch."""

    package = "openpyxl"
    takes = COLUMNS | {"dataAddress", "header"}

    def sniff(self, file: StoredFile) -> None:
        """See `FormatReader`."""
        head = self.storage.head(file.uri, len(_ZIP))
        if not head:
            raise UnreadableFileError("an empty file")
        if head == _OLD:
            raise UnreadableFileError(
                "an old Excel file (xls), or one with a password; save it as xlsx without one"
            )
        if head != _ZIP:
            raise UnreadableFileError("no Excel workbook: xlsx files are zip archives")

    def read_function(self, batch: Batch) -> ReadFile:
        """See `FileReader`."""
        return partial(excel_file.rows, sheets=self._sheets(batch))

    def _inferred(self, files: Mapping[str, StoredFile]) -> Mapping[str, DataType]:
        shape_of = partial(excel_file.shape, sheets=self._sheets(Batch(files, ())))
        return frames.inferred(self.texts(files), shape_of)

    def _sheets(self, batch: Batch) -> Sheets:
        contract = self.contract
        names = tuple(field.name for field in contract.fields or ())
        has_header = contract.options.dialect.has_header
        complaint = partial(unexpected_columns, contract=contract) if contract.fields else _nothing
        address = address_of(contract.options.address) or Address()
        declared = bool(contract.fields)
        return Sheets(batch.fields, complaint, address, () if has_header else names, declared)


def _nothing(names: object) -> None:
    """What is wrong with names where none are declared."""
