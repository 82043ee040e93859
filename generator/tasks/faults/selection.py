"""The tests for each part of the project, quickest first: the table in selection.toml."""

import subprocess
import tomllib
from collections.abc import Iterable
from pathlib import Path

TABLE = Path(__file__).with_name("selection.toml")
TEMPLATE, EXAMPLE = "template/{{ platform }}/", "examples/data-platform/"


def tests_of(file: str) -> list[str]:
    """The tests of the longest matching path in the table; empty if there is none."""
    parts = {
        part: tests
        for part, tests in tomllib.loads(TABLE.read_text(encoding="utf-8")).items()
        if file.startswith(part)
    }
    return list(parts[max(parts, key=len)]) if parts else []


def tests_of_all(files: Iterable[str]) -> list[str]:
    """The tests of several files, without duplicates."""
    return list(dict.fromkeys(test for file in files for test in tests_of(file)))


def changed(root: Path) -> list[str]:
    """The files that changed since the last commit, including untracked files."""
    command = ["git", "-C", str(root), "status", "--porcelain", "-z", "--no-renames"]
    listing = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [line[3:] for line in listing.split("\0") if line]
