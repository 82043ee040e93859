"""List the jobs of a repository."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gluecast.errors import GluecastError
from gluecast.jobs.drift import Drift, drift_of
from gluecast.repository.job_module import JobModule, read_module
from gluecast.repository.layers import find_repository, read_layers
from gluecast.repository.triggers import Schedule, Trigger, Upload, environment_triggers, triggers
from gluecast.repository.work_tree import WorkTree
from gluecast.terminal.progress import Counting, uncounted
from gluecast.terminal.tables import table


@dataclass(frozen=True)
class Job:
    """One job: its source, what starts it, its template version, and its edited files.

    A job that the template did not render, as in an adopted repository, has no version.
    """

    name: str
    source: str
    format: str
    triggers: list[str]
    version: str
    drift: Drift

    def as_json(self) -> dict[str, Any]:
        """The job as JSON values."""
        return {
            "job": self.name,
            "source": self.source,
            "format": self.format,
            "triggers": self.triggers,
            "version": self.version,
            "edited": {
                "template_owned": self.drift.template_owned,
                "user_owned": self.drift.user_owned,
                **({"error": self.drift.error} if self.drift.error else {}),
            },
        }


def jobs(start: Path, counting: Counting = uncounted) -> list[Job]:
    """Every job of the repository around `start`, by name.

    Raises:
        GluecastError: there is no repository, or its answers cannot be read.
        TriggersError: its Terraform code cannot be read.
    """
    repository = find_repository(start)
    layers = [layer for layer in read_layers(repository) if not layer.is_platform]
    started = triggers(repository)
    edited = drift_of(WorkTree(repository), layers, counting)
    written = [
        Job(
            name=layer.name,
            source=f"{layer.recorded.get('prefix', '')}*{layer.recorded.get('suffix', '')}",
            format=str(layer.recorded.get("format", "")),
            triggers=[_trigger(each) for each in started if each.job == layer.name],
            version=layer.version,
            drift=edited[layer.name],
        )
        for layer in layers
    ]
    return sorted([*written, *_adopted(repository, started, edited)], key=lambda job: job.name)


def _adopted(repository: Path, started: Sequence[Trigger], known: Collection[str]) -> Iterator[Job]:
    """The jobs in src/jobs that the template did not render; a base class of theirs is none."""
    names = {path.stem for path in (repository / "src/jobs").glob("*.py")} - {"__init__", *known}
    if not names:
        return
    theirs = [each for found in environment_triggers(repository).values() for each in found]
    for name in names:
        shown = [each for each in dict.fromkeys([*started, *theirs]) if each.job == name]
        module = JobModule(name)
        with suppress(GluecastError):  # a module that is not Python code is listed all the same
            module = read_module(repository / f"src/jobs/{name}.py")
        if shown or module.is_started:
            yield Job(
                name=name,
                source=", ".join(module.inputs or _uploaded(shown)),
                format=", ".join(dict.fromkeys(each.format for each in module.sources)),
                triggers=[_trigger(each) for each in shown],
                version="",
                drift=Drift([], []),
            )


def _uploaded(started: Sequence[Trigger]) -> list[str]:
    return [f"{each.prefix}*{each.suffix}" for each in started if isinstance(each, Upload)]


def as_table(found: list[Job]) -> str:
    """The jobs as a table, one line each."""
    rows = [
        (
            job.name,
            job.source or "-",
            job.format or "-",
            ", ".join(job.triggers),
            job.version or "-",
            _edited(job.drift),
        )
        for job in found
    ]
    return table(("job", "source", "format", "started by", "template", "edited"), rows)


def _trigger(trigger: Trigger) -> str:
    if isinstance(trigger, Upload):
        return f"upload {trigger.zone}:{trigger.prefix}*{trigger.suffix}"
    assert isinstance(trigger, Schedule)
    return f"{trigger.expression} {trigger.timezone}"


def _edited(drift: Drift) -> str:
    if drift.error:
        return "unknown"
    count = len(drift.template_owned) + len(drift.user_owned)
    return f"{count} file{'s' if count > 1 else ''}" if count else "-"
