# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""What a command tells its user instead of a traceback."""


class OperationError(Exception):
    """What was expected, what was found, and what to do."""
