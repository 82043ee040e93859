# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""CSV: a header, and a row a line (or, where that is declared, cells that span lines).

Text is split into lines first and parsed then, so that nothing of it can be passed over: Spark's CSV
reader takes half a cell for a row.
"""

import csv
import io
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructField, StructType

from glue_runtime.input.formats.columns import check_columns
from glue_runtime.input.formats.interface import Batch, UnreadableFileError
from glue_runtime.input.formats.spark_reader import SparkFormatReader
from glue_runtime.input.formats.text_head import lines_of, text_head
from glue_runtime.input.formats.verdicts import (
    BREAKS_FILE,
    FITS,
    HEADER,
    INVALID,
    MALFORMED,
    PERMISSIVE,
    POSITION,
    RAW,
    RECORD,
    TEXT,
    VERDICT,
    are_invalid,
    ddl,
    field_of,
    missing_values,
    quoted,
    wrong_value,
)
from glue_runtime.lineage import SOURCE_OBJECT
from glue_runtime.s3_object import literal_path
from glue_runtime.spark.session import whole_files
from glue_runtime.spark.storage import Storage, StoredFile

OPTIONS = {**PERMISSIVE, "escape": '"'}
UNCLOSED_QUOTE = "a quote is left open"

_UNDECODABLE = "\ufffd"
_QUOTE_OPENED = r'(^|,)"([^"]|"")*$'


@dataclass(frozen=True)
class Header:
    """The first line of a CSV file that is not blank.

    text: as Spark gives it, without a byte order mark.
    line: its number, from 1.
    """

    text: str
    line: int
    cells: tuple[str, ...]


class Reader(SparkFormatReader):
    """CSV files: those of one header are read alike."""

    takes_multiline = True

    def sniff(self, file: StoredFile) -> Header:
        """See `FormatReader`."""
        header = read_header(self.storage, file)
        if self.contract.multiline:
            self._check_quotes(file)
        check_columns(header.cells, self.contract)
        return header

    def batch(self, kind: Hashable, files: Mapping[str, StoredFile]) -> Batch:
        """See `FormatReader`."""
        cells = _header_of(kind).cells
        if self.contract.fields:
            by_name = {field.name.casefold(): field for field in self.contract.fields}
            return Batch(files, tuple(by_name[cell.casefold()] for cell in cells), kind)
        options = {"header": "true", "inferSchema": "true", "escape": '"'}
        found = self.spark.read.options(**options).csv(self.paths(files)).schema.fields
        named = zip(cells, found, strict=True)
        return Batch(files, tuple(StructField(c, f.dataType) for c, f in named), kind)

    def header_count(self, batch: Batch) -> int:
        """See `FormatReader`. Spark's own reader, which reads cells over lines, leaves them out."""
        return 0 if self.contract.multiline else len(batch.files)

    def broken_files(self, batch: Batch) -> Mapping[str, str]:
        """The files with an unclosed quote: no row near it can be trusted."""
        unclosed = self.invalid_rows(batch).where(F.col("reason") == UNCLOSED_QUOTE)
        first = unclosed.groupBy(SOURCE_OBJECT).agg(F.min("position").alias("position"))
        with whole_files(self.spark):
            return {
                row[SOURCE_OBJECT]: (
                    f"a quote that is left open in line {row['position']} (if cells may span "
                    "lines, declare multiline=True)"
                )
                for row in first.collect()
            }

    def read_error(self, file: StoredFile) -> str | None:
        """See `FormatReader`."""
        return self.read_error_of(file, "text") if file.uri.endswith(".gz") else None

    def judged(self, batch: Batch, *, numbered: bool) -> DataFrame:
        """See `SparkFormatReader`."""
        if not self.contract.multiline:
            lines = self.texts(batch.files, whole=False, numbered=numbered)
            return _line_rows(lines, _header_of(batch.kind).text, batch.fields)
        reader = self.spark.read.schema(StructType([*batch.fields, StructField(MALFORMED, TEXT)]))
        options = {**OPTIONS, "header": "true", "multiLine": "true"}
        parsed = self.loaded(reader.options(**options).format("csv"), batch.files)
        columns = [quoted(name) for name in parsed.columns]
        return _multiline_rows(self.with_origin(parsed, columns, numbered=numbered), batch.fields)

    def without_headers(self, rows: DataFrame, batch: Batch) -> DataFrame:
        """See `SparkFormatReader`."""
        own = (F.col(VERDICT) == HEADER) & (F.col(POSITION) == _header_of(batch.kind).line)
        return rows.where(~own)

    def reason(self, fields: Sequence[StructField]) -> Column:
        """See `SparkFormatReader`."""
        text = F.col(RAW)
        strings = ", ".join(f"`{number}` STRING" for number in range(len(fields)))
        cells = F.from_csv(text, f"{strings}, {MALFORMED} STRING", OPTIONS)
        wrong = [wrong_value(field, cells[str(number)]) for number, field in enumerate(fields)]
        return (
            F.when(F.col(VERDICT) == HEADER, "the header again")
            .when(F.col(VERDICT) == BREAKS_FILE, UNCLOSED_QUOTE)
            .when(cells[MALFORMED].isNotNull(), f"not {len(fields)} cells")
            .when(_is_garbled(fields), "not UTF-8")
            .otherwise(F.concat_ws(", ", *wrong, *missing_values(fields)))
        )

    def _check_quotes(self, file: StoredFile) -> None:
        lines = self.spark.read.text(literal_path(file.uri))
        quotes = F.sum(
            F.octet_length("value") - F.octet_length(F.replace("value", F.lit('"'), F.lit("")))
        )
        if ((lines.agg(quotes).first() or [0])[0] or 0) % 2:
            raise UnreadableFileError("a quote that is left open")


def _header_of(kind: Hashable) -> Header:
    assert isinstance(kind, Header)
    return kind


def read_header(storage: Storage, file: StoredFile) -> Header:
    """The header of a CSV file.

    Raises:
        UnreadableFileError: there is none, or it cannot be told what its columns are.
    """
    head = text_head(storage, file)
    for number, line in enumerate(lines_of(head), start=1):
        if not line.strip(b" \xef\xbb\xbf"):
            continue
        text = _decoded(line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line)
        if text.count('"') % 2:
            raise UnreadableFileError(f"a quote is left open in its header {text[:80]!r}")
        cells = tuple(next(csv.reader(io.StringIO(text), strict=False)))
        names = [cell.casefold() for cell in cells]
        if not all(name.strip() for name in names):
            raise UnreadableFileError(f"a column without a name in its header {text[:80]!r}")
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise UnreadableFileError(f"the column {twice[0]!r} twice in its header {text[:80]!r}")
        return Header(text, number, cells)
    raise UnreadableFileError("an empty file, without a header")


def _decoded(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise UnreadableFileError(
            f"a header that is not UTF-8 (byte {line[error.start]:#04x} at {error.start + 1})"
        ) from error


def _line_rows(lines: DataFrame, header: str, fields: Sequence[StructField]) -> DataFrame:
    """The rows of CSV files of one header.

    header: the text of the header's line. No line knows here whether it is the first of its file:
        each that is equal to the header is a `HEADER`; counting them finds repeated ones.
    fields: the columns, in the header's order.
    """
    value = F.col("value")
    schema = ddl(lines.sparkSession, [*fields, StructField(MALFORMED, TEXT)])
    rows = lines.where(F.trim(value) != "").withColumn(RECORD, F.from_csv(value, schema, OPTIONS))
    invalid = are_invalid(fields) | (_is_garbled(fields) & ~value.contains(_UNDECODABLE))
    quotes = F.octet_length(value) - F.octet_length(F.replace(value, F.lit('"'), F.lit("")))
    is_unclosed = value.contains('"') & (quotes % 2 == 1) & value.rlike(_QUOTE_OPENED)
    # A quote that is left open is in the last cell: it shows, or it leaves a text or nothing there.
    last = fields[-1]
    may_be_unclosed = F.lit(True) if last.dataType == TEXT else field_of(last).isNull()
    verdict = (
        F.when(value == header, HEADER)
        .when(invalid, F.when(is_unclosed, BREAKS_FILE).otherwise(INVALID))
        .when(may_be_unclosed & is_unclosed, BREAKS_FILE)
        .otherwise(FITS)
    )
    return rows.withColumn(VERDICT, verdict).withColumnRenamed("value", RAW)


def _multiline_rows(parsed: DataFrame, fields: Sequence[StructField]) -> DataFrame:
    """The rows of files whose cells span lines, from the output of Spark's own reader."""
    columns = [F.col(quoted(field.name)) for field in fields]
    rows = parsed.withColumn(RECORD, F.struct(*columns, MALFORMED)).drop(*(f.name for f in fields))
    # Spark converts no cell that nobody asks for, and then finds no fault in it: ask for all. (One
    # hash in 2^64 is 0.)
    asks_for_all = F.xxhash64(*(field_of(field) for field in fields)) == 0
    invalid = are_invalid(fields) | _is_garbled(fields) | asks_for_all
    verdict = F.when(invalid, INVALID).otherwise(FITS)
    return rows.withColumn(VERDICT, verdict).withColumnRenamed(MALFORMED, RAW)


def _is_garbled(fields: Sequence[StructField]) -> Column:
    """Whether a cell shows that its bytes were no UTF-8."""
    texts = [field_of(field) for field in fields if field.dataType == TEXT]
    signs = [F.coalesce(text.contains(_UNDECODABLE), F.lit(False)) for text in texts]
    return reduce(or_, signs, F.lit(False))
