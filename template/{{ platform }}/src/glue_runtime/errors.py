# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The errors that fail a run. Each message ends with what to do next."""


class JobError(Exception):
    """A run failed. The message is: what was expected, what was found, and where."""


class ArgumentError(JobError):
    """The job's arguments or declarations are invalid."""


class ObjectKeyError(JobError):
    """Spark cannot read exactly the object with this key."""


class SourceNotFoundError(JobError):
    """There is no file to read."""


class S3AccessError(JobError):
    """S3 refuses the run access to an object or a bucket."""


class FunctionError(JobError):
    """A Python function of the job, which Spark calls for rows, has raised an exception."""


class UnreadableSourceError(JobError):
    """A file exists but cannot be read in its format."""


class BadRowsError(UnreadableSourceError):
    """A readable file has rows that do not match the schema of its source."""


class ValidationFailedError(JobError):
    """The job's custom_validation() returned False."""


class OutputError(JobError):
    """The result cannot be written."""


class CommitError(OutputError):
    """The table's files cannot be replaced. The job's state machine repeats such a run once: it
    finds this name in the error of the Glue run."""
