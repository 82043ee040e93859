"""The error that commands raise, and their exit codes."""

from enum import IntEnum


class GluecastError(Exception):
    """A command failed. The message is one line: what was expected, what was found, what to do."""


class ExitCode(IntEnum):
    """How a command ended. `check` adds up the codes of its findings."""

    meaning: str

    def __new__(cls, value: int, meaning: str) -> "ExitCode":
        code = int.__new__(cls, value)
        code._value_ = value
        code.meaning = meaning
        return code

    OK = 0, "success; no problems"
    FAILED = 1, "the command failed; the message says why"
    USAGE = 2, "invalid command line"
    CONFLICT = 3, "update, rename: done, but some files have conflicts to resolve"
    OUTDATED = 4, "check: a newer template exists"
    EDITED = 8, "check: you edited files that the template owns"
    PROBLEM = 16, "check: jobs are inconsistent; the report lists the problems"
    INTERRUPTED = 130, "interrupted with Ctrl-C; no file is left half-written"
