"""The versions of a template: its releases, their order, and their commits."""

import re
from collections.abc import Mapping
from pathlib import Path

from packaging.version import InvalidVersion, Version

from gluecast.repository.git import git, run_git

RELEASES = "RELEASES"
"""The file in the template's repository with the commit of each release: ``v0.1.0 <commit>``."""

_HAS_POINT = re.compile(r"v?\d+\.\d")
_ONE_NUMBER = re.compile(r"v?\d{1,6}")


def releases(repository: Path) -> dict[str, str]:
    """Name and commit of each release, from the tags and the file RELEASES."""
    listed = run_git(repository, "show", f"HEAD:{RELEASES}")
    named = read_releases(listed.stdout.decode(errors="replace")) if listed.returncode == 0 else {}
    return only_releases(named | tags(repository))


def read_releases(text: str) -> dict[str, str]:
    """Name and commit of each release in the text of a file RELEASES."""
    lines = (line.split() for line in text.splitlines() if not line.startswith("#"))
    return {line[0]: line[1] for line in lines if len(line) == 2}


def tags(repository: Path) -> dict[str, str]:
    """Every tag, and its commit."""
    form = "%(refname:strip=2) %(objectname) %(*objectname)"
    listed = git(repository, "for-each-ref", f"--format={form}", "refs/tags").decode()
    found = (line.split() for line in listed.splitlines())
    return {name: commits[-1] for name, *commits in found}


def only_releases(found: Mapping[str, str]) -> dict[str, str]:
    """The names that are versions.

    A tag of one number, such as v1, is a release, unless there are others of that number, such as
    v1.1: then it moves along with them, like the tags stable and latest.
    """
    with_point = {version.major for name in found if _HAS_POINT.match(name) and (version := version_of(name))}
    return {
        name: commit
        for name, commit in found.items()
        if (version := version_of(name))
        and (_HAS_POINT.match(name) or version.major not in with_point)
    }


def newest(versions: Mapping[str, str]) -> str | None:
    """The highest version that is not a pre-release."""
    final = [name for name in versions if (found := version_of(name)) and not found.is_prerelease]
    return max(final, key=version_order, default=None)


def version_of(described: str) -> Version | None:
    """v0.1.0-4-gabc -> 0.1.0.post4, for comparisons; None if it is not a version.

    A version contains a dot, or is one number: packaging would parse the commit 417c597 as a
    candidate of 417.
    """
    name, *rest = re.split(r"-(?=\d+-g[0-9a-f]+$)", described)
    if not _HAS_POINT.match(name) and not _ONE_NUMBER.fullmatch(name):
        return None
    try:
        return Version(f"{name}.post{rest[0].split('-')[0]}" if rest else name)
    except InvalidVersion:
        return None


def version_order(name: str) -> Version:
    return version_of(name) or Version("0")
