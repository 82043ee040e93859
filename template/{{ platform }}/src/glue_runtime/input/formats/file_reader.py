# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The base class of formats whose files an executor reads whole, with a package that Glue does not have."""

from abc import abstractmethod
from importlib.util import find_spec
from typing import ClassVar

from pyspark.sql import DataFrame, SparkSession

from glue_runtime.errors import ArgumentError
from glue_runtime.input.exact import frames
from glue_runtime.input.exact.whole_files import ReadFile
from glue_runtime.input.formats.interface import Batch, Contract, FileSet
from glue_runtime.input.formats.text_reader import TextReader
from glue_runtime.spark.files import StoredFile


class FileReader(TextReader):
    """Reads each file in one task."""

    position = frames.NUMBER
    unpacks = True

    package: ClassVar[str]
    """The package that reads the format, as pip and Python call it."""

    def __init__(self, spark: SparkSession, wanted: FileSet, contract: Contract) -> None:
        """See `FormatReader`.

        Raises:
            ArgumentError: the package is not installed.
        """
        super().__init__(spark, wanted, contract)
        if find_spec(self.package) is None:
            raise ArgumentError(
                f"expected the package {self.package}, found that it is not installed; on Glue, add it "
                'to infrastructure/jobs/<job>.json with its version: "python_modules": '
                f'["{self.package}==..."]; elsewhere, run make setup'
            )

    @abstractmethod
    def read_function(self, batch: Batch) -> ReadFile:
        """The function that reads the files of a batch on the executors."""

    def parsed(self, texts: DataFrame, batch: Batch, *, explained: bool) -> DataFrame:
        """See `TextReader`."""
        return frames.file_rows(texts, batch.fields, self.read_function(batch), explained=explained)

    def read_error(self, file: StoredFile) -> None:
        """See `FormatReader`: the rows say it."""

    def breach(self, position: int | None, reason: str) -> str:
        """See `TextReader`."""
        return reason
