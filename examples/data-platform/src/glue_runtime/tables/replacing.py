# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Assign the rows of a result to source objects, and replace them in the table.

A run compares the source objects before its read with those after its commit. If an object differs,
an older run may have ended after a newer one, and the object must be processed again.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from glue_runtime.errors import CommitError, OutputError, S3AccessError
from glue_runtime.input.loading import Loaded
from glue_runtime.lineage import SOURCE_ID, SOURCE_OBJECT, source_id, source_id_of
from glue_runtime.spark.columns import holds, quoted
from glue_runtime.spark.errors import SparkError, reason_of
from glue_runtime.spark.files import StorageError, StoredFile
from glue_runtime.spark.s3_errors import refuse_unreachable, s3_error
from glue_runtime.tables import removing
from glue_runtime.tables.table import Staged, Table

_NO_ORIGIN = f"expected {SOURCE_OBJECT} in every row of the result, found a row without it"

_OTHER_TYPE = (
    "expected {} as {}, which it is in {}, found {} in the rows of {}; declare the schema of the source, "
    "or correct the file; if the job now makes another type, start it once over the whole directory"
)
_OTHER_TYPE_FOUND = re.compile(_OTHER_TYPE.replace("{}", r"\S+"))


def partitioned(df: DataFrame, expected: str | None) -> DataFrame:
    """Add the column `SOURCE_ID`, by which the table is partitioned.

    expected: the URI of most rows, if known: comparing is cheaper than hashing.

    Raises:
        OutputError: the column `SOURCE_OBJECT` is missing, or the column `SOURCE_ID` already exists.
    """
    _check_no_partition_column(df)
    if SOURCE_OBJECT not in df.columns:
        raise OutputError(
            f"expected the column {SOURCE_OBJECT} in the result, found {df.columns}; keep it in "
            "transform() (it says which file each row comes from, so that a file processed twice "
            "is written once), or declare whole_directory = True if each row is of many files"
        )
    partition = source_id_of(F.coalesce(SOURCE_OBJECT, F.raise_error(_NO_ORIGIN)))
    if expected:
        partition = F.when(F.col(SOURCE_OBJECT) == expected, source_id(expected)).otherwise(
            partition
        )
    return df.withColumn(SOURCE_ID, partition)


def whole(df: DataFrame) -> DataFrame:
    """Check rows for a table with one result of all sources, and return them.

    Raises:
        OutputError: there is a column `SOURCE_ID`.
    """
    _check_no_partition_column(df)
    return df


def _check_no_partition_column(df: DataFrame) -> None:
    """Raise OutputError if the result has a column `SOURCE_ID`."""
    own = [name for name in df.columns if name.lower() == SOURCE_ID]
    if own:
        raise OutputError(
            f"expected no column {SOURCE_ID} in the result (the table is partitioned by it), "
            f"found {own[0]}; rename it in transform()"
        )


def as_in_table(table: Table, df: DataFrame, objects: Iterable[str]) -> DataFrame:
    """Cast the rows of these objects to the types of the table's columns.

    A value that would change in the cast fails the write; see `explained_write_errors`.
    """
    replaced = {*map(source_id, objects)}
    known = {column.name.casefold(): column for column in table.columns(but=replaced)}
    changed = {}
    for column in df.schema.fields:
        there = known.get(column.name.casefold())
        if there is not None and (there.name, there.dataType) != (column.name, column.dataType):
            value = F.col(quoted(column.name))
            if not holds(there.dataType, column.dataType):
                types = (there.dataType.simpleString(), table.uri, column.dataType.simpleString())
                begin, end = _OTHER_TYPE.format(there.name, *types, "{}").split("{}")
                complaint = F.concat(F.lit(begin), F.col(SOURCE_OBJECT), F.lit(end))
                value = F.when(value.isNotNull(), F.raise_error(complaint))
            changed[column.name] = value.cast(there.dataType).alias(there.name)
    if not changed:
        return df
    return df.select([changed.get(name, F.col(quoted(name))) for name in df.columns])


def check_that_partitions_were_read(table: Table, staged: Staged, loads: Sequence[Loaded]) -> None:
    """Raise OutputError if a row's origin is a file that was not read: no run would ever replace
    or remove the row."""
    read = {source_id(uri) for loaded in loads for uri in loaded.files}
    foreign = next((partition for partition in staged.files if partition not in read), None)
    if foreign:
        row = table.staged_rows(staged, foreign).select(SOURCE_OBJECT).first()
        raise OutputError(
            f"expected {SOURCE_OBJECT} to name a file that load_data() has read, found "
            f"{row[0] if row else staged.files[foreign][0].uri}; keep the column as it comes in transform(), or declare "
            "whole_directory = True if a row belongs to no single file"
        )


@contextmanager
def explained_write_errors(uri: str) -> Iterator[None]:
    """Explain Spark's errors about the result or its location.

    Raises:
        OutputError: a row has no origin, or a value that does not match the table's type.
        SourceNotFoundError, S3AccessError: there is no such bucket, or no access to it.
    """
    try:
        yield
    except SparkError as error:
        refuse_unreachable(error, uri)
        if found := _OTHER_TYPE_FOUND.search(str(error)):
            raise OutputError(found[0]) from error
        if _NO_ORIGIN in str(error):
            raise OutputError(
                f"{_NO_ORIGIN}; give it a value, or declare whole_directory = True if each row is "
                "of many files"
            ) from error
        raise


@contextmanager
def explained_commit_errors(uri: str) -> Iterator[None]:
    """Explain the errors of the file system during a commit.

    Raises:
        CommitError: the table's files cannot be listed, moved or deleted.
    """
    try:
        yield
    except (*SparkError, OSError, StorageError, S3AccessError) as error:
        reason = str(s3_error(error, uri) or reason_of(error))
        raise CommitError(
            f"expected to replace files in {uri}, found that this is not possible: "
            f"{reason}; each source file has its old rows or its new ones in the table, or the "
            "next run of the job puts them right; run the job again"
        ) from error


@dataclass(frozen=True)
class Written:
    """What a run has staged.

    tables: the tables with the rows staged for them; the job's table is last.
    provenance: what the rows of each partition are made from, see `lineage.provenance`.
    """

    tables: Sequence[tuple[Table, Staged]]
    provenance: Mapping[str, str] = field(default_factory=dict)

    def commit(self, replaced: Set[str]) -> set[str]:
        """Commit the tables, the job's own last; without staged rows, these partitions become empty.

        Returns the partitions that lack some of the new rows, see `Table.commit`.
        """
        broken = set()
        for table, staged in self.tables:
            broken |= table.commit(staged, replaced - {*staged.files}, self.provenance)
        return broken


@dataclass(frozen=True)
class Replaced:
    """What a commit has come to.

    outdated: the objects that must be processed again.
    spared: objects of other buckets, whose rows are still in the table.
    """

    outdated: Set[str]
    spared: Set[str] = frozenset()


def replace_objects(written: Written, loads: Sequence[Loaded], objects: Sequence[str]) -> Replaced:
    """Replace the partitions of the objects of a run, and of other objects with staged rows.

    Objects of the run that were gone when their source was listed are outdated too.
    """
    read = _read(loads)
    broken = written.commit({source_id(uri) for uri in objects if uri in read})
    current = _current(loads)
    outdated = {uri for uri in read if current.get(uri) != read[uri] or source_id(uri) in broken}
    return Replaced(outdated | {uri for uri in objects if uri not in read})


def replace_directory(
    written: Written, loads: Sequence[Loaded], removal: removing.Removal = removing.EVERYTHING
) -> Replaced:
    """Replace the partitions of all objects of the directory, and remove those of deleted objects.

    Raises:
        OutputError: more objects are gone than may be; nothing of them is removed.
    """
    broken = written.commit({source_id(each) for loaded in loads for each in loaded.files})
    # The tables are listed before the sources: a partition whose object is not among the sources
    # then belongs to a deleted object, not to a new one.
    held = [removing.Held(table) for table, _ in written.tables]
    read, current = _read(loads), _current(loads)
    lookups = {uri for loaded in loads if not loaded.owned for uri in loaded.files}
    spared = removing.remove_gone(held, current.keys() | lookups, {*read, *current}, removal)
    outdated = {
        each
        for each in current
        if each in read and (current[each] != read[each] or source_id(each) in broken)
    }
    return Replaced(outdated, spared)


def replace_all(written: Written, loads: Sequence[Loaded]) -> Replaced:
    """Replace the whole table with one result of all objects, and the quarantine by partitions.

    Any object that is outdated makes it necessary to compute the result again.
    """
    *quarantined, (table, staged) = written.tables
    replaced = replace_directory(Written(quarantined), loads)
    broken = table.commit(staged, set() if staged.files else {""}, {})
    table.delete(file for file in table.files() if file.partition)
    read, current = _read(loads), _current(loads)
    outdated = {each for each in {*read, *current} if current.get(each) != read.get(each)}
    return Replaced(replaced.outdated | outdated | ({*read} if broken else set()), replaced.spared)


def _read(loads: Sequence[Loaded]) -> Mapping[str, StoredFile]:
    return {uri: file for each in loads if each.owned for uri, file in each.files.items()}


def _current(loads: Sequence[Loaded]) -> Mapping[str, StoredFile]:
    current: dict[str, StoredFile] = {}
    for each in loads:
        if each.owned:
            # Local test data is not checked for changes: no event announces them.
            current |= each.files if each.location.kind == "local_data" else each.location.listed()
    return current
