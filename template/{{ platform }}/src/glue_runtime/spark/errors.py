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

from glue_runtime.errors import FunctionError, SourceNotFoundError, UnreadableSourceError
from glue_runtime.spark.s3_errors import refuse_unreachable

_NOTHING_THERE = ("PATH_NOT_FOUND", "FileNotFoundException")
_NO_COLUMNS = "UNABLE_TO_INFER_SCHEMA"
_FILE_NAMED = re.compile(
    r"Path does not exist: (.+?)\.?$"
    r"|File (\S.*?) does not exist"
    r"|error while reading file (?P<read>.+?)\. Details"
    r"|[Cc]ould not read footer for file: (.+?)\. Please"
    r"|: (\S.*?) is not a Parquet file",
    re.MULTILINE,
)
_LONGEST_REASON = 300

_TRACEBACK = re.compile(r"Traceback \(most recent call last\):\n((?:  .*\n)+)(\w[\w.]*(?::.*)?)")
_FRAME = re.compile(r'File "(.+?)", line (\d+), in (\S+)')
_OF_THE_RUNTIME = re.compile(r"[/\\](glue_runtime|pyspark)[/\\]")

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
        S3AccessError: S3 refuses access to a file.
    """
    try:
        yield
    except SparkError as error:
        messages = _messages(error)
        refuse_unreachable(error, where)
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
        S3AccessError: S3 refuses access to a file.
        FunctionError: a function of the job has raised an exception.
    """
    try:
        yield
    except SparkError as error:
        messages = _messages(error)
        refuse_unreachable(error, where())
        _refuse_failed_function(error)
        if "FileScanRDD" not in str(error):
            raise
        if _any_in(_NOTHING_THERE, messages):
            raise SourceNotFoundError(
                f"expected {_file_in(messages) or where()} to exist while it is read, found that it "
                "was deleted; run the job again"
            ) from error
        raise _unreadable(messages, where()) from error


def reason_of(error: Exception) -> str:
    """The reason for an error of Spark or of the file system, in one line."""
    return _reason(_messages(error) if isinstance(error, SparkError) else [str(error)])


def _refuse_failed_function(error: Exception) -> None:
    """Raise FunctionError if the last exception of a Python worker is one of the job's own code."""
    if not (tracebacks := _TRACEBACK.findall(str(error))):
        return
    frames, cause = tracebacks[-1]
    own = [frame for frame in _FRAME.findall(frames) if not _OF_THE_RUNTIME.search(frame[0])]
    if own and own[-1] == _FRAME.findall(frames)[-1]:
        file, line, function = own[-1]
        raise FunctionError(
            f"expected the functions of the job to work on every row, found {cause.strip()} in "
            f"{function}(), line {line} of {file}; correct the function, or leave out such rows in "
            "transform()"
        ) from error


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
