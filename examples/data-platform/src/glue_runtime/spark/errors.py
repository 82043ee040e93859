# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Spark's errors in one line: which file, and why, without the Java stack."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from py4j.protocol import Py4JJavaError
from pyspark.errors import (
    AnalysisException,
    IllegalArgumentException,
    ParseException,
    PySparkException,
    PythonException,
)

from glue_runtime.errors import SourceNotFoundError, UnreadableSourceError

_NOTHING_THERE = ("PATH_NOT_FOUND", "FileNotFoundException", "NoSuchBucket")
_NO_COLUMNS = "UNABLE_TO_INFER_SCHEMA"
_NO_LOCAL_BUCKET = "Could not initialize target File System"
_FILE_NAMED = re.compile(
    r"Path does not exist: (.+?)\.?$"
    r"|File (\S.*?) does not exist"
    r"|error while reading file (.+?)\. Details"
    r"|[Cc]ould not read footer for file: (.+?)\. Please"
    r"|: (\S.*?) is not a Parquet file",
    re.MULTILINE,
)
_LONGEST_REASON = 300

SparkError = (PySparkException, Py4JJavaError)


def is_of_a_query(error: BaseException) -> bool:
    """Whether Spark has failed while rows passed, and not because a query or a function is wrong."""
    return isinstance(error, SparkError) and not isinstance(
        error, AnalysisException | ParseException | IllegalArgumentException | PythonException
    )


@contextmanager
def explained_read_errors(where: str, *, single: bool = False) -> Iterator[None]:
    """Turn what Spark raises while it opens `where` into an error a person can act on.

    single: whether `where` is one file. Where Spark finds no columns there is then a file without
        any; else there is no file.

    Raises:
        SourceNotFoundError: there is nothing there.
        UnreadableSourceError: a file is there, and its content does not fit its format.
    """
    try:
        yield
    except SparkError as error:
        messages = _messages(error)
        refuse_missing_bucket(error, where)
        nothing_there = _NOTHING_THERE if single else (*_NOTHING_THERE, _NO_COLUMNS)
        if _any_in(nothing_there, messages):
            raise SourceNotFoundError(
                f"expected data at {where}, found nothing to read there; "
                "check bucket, prefix and suffix, and that the file is there and not empty"
            ) from error
        raise _unreadable(messages, where) from error


@contextmanager
def explained_row_errors(where: Callable[[], str]) -> Iterator[None]:
    """Do the same for what Spark finds in a file only when the rows pass; leave other errors alone.

    where: says what is being read, for errors that do not name a file themselves.

    Raises:
        SourceNotFoundError: a file went away while it was being read.
        UnreadableSourceError: a file's content does not fit its format.
    """
    try:
        yield
    except SparkError as error:
        messages = _messages(error)
        if "FileScanRDD" not in str(error):
            raise
        if _any_in(_NOTHING_THERE, messages):
            raise SourceNotFoundError(
                f"expected {_file_in(messages) or where()} to stay while it is read, found that it "
                "has gone; run the job again"
            ) from error
        raise _unreadable(messages, where()) from error


def refuse_missing_bucket(error: Exception, place: str) -> None:
    """Raise SourceNotFoundError if this is about a bucket that the local lake does not have."""
    if _NO_LOCAL_BUCKET in str(error):
        raise SourceNotFoundError(
            f"expected a bucket of the local lake, found {place}; a run on this machine sees "
            "no other buckets than the folders in .local-lake (or GLUE_LOCAL_LAKE)"
        ) from error


def reason_of(error: PySparkException | Py4JJavaError) -> str:
    """What a Spark error comes down to, on one line."""
    return _reason(_messages(error))


def _unreadable(messages: list[str], where: str) -> UnreadableSourceError:
    return UnreadableSourceError(
        f"expected readable data, found a file that is not: {_file_in(messages) or where}: "
        f"{_reason(messages)}; correct the file and upload it again"
    )


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


def _any_in(signs: tuple[str, ...], messages: list[str]) -> bool:
    return any(sign in message for message in messages for sign in signs)


def _file_in(messages: list[str]) -> str | None:
    """The file that one of the messages names."""
    for message in messages:
        if found := _FILE_NAMED.search(message):
            return str(found.group(found.lastindex or 0))
    return None


def _reason(messages: list[str]) -> str:
    """The innermost message that says something, on one line."""
    for message in reversed(messages):
        text = message.partition(": ")[2] if len(messages) > 1 else message
        if text and text not in ("null", "None"):
            return " ".join(text.split())[:_LONGEST_REASON].rstrip(". ")
    return "no reason given"
