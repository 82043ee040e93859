# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Stands in plan tests for a job that was renamed by hand, and declares no name."""

from glue_runtime import BaseGlueJob


class SalesJob(BaseGlueJob):
    """Has no sources."""


if __name__ == "__main__":
    SalesJob.main("sales_etl")
