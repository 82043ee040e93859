# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Assign the rows of a result to source objects, and replace them in the table.

A run compares the source objects before its read with those after its commit. If an object differs,
an older run may have ended after a newer one, and the object must be processed again.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from glue_runtime.errors import CommitError, OutputError, S3AccessError
from glue_runtime.input.loading import Loaded
from glue_runtime.lineage import SOURCE_ID, SOURCE_OBJECT, source_id, source_id_of
from glue_runtime.spark.columns import holds, quoted
from glue_runtime.spark.errors import SparkError, reason_of
from glue_runtime.spark.files import StorageError, StoredFile
from glue_runtime.spark.s3_errors import refuse_unreachable, s3_error
from glue_runtime.spark.storage import in_parallel
from glue_runtime.tables.table import DataFile, Staged, Table

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


def as_in_table(table: Table, df: DataFrame, event: str) -> DataFrame:
    """Cast the rows of one object to the types of the table's columns.

    A value that would change in the cast fails the write; see `explained_write_errors`.
    """
    known = {field.name.casefold(): field for field in table.columns(but=source_id(event))}
    changed = {}
    for field in df.schema.fields:
        there = known.get(field.name.casefold())
        if there is not None and (there.name, there.dataType) != (field.name, field.dataType):
            value = F.col(quoted(field.name))
            if not holds(there.dataType, field.dataType):
                complaint = _OTHER_TYPE.format(
                    there.name,
                    there.dataType.simpleString(),
                    table.uri,
                    field.dataType.simpleString(),
                    event,
                )
                value = F.when(value.isNotNull(), F.raise_error(complaint))
            changed[field.name] = value.cast(there.dataType).alias(there.name)
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


Written = Sequence[tuple[Table, Staged]]
"""Tables with the rows staged for them; the job's table is last."""


@dataclass(frozen=True)
class Removal:
    """What a run removes because the files of its source are gone.

    keeps: whether the rows of an object stay, by its URI; "" for one that nothing names.
    limit: the share of the source files of the last table of which it removes the rows at most.
    """

    keeps: Callable[[str], bool]
    limit: float


EVERYTHING = Removal(lambda uri: False, 1.0)
"""The rows of all objects that are gone."""


@dataclass(frozen=True)
class Replaced:
    """What a commit has come to.

    outdated: the objects that must be processed again.
    spared: objects of other buckets, whose rows are still in the table.
    """

    outdated: Set[str]
    spared: Set[str] = frozenset()


def replace_object(written: Written, loads: Sequence[Loaded], uri: str) -> Replaced:
    """Replace the partition of the uploaded object, and of other objects with staged rows."""
    broken = set()
    for table, staged in written:
        broken |= table.commit(staged, emptied={source_id(uri)} - {*staged.files})
    read, current = _read(loads), _current(loads)
    return Replaced(
        {each for each in read if current.get(each) != read[each] or source_id(each) in broken}
    )


def replace_directory(
    written: Written, loads: Sequence[Loaded], removal: Removal = EVERYTHING
) -> Replaced:
    """Replace the partitions of all objects of the directory, and remove those of deleted objects.

    What has come from another bucket is not in the directory either, but it is not deleted.

    Raises:
        OutputError: more objects are gone than may be; nothing of them is removed.
    """
    partitions = {source_id(each) for loaded in loads for each in loaded.files}
    broken = set()
    for table, staged in written:
        broken |= table.commit(staged, emptied=partitions - {*staged.files})
    # The tables are listed before the sources: a partition whose object is not among the sources
    # then belongs to a deleted object, not to a new one.
    held = [(table, table.files()) for table, _ in written]
    read, current = _read(loads), _current(loads)
    here = {source_id(each) for each in current} | {
        source_id(each) for loaded in loads if not loaded.owned for each in loaded.files
    }
    buckets = {_bucket(each) for each in {*read, *current}}
    spared: set[str] = set()
    removed: list[tuple[Table, list[DataFile]]] = []
    for table, files in held:
        gone = [file for file in files if file.partition not in here]
        origins = {} if "" in buckets else _origins(table, gone)  # "": data of this machine
        elsewhere = {part: uri for part, uri in origins.items() if _bucket(uri) not in buckets}
        # The one result of all files, which an older version of the job has left, is of no object.
        parts = {file.partition for file in gone if file.partition}
        kept = elsewhere.keys() | {part for part in parts if removal.keeps(origins.get(part, ""))}
        removed.append((table, [file for file in gone if file.partition not in kept]))
        spared |= {*elsewhere.values()}
    _check_removal(*held[-1], removed[-1][1], removal.limit)
    for table, files in removed:
        table.delete(files)
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
    *quarantined, (table, staged) = written
    replaced = replace_directory(quarantined, loads)
    broken = table.commit(staged, emptied=set() if staged.files else {""})
    table.delete(file for file in table.files() if file.partition)
    read, current = _read(loads), _current(loads)
    outdated = {each for each in {*read, *current} if current.get(each) != read.get(each)}
    return Replaced(replaced.outdated | outdated | ({*read} if broken else set()), replaced.spared)


def _check_removal(
    table: Table, held: Collection[DataFile], removed: Sequence[DataFile], limit: float
) -> None:
    """Raise OutputError if more source files of a table are gone than a run may remove.

    A single one may always be: somebody deletes a file, a rule or a mistake deletes many.
    """
    every, gone = ({file.partition for file in files} for files in (held, removed))
    if len(gone) < 2 or len(gone) <= limit * len(every):
        return
    first = next(iter(_origins(table, removed[:1]).values()), "")
    raise OutputError(
        f"expected at most {limit:.0%} of the {len(every)} source files of {table.uri} to be gone, found "
        f"{len(gone)} no longer in their source{f', such as {first}' if first else ''}; their rows are "
        "still in the table. "
        "If this is right, start the job once with --removal_limit 1, or declare another "
        'removal_limit in it; with when_gone="keep", its Source keeps the rows of files that are gone'
    )


def _origins(table: Table, files: Iterable[DataFile]) -> dict[str, str]:
    """The object of each partition of these files, where its rows say so."""
    first = {file.partition: file for file in files}
    origins = zip(first, in_parallel(table.origin, first.values()), strict=True)
    return {partition: uri for partition, uri in origins if uri}


def _bucket(uri: str) -> str:
    return uri.removeprefix("s3://").partition("/")[0] if uri.startswith("s3://") else ""


def _read(loads: Sequence[Loaded]) -> Mapping[str, StoredFile]:
    return {uri: file for each in loads if each.owned for uri, file in each.files.items()}


def _current(loads: Sequence[Loaded]) -> Mapping[str, StoredFile]:
    current: dict[str, StoredFile] = {}
    for each in loads:
        if each.owned:
            # Local test data is not checked for changes: no event announces them.
            current |= each.files if each.location.kind == "local_data" else each.location.listed()
    return current
