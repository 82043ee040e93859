# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The base class of formats whose files carry the types of their columns."""

from abc import abstractmethod
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from py4j.protocol import Py4JJavaError
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import (
    ArrayType,
    DataType,
    DateType,
    MapType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from glue_runtime.input.exact.frames import REASON, VERDICT
from glue_runtime.input.exact.verdicts import FITS, INVALID
from glue_runtime.input.formats.columns import check_columns
from glue_runtime.input.formats.interface import (
    POSITION,
    Batch,
    Columns,
    Contract,
    FileSet,
    UnreadableFileError,
)
from glue_runtime.input.formats.nanoseconds import Nanoseconds
from glue_runtime.input.formats.spark_reader import SparkFormatReader
from glue_runtime.lineage import SOURCE_OBJECT
from glue_runtime.s3_object import literal_path
from glue_runtime.spark.columns import holds, quoted
from glue_runtime.spark.errors import SparkError, reason_of
from glue_runtime.spark.files import StoredFile
from glue_runtime.spark.session import read_row_by_row

SECONDS, BYTES_A_SECOND = 900.0, 1024 * 1024
"""The time limit of a task: a number of seconds, plus the largest file's time at this speed."""


@dataclass(frozen=True)
class Footer:
    """The metadata of a file.

    schema: its columns, as text.
    rows: its row count.
    nanoseconds: the columns that hold nanoseconds.
    is_julian: whether Spark reads days before 1582 in the Julian calendar, unlike the writer.
    is_misdescribed: whether the footer makes Spark read other columns than the file has.
    needs_row_by_row: whether Spark's vectorized reader fails on the file or reads wrong values.
    """

    schema: str
    rows: int
    nanoseconds: Mapping[str, Nanoseconds] = field(default_factory=dict)
    is_julian: bool = False
    is_misdescribed: bool = False
    needs_row_by_row: bool = False


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

    def own_schema(self, file: StoredFile) -> StructType:
        """The columns of a file as Spark reads them when it believes nothing else of its footer."""
        reader = self.spark.read.format(self.spark_format).options(**self.options)
        return reader.load(literal_path(file.uri)).schema

    def sniff(self, file: StoredFile) -> str:
        """See `FormatReader`."""
        if file.size == 0:
            raise UnreadableFileError("an empty file")
        try:
            found = self.footer(file)
        except Py4JJavaError as error:
            [reason, *_] = str(error.java_exception.getMessage()).splitlines() or ["no reason"]
            name = self.spark_format.upper()
            raise UnreadableFileError(f"no {name} data: {reason[:200]}") from error
        self._footers[file.uri] = found
        if found.needs_row_by_row:
            read_row_by_row(self.spark)
        moments = sorted(
            f"{name} {each.stands_for} {each.read_as}" for name, each in found.nanoseconds.items()
        )
        return f"{found.is_julian} {found.is_misdescribed} {moments} {found.schema}"

    def batch(self, kind: Hashable, files: Mapping[str, StoredFile]) -> Batch:
        """See `FormatReader`."""
        first = min(files)
        try:
            fields = self._fields({first: files[first]})
        except SparkError as error:
            raise UnreadableFileError(f"columns that cannot be read: {reason_of(error)}") from error
        check_columns([field.name for field in fields], self.contract)
        is_julian = self._footers[files[first].uri].is_julian
        for each in fields:
            if _has(each.dataType, lambda one: isinstance(one, StructType) and not one.fields):
                raise UnreadableFileError(
                    f"the column {each.name}, which has a struct without fields"
                )
            if is_julian and _is_nested(each.dataType) and _has(each.dataType, _is_day):
                raise UnreadableFileError(
                    f"days within the column {each.name}, which Spark reads by another calendar than "
                    "their writer where they are before 1582-10-15"
                )
        declared = self.contract.fields
        for one in declared or ():
            of_file = next((f for f in fields if f.name.casefold() == one.name.casefold()), None)
            if of_file is not None and not holds(one.dataType, of_file.dataType):
                raise UnreadableFileError(
                    f"the column {one.name} as {of_file.dataType.simpleString()}, which does not "
                    f"fit into {one.dataType.simpleString()}"
                )
        counts = {origin: self._footers[stored.uri].rows for origin, stored in files.items()}
        names, kinds = zip(*((each.name, each.dataType) for each in fields), strict=True)
        found = self.contract.present(names, kinds) if declared else Columns(tuple(fields))
        return Batch(files, found.fields, kind, counts, found.others)

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
        return self.read_error_of(file, lambda: self._read({file.uri: file}))

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
            if counted := nanoseconds.get(each.name.casefold()):
                faults.append(_fault_of_nanoseconds(each, column, counted))
                column = counted.value(column)
            if isinstance(each.dataType, StringType):
                faults.append(_fault_of_text(each, column))
            if is_julian and _is_day(each.dataType):
                faults.append(_fault_of_calendar(each, column))
            values.append(column.cast(each.dataType).alias(each.name))
        reason = F.concat_ws(", ", *faults)
        verdict = F.when(reason == "", FITS).otherwise(INVALID) if faults else F.lit(FITS)
        added = [SOURCE_OBJECT, *[POSITION] * numbered]
        return rows.select(*values, *added, reason.alias(REASON), verdict.alias(VERDICT))

    def _fields(self, files: Mapping[str, StoredFile]) -> list[StructField]:
        """The columns of files with the same schema."""
        nanoseconds = self._nanoseconds(files)
        fields = []
        for each in self._read(files).schema.fields:
            counted = nanoseconds.get(each.name.casefold())
            fields.append(StructField(each.name, counted.stands_for if counted else each.dataType))
        return fields

    def _nanoseconds(self, files: Mapping[str, StoredFile]) -> dict[str, Nanoseconds]:
        found = self._footers[files[min(files)].uri].nanoseconds
        return {name.casefold(): counted for name, counted in found.items()}

    def _read(self, files: Mapping[str, StoredFile]) -> DataFrame:
        reader = self.spark.read.format(self.spark_format).options(**self.options)
        first = files[min(files)]
        footer = self._footers[first.uri]
        read_as = {name: each.read_as for name, each in footer.nanoseconds.items() if each.read_as}
        if footer.is_misdescribed or read_as:
            columns = [
                StructField(each.name, read_as.get(each.name, each.dataType))
                for each in self.own_schema(first).fields
            ]
            reader = reader.schema(StructType(columns))
        return self.loaded(reader, files)


def _is_nested(data_type: DataType) -> bool:
    return isinstance(data_type, ArrayType | MapType | StructType)


def _is_day(data_type: DataType) -> bool:
    return isinstance(data_type, DateType | TimestampType)


def _has(data_type: DataType, wanted: Callable[[DataType], bool]) -> bool:
    """Whether a type or a type nested in it is wanted."""
    within: list[DataType] = []
    if isinstance(data_type, ArrayType):
        within = [data_type.elementType]
    elif isinstance(data_type, MapType):
        within = [data_type.keyType, data_type.valueType]
    elif isinstance(data_type, StructType):
        within = [each.dataType for each in data_type.fields]
    return wanted(data_type) or any(_has(each, wanted) for each in within)


def _fault_of_text(field: StructField, column: Column) -> Column:
    """The reason for bytes that are not UTF-8, which Spark accepts as text; null for others."""
    decoded = F.decode(column.cast("binary"), "UTF-8")
    return F.when(decoded != column, F.lit(f"{field.name} is not UTF-8"))


def _fault_of_calendar(field: StructField, column: Column) -> Column:
    """The reason for a value that Spark reads differently from its writer; null for others."""
    other = "which Spark reads otherwise than its writer"
    old = column < F.lit("1582-10-15").cast(field.dataType)
    fault = F.when(old, F.lit(f"{field.name} is before 1582-10-15, {other}"))
    if isinstance(field.dataType, TimestampType):
        micros = F.unix_micros(column)
        between = (micros < 0) & (F.pmod(micros, F.lit(10**6)) != 0)
        reason = f"{field.name} is before 1970 and has a fraction of a second, {other}"
        fault = F.coalesce(fault, F.when(between, F.lit(reason)))
    return fault


def _fault_of_nanoseconds(field: StructField, column: Column, counted: Nanoseconds) -> Column:
    """The reason for a timestamp that is not a whole microsecond; null for others."""
    reason = F.concat(
        F.lit(f"{field.name} "),
        F.coalesce(counted.value(column).cast("string"), F.lit("beyond all years")),
        F.lit(f" and some nanoseconds is not a valid {field.dataType.simpleString()}"),
    )
    return F.when(~counted.is_exact(column), reason)
