# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The error that commands print without a traceback."""


class OperationError(Exception):
    """A command failed; the message says what was expected, what was found, and what to do."""
