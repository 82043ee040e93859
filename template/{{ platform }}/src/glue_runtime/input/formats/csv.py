# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""CSV: a header, and one row per line (or cells that span lines, if declared)."""

from collections.abc import Hashable, Mapping
from functools import partial

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField

from glue_runtime.input.exact import frames
from glue_runtime.input.exact.csv_lines import Layout
from glue_runtime.input.exact.dialect import Dialect
from glue_runtime.input.exact.inference import shape_of_csv
from glue_runtime.input.exact.packing import Packing
from glue_runtime.input.exact.verdicts import HEADER
from glue_runtime.input.formats.advice import for_file
from glue_runtime.input.formats.columns import IF_RIGHT, check_columns
from glue_runtime.input.formats.csv_header import Header, check_names, is_row, read_header
from glue_runtime.input.formats.interface import POSITION, Batch, Contract, UnreadableFileError
from glue_runtime.input.formats.options import CELLS, VALUES
from glue_runtime.input.formats.text_head import DamagedPackageError, first_lines, has_text
from glue_runtime.input.formats.text_reader import TextReader
from glue_runtime.spark.files import StoredFile
from glue_runtime.spark.storage import RememberedStorage

_OTHER_SEPARATORS = ";\t|"

_MOST_FOR_ADVICE = 16 * 1024
"""The bytes of a file that the search for advice looks at: it tries hundreds of dialects."""


class Reader(TextReader):
    """Reads CSV files; files with the same header form a batch."""

    takes = TextReader.takes | CELLS | VALUES | {"encoding", "lineSep"}

    @property
    def whole(self) -> bool:
        """See `TextReader`: if a cell may span lines, a line is not a row."""
        return self.dialect.reads_whole_files or self.unpacks

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
        try:
            return self._with_header(file)
        except DamagedPackageError:
            raise
        except UnreadableFileError as error:
            advice = self._advice(file)
            complaint = str(error).partition(IF_RIGHT)[0] if advice else str(error)
            raise UnreadableFileError(complaint + advice) from error

    def _with_header(self, file: StoredFile) -> Header:
        header = read_header(self.storage, file, self.dialect)
        check_names(header, self.contract)
        others = [mark for mark in _OTHER_SEPARATORS if mark in header.text]
        if others and len(header.cells) == 1 and not self.contract.fields:
            raise UnreadableFileError(
                f"a header of one column {header.text[:80]!r}; if {others[0]!r} separates its cells, "
                f'declare options={{"sep": {others[0]!r}}}; if not, declare the schema'
            )
        check_columns(header.cells, self.contract)
        return header

    def _advice(self, file: StoredFile) -> str:
        """Which options would give the file its columns, in words."""
        fields = self.contract.fields
        if not fields:
            return ""
        storage = RememberedStorage(self.spark)

        def fits(contract: Contract) -> bool:
            dialect = contract.options.dialect
            if not dialect.has_header:
                cells = read_header(storage, file, dialect, _MOST_FOR_ADVICE).cells
                return is_row(cells, fields, contract.options.notation)
            header = read_header(storage, file, dialect, _MOST_FOR_ADVICE)
            check_names(header, contract)
            check_columns(header.cells, contract)
            return True

        return for_file(self.contract, self.takes, fits)

    def batch(self, kind: Hashable, files: Mapping[str, StoredFile]) -> Batch:
        """See `FormatReader`."""
        header = _header_of(kind)
        if self.contract.fields:
            kinds = [StringType()] * len(header.cells)
            found = self.contract.present(header.cells, kinds)
            return Batch(files, found.fields, kind, others=found.others)
        texts = tuple(StructField(cell, StringType()) for cell in header.cells)
        layout = self._layout(header, texts)
        shape_of = partial(shape_of_csv, layout=layout)
        packed = Packing(self.unpacks, of_lines=True)
        types = frames.inferred(self.texts(files), shape_of, self.limit(files), packed)
        fields = tuple(StructField(cell, types[cell]) for cell in header.cells)
        return Batch(files, fields, kind)

    def parsed(self, texts: DataFrame, batch: Batch, *, explained: bool) -> DataFrame:
        """See `TextReader`."""
        layout = self._layout(_header_of(batch.kind), batch.fields)
        if not self.whole:
            return frames.csv_rows(texts, layout, self.limit(batch.files), explained=explained)
        limit, packing = self.limit(batch.files), Packing(self.unpacks)
        return frames.csv_file_rows(texts, layout, limit, packing, explained=explained)

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
