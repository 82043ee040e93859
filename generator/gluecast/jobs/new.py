"""Add a job to a repository, or start one: like `copier copy`, from the right template."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import yaml

from gluecast.errors import GluecastError
from gluecast.repository.git import run_git
from gluecast.repository.layers import (
    ANSWERS_FOLDER,
    PLATFORM,
    Layer,
    read_layer,
    repository_around,
)
from gluecast.template.copy import copy_template
from gluecast.terminal.progress import Say
from gluecast.update.transaction import ready


def new(
    target: Path,
    *,
    template: str | None = None,
    ref: str | None = None,
    data: Mapping[str, Any],
    defaults: bool = False,
    say: Say = print,
) -> tuple[Path, list[str]]:
    """Render a job, and the platform if it is the first; returns the repository and the new jobs.

    The repository is the one around `target`, if any. `template` is the address of a template. The
    default is the template and version of the repository's platform or, for a new repository, the
    published template at the release of this package. `data` answers questions; `defaults` takes
    the default for all others.

    Raises:
        GluecastError: an answer is invalid, the template is unreadable, or an update is unfinished.
        KeyboardInterrupt: the user cancelled the questions.
    """
    repository = repository_around(target) or target
    platform = _platform(repository)
    if platform:
        if run_git(repository, "rev-parse", "--git-dir").returncode == 0:
            ready(repository, say)
        _refuse_shared(platform, data)
        if template is None:
            local = repository / Path(platform.source).expanduser()
            template = str(local) if local.exists() else platform.source
            ref = ref or platform.version
    before = _jobs(repository)
    with _removing_partial_job(repository, data.get("job_name")):
        copy_template(repository, template=template, ref=ref, data=data, defaults=defaults)
    return repository, sorted(_jobs(repository) - before)


@contextmanager
def _removing_partial_job(repository: Path, job: str | None) -> Iterator[None]:
    """Remove the new files that are named after a job if its copy is interrupted.

    Copier itself removes a new repository.
    """
    answers, files = _jobs(repository), _files(repository)
    try:
        yield
    except BaseException:
        jobs = {*(_jobs(repository) - answers), *([job] if job else [])}
        for path in _files(repository) - files:
            parts = path.relative_to(repository).parts
            if {part.split(".")[0].removeprefix("test_") for part in parts} & jobs:
                path.unlink()
                _remove_empty_above(path, repository)
        raise


def _remove_empty_above(path: Path, repository: Path) -> None:
    for folder in path.relative_to(repository).parents[:-1]:
        with suppress(OSError):
            (repository / folder).rmdir()


def _files(repository: Path) -> set[Path]:
    """Every file of a repository, except in hidden folders other than the answers folder."""
    found = set()
    for folder, folders, names in os.walk(repository):
        folders[:] = [name for name in folders if name[0] != "." or name == ANSWERS_FOLDER]
        found |= {Path(folder, name) for name in names}
    return found


def _refuse_shared(platform: Layer, data: Mapping[str, Any]) -> None:
    """Refuse a different answer to a question that is answered once for all jobs.

    Raises:
        GluecastError: there is such an answer.
    """
    for name, value in data.items():
        recorded = platform.recorded.get(name, value)
        if recorded not in (value, yaml.safe_load(str(value))):
            raise GluecastError(
                f"expected {name}={recorded}, as all jobs of the repository have it, found {value}; to "
                f"change it for all: copier update -a {platform.answers_file} --data {name}=..."
            )


def next_steps(repository: Path, jobs: list[str]) -> str:
    """What to do with the new jobs."""
    if not jobs:
        return f"No new jobs in {repository.resolve()}."
    job = jobs[0]
    steps = ["make setup lint test", f"make run-local JOB={job}"]
    if run_git(repository, "rev-parse", "--git-dir").returncode:
        # An update merges, and needs the history.
        steps.insert(0, 'git init && git add --all && git commit --message "The first job"')
    if (folder := os.path.relpath(repository)) != ".":
        steps.insert(0, f"cd {folder}")
    listed = "\n".join(f"    {step}" for step in steps)
    return f"""\
{job} is in {repository.resolve()}; write its code in src/jobs/{job}.py.

{listed}

gluecast new adds a job, gluecast list lists all jobs, gluecast update merges a newer template."""


def _platform(repository: Path) -> Layer | None:
    path = repository / ANSWERS_FOLDER / f"{PLATFORM}.yml"
    return read_layer(PLATFORM, path.read_bytes(), path) if path.is_file() else None


def _jobs(target: Path) -> set[str]:
    names = {path.stem for path in (target / ANSWERS_FOLDER).glob("*.yml")}
    return names - {PLATFORM}
