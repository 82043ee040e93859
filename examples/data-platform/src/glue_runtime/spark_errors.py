# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Spark's errors in one line: which file, and why, without the Java stack."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import unquote

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException

from glue_runtime.errors import SourceNotFoundError, UnreadableSourceError

_NOTHING_THERE = (
    "PATH_NOT_FOUND",
    "UNABLE_TO_INFER_SCHEMA",
    "FileNotFoundException",
    "NoSuchBucket",
)
_NO_LOCAL_BUCKET = ("Could not initialize target File System",)
_BAD_CONTENT = (
    "Malformed records",
    "MALFORMED_RECORD",
    "error while reading file",
    "FAILED_READ_FILE",
    "CANNOT_READ_FILE_FOOTER",
    "not a Parquet file",
    "Could not read footer",
    "BadRecordException",
    "CSV header",
)
_LONGEST_REASON = 300
_FILE_NAMED = re.compile(
    r"Path does not exist: (.+?)\.?$"
    r"|File (\S.*?) does not exist"
    r"|error while reading file (.+?)\. Details"
    r"|[Cc]ould not read footer for file: (.+?)\. Please"
    r"|: (\S.*?) is not a Parquet file"
    r"|CSV file: (?P<encoded>.+)$",
    re.MULTILINE,
)


@contextmanager
def explained_spark_errors(where: Callable[[], str]) -> Iterator[None]:
    """Turn what Spark raises while it reads into an error a person can act on.

    where: says what is being read, for errors that do not name a file themselves.

    Raises:
        SourceNotFoundError: there is nothing there.
        UnreadableSourceError: a file is there, and its content does not fit its format.
    """
    try:
        yield
    except (PySparkException, Py4JJavaError) as error:
        messages = _messages(error)
        named = _file_in(messages)
        place = named if named and named not in where() else where()
        if _any_sign(_NO_LOCAL_BUCKET, messages):
            raise SourceNotFoundError(
                f"expected a bucket of the local lake, found {place}; a run on this machine sees "
                "no other buckets than the folders in .local-lake (or GLUE_LOCAL_LAKE)"
            ) from error
        if _any_sign(_NOTHING_THERE, messages):
            raise SourceNotFoundError(
                f"expected data at {place}, found nothing there; "
                "check bucket, prefix and suffix, and that the file is still there"
            ) from error
        if _any_sign(_BAD_CONTENT, messages):
            raise UnreadableSourceError(
                f"expected readable data, found a file that is not: {named or where()}: "
                f"{_reason(messages)}; correct the file and upload it again"
            ) from error
        raise


def _messages(error: PySparkException | Py4JJavaError) -> list[str]:
    """The message of the error and of each of its causes, outermost first."""
    if isinstance(error, PySparkException):
        return [str(error)]
    messages: list[str] = []
    cause = error.java_exception
    while cause is not None and len(messages) < 20:
        messages.append(f"{cause.getClass().getSimpleName()}: {cause.getMessage()}")
        cause = cause.getCause()
    return messages


def _any_sign(signs: tuple[str, ...], messages: list[str]) -> bool:
    return any(sign in message for message in messages for sign in signs)


def _file_in(messages: list[str]) -> str | None:
    """The file that one of the messages names."""
    for message in messages:
        if found := _FILE_NAMED.search(message):
            name = str(found.group(found.lastindex or 0))
            return unquote(name) if found.group("encoded") else name
    return None


def _reason(messages: list[str]) -> str:
    """The innermost message that says something, on one line."""
    for message in reversed(messages):
        text = message.partition(": ")[2] if len(messages) > 1 else message
        if text and text != "null":
            return " ".join(text.split())[:_LONGEST_REASON].rstrip(". ")
    return "no reason given"
