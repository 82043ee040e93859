"""What a command raises when it cannot go on, and the exit codes that say how a command ended."""

from enum import IntEnum


class GluecastError(Exception):
    """A command cannot go on; the message says in one line what was expected, found, and what to do next."""


class ExitCode(IntEnum):
    """How a command ended. `check` adds the numbers of what it found."""

    meaning: str

    def __new__(cls, value: int, meaning: str) -> "ExitCode":
        code = int.__new__(cls, value)
        code._value_ = value
        code.meaning = meaning
        return code

    OK = 0, "done; nothing is wrong"
    FAILED = 1, "the command could not do its work; the message says why"
    USAGE = 2, "the command line was not understood"
    CONFLICT = 3, "update, rename: done, but some files have conflicts to resolve"
    BEHIND = 4, "check: a newer template exists"
    DRIFTED = 8, "check: files that the template owns were edited"
    PROBLEM = 16, "check: something is wrong with the jobs; the report says what"
    INTERRUPTED = 130, "stopped with Ctrl-C; nothing is half-written"
