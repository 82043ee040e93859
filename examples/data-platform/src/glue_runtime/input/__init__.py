# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""What a run reads: the files of a source, as rows with a verdict."""
