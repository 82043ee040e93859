# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""A table of Parquet files in which each source object owns a partition.

The files of a table are in folders, `source_id=<hash of the source's URI>/`; a table with one
result of all sources has no such folders. A run replaces partitions in three steps:

1. `stage` writes the new rows to a folder of the run, where no reader looks. A run that ends or is
   killed here has changed nothing.
2. `commit` moves the new files into their partitions, under names that no other run uses.
3. `commit` then deletes the older files of these partitions.

A file's name contains a version, higher than all that the run found in the table, and the number
of files in its set. Of several complete sets of files in a partition, the one with the highest
version stays, in whatever order their runs end. An incomplete set of a killed run stays beside the
older set until a later run replaces both. So repeated or concurrent runs leave one set.
"""

import json
import re
import time
import uuid
from collections.abc import Collection, Iterable

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructField, StructType

from glue_runtime.lineage import DIGITS, SOURCE_ID
from glue_runtime.s3_object import is_hidden, literal_path
from glue_runtime.spark.storage import Storage, StoredFile, in_parallel
from glue_runtime.tables.table import NOTHING, DataFile, Staged, Table

ABANDONED_AFTER = 7 * 24 * 3600.0
"""The age in seconds at which no live run owns staged files: Glue stops jobs after seven days."""

_FILE_NAME = re.compile(r"v(\d{16})-([0-9a-f]{12})-(\d{6})-of-(\d{6})\.")

_SCHEMA = "org.apache.spark.sql.parquet.row.metadata"
"""The key in a file's footer under which Spark records the columns."""

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
            _write(df, folder)
        except BaseException:
            self._storage.delete(folder)
            raise
        written = [each for each in self._storage.files(folder) if each.uri.endswith(".parquet")]
        rows = in_parallel(self._row_count, [stored.uri for stored in written])
        files: dict[str, list[StoredFile]] = {}
        for stored, held in zip(written, rows, strict=True):
            partition = stored.uri.removeprefix(f"{folder}/").rpartition("/")[0]
            # A partition without rows has no files; an unpartitioned table keeps an empty file.
            if held or not partition:
                files.setdefault(partition.removeprefix(f"{SOURCE_ID}="), []).append(stored)
        return Staged(folder, files, sum(rows))

    def staged_rows(self, staged: Staged, partition: str) -> DataFrame:
        """See `Table`."""
        return self._spark.read.parquet(staged.files[partition][0].uri)

    def columns(self, but: str) -> list[StructField]:
        """See `Table`; it reads the first listed file."""
        spared = f"{self._folder(but)}/"

        def is_another(uri: str) -> bool:
            hidden = any(map(is_hidden, uri.removeprefix(f"{self.uri}/").split("/")))
            return uri.endswith(".parquet") and not hidden and not uri.startswith(spared)

        found = self._storage.first_file(self.uri, is_another)
        return self._columns(found.uri) if found else []

    def _columns(self, uri: str) -> list[StructField]:
        """The columns of a file, as Spark recorded them in it or else as Spark reads them."""
        with self._storage.parquet_footer(uri) as footer:
            noted = footer.getFileMetaData().getKeyValueMetaData().get(_SCHEMA)
        if noted is None:
            return self._spark.read.parquet(literal_path(uri)).schema.fields
        return StructType.fromJson(json.loads(noted)).fields

    def commit(self, staged: Staged, emptied: Collection[str]) -> set[str]:
        """Replace the staged partitions, and empty the partitions in `emptied`.

        Returns the partitions that lack some of the new rows because a run over another content of
        the same source deleted them meanwhile. These must be processed again.
        """
        partitions = {*staged.files, *emptied}
        before = self.files(partitions)
        newest = max((file.version[0] for file in before), default=0)
        version = (max(int(time.time() * 1000), newest + 1), uuid.uuid4().hex[:12])
        in_parallel(
            lambda move: self._storage.move(*move),
            [
                (stored.uri, f"{self._folder(partition)}/{_file_name(version, number, len(files))}")
                for partition, files in staged.files.items()
                for number, stored in enumerate(files)
            ],
        )
        self.delete(file for file in before if file.partition not in staged.files)
        return self._settle(version, staged.files)

    def files(self, partitions: Collection[str] | None = None) -> list[DataFile]:
        """The files of these partitions, or of all partitions."""
        if partitions is not None and len(partitions) == 1:
            [partition] = partitions
            listed = self._storage.files(self._folder(partition))
        else:
            listed = self._storage.files(self.uri)
        found = [self._data_file(stored) for stored in listed]
        return [file for file in found if partitions is None or file.partition in partitions]

    def delete(self, files: Iterable[DataFile]) -> None:
        """Delete files of the table."""
        in_parallel(lambda file: self._storage.delete(file.stored.uri), files)

    def discard(self, staged: Staged) -> None:
        """Delete the remaining files of a staged write."""
        if staged is not NOTHING:
            self._storage.delete(staged.folder)

    def remove_abandoned(self) -> None:
        """Delete the staged files of killed runs, but not of runs that may still be alive."""
        newest: dict[str, float] = {}
        for stored in self._storage.files(self._staging):
            run = stored.uri.removeprefix(f"{self._staging}/").partition("/")[0]
            newest[run] = max(newest.get(run, 0.0), stored.modified)
        for run, modified in newest.items():
            if modified < time.time() - ABANDONED_AFTER:
                self._storage.delete(f"{self._staging}/{run}")

    def _settle(self, version: tuple[int, str], partitions: Collection[str]) -> set[str]:
        """Keep one complete set of files per partition; return the partitions without one."""
        sets: dict[str, dict[tuple[int, str], list[DataFile]]] = {
            partition: {} for partition in partitions
        }
        for file in self.files(partitions) if partitions else []:
            sets[file.partition].setdefault(file.version, []).append(file)
        broken = set()
        older: list[DataFile] = []
        for partition, found in sets.items():
            complete = [one for one, files in found.items() if len(files) >= files[0].of]
            newest = max(complete, default=(0, ""))
            if newest < version:
                broken.add(partition)
            older += [file for one in found if one < newest for file in found[one]]
        self.delete(older)
        return broken

    def _row_count(self, uri: str) -> int:
        with self._storage.parquet_footer(uri) as footer:
            return int(footer.getRecordCount())

    def _folder(self, partition: str) -> str:
        return f"{self.uri}/{SOURCE_ID}={partition}" if partition else self.uri

    def _data_file(self, stored: StoredFile) -> DataFile:
        folder, _, name = stored.uri.removeprefix(f"{self.uri}/").rpartition("/")
        partition = folder.removeprefix(f"{SOURCE_ID}=")
        named = _FILE_NAME.match(name)
        if named is None:  # not written by this class: treated as the oldest version
            return DataFile(stored, partition, (0, ""), 1)
        return DataFile(stored, partition, (int(named[1]), named[2]), int(named[4]))


def _write(df: DataFrame, folder: str) -> None:
    if SOURCE_ID not in df.columns:
        df.write.parquet(folder)
    elif partition := _only_partition(df):
        df.drop(SOURCE_ID).write.parquet(f"{folder}/{SOURCE_ID}={partition}")
    else:
        df.write.partitionBy(SOURCE_ID).parquet(folder)


def _only_partition(df: DataFrame) -> str | None:
    """The single partition of all rows, if Spark has derived it from the query.

    It has for a run over one file that keeps its `source_object`. The write then needs no check of
    each row's partition.
    """
    plan = df.select(SOURCE_ID)._jdf.queryExecution().optimizedPlan().toString()
    known = _ONE_PARTITION.match(plan)
    return known[1] if known else None


def _file_name(version: tuple[int, str], number: int, total: int) -> str:
    return f"v{version[0]:016}-{version[1]}-{number:06}-of-{total:06}.snappy.parquet"
