"""Rendering the template in tests, and looking at what came out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import copier

Copy = Callable[..., Path]
"""The fixture `copy`: answers, and optionally target, source, vcs_ref and overwrite; gives the repository."""


def copied(
    source: Path | str,
    folder: Path,
    *,
    vcs_ref: str | None = None,
    overwrite: bool = False,
    **answers: Any,
) -> Path:
    """Copy a template into a folder, without a terminal; gives the folder."""
    copier.run_copy(
        str(source),
        folder,
        answers,
        vcs_ref=vcs_ref,
        overwrite=overwrite,
        defaults=True,
        quiet=True,
        unsafe=False,
    )
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder by its relative path, but for git's own."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }
