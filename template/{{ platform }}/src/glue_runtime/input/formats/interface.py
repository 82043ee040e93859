# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""What a file format has to do: the interface that each module of this package implements.

A load goes through four steps, each a call of the format's `FormatReader`:

1. `sniff` looks at the beginning of each file, or at its footer, and gives what the files have in
   common that are read alike; or it raises `UnreadableFileError`.
2. `batch` takes all files of which `sniff` gave the same, and says which columns they have.
3. `rows` gives every row of a batch, with a verdict: does it fit the columns?
4. `invalid_rows` gives the rows that do not, with their positions and reasons. It is called only if
   there are any.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import DataType, StructField

from glue_runtime.spark.storage import Storage, StoredFile

POSITION = "_position"
"""The column that says which line or record of its file a row is, from 1."""


class UnreadableFileError(Exception):
    """A file cannot be read as its format at all; the message says why."""


@dataclass(frozen=True)
class FileSet:
    """The files that a load reads.

    files: as they were listed, by the URI that their rows name as their origin.
    folder: the folder that holds them, ending in ``/``; None for a single file.
    name_pattern: what fits the names of all of them, and of other files of the folder too.
    """

    files: Mapping[str, StoredFile]
    folder: str | None = None
    name_pattern: str = "*"


@dataclass(frozen=True)
class Contract:
    """What a source declares of its files.

    fields: the columns and types; None to infer them.
    multiline: whether a cell of a CSV file may span lines.
    """

    fields: tuple[StructField, ...] | None = None
    multiline: bool = False


@dataclass(frozen=True)
class Batch:
    """Files that are read alike.

    files: by their origins.
    fields: the columns that the rows have, in the order of the files.
    kind: what `FormatReader.sniff` gave for each of these files.
    row_counts: how many rows each file says it has, by origin; empty if the format does not say.
    """

    files: Mapping[str, StoredFile]
    fields: tuple[StructField, ...]
    kind: Hashable = None
    row_counts: Mapping[str, int] = field(default_factory=dict)


class FormatReader(ABC):
    """How the files of one load become rows. A module of this package has one, called `Reader`."""

    takes_multiline: ClassVar[bool] = False
    """Whether `Contract.multiline` means something for this format."""

    def __init__(self, spark: SparkSession, wanted: FileSet, contract: Contract) -> None:
        """spark: the run's session. wanted: all files of the load. contract: what is declared."""
        self.spark = spark
        self.storage = Storage(spark)
        self.wanted = wanted
        self.contract = contract

    @abstractmethod
    def sniff(self, file: StoredFile) -> Hashable:
        """What this file has in common with those that are read alike. Called by several threads.

        Raises:
            UnreadableFileError: it cannot be read as this format, or lacks columns.
            FileNotFoundError: it has gone since it was listed.
        """

    @abstractmethod
    def batch(self, kind: Hashable, files: Mapping[str, StoredFile]) -> Batch:
        """The batch of these files, for all of which `sniff` gave this kind.

        The columns are those of the contract, or inferred where it has none.

        Raises:
            UnreadableFileError: none of them can be read.
        """

    @abstractmethod
    def common_type(self, one: DataType, other: DataType) -> DataType | None:
        """The type that a column has if it is `one` in a batch and `other` in the next.

        Called only where no type is declared. None if no type holds the values of both.
        """

    @abstractmethod
    def rows(self, batch: Batch) -> DataFrame:
        """Every row of the batch: its fields, `lineage.SOURCE_OBJECT`, `frames.VERDICT`.

        A field of a row that does not fit may hold anything: such rows are left out.
        """

    @abstractmethod
    def invalid_rows(self, batch: Batch) -> DataFrame:
        """The rows that do not fit: `lineage.SOURCE_OBJECT`, position, reason, raw_text.

        position is a BIGINT, from 1: the line, or the number of the record; null where it is not
        known. The query runs within `spark.session.whole_files`.
        """

    @abstractmethod
    def read_error(self, file: StoredFile) -> str | None:
        """Why this file, for which `sniff` found no fault, cannot be read to its end; None if it can."""

    def time_limit(self, files: Collection[StoredFile]) -> float | None:
        """How many seconds a task may take over one of these files; None if reading ends for sure."""
        return None

    def header_count(self, batch: Batch) -> int:
        """How many `verdicts.HEADER` rows the batch has by right; the others are invalid."""
        return 0

    def broken_files(self, batch: Batch) -> Mapping[str, str]:
        """The files of `verdicts.BREAKS_FILE` rows and those of other rows than they say they have, by
        origin, and what is wrong with each.

        It is called only if there are such rows, or fewer or more rows.
        """
        return {}
