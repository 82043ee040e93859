# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The interface of a file format, which each module of this package implements.

A load has four steps, each a call of the format's `FormatReader`:

1. `sniff` looks at the beginning or the footer of each file and returns its kind; or it raises
   `UnreadableFileError`. Files of the same kind are read together.
2. `batch` takes all files of one kind, and determines their columns.
3. `rows` returns every row of a batch, with a verdict: is it valid for the columns?
4. `invalid_rows` returns the invalid rows, with their positions and reasons. It is called only if
   there are any.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import DataType, StructField

from glue_runtime.input.formats.options import COLUMNS, NONE, REFUSED, Options
from glue_runtime.spark.files import StoredFile
from glue_runtime.spark.storage import Storage

POSITION = "_position"
"""The column with the number of a row's line or record in its file, from 1."""


class UnreadableFileError(Exception):
    """A file cannot be read in its format; the message says why."""


@dataclass(frozen=True)
class FileSet:
    """The files that a load reads.

    files: the listed files, by the URI that their rows have as origin.
    folder: their folder, ending in ``/``; None for a single file.
    name_pattern: a pattern that matches all their names, and may match other files of the folder.
    """

    files: Mapping[str, StoredFile]
    folder: str | None = None
    name_pattern: str = "*"


@dataclass(frozen=True)
class Contract:
    """What a source declares about its files.

    fields: the columns and types; None to infer them.
    options: how the files are written, as the source declares it.
    optional: the columns that a file may lack, in lower case.
    folders: the columns that are in the names of a file's folders, and not in the file.
    order: the names of all columns in the order of the schema.
    """

    fields: tuple[StructField, ...] | None = None
    options: Options = NONE
    optional: frozenset[str] = frozenset()
    folders: tuple[StructField, ...] = ()
    order: tuple[str, ...] = ()

    @property
    def keeps_new_columns(self) -> bool:
        """Whether a file with columns that are not declared is read."""
        return self.options.new_columns != REFUSED

    def present(self, names: Sequence[str], kinds: Sequence[DataType]) -> "Columns":
        """The columns of a file that has these columns, in its order.

        kinds: the types of columns that are not declared.
        """
        known = {field.name.casefold(): field for field in self.fields or ()}
        found = [
            known.get(name.casefold()) or StructField(name if name.strip() else f"_c{place}", kind)
            for place, (name, kind) in enumerate(zip(names, kinds, strict=True))
        ]
        others = tuple(field.name for field in found if field.name.casefold() not in known)
        return Columns(tuple(found), others)


@dataclass(frozen=True)
class Columns:
    """The columns of a file. others: the names of those that its contract does not declare."""

    fields: tuple[StructField, ...]
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Batch:
    """Files that are read together.

    files: the files, by origin.
    fields: the columns of the rows, in the order of the files.
    kind: the result of `FormatReader.sniff` for each of these files.
    row_counts: the row count that each file records, by origin; empty if the format has none.
    others: the names of the columns that the contract does not declare.
    """

    files: Mapping[str, StoredFile]
    fields: tuple[StructField, ...]
    kind: Hashable = None
    row_counts: Mapping[str, int] = field(default_factory=dict)
    others: tuple[str, ...] = ()


class FormatReader(ABC):
    """Reads the files of one load. Each format module defines one, called `Reader`."""

    takes: ClassVar[frozenset[str]] = COLUMNS
    """The names of the options that apply to this format, see `options`."""

    @classmethod
    def objection(cls, options: Options) -> str | None:
        """Why no file of this format can be written so, in words; None if some can."""
        return None

    def __init__(self, spark: SparkSession, wanted: FileSet, contract: Contract) -> None:
        """spark: the run's session. wanted: all files of the load. contract: the declarations."""
        self.spark = spark
        self.storage = Storage(spark)
        self.wanted = wanted
        self.contract = contract

    @abstractmethod
    def sniff(self, file: StoredFile) -> Hashable:
        """The kind of this file: files of equal kind are read together. Called by several threads.

        Raises:
            UnreadableFileError: it cannot be read in this format, or lacks columns.
            FileNotFoundError: it was deleted after it was listed.
        """

    @abstractmethod
    def batch(self, kind: Hashable, files: Mapping[str, StoredFile]) -> Batch:
        """The batch of these files, which all have this kind.

        The columns are those of the contract, or inferred where it has none.

        Raises:
            UnreadableFileError: none of the files can be read.
        """

    @abstractmethod
    def common_type(self, one: DataType, other: DataType) -> DataType | None:
        """The common type of a column that is `one` in a batch and `other` in another.

        Called only where no type is declared. None if no type holds the values of both.
        """

    @abstractmethod
    def rows(self, batch: Batch) -> DataFrame:
        """All rows of the batch: its fields, `lineage.SOURCE_OBJECT`, `frames.VERDICT`.

        The fields of an invalid row may have any value, since such rows are dropped.
        """

    @abstractmethod
    def invalid_rows(self, batch: Batch) -> DataFrame:
        """The invalid rows: `lineage.SOURCE_OBJECT`, position, reason, raw_text.

        position is a BIGINT, from 1: the line, or the number of the record; null if unknown. The
        query runs within `spark.session.whole_files`.
        """

    @abstractmethod
    def read_error(self, file: StoredFile) -> str | None:
        """Why this file, which `sniff` accepted, cannot be read to its end; None if it can."""

    def advice(self, reason: str, raw: str, fields: Sequence[StructField]) -> str:
        """Which options would read an invalid row, in words; nothing if there are none.

        reason, raw: as in `invalid_rows`. fields: all columns.
        """
        return ""

    def time_limit(self, files: Collection[StoredFile]) -> float | None:
        """The seconds that a task may take for one of these files; None if reading always ends."""
        return None

    def header_count(self, batch: Batch) -> int:
        """The expected number of `verdicts.HEADER` rows in the batch; further ones are invalid."""
        return 0

    def broken_files(self, batch: Batch) -> Mapping[str, str]:
        """The unreadable files and their faults, by origin.

        These have `verdicts.BREAKS_FILE` rows, or another number of rows than they record. It is
        called only if there are such files.
        """
        return {}
