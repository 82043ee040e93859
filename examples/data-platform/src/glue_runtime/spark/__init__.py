# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The runtime's interface to Spark and its file systems."""
