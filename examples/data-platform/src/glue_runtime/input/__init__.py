# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""What a run reads: files, and their rows with verdicts."""
