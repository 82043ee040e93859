# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Say where this Python is another one than Glue's, and which jobs that may concern."""

import re
import sys
from collections.abc import Iterator

from glue_runtime import settings
from glue_runtime.local.glue_versions import GLUE_VERSIONS, installed_version

_FUNCTIONS = re.compile(r"\b(udf|pandas_udf|udtf|mapIn\w+|applyIn\w+|foreach\w*|rdd)\b")


def difference() -> str:
    """A sentence about the Python of this environment; empty if Glue has the same one."""
    version = installed_version()
    ours, theirs = (
        f"{sys.version_info.major}.{sys.version_info.minor}",
        GLUE_VERSIONS[version].python,
    )
    if ours == theirs:
        return ""
    sentence = f"Python {ours}, where Glue {version} has {theirs}"
    if found := [*_with_python_functions()]:
        sentence += (
            f": test the Python functions (UDFs) of {', '.join(found)} on Python {theirs} too"
        )
    return f"{sentence}; make clean setup takes python{theirs} once it is installed"


def _with_python_functions() -> Iterator[str]:
    """The jobs whose code hands Python functions to Spark."""
    paths = (
        path
        for folder in settings.JOB_FOLDERS
        for path in (settings.REPOSITORY / folder).glob("*.py")
    )
    for path in sorted(paths):
        if _FUNCTIONS.search(path.read_text(encoding="utf-8")):
            yield path.stem


if __name__ == "__main__":
    if said := difference():
        print(said)
