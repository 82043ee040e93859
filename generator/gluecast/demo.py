"""Scaffold a repository with the three example jobs, and run each one both ways."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from gluecast.errors import GluecastError
from gluecast.example_jobs import JOBS, answers, copier_copy
from gluecast.repository.triggers import After, Trigger, Upload, triggers
from gluecast.template.bundled import (
    IS_INSTALLED,
    PUBLISHED_AT,
    TEMPLATE_ROOT,
    published,
    snapshot,
)
from gluecast.terminal.tables import table


class DemoError(GluecastError):
    """The demo failed; the message says why."""


@dataclass(frozen=True)
class JobRun:
    """One run, as its log describes it. A count is None if the log does not have it."""

    job: str
    started_by: str
    files: int | None
    rows_read: int | None
    rows_written: int | None
    output: str
    seconds: float


def run_demo(target: Path) -> None:
    """Scaffold into `target` (or reuse the demo there), run every job, print a summary.

    Raises:
        DemoError: `target` has other content, or a step failed.
    """
    _scaffold(target)
    repository = target.resolve()
    with _step("Look for Java"):
        _python(repository, "-m", "glue_runtime.local.java")
    with _step("Prepare Spark, so that it starts faster"):
        _python(repository, "-m", "glue_runtime.local.warm_up")
    runs = [
        _run(repository, job, file)
        for job in JOBS
        for file in (_sample_file(repository, job), None)
    ]
    print()
    print(summary(runs))
    print("\nOn AWS, infrastructure/jobs/*.tf defines what starts the same jobs:\n")
    print(cloud_summary(triggers(repository), _lake_prefix(repository)))
    print()
    print(_next_steps(target, _sample_file(repository, JOBS[0]).relative_to(repository)))


def summary(runs: Sequence[JobRun]) -> str:
    """A table of runs, one line each."""
    header = ("job", "started by", "files", "rows read", "rows written", "seconds", "output")
    rows = [
        (
            run.job,
            run.started_by,
            _number(run.files),
            _number(run.rows_read),
            _number(run.rows_written),
            f"{run.seconds:.1f}",
            run.output,
        )
        for run in runs
    ]
    return table(header, rows, numeric=range(2, 6))


def cloud_summary(found: Sequence[Trigger], lake_prefix: str) -> str:
    """A table of what starts the jobs on AWS, one line for each upload and each schedule."""
    rows = [
        (
            each.job,
            f"upload of s3://{lake_prefix}-<env>-{each.zone}/{each.prefix}*{each.suffix}",
            "those files" if each.batch else "that file",
        )
        if isinstance(each, Upload)
        else (each.job, f"{each.expression} {each.timezone}", "the whole directory")
        for each in found
        if not isinstance(each, After)
    ]
    return table(("job", "started by", "reads"), rows)


def job_run(job: str, log: Sequence[Mapping[str, Any]]) -> JobRun:
    """Read a run from its log.

    Raises:
        DemoError: the log does not end with a completed run.
    """
    events = {entry["event"]: entry for entry in log}
    completed = events.get("job_completed_successfully")
    if completed is None:
        reason = events.get("job_failed", {}).get("error", "its log ends before the run does")
        raise DemoError(f"{job} failed: {reason}")
    loaded = next(entry for entry in log if entry["event"].startswith("loaded_"))
    written = events["data_written"]
    return JobRun(
        job=job,
        started_by=completed.get("source_object_key") or "schedule (whole directory)",
        files=loaded["file_count"],
        rows_read=loaded["row_count"],
        rows_written=written["row_count"],
        output=written["output"],
        seconds=completed["duration_seconds"],
    )


def _scaffold(target: Path) -> None:
    if all((target / ".copier-answers" / f"{job}.yml").is_file() for job in JOBS):
        print(f"Using the repository in {target} (remove it to start over)")
        return
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise DemoError(
            f"expected a new folder or a complete demo, found {target} with other content; "
            "remove it or name another folder"
        )
    with tempfile.TemporaryDirectory(prefix="gluecast-") as scratch:
        template = _template(Path(scratch))
        for job in JOBS:
            with _step(f"Scaffold {job} into {target}"):
                try:
                    data = {"project_name": "demo-platform", **answers(job)}
                    copier_copy(target=target, data=data, **template)
                except subprocess.CalledProcessError as error:
                    raise DemoError(error.stderr.strip().splitlines()[-1]) from error


def _template(scratch: Path) -> dict[str, Any]:
    """The template that the demo renders: the working tree of this clone, or the copy in the wheel.

    The answers record the copy in the wheel as the published release.
    """
    if not IS_INSTALLED:
        return {"template": str(TEMPLATE_ROOT), "ref": "HEAD"}
    release = snapshot(scratch / "template", tag=f"v{version('gluecast')}")
    return {
        "template": PUBLISHED_AT,
        "environment": published(release, cache=scratch / "cache"),
    }


def _lake_prefix(repository: Path) -> str:
    answers_file = repository / ".copier-answers/_platform.yml"
    return str(yaml.safe_load(answers_file.read_text(encoding="utf-8"))["lake_prefix"])


def _sample_file(repository: Path, job: str) -> Path:
    files = sorted(path for path in (repository / "tests/test_data" / job).rglob("*.*"))
    if not files:
        raise DemoError(
            f"expected sample files of {job} in {repository}/tests/test_data, found none"
        )
    return next((file for file in files if file.name.startswith("daily_")), files[0])


def _run(repository: Path, job: str, file: Path | None) -> JobRun:
    what = f"Run {job} for {file.name}" if file else f"Run {job} for its whole directory"
    arguments = ["--file", str(file)] if file else []
    with _step(what):
        output = _python(repository, "-m", "glue_runtime.local.run", job, *arguments)
        return job_run(job, [json.loads(line) for line in output.splitlines()])


def _python(repository: Path, *arguments: str) -> str:
    """Run this Python on the repository's code; returns what it printed.

    The repository's `make setup` would install the same packages again.
    """
    search_path = os.pathsep.join([str(repository / "src"), os.environ.get("PYTHONPATH", "")])
    ran = subprocess.run(
        [sys.executable, *arguments],
        cwd=repository,
        env={**os.environ, "PYTHONPATH": search_path},
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise DemoError(ran.stderr.strip() or ran.stdout.strip())
    return ran.stdout


@contextmanager
def _step(what: str) -> Iterator[None]:
    started = time.monotonic()
    print(f"{what} ... ", end="", flush=True)
    try:
        yield
    except BaseException:
        print("failed", flush=True)
        raise
    print(f"{time.monotonic() - started:.1f} s", flush=True)


def _number(value: int | None) -> str:
    return "unknown" if value is None else str(value)


def _next_steps(target: Path, sample: Path) -> str:
    return f"""\
Each job ran for one file, then for its directory. Its table has the rows of every file once,
although one file was processed twice. The repository is in {target}; the tables are below its
folder .local-lake.

    cd {target}
    make setup                                   # create its virtual environment
    make run-local JOB={JOBS[0]} FILE={sample}
    make test
    make test-e2e                                # the same on an emulated AWS; needs terraform
"""
