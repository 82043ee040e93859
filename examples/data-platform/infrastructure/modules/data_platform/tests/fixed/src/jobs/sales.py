# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Stands in plan tests for a job that declares no name."""
