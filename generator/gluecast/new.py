"""Add a job to a repository, or begin one: what `copier copy` does, from the right template."""

import os
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import copier
from copier.errors import CopierAnswersInterrupt, CopierError
from jinja2 import TemplateError
from plumbum import ProcessExecutionError

from gluecast.errors import GluecastError
from gluecast.repository import ANSWERS_FOLDER, PLATFORM
from gluecast.template import PUBLISHED_AT


def new(
    target: Path,
    *,
    template: str | None = None,
    ref: str | None = None,
    data: Mapping[str, Any],
    defaults: bool = False,
) -> list[str]:
    """Render a job, and the platform if it is the first; gives the jobs that are new.

    `template` is the address of another template; otherwise it is the published one at the release
    of this package. `data` answers questions; `defaults` takes the default of every other.

    Raises:
        GluecastError: an answer is refused, or the template cannot be had.
        KeyboardInterrupt: the user left the questions.
    """
    before = _jobs(target)
    copy_template(target, template=template, ref=ref, data=data, defaults=defaults)
    return sorted(_jobs(target) - before)


def copy_template(
    target: Path,
    *,
    template: str | None,
    ref: str | None,
    data: Mapping[str, Any],
    defaults: bool,
    guesses: Mapping[str, Any] | None = None,
) -> None:
    """Copy a template, or the published one, into a folder. `guesses` are better defaults.

    Raises:
        GluecastError: an answer is refused, or the template cannot be had.
        KeyboardInterrupt: the user left the questions.
    """
    if template is None:
        template, ref = PUBLISHED_AT, ref or f"v{version('gluecast')}"
    elif Path(template).expanduser().exists():
        template = str(Path(template).expanduser().resolve())
    try:
        copier.run_copy(
            template,
            target,
            dict(data),
            vcs_ref=ref,
            defaults=defaults,
            user_defaults=dict(guesses or {}),
            quiet=True,
            unsafe=False,
        )
    except CopierAnswersInterrupt as error:
        raise KeyboardInterrupt from error
    except ProcessExecutionError as error:
        lines = [
            line for line in error.stderr.splitlines() if line.startswith(("fatal:", "error:"))
        ]
        reason = lines[0] if lines else f"git exited with {error.retcode}"
        raise GluecastError(f"expected the template in {template}, found: {reason}") from error
    except (CopierError, TemplateError, ValueError, OSError) as error:
        raise GluecastError(" ".join(str(error).split())) from error


def next_steps(target: Path, jobs: list[str]) -> str:
    """What to do with the jobs that are new."""
    if not jobs:
        return f"Nothing new in {target}."
    job = jobs[0]
    return f"""\
{job} is in {target}. Its code goes into src/jobs/{job}.py.

    cd {os.path.relpath(target)}
    make setup lint test
    make run-local JOB={job}
    git init && git add --all && git commit    # unless it is in git: an update merges, and needs it

gluecast new adds the next job, gluecast list shows them all, gluecast update brings a newer template."""


def _jobs(target: Path) -> set[str]:
    names = {path.stem for path in (target / ANSWERS_FOLDER).glob("*.yml")}
    return names - {PLATFORM}
