# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""What the formats share whose files know the types of their columns."""

from abc import abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import ClassVar

from py4j.protocol import Py4JJavaError
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, DecimalType, StructField

from glue_runtime.input.exact.verdicts import FITS, INVALID
from glue_runtime.input.formats.columns import check_columns, quoted
from glue_runtime.input.formats.interface import POSITION, VERDICT, Batch, UnreadableFileError
from glue_runtime.input.formats.spark_reader import SparkFormatReader
from glue_runtime.lineage import SOURCE_OBJECT
from glue_runtime.spark.errors import SparkError, reason_of
from glue_runtime.spark.storage import StoredFile


class TypedReader(SparkFormatReader):
    """Files that carry their schema: those of the same schema are read alike."""

    spark_format: ClassVar[str]
    """Spark's name of the format."""

    @abstractmethod
    def footer_schema(self, uri: str) -> str:
        """The schema that a file carries, as text; Java's error if it has none."""

    def sniff(self, file: StoredFile) -> str:
        """See `FormatReader`."""
        if file.size == 0:
            raise UnreadableFileError("an empty file")
        try:
            return self.footer_schema(file.uri)
        except Py4JJavaError as error:
            reason = str(error.java_exception.getMessage()).splitlines()[0]
            name = self.spark_format.upper()
            raise UnreadableFileError(f"no {name} data: {reason[:200]}") from error

    def batch(self, kind: Hashable, files: Mapping[str, StoredFile]) -> Batch:
        """See `FormatReader`."""
        first = min(files)
        try:
            stored = self._read({first: files[first]}).schema.fields
        except SparkError as error:
            raise UnreadableFileError(f"columns that cannot be read: {reason_of(error)}") from error
        check_columns([field.name for field in stored], self.contract)
        declared = self.contract.fields
        for field in declared or ():
            [of_file] = [f for f in stored if f.name.casefold() == field.name.casefold()]
            if not _holds(field.dataType, of_file.dataType):
                raise UnreadableFileError(
                    f"the column {field.name} as {of_file.dataType.simpleString()}, which does not "
                    f"fit into {field.dataType.simpleString()}"
                )
        return Batch(files, tuple(declared or stored), kind)

    def common_type(self, one: DataType, other: DataType) -> DataType | None:
        """See `FormatReader`."""
        return one if _holds(one, other) else other if _holds(other, one) else None

    def rows(self, batch: Batch) -> DataFrame:
        """See `FormatReader`; a null where there must be none is invalid."""
        return self._judged(batch, numbered=False)

    def invalid_rows(self, batch: Batch) -> DataFrame:
        """See `FormatReader`."""
        rows = self._judged(batch, numbered=True).where(F.col(VERDICT) != FITS)
        return rows.select(
            SOURCE_OBJECT,
            F.col(POSITION).cast("bigint").alias("position"),
            F.concat_ws(", ", *_missing_values(batch.fields)).alias("reason"),
            F.lit(None).cast("string").alias("raw_text"),
        )

    def read_error(self, file: StoredFile) -> str | None:
        """See `FormatReader`."""
        return self.read_error_of(file, self.spark_format)

    def _judged(self, batch: Batch, *, numbered: bool) -> DataFrame:
        names = [quoted(field.name) for field in batch.fields]
        rows = self.with_origin(self._read(batch.files), names, numbered=numbered)
        values = [F.col(quoted(f.name)).cast(f.dataType).alias(f.name) for f in batch.fields]
        verdict = F.when(_lacks_values(batch.fields), INVALID).otherwise(FITS).alias(VERDICT)
        added = [SOURCE_OBJECT, *[POSITION] * numbered]
        return rows.select(*values, *added).select("*", verdict)

    def _read(self, files: Mapping[str, StoredFile]) -> DataFrame:
        return self.loaded(self.spark.read.format(self.spark_format), files)


def _lacks_values(fields: Sequence[StructField]) -> Column:
    """Whether a row lacks a value that it must have."""
    signs = [F.col(quoted(field.name)).isNull() for field in fields if not field.nullable]
    return reduce(or_, signs, F.lit(False))


def _missing_values(fields: Sequence[StructField]) -> list[Column]:
    """Says of each field that must have a value that it has none, if so."""
    return [
        F.when(F.col(quoted(field.name)).isNull(), F.lit(f"{field.name} is missing"))
        for field in fields
        if not field.nullable
    ]


_WIDER = {
    "tinyint": {"smallint", "int", "bigint"},
    "smallint": {"int", "bigint"},
    "int": {"bigint", "double"},
    "float": {"double"},
}


def _holds(declared: DataType, stored: DataType) -> bool:
    """Whether every value of the stored type has its equal in the declared one."""
    if isinstance(declared, DecimalType) and isinstance(stored, DecimalType):
        more_digits = declared.precision - declared.scale >= stored.precision - stored.scale
        return declared.scale >= stored.scale and more_digits
    names = declared.simpleString(), stored.simpleString()
    return names[0] == names[1] or names[0] in _WIDER.get(names[1], ())
