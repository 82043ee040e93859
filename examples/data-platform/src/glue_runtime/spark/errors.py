# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Turn Spark's errors into one line with the file and the reason, without the Java stack."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import unquote

import pyspark
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
    r"|error while reading file (?P<read>.+?)\. Details"
    r"|[Cc]ould not read footer for file: (.+?)\. Please"
    r"|: (\S.*?) is not a Parquet file",
    re.MULTILINE,
)
_LONGEST_REASON = 300

SparkError = (PySparkException, Py4JJavaError)


def is_of_a_query(error: BaseException) -> bool:
    """Whether Spark failed while it processed rows, not because a query or a function is wrong."""
    return isinstance(error, SparkError) and not isinstance(
        error, AnalysisException | ParseException | IllegalArgumentException | PythonException
    )


@contextmanager
def explained_read_errors(where: str, *, single: bool = False) -> Iterator[None]:
    """Turn Spark's errors while it opens `where` into errors with a next step.

    single: whether `where` is one file. If Spark finds no columns, that file has none; otherwise
        there is no file.

    Raises:
        SourceNotFoundError: there is no file.
        UnreadableSourceError: the content of a file is not valid in its format.
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
    """Do the same for errors that Spark raises only while it processes rows of a file.

    where: describes what is being read, for errors that do not name a file.

    Raises:
        SourceNotFoundError: a file was deleted while it was being read.
        UnreadableSourceError: the content of a file is not valid in its format.
    """
    try:
        yield
    except SparkError as error:
        messages = _messages(error)
        if "FileScanRDD" not in str(error):
            raise
        if _any_in(_NOTHING_THERE, messages):
            raise SourceNotFoundError(
                f"expected {_file_in(messages) or where()} to exist while it is read, found that it "
                "was deleted; run the job again"
            ) from error
        raise _unreadable(messages, where()) from error


def refuse_missing_bucket(error: Exception, place: str) -> None:
    """Raise SourceNotFoundError if the error is about a bucket missing from the local lake."""
    if _NO_LOCAL_BUCKET in str(error):
        raise SourceNotFoundError(
            f"expected a bucket of the local lake, found {place}; a run on this machine sees only "
            "the buckets that are folders in .local-lake (or GLUE_LOCAL_LAKE)"
        ) from error


def reason_of(error: PySparkException | Py4JJavaError) -> str:
    """The reason for a Spark error, in one line."""
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
            if found["read"] and pyspark.__version__.startswith("3."):
                return unquote(found["read"])
            return str(found.group(found.lastindex or 0))
    return None


def _reason(messages: list[str]) -> str:
    """The innermost message that is not empty, in one line."""
    for message in reversed(messages):
        text = message.partition(": ")[2] if len(messages) > 1 else message
        if text and text not in ("null", "None"):
            return " ".join(text.split())[:_LONGEST_REASON].rstrip(". ")
    return "no reason given"
