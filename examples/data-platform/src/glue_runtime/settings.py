# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The settings that the platform's answers determine."""

from pathlib import Path

PROJECT = "data-platform"
LAKE_PREFIX = "data-lake"

QUARANTINE = "_quarantine"
"""The folder of the silver bucket that holds the table of quarantined rows of each job."""

REPOSITORY = Path(__file__).resolve().parents[2]
"""The repository's checkout; not used on Glue."""

JOB_FOLDERS = ("src/jobs",)
"""The folders of the repository whose modules are jobs."""

TEST_DATA = REPOSITORY / "tests" / "test_data"


def lake_bucket(environment: str, zone: str) -> str:
    """The name that the platform gives the bucket of a zone (bronze, silver, gold): ``data-lake-prod-bronze``."""
    return f"{LAKE_PREFIX}-{environment}-{zone}"
