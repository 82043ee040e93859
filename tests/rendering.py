"""Rendering the template in tests, and looking at what came out."""

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from unittest import mock

import copier
import jinja2
from copier import _main
from jinja2.loaders import FileSystemLoader
from jinja2.sandbox import SandboxedEnvironment

from gluecast.template.bundled import TEMPLATE_ROOT

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
    # Copier asks git about its index for every file; outside of a repository there is none.
    in_git = any((each / ".git").exists() for each in (folder, *folder.parents))
    no_index = mock.patch.object(_main.Worker, "_sync_git_index_executable_bit")
    with nullcontext() if in_git else no_index:
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


JINJA = SandboxedEnvironment(
    loader=FileSystemLoader(TEMPLATE_ROOT),
    extensions=["jinja2_ansible_filters.AnsibleCoreFiltersExtension"],
    undefined=jinja2.StrictUndefined,
)
"""Renders a part of the template alone, as Copier would."""


def schedule_error(schedule: str) -> str:
    """What the template says of a schedule; empty when it is right."""
    module = JINJA.get_template("template/_macros/schedule.jinja").module
    return str(module.schedule_error(schedule)).strip()  # type: ignore[attr-defined]
