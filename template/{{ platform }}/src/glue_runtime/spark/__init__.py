# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Spark and its file systems, as the runtime uses them."""
