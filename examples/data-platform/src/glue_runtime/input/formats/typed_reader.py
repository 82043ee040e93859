# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""What the formats share whose files know the types of their columns."""

from abc import abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from typing import ClassVar

from py4j.protocol import Py4JJavaError
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructField

from glue_runtime.input.formats.columns import check_columns
from glue_runtime.input.formats.interface import Batch, UnreadableFileError
from glue_runtime.input.formats.spark_reader import SparkFormatReader
from glue_runtime.input.formats.verdicts import (
    FITS,
    INVALID,
    MALFORMED,
    RAW,
    RECORD,
    VERDICT,
    are_invalid,
    missing_values,
    quoted,
)
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
            told = str(error.java_exception.getMessage()).splitlines()[0]
            name = self.spark_format.upper()
            raise UnreadableFileError(f"no {name} data: {told[:200]}") from error

    def batch(self, kind: Hashable, files: Mapping[str, StoredFile]) -> Batch:
        """See `FormatReader`."""
        first = min(files)
        stored = self._read({first: files[first]}).schema.fields
        check_columns([field.name for field in stored], self.contract)
        declared = self.contract.fields
        for field in declared or ():
            [of_file] = [f for f in stored if f.name.casefold() == field.name.casefold()]
            if not _holds(field.dataType.simpleString(), of_file.dataType.simpleString()):
                raise UnreadableFileError(
                    f"the column {field.name} as {of_file.dataType.simpleString()}, which is no "
                    f"{field.dataType.simpleString()}"
                )
        return Batch(files, tuple(declared or stored), kind)

    def read_error(self, file: StoredFile) -> str | None:
        """See `FormatReader`."""
        return self.read_error_of(file, self.spark_format)

    def judged(self, batch: Batch, *, numbered: bool) -> DataFrame:
        """See `SparkFormatReader`; a null where there must be none is invalid."""
        columns = [quoted(field.name) for field in batch.fields]
        rows = self.with_origin(self._read(batch.files), columns, numbered=numbered)
        return _typed_rows(rows, batch.fields)

    def reason(self, fields: Sequence[StructField]) -> Column:
        """See `SparkFormatReader`."""
        return F.concat_ws(", ", *missing_values(fields))

    def _read(self, files: Mapping[str, StoredFile]) -> DataFrame:
        return self.loaded(self.spark.read.format(self.spark_format), files)


def _typed_rows(rows: DataFrame, fields: Sequence[StructField]) -> DataFrame:
    columns = [F.col(quoted(f.name)).cast(f.dataType).alias(f.name) for f in fields]
    names = {field.name for field in fields}
    others = [F.col(quoted(name)) for name in rows.columns if name not in names]
    record = F.struct(*columns, F.lit(None).cast("string").alias(MALFORMED)).alias(RECORD)
    return rows.select(*others, record).select(
        "*",
        F.when(are_invalid(fields), INVALID).otherwise(FITS).alias(VERDICT),
        F.lit(None).cast("string").alias(RAW),
    )


_WIDER = {
    "tinyint": {"smallint", "int", "bigint"},
    "smallint": {"int", "bigint"},
    "int": {"bigint", "double"},
    "float": {"double"},
}


def _holds(declared: str, stored: str) -> bool:
    """Whether every value of the stored type has its equal in the declared one."""
    return declared == stored or declared in _WIDER.get(stored, ())
