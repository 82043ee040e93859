# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Reading the files of a source as rows with verdicts."""
