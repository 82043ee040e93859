# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""What a run tells of itself: log lines, and the metrics that are derived from them."""
