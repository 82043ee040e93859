# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Run jobs on a developer's machine. Glue runs do not use this package."""
