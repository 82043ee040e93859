# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""What the formats share whose files Spark itself opens."""

import re
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import unquote

from pyspark.sql import Column, DataFrame, DataFrameReader
from pyspark.sql import functions as F

from glue_runtime.errors import UnreadableSourceError
from glue_runtime.input.formats.interface import POSITION, FormatReader
from glue_runtime.lineage import SOURCE_OBJECT
from glue_runtime.s3_object import literal_path
from glue_runtime.spark.errors import SparkError, reason_of
from glue_runtime.spark.files import StoredFile
from glue_runtime.spark.time_limit import TimeLimitError, limited_tasks

_LONGEST_URI = 4096
_ROW_OF_ITS_PARTITION = (1 << 33) - 1


class SparkFormatReader(FormatReader):
    """A format whose files Spark opens: all of them at once, and no others."""

    def loaded(self, reader: DataFrameReader, files: Mapping[str, StoredFile]) -> DataFrame:
        """What the reader reads of exactly these files.

        Raises:
            UnreadableSourceError: Spark would read others.
        """
        uris = {stored.uri for stored in files.values()}
        if self.wanted.folder and len(files) == len(self.wanted.files):
            listing = {"recursiveFileLookup": "true", "pathGlobFilter": self.wanted.name_pattern}
            df = reader.options(**listing).load(literal_path(self.wanted.folder))
            if _input_files(df) == uris:
                return df
            # A file has come or gone since the files were listed.
            reader = reader.options(recursiveFileLookup="false", pathGlobFilter="*")
        df = reader.load(self.paths(files))
        if (found := _input_files(df)) != uris:
            raise UnreadableSourceError(
                f"expected Spark to read {sorted(uris)[:3]} alone, found it would read "
                f"{sorted(found)[:3]}; copy the object to a plain key to process it"
            )
        return df

    def paths(self, files: Mapping[str, StoredFile]) -> list[str]:
        """What Spark's readers take for these files."""
        return [literal_path(stored.uri) for stored in files.values()]

    def with_origin(
        self, df: DataFrame, columns: Sequence[str | Column], *, numbered: bool
    ) -> DataFrame:
        """These columns and `SOURCE_OBJECT`; with `POSITION` if the rows are to be numbered."""
        added = [self._origin().alias(SOURCE_OBJECT)]
        if numbered:
            number = F.monotonically_increasing_id().bitwiseAND(_ROW_OF_ITS_PARTITION) + 1
            added.append(number.alias(POSITION))
        return df.select(*columns, *added)

    def read_error_of(self, file: StoredFile, opened: Callable[[], DataFrame]) -> str | None:
        """What `read_error` returns: reads the opened file to its end."""
        try:
            with limited_tasks(self.spark, lambda: self.time_limit([file])):
                opened().write.format("noop").mode("overwrite").save()
        except TimeLimitError as error:
            if error.is_starved:
                raise
            return str(error)
        except SparkError as error:
            return reason_of(error)
        return None

    def _origin(self) -> Column:
        """The URI that a row names as its origin."""
        folder, files = self.wanted.folder, self.wanted.files
        if len(files) == 1:
            return F.lit(next(iter(files)))
        # Spark gives the path percent-encoded but for "+", which url_decode takes for a space; and
        # local paths with one slash or three.
        path = F.col("_metadata.file_path")
        decoded = F.expr("url_decode(replace(_metadata.file_path, '+', '%2B'))")
        origin = F.when(path.contains("%"), decoded).otherwise(path)
        if folder and folder.startswith("file:"):
            origin = F.regexp_replace(origin, "^file:/+", "file:///")
        uri, stored = next(iter(files.items()))
        relative = stored.uri.removeprefix(folder or "")
        if uri != stored.uri:
            alias = uri.removesuffix(relative)
            origin = F.concat(
                F.lit(alias), F.substring(origin, len(folder or "") + 1, _LONGEST_URI)
            )
        return origin


def _input_files(df: DataFrame) -> set[str]:
    return {re.sub("^file:/+", "file:///", unquote(name)) for name in df.inputFiles()}
