# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The base class of formats whose files carry the types of their columns."""

from abc import abstractmethod
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from py4j.protocol import Py4JJavaError
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, DateType, StructField, TimestampType

from glue_runtime.input.exact.frames import REASON, VERDICT
from glue_runtime.input.exact.verdicts import FITS, INVALID
from glue_runtime.input.formats.columns import check_columns
from glue_runtime.input.formats.interface import (
    POSITION,
    Batch,
    Contract,
    FileSet,
    UnreadableFileError,
)
from glue_runtime.input.formats.spark_reader import SparkFormatReader
from glue_runtime.lineage import SOURCE_OBJECT
from glue_runtime.spark.columns import holds, quoted
from glue_runtime.spark.errors import SparkError, reason_of
from glue_runtime.spark.storage import StoredFile

SECONDS, BYTES_A_SECOND = 900.0, 1024 * 1024
"""The time limit of a task: a number of seconds, plus the largest file's time at this speed."""


@dataclass(frozen=True)
class Footer:
    """The metadata of a file.

    schema: its columns, as text.
    rows: its row count.
    nanoseconds: the columns that Spark reads as numbers of nanoseconds, and their types.
    is_julian: whether Spark reads days before 1582 in the Julian calendar, unlike the writer.
    """

    schema: str
    rows: int
    nanoseconds: Mapping[str, DataType] = field(default_factory=dict)
    is_julian: bool = False


class TypedReader(SparkFormatReader):
    """Reads files that carry their schema; files with the same schema form a batch."""

    spark_format: ClassVar[str]
    """Spark's name of the format."""

    options: ClassVar[Mapping[str, str]] = {}
    """Options of Spark's reader."""

    def __init__(self, spark: SparkSession, wanted: FileSet, contract: Contract) -> None:
        """See `FormatReader`."""
        super().__init__(spark, wanted, contract)
        self._footers: dict[str, Footer] = {}

    @abstractmethod
    def footer(self, file: StoredFile) -> Footer:
        """The footer of a file.

        Raises:
            UnreadableFileError, Py4JJavaError: it has none.
            FileNotFoundError: there is no such file.
        """

    def sniff(self, file: StoredFile) -> str:
        """See `FormatReader`."""
        if file.size == 0:
            raise UnreadableFileError("an empty file")
        try:
            found = self.footer(file)
        except Py4JJavaError as error:
            reason = str(error.java_exception.getMessage()).splitlines()[0]
            name = self.spark_format.upper()
            raise UnreadableFileError(f"no {name} data: {reason[:200]}") from error
        self._footers[file.uri] = found
        return f"{found.is_julian} {found.schema}"

    def batch(self, kind: Hashable, files: Mapping[str, StoredFile]) -> Batch:
        """See `FormatReader`."""
        first = min(files)
        try:
            fields = self._fields({first: files[first]})
        except SparkError as error:
            raise UnreadableFileError(f"columns that cannot be read: {reason_of(error)}") from error
        check_columns([field.name for field in fields], self.contract)
        declared = self.contract.fields
        for one in declared or ():
            [of_file] = [f for f in fields if f.name.casefold() == one.name.casefold()]
            if not holds(one.dataType, of_file.dataType):
                raise UnreadableFileError(
                    f"the column {one.name} as {of_file.dataType.simpleString()}, which does not "
                    f"fit into {one.dataType.simpleString()}"
                )
        counts = {origin: self._footers[stored.uri].rows for origin, stored in files.items()}
        return Batch(files, tuple(declared or fields), kind, counts)

    def common_type(self, one: DataType, other: DataType) -> DataType | None:
        """See `FormatReader`."""
        return one if holds(one, other) else other if holds(other, one) else None

    def rows(self, batch: Batch) -> DataFrame:
        """See `FormatReader`."""
        return self._judged(batch, numbered=False).drop(REASON)

    def invalid_rows(self, batch: Batch) -> DataFrame:
        """See `FormatReader`."""
        rows = self._judged(batch, numbered=True).where(F.col(VERDICT) != FITS)
        return rows.select(
            SOURCE_OBJECT,
            F.col(POSITION).cast("bigint").alias("position"),
            F.col(REASON).alias("reason"),
            F.lit(None).cast("string").alias("raw_text"),
        )

    def time_limit(self, files: Collection[StoredFile]) -> float:
        """See `FormatReader`: a damaged page may make Spark's reader run forever."""
        return SECONDS + max(file.size for file in files) / BYTES_A_SECOND

    def broken_files(self, batch: Batch) -> Mapping[str, str]:
        """See `FormatReader`: files with another number of rows than in their footer."""
        counted = self._judged(batch, numbered=False).groupBy(SOURCE_OBJECT).count().collect()
        found = {origin: 0 for origin in batch.files} | dict(map(tuple, counted))
        return {
            origin: f"a footer of {expected} rows, of which {found[origin]} can be read"
            for origin, expected in batch.row_counts.items()
            if found[origin] != expected
        }

    def read_error(self, file: StoredFile) -> str | None:
        """See `FormatReader`."""
        return self.read_error_of(file, self.spark_format, self.options)

    def _judged(self, batch: Batch, *, numbered: bool) -> DataFrame:
        """The rows with verdicts; a null in a NOT NULL column is invalid."""
        nanoseconds = self._nanoseconds(batch.files)
        is_julian = self._footers[batch.files[min(batch.files)].uri].is_julian
        names = [quoted(each.name) for each in batch.fields]
        rows = self.with_origin(self._read(batch.files), names, numbered=numbered)
        values, faults = [], []
        for each in batch.fields:
            column = F.col(quoted(each.name))
            if not each.nullable:
                faults.append(F.when(column.isNull(), F.lit(f"{each.name} is missing")))
            if each.name.casefold() in nanoseconds:
                faults.append(_fault_of_nanoseconds(each, column))
                column = _microseconds(each.name)
            if is_julian and isinstance(each.dataType, DateType | TimestampType):
                faults.append(_fault_of_calendar(each, column))
            values.append(column.cast(each.dataType).alias(each.name))
        reason = F.concat_ws(", ", *faults)
        verdict = F.when(reason == "", FITS).otherwise(INVALID) if faults else F.lit(FITS)
        added = [SOURCE_OBJECT, *[POSITION] * numbered]
        return rows.select(*values, *added, reason.alias(REASON), verdict.alias(VERDICT))

    def _fields(self, files: Mapping[str, StoredFile]) -> list[StructField]:
        """The columns of files with the same schema."""
        nanoseconds = self._nanoseconds(files)
        return [
            StructField(each.name, nanoseconds.get(each.name.casefold(), each.dataType))
            for each in self._read(files).schema.fields
        ]

    def _nanoseconds(self, files: Mapping[str, StoredFile]) -> dict[str, DataType]:
        found = self._footers[files[min(files)].uri].nanoseconds
        return {name.casefold(): data_type for name, data_type in found.items()}

    def _read(self, files: Mapping[str, StoredFile]) -> DataFrame:
        return self.loaded(self.spark.read.format(self.spark_format).options(**self.options), files)


def _microseconds(name: str) -> Column:
    """The timestamp of a number of nanoseconds, if it is a whole number of microseconds."""
    column = quoted(name)
    return F.expr(f"timestamp_micros(({column} - pmod({column}, 1000)) div 1000)")


def _fault_of_calendar(field: StructField, column: Column) -> Column:
    """The reason for a day before the Gregorian calendar; null for other days."""
    reason = (
        f"{field.name} is before 1582-10-15, which Spark reads by another calendar than its writer"
    )
    return F.when(column < F.lit("1582-10-15").cast(field.dataType), F.lit(reason))


def _fault_of_nanoseconds(field: StructField, column: Column) -> Column:
    """The reason for nanoseconds that are not whole microseconds; null for others."""
    reason = F.concat(
        F.lit(f"{field.name} "),
        column.cast("string"),
        F.lit(f" (in nanoseconds) is not a valid {field.dataType.simpleString()}"),
    )
    return F.when(F.pmod(column, F.lit(1000)) != 0, reason)
