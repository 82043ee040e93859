# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Access files in folders through Hadoop's file systems: the local lake, and files of the machine."""

import re
import time
from collections.abc import Iterator
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from glue_runtime.spark.files import Files, StoredFile
from glue_runtime.spark.s3_errors import refuse_unreachable

_LISTING_ATTEMPTS = 5

_PAUSES = (0.2, 1.0)
"""The seconds between the attempts of a deletion, besides those of the file system itself."""


class HadoopFiles(Files):
    """The files that Hadoop sees under ``file://``, and under ``s3://`` in a local lake."""

    def __init__(self, spark: SparkSession) -> None:
        self._jvm: Any = spark._jvm
        self._configuration = spark.sparkContext._jsc.hadoopConfiguration()

    def listed(self, uri: str) -> Iterator[StoredFile]:
        """See `Files`."""
        for attempt in range(_LISTING_ATTEMPTS):
            file_system, path = self._at(uri)
            try:
                yield from list(_below(file_system, path))
            except Py4JJavaError as error:
                refuse_unreachable(error, uri)
                if not _is_missing(error) or attempt == _LISTING_ATTEMPTS - 1:
                    raise
                # Either the folder does not exist, or a file was deleted during the listing.
                if not file_system.exists(path):
                    return
            else:
                return

    def file(self, uri: str) -> StoredFile | None:
        """See `Files`."""
        file_system, path = self._at(uri)
        try:
            status = file_system.getFileStatus(path)
        except Py4JJavaError as error:
            refuse_unreachable(error, uri)
            if _is_missing(error):
                return None
            raise
        return None if status.isDirectory() else _stored(status)

    def read(self, uri: str, start: int, size: int) -> bytes:
        """See `Files`."""
        file_system, path = self._at(uri)
        try:
            stream = file_system.open(path)
            try:
                if start:
                    stream.seek(start)
                return bytes(stream.readNBytes(size))
            finally:
                stream.close()
        except Py4JJavaError as error:
            if _is_missing(error):
                raise FileNotFoundError(uri) from error
            refuse_unreachable(error, uri)
            raise

    def move(self, source: str, target: str) -> None:
        """See `Files`."""
        file_system, path = self._at(source)
        _, destination = self._at(target)
        file_system.mkdirs(destination.getParent())
        try:
            if file_system.rename(path, destination):
                return
            cause = None
        except Py4JJavaError as error:
            cause = error
        if self.file(source) and not self.file(target):
            raise cause or OSError(f"expected to move {source} to {target}, found that it cannot")

    def write(self, uri: str, content: bytes) -> None:
        """See `Files`."""
        file_system, path = self._at(uri)
        stream = file_system.create(path, True)
        try:
            stream.write(bytearray(content))
        finally:
            stream.close()

    def delete(self, uri: str) -> None:
        """See `Files`; it tries several times."""
        file_system, path = self._at(uri)
        for pause in _PAUSES:
            try:
                file_system.delete(path, True)
            except Py4JJavaError:
                time.sleep(pause)
            else:
                return
        file_system.delete(path, True)

    def delete_folder(self, uri: str) -> None:
        """See `Files`."""
        self.delete(uri)

    def _at(self, uri: str) -> tuple[Any, Any]:
        path = self._jvm.org.apache.hadoop.fs.Path(uri)
        return path.getFileSystem(self._configuration), path


def _below(file_system: Any, path: Any) -> Iterator[StoredFile]:
    # `listFiles` would start a process for each file to read its permissions.
    for status in file_system.listStatus(path):
        if status.isDirectory():
            yield from _below(file_system, status.getPath())
        else:
            yield _stored(status)


def _stored(status: Any) -> StoredFile:
    uri = re.sub("^file:/+", "file:///", status.getPath().toString())
    size, modified = int(status.getLen()), int(status.getModificationTime())
    return StoredFile(uri, size, modified / 1000, f"{modified}/{size}")


def _is_missing(error: Py4JJavaError) -> bool:
    return str(error.java_exception.getClass().getSimpleName()) == "FileNotFoundException"
