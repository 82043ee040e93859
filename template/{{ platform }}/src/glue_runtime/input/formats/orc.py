# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""ORC."""

from glue_runtime.input.formats.typed_reader import Footer, TypedReader
from glue_runtime.spark.storage import StoredFile

_JAVA = "ORC_JAVA"
"""The only writer with the same calendar as Spark's reader."""


class Reader(TypedReader):
    """Reads ORC files."""

    spark_format = "orc"

    def footer(self, file: StoredFile) -> Footer:
        """See `TypedReader`."""
        orc = self.storage.jvm.org.apache.orc.OrcFile
        opened = orc.createReader(
            self.storage.path(file.uri), orc.readerOptions(self.storage.configuration)
        )
        try:
            writer = str(opened.getWriterVersion().getWriterImplementation().toString())
            schema, rows = str(opened.getSchema().toString()), int(opened.getNumberOfRows())
            return Footer(schema, rows, is_julian=writer != _JAVA)
        finally:
            opened.close()
