# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The base class of text formats, which `exact` parses on Spark's executors."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, StringType, StructField

from glue_runtime.input.exact.frames import NUMBER, RAW, REASON, VERDICT, Limit
from glue_runtime.input.exact.inference import wider
from glue_runtime.input.exact.packing import (
    GZIP,
    TOO_LARGE,
    ending_of,
    is_unpacked_here,
    most_bytes,
)
from glue_runtime.input.exact.verdicts import BREAKS_FILE
from glue_runtime.input.formats.advice import for_row
from glue_runtime.input.formats.interface import POSITION, Batch
from glue_runtime.input.formats.spark_reader import SparkFormatReader
from glue_runtime.lineage import SOURCE_OBJECT
from glue_runtime.s3_object import literal_path
from glue_runtime.spark.columns import quoted
from glue_runtime.spark.files import StoredFile
from glue_runtime.spark.session import whole_files


class TextReader(SparkFormatReader):
    """A format whose values are texts: every column can be read as STRING."""

    position: str = POSITION
    """The column with the position of a row: the line, or `frames.NUMBER`."""

    @property
    def whole(self) -> bool:
        """Whether a file is one text, not one text per line."""
        return self.unpacks

    @cached_property
    def unpacks(self) -> bool:
        """Whether the executors unpack the files, since Spark does not."""
        return any(is_unpacked_here(file.uri) for file in self.wanted.files.values())

    @abstractmethod
    def parsed(self, texts: DataFrame, batch: Batch, *, explained: bool) -> DataFrame:
        """The rows of texts, as `exact.frames` returns them."""

    def rows(self, batch: Batch) -> DataFrame:
        """See `FormatReader`."""
        columns = [quoted(field.name) for field in batch.fields]
        rows = self._parsed(batch, explained=False)
        return rows.select(*columns, SOURCE_OBJECT, VERDICT)

    def invalid_rows(self, batch: Batch) -> DataFrame:
        """See `FormatReader`."""
        return self._faults(batch).select(SOURCE_OBJECT, "position", "reason", "raw_text")

    def broken_files(self, batch: Batch) -> Mapping[str, str]:
        """See `FormatReader`."""
        broken = self._faults(batch).where(F.col("verdict") == BREAKS_FILE)
        first = broken.groupBy(SOURCE_OBJECT).agg(F.min(F.struct("position", "reason")))
        with whole_files(self.spark):
            return {origin: self.breach(*found) for origin, found in first.collect()}

    def advice(self, reason: str, raw: str, fields: Sequence[StructField]) -> str:
        """See `FormatReader`."""
        return for_row(reason, raw, fields, self.takes)

    def breach(self, position: int | None, reason: str) -> str:
        """Why a file with such a row is unreadable."""
        return reason if position is None else f"{reason} in line {position}"

    def read_error(self, file: StoredFile) -> str | None:
        """See `FormatReader`."""
        if ending_of(file.uri) != GZIP:
            return None
        return self.read_error_of(file, lambda: self.spark.read.text(literal_path(file.uri)))

    def common_type(self, one: DataType, other: DataType) -> DataType:
        """See `FormatReader`: the text can always be parsed again as STRING."""
        return wider(one, other) or StringType()

    def without_headers(self, rows: DataFrame, batch: Batch) -> DataFrame:
        """The faults of a batch, without its expected headers."""
        return rows

    def texts(self, files: Mapping[str, StoredFile], *, numbered: bool = False) -> DataFrame:
        """The texts of these files in the column ``value``; with origins for several files.

        If the executors unpack them, they are the packed bytes of each file.
        """
        if self.unpacks:
            df = self.loaded(self.spark.read.format("binaryFile"), files)
            texts = self.with_origin(df, [F.col("content").alias("value")], numbered=False)
            return texts.drop(SOURCE_OBJECT) if self._is_alone else texts
        reader = self.spark.read.format("text").option("wholetext", str(self.whole).lower())
        if (end := self.contract.options.dialect.line_end) and not self.whole:
            reader = reader.option("lineSep", end)
        texts = self.with_origin(self.loaded(reader, files), ["value"], numbered=numbered)
        return texts.drop(SOURCE_OBJECT) if self._is_alone else texts

    def limit(self, files: Mapping[str, StoredFile]) -> Limit | None:
        """The limit of text per task for these files, if some of them are compressed."""
        if self.unpacks:
            return None  # each file has its own
        sizes = [file.size for file in files.values() if ending_of(file.uri) == GZIP]
        rest = sum(file.size for file in files.values()) - sum(sizes)
        return Limit(most_bytes(sizes) + rest, TOO_LARGE) if sizes else None

    @property
    def _is_alone(self) -> bool:
        """Whether all rows come from one file, so that its name is not needed in each row."""
        return len(self.wanted.files) == 1

    def _parsed(self, batch: Batch, *, explained: bool) -> DataFrame:
        texts = self.texts(batch.files, numbered=explained and self.position != NUMBER)
        rows = self.parsed(texts, batch, explained=explained)
        return rows.withColumn(SOURCE_OBJECT, F.lit(min(batch.files))) if self._is_alone else rows

    def _faults(self, batch: Batch) -> DataFrame:
        rows = self._parsed(batch, explained=True)
        faults = rows.where(F.col(REASON).isNotNull()).select(
            SOURCE_OBJECT,
            F.col(self.position).cast("bigint").alias("position"),
            F.col(VERDICT).alias("verdict"),
            F.col(REASON).alias("reason"),
            F.col(RAW).alias("raw_text"),
        )
        return self.without_headers(faults, batch)
