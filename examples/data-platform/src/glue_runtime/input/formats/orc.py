# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""ORC."""

from collections.abc import Iterator

from pyspark.sql import SparkSession
from pyspark.sql.types import StructType

from glue_runtime.input.formats.interface import Contract, FileSet, UnreadableFileError
from glue_runtime.input.formats.nanoseconds import Nanoseconds, from_texts, with_texts
from glue_runtime.input.formats.typed_reader import Footer, TypedReader
from glue_runtime.spark.errors import SparkError
from glue_runtime.spark.files import StoredFile

_JAVA = "ORC_JAVA"
"""The only writer with the same calendar as Spark's reader."""


class Reader(TypedReader):
    """Reads ORC files."""

    spark_format = "orc"

    def __init__(self, spark: SparkSession, wanted: FileSet, contract: Contract) -> None:
        """See `FormatReader`."""
        super().__init__(spark, wanted, contract)
        self._own_schemas: dict[str, StructType] = {}

    def footer(self, file: StoredFile) -> Footer:
        """See `TypedReader`."""
        orc = self.storage.jvm.org.apache.orc.OrcFile
        opened = orc.createReader(
            self.storage.path(file.uri), orc.readerOptions(self.storage.configuration)
        )
        try:
            writer = str(opened.getWriterVersion().getWriterImplementation().toString())
            columns, rows = opened.getSchema(), int(opened.getNumberOfRows())
            schema = str(columns.toString())
            if str(columns.getCategory().toString()) != "STRUCT":
                raise UnreadableFileError(f"rows without columns, of the type {schema[:80]}")
            nanoseconds = dict(self._moments(schema, file)) if "timestamp" in schema else {}
            return Footer(schema, rows, nanoseconds, is_julian=writer != _JAVA)
        finally:
            opened.close()

    def _moments(self, schema: str, file: StoredFile) -> Iterator[tuple[str, Nanoseconds]]:
        """The columns with moments of files of a schema; none where Spark cannot read it."""
        if schema not in self._own_schemas:
            try:
                self._own_schemas[schema] = self.own_schema(file)
            except SparkError:
                return
        for each in self._own_schemas[schema].fields:
            if with_texts(each.dataType) != each.dataType:
                yield each.name, from_texts(each.dataType)
