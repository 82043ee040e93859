# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The interface of a table, which a module for each table format implements.

A table is divided into partitions: each source object owns the one with its `lineage.SOURCE_ID`. A
table with one result of all sources has a single partition, called "". A run replaces partitions in
two steps: `stage`, whose rows no reader sees yet, and `commit`.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from pyspark.sql import DataFrame
from pyspark.sql.types import StructField

from glue_runtime.spark.files import StoredFile


@dataclass(frozen=True)
class Staged:
    """New rows that are written but not yet in the table.

    files: the staged files of each partition, by its `SOURCE_ID` ("" for a single partition).
    rows: the number of rows that the files record. counts: those of each partition.
    """

    folder: str
    files: Mapping[str, list[StoredFile]]
    rows: int
    counts: Mapping[str, int] = field(default_factory=dict)


NOTHING = Staged("", {}, 0)
"""Nothing staged."""


@dataclass(frozen=True)
class DataFile:
    """A file of a table: its partition, and the set of files to which it belongs.

    version: the version of the set, which has `of` files.
    provenance: what its rows are made from, see `lineage.provenance`; "" if nothing says so.
    """

    stored: StoredFile
    partition: str
    version: tuple[int, str]
    of: int
    provenance: str = ""


class Table(ABC):
    """One table of the lake. uri: where it is, ``s3://bucket/name``."""

    uri: str

    @abstractmethod
    def stage(self, df: DataFrame, run_id: str) -> Staged:
        """Write rows where no reader sees them; by partition if they have `lineage.SOURCE_ID`."""

    @abstractmethod
    def staged_rows(self, staged: Staged, partition: str) -> DataFrame:
        """Some or all of the staged rows of this partition."""

    @abstractmethod
    def stage_empty(self, staged: Staged, partitions: Iterable[str]) -> Staged:
        """Stage a file without rows for each of these partitions too, for the sake of its provenance."""

    @abstractmethod
    def columns(self, but: Collection[str]) -> list[StructField]:
        """The columns of the table, from a partition other than these; empty without one."""

    @abstractmethod
    def commit(
        self, staged: Staged, emptied: Collection[str], provenance: Mapping[str, str]
    ) -> set[str]:
        """Replace the staged partitions, and empty the partitions in `emptied`.

        provenance: what the rows of a partition are made from.

        Returns the partitions that lack some of the new rows because a run over another content of
        the same source deleted them meanwhile. These must be processed again.

        Raises: the error of the file system. Each partition then has its old rows or its new ones,
            or is left to `recover`.
        """

    @abstractmethod
    def files(self, partitions: Collection[str] | None = None) -> list[DataFile]:
        """The files of these partitions, or of all partitions."""

    @abstractmethod
    def origin(self, file: DataFile) -> str | None:
        """The URI of the object whose rows a file has; None if it has no rows that say so."""

    @abstractmethod
    def delete(self, files: Iterable[DataFile]) -> None:
        """Delete files of the table."""

    @abstractmethod
    def discard(self, staged: Staged) -> None:
        """Delete the remaining files of a staged write; does nothing for `NOTHING`."""

    @abstractmethod
    def recover(self) -> None:
        """Finish the commits that killed or failed runs began, and delete what killed runs staged,
        but not the files of runs that may still be alive."""
