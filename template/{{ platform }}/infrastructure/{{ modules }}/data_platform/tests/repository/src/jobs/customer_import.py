# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Stands for a job in plan tests."""
