# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""What a table has to do: the interface that a module for each table format implements.

A table is divided into partitions: each source object owns the one of its `lineage.SOURCE_ID`. A table
that is one result of all sources has a single partition, called "". A run replaces partitions in two
steps: `stage`, after which no reader sees anything yet, and `commit`.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql.types import StructField

from glue_runtime.spark.storage import StoredFile


@dataclass(frozen=True)
class Staged:
    """New rows, written and not yet in the table.

    files: the staged files of each partition, by the partition's `SOURCE_ID` ("" for a table of one partition).
    rows: how many rows they hold, by their own account.
    """

    folder: str
    files: Mapping[str, list[StoredFile]]
    rows: int


NOTHING = Staged("", {}, 0)
"""No rows, and no write either."""


@dataclass(frozen=True)
class DataFile:
    """A file of a table: its partition, and of which set of files it is one."""

    stored: StoredFile
    partition: str
    version: tuple[int, str]
    of: int


class Table(ABC):
    """One table of the lake. uri: where it is, ``s3://bucket/name``."""

    uri: str

    @abstractmethod
    def stage(self, df: DataFrame, run_id: str) -> Staged:
        """Write rows where no reader sees them; with a column `lineage.SOURCE_ID`, by partition."""

    @abstractmethod
    def staged_rows(self, staged: Staged, partition: str) -> DataFrame:
        """Some or all of the staged rows of this partition."""

    @abstractmethod
    def columns(self, but: str) -> list[StructField]:
        """The columns of the table, as a partition other than this one has them; none if there is none."""

    @abstractmethod
    def commit(self, staged: Staged, emptied: Collection[str]) -> set[str]:
        """Replace the partitions that are staged, and empty the others that are named.

        Gives the partitions in which the new rows do not stand: a run over another content of the
        same source has deleted some of them meanwhile. These are to be processed again.
        """

    @abstractmethod
    def files(self, partitions: Collection[str] | None = None) -> list[DataFile]:
        """The files of these partitions, or of all."""

    @abstractmethod
    def delete(self, files: Iterable[DataFile]) -> None:
        """Delete these files of the table."""

    @abstractmethod
    def discard(self, staged: Staged) -> None:
        """Delete what is left of a staged write; nothing for `NOTHING`."""

    @abstractmethod
    def remove_abandoned(self) -> None:
        """Delete what killed runs have staged; spares every run that may still be alive."""
