# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Access files by literal URI, wherever they are: in S3, in the local lake, on this machine."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from pyspark.sql import SparkSession

from glue_runtime.spark.files import Files, StoredFile
from glue_runtime.spark.hadoop_files import HadoopFiles

PARALLEL = 16
"""The number of concurrent requests."""

Item = TypeVar("Item")
Result = TypeVar("Result")


class Storage:
    """File operations of a run besides reading and writing rows; see `Files` for errors.

    jvm, configuration: Spark's JVM and its Hadoop configuration, for readers of footers.
    """

    def __init__(self, spark: SparkSession) -> None:
        self.jvm: Any = spark._jvm
        self.configuration = spark.sparkContext._jsc.hadoopConfiguration()
        self._folders: Files = HadoopFiles(spark)
        is_local = "ViewFileSystem" in (self.configuration.get("fs.s3.impl") or "")
        self._s3 = self._folders if is_local else _s3_files(self.configuration)

    def files(self, uri: str) -> list[StoredFile]:
        """All files below a folder, at any depth and with any name; empty if there is no folder."""
        return list(self._at(uri).listed(uri))

    def file(self, uri: str) -> StoredFile | None:
        """The file of this URI, if it exists."""
        return self._at(uri).file(uri)

    def first_file(self, uri: str, fits: Callable[[str], bool]) -> StoredFile | None:
        """The first file below a folder that matches, if any; the listing stops there."""
        return next((file for file in self._at(uri).listed(uri) if fits(file.uri)), None)

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

    def move(self, source: str, target: str) -> None:
        """Move a file to a new URI, see `Files`."""
        self._at(source).move(source, target)

    def write(self, uri: str, content: bytes) -> None:
        """Write a small file, in place of one with this URI."""
        self._at(uri).write(uri, content)

    def delete(self, uri: str) -> None:
        """Delete a file, if it exists."""
        self._at(uri).delete(uri)

    def delete_folder(self, uri: str) -> None:
        """Delete all files below a folder, if it exists."""
        self._at(uri).delete_folder(uri)

    def path(self, uri: str) -> Any:
        """The Hadoop path of a URI."""
        return self.jvm.org.apache.hadoop.fs.Path(uri)

    def _read(self, uri: str, size: int, start: int) -> bytes:
        return self._at(uri).read(uri, start, size)

    def _at(self, uri: str) -> Files:
        return self._s3 if uri.startswith(("s3://", "s3a://")) else self._folders


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


def in_order(action: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Run an action for each item in turn, up to the first error."""
    return [action(item) for item in items]


def in_parallel(action: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Run an action for each item concurrently; raise the first error after all have ended."""
    todo = list(items)
    if len(todo) < 2 or PARALLEL == 1:
        return [action(item) for item in todo]
    with ThreadPoolExecutor(PARALLEL) as pool:
        return [done.result() for done in [pool.submit(action, item) for item in todo]]


def _s3_files(configuration: Any) -> Files:
    # Glue has AWS's client; a local run over folders does not need it.
    from glue_runtime.spark.s3_files import S3Files, client_of

    return S3Files(client_of(configuration))
