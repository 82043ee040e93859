# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Where a run writes: the table of a job, and the quarantine of what does not fit."""
