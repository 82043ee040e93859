# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Access files by literal URI through Spark's file systems: S3 on Glue, folders locally."""

import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from py4j.protocol import Py4JError, Py4JJavaError
from pyspark.sql import SparkSession

from glue_runtime.spark.errors import refuse_missing_bucket

PARALLEL = 16
"""The number of concurrent requests."""

_LISTING_ATTEMPTS = 5

# In these file systems, `listFiles` starts a process for each file to read its permissions; on S3,
# it lists a thousand keys per request.
_FOLDERS = ("LocalFileSystem", "ViewFileSystem")

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class StoredFile:
    """A file at the time of its listing.

    size: the size in bytes.
    modified: the time of modification in seconds since 1970.
    version: differs between two contents of one URI: the ETag, if the file system has it, with the
        time (in S3, in whole seconds) and the size.
    """

    uri: str
    size: int
    modified: float
    version: str


class Storage:
    """File operations of a run besides reading and writing rows.

    jvm, configuration: Spark's JVM and its Hadoop configuration, for readers of footers.
    """

    def __init__(self, spark: SparkSession) -> None:
        self.jvm: Any = spark._jvm
        self.configuration = spark.sparkContext._jsc.hadoopConfiguration()

    def files(self, uri: str) -> list[StoredFile]:
        """All files below a folder, at any depth and with any name; empty if there is no folder.

        Raises:
            SourceNotFoundError: the local lake has no such bucket.
        """
        for attempt in range(_LISTING_ATTEMPTS):
            file_system, path = self._at(uri)
            try:
                return list(_listed(file_system, path))
            except Py4JJavaError as error:
                refuse_missing_bucket(error, uri)
                if not _is_missing(error) or attempt == _LISTING_ATTEMPTS - 1:
                    raise
                # Either the folder does not exist, or a file was deleted during the listing.
                if not file_system.exists(path):
                    return []
        raise AssertionError("unreachable")

    def file(self, uri: str) -> StoredFile | None:
        """The file of this URI, if it exists.

        Raises:
            SourceNotFoundError: the local lake has no such bucket.
        """
        file_system, path = self._at(uri)
        try:
            status = file_system.getFileStatus(path)
        except Py4JJavaError as error:
            refuse_missing_bucket(error, uri)
            if _is_missing(error):
                return None
            raise
        return None if status.isDirectory() else _stored(status)

    def first_file(self, uri: str, fits: Callable[[str], bool]) -> StoredFile | None:
        """The first file below a folder that matches, if any; the listing stops there.

        Raises:
            SourceNotFoundError: the local lake has no such bucket.
        """
        file_system, path = self._at(uri)
        try:
            return next((file for file in _listed(file_system, path) if fits(file.uri)), None)
        except Py4JJavaError as error:
            refuse_missing_bucket(error, uri)
            if _is_missing(error):
                return None
            raise

    def head(self, uri: str, size: int) -> bytes:
        """At most the first `size` bytes of a file.

        Raises:
            FileNotFoundError: there is no such file.
        """
        return self._read(uri, size, 0)

    def part(self, file: StoredFile, start: int, size: int) -> bytes:
        """At most `size` bytes of a file from `start` on.

        Raises:
            FileNotFoundError: there is no such file.
        """
        return self._read(file.uri, size, start)

    def tail(self, file: StoredFile, size: int) -> bytes:
        """At most the last `size` bytes of a file.

        Raises:
            FileNotFoundError: there is no such file.
        """
        return self._read(file.uri, size, max(file.size - size, 0))

    @contextmanager
    def parquet_footer(self, uri: str) -> Iterator[Any]:
        """A Java ParquetFileReader; raises Java's error if the file has no valid footer."""
        parquet = self.jvm.org.apache.parquet.hadoop
        opened = parquet.util.HadoopInputFile.fromPath(self.path(uri), self.configuration)
        file = parquet.ParquetFileReader.open(opened)
        try:
            yield file
        finally:
            file.close()

    def move(self, source: str, target: str) -> None:
        """Move a file to a new URI, and create its folder."""
        file_system, path = self._at(source)
        destination = self.path(target)
        file_system.mkdirs(destination.getParent())
        if not file_system.rename(path, destination):
            raise OSError(f"expected to move {source} to {target}, found that it cannot be moved")

    def delete(self, uri: str) -> None:
        """Delete a file, or a folder with its content, if it exists."""
        file_system, path = self._at(uri)
        file_system.delete(path, True)

    def path(self, uri: str) -> Any:
        """The Hadoop path of a URI."""
        return self.jvm.org.apache.hadoop.fs.Path(uri)

    def _read(self, uri: str, size: int, start: int) -> bytes:
        file_system, path = self._at(uri)
        try:
            stream = file_system.open(path)
        except Py4JJavaError as error:
            if _is_missing(error):
                raise FileNotFoundError(uri) from error
            raise
        try:
            if start:
                stream.seek(start)
            return bytes(stream.readNBytes(size))
        finally:
            stream.close()

    def _at(self, uri: str) -> tuple[Any, Any]:
        path = self.path(uri)
        return path.getFileSystem(self.configuration), path


class RememberedStorage(Storage):
    """The same, for several looks at the same small parts of files: each is read once."""

    def __init__(self, spark: SparkSession) -> None:
        super().__init__(spark)
        self._parts: dict[tuple[str, int, int], bytes] = {}

    def _read(self, uri: str, size: int, start: int) -> bytes:
        part = (uri, size, start)
        if part not in self._parts:
            self._parts[part] = super()._read(uri, size, start)
        return self._parts[part]


def _listed(file_system: Any, path: Any) -> Iterator[StoredFile]:
    if any(name in file_system.getClass().getName() for name in _FOLDERS):
        for status in file_system.listStatus(path):
            if status.isDirectory():
                yield from _listed(file_system, status.getPath())
            else:
                yield _stored(status)
        return
    found = file_system.listFiles(path, True)
    while found.hasNext():
        yield _stored(found.next())


def in_parallel(action: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Run an action for each item concurrently; raise the first error after all have ended."""
    todo = list(items)
    if len(todo) < 2 or PARALLEL == 1:
        return [action(item) for item in todo]
    with ThreadPoolExecutor(PARALLEL) as pool:
        return [done.result() for done in [pool.submit(action, item) for item in todo]]


def _stored(status: Any) -> StoredFile:
    uri = re.sub("^file:/+", "file:///", status.getPath().toString())
    size, modified = int(status.getLen()), int(status.getModificationTime())
    try:
        etag = status.getEtag() if "S3A" in status.getClass().getName() else ""
    except Py4JError:  # S3A before Hadoop 3.3.2
        etag = ""
    return StoredFile(uri, size, modified / 1000, f"{etag}/{modified}/{size}")


def _is_missing(error: Py4JJavaError) -> bool:
    return str(error.java_exception.getClass().getSimpleName()) == "FileNotFoundException"
