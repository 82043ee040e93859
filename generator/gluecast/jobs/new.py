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
from gluecast.repository.triggers import Trigger, TriggersError, all_triggers, plain_uploads
from gluecast.template.copy import copy_template, platform_files, read_questions
from gluecast.terminal.progress import Say
from gluecast.update.transaction import ready

KEPT = (".gitignore", "README.md")
"""Files of a new repository that the template does not need, and leaves to their owner."""

_FIRST_COMMIT = 'git add --all && git commit --message "The first job"'


def new(
    target: Path,
    *,
    template: str | None = None,
    ref: str | None = None,
    data: Mapping[str, Any],
    defaults: bool = False,
    guesses: Mapping[str, Any] | None = None,
    say: Say = print,
) -> tuple[Path, list[str]]:
    """Render a job, and the platform if it is the first; returns the repository and the new jobs.

    The repository is the one around `target`, if any. `template` is the address of a template. The
    default is the template and version of the repository's platform or, for a new repository, the
    published template at the release of this package. `data` answers questions; `defaults` takes
    the default for all others, which `guesses` may replace.

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
    known: dict[str, Any] = {"taken_uploads": _taken_uploads(repository)}
    kept = {} if platform else _kept(repository, template, ref, data)
    if kept:
        known["left_out"] = [f"/{path}" for path in kept]
    before = _jobs(repository)
    with _removing_partial_job(repository, data.get("job_name")):
        copy_template(
            repository,
            template=template,
            ref=ref,
            data=data,
            defaults=defaults,
            guesses=guesses,
            known=known,
        )
    for line in _about_kept(repository, kept):
        say(line)
    return repository, sorted(_jobs(repository) - before)


def _taken_uploads(repository: Path) -> list[list[str]]:
    """Job, prefix and suffix of each upload in bronze that starts a job, as far as it is literal."""
    found: list[Trigger] = []
    with suppress(TriggersError):  # gluecast check reports it
        found = all_triggers(repository)
    uploads = plain_uploads(found)
    return [[each.job, each.prefix, each.suffix] for each in uploads if each.zone == "bronze"]


def _kept(
    repository: Path, template: str | None, ref: str | None, data: Mapping[str, Any]
) -> dict[str, bytes]:
    """The files of a new repository that stay as they are, each with the template's content.

    Raises:
        GluecastError: there are others that the template would replace.
    """
    if not repository.is_dir() or not {path.name for path in repository.iterdir()} - {".git"}:
        return {}
    there = {
        path: content
        for path, content in sorted(platform_files(template, ref, data).items())
        if os.path.lexists(repository / path) and not _has(repository / path, content)
    }
    keeps = KEPT if "left_out" in read_questions(template, ref) else ()
    if taken := [path for path in there if path not in keeps]:
        raise GluecastError(
            f"expected a folder without files that the template writes, found {', '.join(taken)} in "
            f"{repository.resolve()}; move them away, or start in another folder (gluecast adopt "
            "brings a repository of Glue jobs onto the platform)"
        )
    return there


def _about_kept(repository: Path, kept: Mapping[str, bytes]) -> Iterator[str]:
    for path, content in kept.items():
        yield f"{path} stays as it is."
        if path != ".gitignore":
            continue
        ignored = (repository / path).read_text(encoding="utf-8", errors="replace").splitlines()
        wanted = [line for line in content.decode().splitlines() if not line.startswith("#")]
        if missing := [line for line in wanted if line not in ignored]:
            yield f"Add to it what runs and tools create: {' '.join(missing)}"


def _has(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() == content


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


def test_data_folder(repository: Path, job: str) -> Path:
    """The folder of a job's sample files."""
    path = repository / ANSWERS_FOLDER / f"{job}.yml"
    layer = read_layer(job, path.read_bytes(), path)
    return repository / "tests/test_data" / job / str(layer.recorded["prefix"])


def next_steps(repository: Path, jobs: list[str]) -> str:
    """What to do with the new jobs."""
    if not jobs:
        return f"No new jobs in {repository.resolve()}."
    job = jobs[0]
    steps = ["make setup lint test", f"make run-local JOB={job}"]
    # An update merges, and needs the history.
    if run_git(repository, "rev-parse", "--git-dir").returncode:
        steps.insert(0, f"git init && {_FIRST_COMMIT}")
    elif run_git(repository, "rev-parse", "--verify", "--quiet", "HEAD").returncode:
        steps.insert(0, _FIRST_COMMIT)
    if (folder := os.path.relpath(repository)) != ".":
        steps.insert(0, f"cd {folder}")
    listed = "\n".join(f"    {step}" for step in steps)
    return f"""\
{job} is in {repository.resolve()}.
Write its code in src/jobs/{job}.py.

{listed}

gluecast new adds a job, gluecast list and gluecast docs show all of them,
gluecast update merges a newer template."""


def _platform(repository: Path) -> Layer | None:
    path = repository / ANSWERS_FOLDER / f"{PLATFORM}.yml"
    return read_layer(PLATFORM, path.read_bytes(), path) if path.is_file() else None


def _jobs(target: Path) -> set[str]:
    names = {path.stem for path in (target / ANSWERS_FOLDER).glob("*.yml")}
    return names - {PLATFORM}
