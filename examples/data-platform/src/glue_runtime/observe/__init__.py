# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The log lines of a run, and the metrics derived from them."""
