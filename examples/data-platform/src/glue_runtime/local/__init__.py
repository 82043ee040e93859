# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Running jobs on a developer's machine. Nothing in here is used on Glue."""
