# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""What the platform's answers decided."""

PROJECT = "data-platform"
LAKE_PREFIX = "data-lake"
REGION = "eu-central-1"

GLUE_VERSIONS = {
    "dev": "5.1",
    "prod": "5.1",
}
"""The Glue version of the jobs of each environment that declare no other one."""
