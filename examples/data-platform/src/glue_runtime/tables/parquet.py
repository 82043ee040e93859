# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""A table of Parquet files in which each source object owns a partition.

The files of a table are in folders, `source_id=<hash of the source's URI>/`; a table with one
result of all sources has no such folders. A run replaces partitions in three steps:

1. `stage` writes the new rows to a folder of the run, where no reader looks. A run that ends or is
   killed here has changed nothing.
2. `commit` moves the new files of a partition into it, under names that no other run uses.
3. `commit` then deletes the older files of this partition. Partitions do not wait for each other.

A file's name contains a version, higher than all that the run found in the table, the number of
files in its set, and their provenance. Of several complete sets of files in a partition, the one with the highest
version stays, in whatever order their runs end. So repeated or concurrent runs leave one set.

A commit that fails takes back what it has moved into a partition that is not complete. Before its
first move, it writes a record of what it does (`commit_record.py`). It deletes the record unless it
leaves a partition half replaced. `recover` finishes the commits of the records that it finds: it is
safe at any time, also while their run is alive, because both do the same steps.
"""

import json
import re
import time
import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructField, StructType

from glue_runtime.lineage import DIGITS, SOURCE_ID, SOURCE_OBJECT
from glue_runtime.s3_object import is_hidden, literal_path
from glue_runtime.spark.files import StoredFile
from glue_runtime.spark.parquet_footer import parquet_footer
from glue_runtime.spark.storage import Storage, in_parallel
from glue_runtime.tables.commit import Commit
from glue_runtime.tables.commit_record import FAILED_SUFFIX, SUFFIX, CommitRecord, Version
from glue_runtime.tables.table import NOTHING, DataFile, Staged, Table

ABANDONED_AFTER = 7 * 24 * 3600.0
"""The age in seconds at which no live run owns staged files: Glue stops jobs after seven days."""

GRACE = 60.0
"""The age in seconds of a record at which its run is taken for killed, if it moves one file."""

_SECONDS_PER_BYTE = 1 / 250
"""What to add for each byte of the record: a commit moves a file, of 250 bytes there, in a second."""

_FILE_NAME = re.compile(
    r"_?v(\d{16})-([0-9a-f]{12})-(\d{6})-of-(\d{6})\.(?:([0-9a-f]{12}-[0-9a-f]{8})\.)?"
)

_EMPTY = "_empty"
"""The folder of a staged write with the files of partitions without rows. Such a file is not Parquet:
it has no bytes, and a name that begins with an underscore, which every reader of a folder passes over."""

_SCHEMA = b"org.apache.spark.sql.parquet.row.metadata"
"""The key in a file's footer under which Spark records the columns."""

_COMMITTER = {
    # A task moves its files to the folder itself: on S3, they are copied once, and not again at the end.
    "mapreduce.fileoutputcommitter.algorithm.version": "2",
    "mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
}
"""How Spark commits a write to a staging folder, which nobody reads before the write has ended."""

_ONE_PARTITION = re.compile(rf"Project \[(k[0-9a-f]{{{DIGITS}}}) AS {SOURCE_ID}#\d+\]\n")


class ParquetTable(Table):
    """The table at this URI, ``s3://bucket/name``."""

    def __init__(self, spark: SparkSession, uri: str) -> None:
        self.uri = uri
        self._spark = spark
        self._storage = Storage(spark)
        parent, _, name = uri.rpartition("/")
        self._staging = f"{parent}/_staging/{name}"

    def stage(self, df: DataFrame, run_id: str) -> Staged:
        """Write rows where no reader sees them; by partition if there is a column `SOURCE_ID`."""
        folder = f"{self._staging}/{run_id}-{uuid.uuid4().hex[:12]}"
        try:
            only = _write(df, folder)
        except BaseException:
            self._storage.delete_folder(folder)
            raise
        written = [each for each in self._storage.files(folder) if _is_data(each.uri, folder)]
        rows = in_parallel(self._row_count, written)
        files: dict[str, list[StoredFile]] = {}
        counts: Counter[str] = Counter()
        for stored, held in zip(written, rows, strict=True):
            below = stored.uri.removeprefix(f"{folder}/").rpartition("/")[0]
            partition = only or below.removeprefix(f"{SOURCE_ID}=")
            counts[partition] += held
            # A partition without rows has no files; an unpartitioned table keeps an empty file.
            if held or not partition:
                files.setdefault(partition, []).append(stored)
        return Staged(folder, files, sum(rows), counts)

    def staged_rows(self, staged: Staged, partition: str) -> DataFrame:
        """See `Table`."""
        return self._spark.read.parquet(staged.files[partition][0].uri)

    def stage_empty(self, staged: Staged, partitions: Iterable[str]) -> Staged:
        """See `Table`."""
        now = time.time()
        files = {
            partition: [StoredFile(f"{staged.folder}/{_EMPTY}/{partition}", 0, now, "")]
            for partition in partitions
        }
        in_parallel(lambda each: self._storage.write(each[0].uri, b""), files.values())
        return replace(staged, files={**staged.files, **files})

    def columns(self, but: Collection[str]) -> list[StructField]:
        """See `Table`; it reads the first listed file."""
        spared = tuple(f"{self._folder(partition)}/" for partition in but)

        def is_another(uri: str) -> bool:
            return _is_data(uri, self.uri) and not uri.startswith(spared)

        found = self._storage.first_file(self.uri, is_another)
        return self._columns(found) if found else []

    def _columns(self, file: StoredFile) -> list[StructField]:
        """The columns of a file, as Spark recorded them in it or else as Spark reads them."""
        noted = (parquet_footer(self._storage, file).metadata or {}).get(_SCHEMA)
        if noted is None:
            return self._spark.read.parquet(literal_path(file.uri)).schema.fields
        return StructType.fromJson(json.loads(noted)).fields

    def commit(
        self, staged: Staged, emptied: Collection[str], provenance: Mapping[str, str]
    ) -> set[str]:
        """See `Table`."""
        before = self.files({*staged.files, *emptied})
        newest = max((file.version[0] for file in before), default=0)
        version = (max(int(time.time() * 1000), newest + 1), uuid.uuid4().hex[:12])
        removed: dict[str, list[str]] = {}
        for file in before:
            if file.partition not in staged.files:
                removed.setdefault(file.partition, []).append(file.stored.uri)
        record = CommitRecord(version, self._moves(version, staged, provenance), removed)
        commit = Commit(self, self._storage, record)
        if not record.can_end_half_way(Counter(file.partition for file in before)):
            return commit.run()
        name = f"{self._staging}/{version[1]}"
        self._storage.write(f"{name}{SUFFIX}", record.to_bytes())
        try:
            return commit.run()
        finally:
            if commit.half_replaced:
                self._storage.write(f"{name}{FAILED_SUFFIX}", record.to_bytes())
            self._storage.delete(f"{name}{SUFFIX}")

    def _moves(
        self, version: Version, staged: Staged, provenance: Mapping[str, str]
    ) -> dict[str, list[tuple[str, str]]]:
        """The staged files of each partition, with their names in the table."""

        def target(partition: str, number: int, stored: StoredFile) -> str:
            total, known = len(staged.files[partition]), provenance.get(partition, "")
            is_empty = stored.uri.startswith(f"{staged.folder}/{_EMPTY}/")
            name = _file_name(version, number, total, known, is_empty=is_empty)
            return f"{self._folder(partition)}/{name}"

        return {
            partition: [
                (file.uri, target(partition, number, file)) for number, file in enumerate(files)
            ]
            for partition, files in staged.files.items()
        }

    def files(self, partitions: Collection[str] | None = None) -> list[DataFile]:
        """The files of these partitions, or of all partitions."""
        if partitions is not None and len(partitions) == 1:
            [partition] = partitions
            listed = self._storage.files(self._folder(partition))
        else:
            listed = self._storage.files(self.uri)
        found = [self._data_file(stored) for stored in listed]
        return [file for file in found if partitions is None or file.partition in partitions]

    def origin(self, file: DataFile) -> str | None:
        """See `Table`; the least value in the file's statistics is the only one."""
        try:
            footer = parquet_footer(self._storage, file.stored)
        except (ValueError, FileNotFoundError):
            return None
        groups = range(min(footer.num_row_groups, 1))
        columns = [
            footer.row_group(0).column(each) for _ in groups for each in range(footer.num_columns)
        ]
        return next(
            (
                str(each.statistics.min)
                for each in columns
                if each.path_in_schema == SOURCE_OBJECT
                and each.statistics
                and each.statistics.has_min_max
            ),
            None,
        )

    def delete(self, files: Iterable[DataFile]) -> None:
        """Delete files of the table."""
        in_parallel(lambda file: self._storage.delete(file.stored.uri), files)

    def discard(self, staged: Staged) -> None:
        """Delete the remaining files of a staged write."""
        if staged is not NOTHING:
            self._storage.delete_folder(staged.folder)

    def recover(self) -> None:
        """See `Table`."""
        listed = self._storage.files(self._staging)
        newest: dict[str, float] = {}
        for stored in listed:
            name = stored.uri.removeprefix(f"{self._staging}/").partition("/")[0]
            newest[name] = max(newest.get(name, 0.0), stored.modified)
            if _is_of_ended_run(stored):
                self._finish(stored, {each.uri for each in listed})
        for name, modified in newest.items():
            if modified < time.time() - ABANDONED_AFTER:
                self._storage.delete_folder(f"{self._staging}/{name}")
                self._storage.delete(f"{self._staging}/{name}")

    def _finish(self, stored: StoredFile, staged: Collection[str]) -> None:
        """Finish the commit of a record, unless its run has just done so."""
        try:
            content = self._storage.head(stored.uri, stored.size)
        except FileNotFoundError:
            return
        record = CommitRecord.from_bytes(content)
        Commit(self, self._storage, record).finish(staged)
        for suffix in (SUFFIX, FAILED_SUFFIX):
            self._storage.delete(f"{self._staging}/{record.version[1]}{suffix}")

    def _row_count(self, file: StoredFile) -> int:
        return int(parquet_footer(self._storage, file).num_rows)

    def _folder(self, partition: str) -> str:
        return f"{self.uri}/{SOURCE_ID}={partition}" if partition else self.uri

    def _data_file(self, stored: StoredFile) -> DataFile:
        folder, _, name = stored.uri.removeprefix(f"{self.uri}/").rpartition("/")
        partition = folder.removeprefix(f"{SOURCE_ID}=")
        named = _FILE_NAME.match(name)
        if named is None:  # not written by this class: treated as the oldest version
            return DataFile(stored, partition, (0, ""), 1)
        version = (int(named[1]), named[2])
        return DataFile(stored, partition, version, int(named[4]), named[5] or "")


def _is_data(uri: str, folder: str) -> bool:
    """Whether a file below a folder has rows: not one of a write that goes on, or was cut off."""
    below = uri.removeprefix(f"{folder}/").split("/")
    return uri.endswith(".parquet") and not any(map(is_hidden, below))


def _is_of_ended_run(stored: StoredFile) -> bool:
    """Whether a staged file is the record of a commit that has failed, or whose run was killed."""
    if stored.uri.endswith(FAILED_SUFFIX):
        return True
    due = stored.modified + GRACE + stored.size * _SECONDS_PER_BYTE
    return stored.uri.endswith(SUFFIX) and due < time.time()


def _write(df: DataFrame, folder: str) -> str | None:
    """Write rows to a folder of their own; return their partition if it is known to be a single one,
    and the folder is not divided."""
    # To append, Spark does not look whether the folder is there.
    writer = df.write.mode("append").options(**_COMMITTER)
    if SOURCE_ID not in df.columns:
        writer.parquet(folder)
        return None
    if partition := _only_partition(df):
        df.drop(SOURCE_ID).write.mode("append").options(**_COMMITTER).parquet(folder)
        return partition
    writer.partitionBy(SOURCE_ID).parquet(folder)
    return None


def _only_partition(df: DataFrame) -> str | None:
    """The single partition of all rows, if Spark has derived it from the query.

    It has for a run over one file that keeps its `source_object`. The write then needs no check of
    each row's partition.
    """
    plan = df.select(SOURCE_ID)._jdf.queryExecution().optimizedPlan().toString()
    known = _ONE_PARTITION.match(plan)
    return known[1] if known else None


def _file_name(
    version: Version, number: int, total: int, provenance: str = "", *, is_empty: bool = False
) -> str:
    known = f".{provenance}" if provenance else ""
    name = f"v{version[0]:016}-{version[1]}-{number:06}-of-{total:06}{known}"
    return f"_{name}.empty" if is_empty else f"{name}.snappy.parquet"
