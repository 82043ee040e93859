"""Rendering the template in tests, and looking at what came out."""

from collections.abc import Callable
from pathlib import Path

Copy = Callable[..., Path]
"""The fixture `copy`: answers, and optionally target, source, vcs_ref and overwrite; gives the repository."""


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder by its relative path, but for git's own."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }
