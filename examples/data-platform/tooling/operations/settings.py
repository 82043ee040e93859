# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""What the platform's answers decided."""

LAKE_PREFIX = "data-lake"
REGION = "eu-central-1"
