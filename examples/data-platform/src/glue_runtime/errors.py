# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""What can go wrong in a run, each with a message that says what to do next."""


class JobError(Exception):
    """A run cannot go on. The message says what was expected, what was found, and where."""


class ArgumentError(JobError):
    """The job's arguments do not say what to run."""


class ObjectKeyError(JobError):
    """Spark cannot address an object of this key, and it alone."""


class SourceNotFoundError(JobError):
    """There is no file to read."""


class UnreadableSourceError(JobError):
    """A file is there and cannot be read as its format."""


class BadRowsError(UnreadableSourceError):
    """A file can be read, and rows of it do not fit the columns of its source."""


class ValidationFailedError(JobError):
    """The job's own custom_validation() said no."""


class OutputError(JobError):
    """The result cannot be written."""
