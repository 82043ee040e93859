"""List the jobs of a repository."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gluecast.errors import GluecastError
from gluecast.jobs.drift import Drift, drift_of
from gluecast.repository.job_module import JobModule, read_module
from gluecast.repository.layers import find_repository, job_modules, read_layers
from gluecast.repository.triggers import After, Trigger, Upload, environment_triggers, triggers
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
    modules = job_modules(repository, read_layers(repository))
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
    others = {name: path for name, path in modules.items() if name not in edited}
    adopted = _adopted(repository, started, others)
    return sorted([*written, *adopted], key=lambda job: job.name)


def _adopted(
    repository: Path, started: Sequence[Trigger], modules: Mapping[str, Path]
) -> Iterator[Job]:
    """The jobs that the template did not render; a base class of theirs is none."""
    if not modules:
        return
    theirs = [each for found in environment_triggers(repository).values() for each in found]
    for name, path in modules.items():
        shown = [each for each in dict.fromkeys([*started, *theirs]) if each.job == name]
        module = JobModule(name)
        with suppress(GluecastError):  # a module that is not Python code is listed all the same
            module = read_module(path)
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


def as_table(found: list[Job], width: int | None = None) -> str:
    """The jobs as a table, one line each; where it is wider than `width`, without the triggers' details."""
    whole = _table(found, [", ".join(job.triggers) for job in found])
    if width is None or max(map(len, whole.splitlines())) <= width:
        return whole
    kinds = [dict.fromkeys(_kind(each) for each in job.triggers) for job in found]
    return _table(found, [", ".join(each) for each in kinds])


def _kind(trigger: str) -> str:
    kind = trigger.partition(" ")[0]
    return kind if kind in ("upload", "after") else "schedule"


def _table(found: list[Job], started_by: list[str]) -> str:
    rows = [
        (
            job.name,
            job.source or "-",
            job.format or "-",
            triggers,
            job.version or "-",
            _edited(job.drift),
        )
        for job, triggers in zip(found, started_by, strict=True)
    ]
    return table(("job", "source", "format", "started by", "template", "edited"), rows)


def _trigger(trigger: Trigger) -> str:
    if isinstance(trigger, Upload):
        batch = f" (batches of {trigger.batch[0]})" if trigger.batch else ""
        return f"upload {trigger.zone}:{trigger.prefix}*{trigger.suffix}{batch}"
    if isinstance(trigger, After):
        return f"after {trigger.previous}"
    return f"{trigger.expression} {trigger.timezone}"


def _edited(drift: Drift) -> str:
    if drift.error:
        return "unknown"
    count = len(drift.template_owned) + len(drift.user_owned)
    return f"{count} file{'s' if count > 1 else ''}" if count else "-"
