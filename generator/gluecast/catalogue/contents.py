"""The contents of the page, from Terraform code, job modules and answers, in this order."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gluecast.catalogue.spoken import spoken
from gluecast.repository.buckets import SETTINGS, bucket_name, zone_of
from gluecast.repository.job_module import JobModule, Source, constants, read_module
from gluecast.repository.layers import (
    JOBS,
    PLATFORM,
    Layer,
    find_repository,
    job_modules,
    read_layers,
)
from gluecast.repository.triggers import (
    ENVIRONMENTS,
    FOLDER,
    After,
    Trigger,
    Upload,
    environment_triggers,
    triggers,
)

_ANY_ENVIRONMENT = "<env>"


@dataclass(frozen=True)
class Place:
    """The files of a bucket with a prefix and a suffix."""

    bucket: str
    prefix: str
    suffix: str

    @property
    def pattern(self) -> str:
        """``sales/*.csv``."""
        return f"{self.prefix}*{self.suffix}"


@dataclass(frozen=True)
class Start:
    """What starts a job. `reads` are the places that its run reads; `when` is a schedule in words, or
    how many uploads share a run.

    `environments` are those that have it, if not all do. `kind` is upload, schedule or after; `name`
    is the key of the rule or schedule in the Terraform code, or the job whose run comes before.
    """

    kind: str
    name: str
    reads: tuple[Place, ...]
    expression: str = ""
    timezone: str = ""
    when: str = ""
    environments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Job:
    """A job: what starts it, what it reads, where it writes, and its files.

    `module` is None if there is none. `output` and `quarantine` are addresses, `table` is its name in
    the Glue Data Catalog; all are empty if the job's own code determines them. `next` are the jobs
    that its successful runs start. `remarks` are sentences about inconsistencies.
    """

    name: str
    module: JobModule | None
    starts: tuple[Start, ...]
    output: str
    quarantine: str
    table: str
    version: str
    files: tuple[str, ...]
    remarks: tuple[str, ...]
    next: tuple[str, ...] = ()

    @property
    def inputs(self) -> tuple[str, ...]:
        """What it reads: its sources, the names that it loads, or else the uploads that start it."""
        uploads = [place.pattern for start in self.starts for place in start.reads]
        return (self.module.inputs if self.module else ()) or tuple(dict.fromkeys(uploads))

    @property
    def kinds(self) -> tuple[str, ...]:
        """What starts it: upload, schedule, after."""
        return tuple(dict.fromkeys(start.kind for start in self.starts))

    @property
    def started_by(self) -> tuple[str, ...]:
        """What starts it, in words: upload, schedule, another job."""
        return tuple("another job" if kind == "after" else kind for kind in self.kinds)

    @property
    def is_adopted(self) -> bool:
        """Whether the template did not write it, and its base class is one of the repository."""
        return bool(self.module and not self.version and not self.module.standard)


@dataclass(frozen=True)
class Catalogue:
    """A repository: its name, the prefix of its buckets, its environments, its jobs by name."""

    project: str
    lake: str
    environments: tuple[str, ...]
    platform_version: str
    jobs: tuple[Job, ...]

    def count(self, kind: str) -> int:
        """The number of uploads, schedules or runs of other jobs that start jobs."""
        return sum(start.kind == kind for job in self.jobs for start in job.starts)

    @property
    def groups(self) -> tuple[tuple[str, tuple[Job, ...]], ...]:
        """The jobs of the index, under a heading each; adopted ones come last."""
        adopted = tuple(job for job in self.jobs if job.is_adopted)
        others = tuple(job for job in self.jobs if not job.is_adopted)
        return tuple(
            (name, jobs) for name, jobs in (("Jobs", others), ("Adopted jobs", adopted)) if jobs
        )

    @property
    def remarked(self) -> int:
        """The number of jobs with a remark."""
        return sum(bool(job.remarks) for job in self.jobs)


def catalogue(start: Path) -> Catalogue:
    """Collect everything that the repository around `start` declares about its jobs.

    Raises:
        GluecastError: there is no repository, or its answers, Terraform code or modules cannot be
            read.
    """
    repository = find_repository(start)
    layers = {layer.name: layer for layer in read_layers(repository)}
    paths = job_modules(repository, layers.values())
    platform = layers.pop(PLATFORM, None)
    modules = {name: read_module(path) for name, path in paths.items()}
    environments = _environments(repository)
    started = _started(repository, environments)
    # A module that only defines a class for others is no job, unless something says that it is.
    known = {*layers, *(each.job for each, _ in started)}
    modules = {
        name: module for name, module in modules.items() if module.is_started or name in known
    }
    settings = constants(repository / SETTINGS)
    recorded = platform.recorded if platform else {}
    lake = settings.get("LAKE_PREFIX") or str(recorded.get("lake_prefix", "<lake>"))
    return Catalogue(
        project=settings.get("PROJECT") or str(recorded.get("project_name", repository.name)),
        lake=lake,
        environments=environments,
        platform_version=platform.version if platform else "",
        jobs=tuple(
            _job(
                repository,
                name,
                modules.get(name),
                started,
                layers.get(name),
                lake,
                settings.get("QUARANTINE", "_quarantine"),
                paths.get(name),
            )
            for name in sorted({*modules, *layers, *(each.job for each, _ in started)})
        ),
    )


def _environments(repository: Path) -> tuple[str, ...]:
    folders = {path.parent.name for path in (repository / ENVIRONMENTS).glob("*/*.tf")}
    return tuple(sorted(folders))


def _started(
    repository: Path, environments: Sequence[str]
) -> list[tuple[Trigger, tuple[str, ...]]]:
    """Every trigger, and the environments that have it, if not all do."""
    found: list[tuple[Trigger, tuple[str, ...]]] = [(each, ()) for each in triggers(repository)]
    # Triggers are compared without their names; the key adds the name.
    own: dict[tuple[Trigger, str], set[str]] = {}
    for environment, theirs in environment_triggers(repository).items():
        for each in theirs:
            own.setdefault((each, each.name), set()).add(environment)
    for (each, _), where in own.items():
        found.append((each, () if where == set(environments) else tuple(sorted(where))))
    return found


def _job(
    repository: Path,
    name: str,
    module: JobModule | None,
    started: Sequence[tuple[Trigger, tuple[str, ...]]],
    layer: Layer | None,
    lake: str,
    quarantine_folder: str,
    path: Path | None,
) -> Job:
    known = module or JobModule(name)
    starts = tuple(_start(each, known, lake, where) for each, where in started if each.job == name)
    following = [
        each.job for each, _ in started if isinstance(each, After) and each.previous == name
    ]
    output, quarantine, table = "", "", ""
    if module and module.standard and not module.hooks & {"load", "output_uri"}:
        output = f"{_bucket(lake, 'silver')}/{module.name}"
        quarantine = f"{_bucket(lake, 'silver')}/{quarantine_folder}/{module.name}"
        table = f"{_catalog_name(lake)}_{_ANY_ENVIRONMENT}_silver.{_catalog_name(module.name)}"
    own = path.relative_to(repository).as_posix() if path else f"{JOBS}/{name}.py"
    files = [own, f"{FOLDER}/{name}.tf"]
    if layer:
        files.append(layer.answers_file)
    return Job(
        name=name,
        module=module,
        starts=starts,
        output=output,
        quarantine=quarantine,
        table=table,
        version=layer.version if layer else "",
        files=tuple(file for file in files if (repository / file).is_file()),
        remarks=tuple(_remarks(name, module, starts, lake)),
        next=tuple(dict.fromkeys(following)),
    )


def _start(trigger: Trigger, module: JobModule, lake: str, environments: tuple[str, ...]) -> Start:
    directories = tuple(
        Place(_bucket(lake, zone_of(source, lake)), source.prefix, source.suffix)
        for source in module.sources
    )
    if isinstance(trigger, Upload):
        place = Place(_bucket(lake, trigger.zone), trigger.prefix, trigger.suffix)
        when = "Up to {} uploads of {} s".format(*trigger.batch) if trigger.batch else ""
        return Start("upload", trigger.name, (place,), when=when, environments=environments)
    if isinstance(trigger, After):
        return Start("after", trigger.previous, directories, environments=environments)
    return Start(
        "schedule",
        trigger.name,
        directories,
        trigger.expression,
        trigger.timezone,
        spoken(trigger.expression),
        environments,
    )


def _bucket(lake: str, zone: str) -> str:
    """The bucket of a zone, or the bucket that a rule names."""
    name = bucket_name(zone, lake).replace("{env}", _ANY_ENVIRONMENT)
    return name if "${" in name else f"s3://{name}"


def _catalog_name(name: str) -> str:
    """A name as the Glue Data Catalog has it: see entry_name of the runtime."""
    return re.sub(r"[^a-z0-9_]", "_", name.lower())


def _remarks(
    name: str, module: JobModule | None, starts: Sequence[Start], lake: str
) -> Iterator[str]:
    if "${" in name:
        yield "An expression in the Terraform code determines which job is started here."
        return
    if module is None:
        yield f"There is no module {JOBS}/{name}.py, so no job is deployed."
        return
    if not starts:
        yield f"Nothing in {FOLDER} or {ENVIRONMENTS} starts this job."
    if not module.sources or module.computed:
        return
    for start in starts:
        for place in start.reads:
            if "${" not in place.pattern and not any(_takes(s, place) for s in module.sources):
                yield (
                    f"{start.name} starts runs for uploads of {place.pattern}, which is not a source "
                    "of the module: such runs fail."
                )
            elif "${" not in place.bucket and not any(
                _takes(each, place)
                and (each.computes_bucket or _bucket(lake, zone_of(each, lake)) == place.bucket)
                for each in module.sources
            ):
                yield (
                    f"{start.name} starts runs for uploads to {place.bucket}, which is not the bucket of "
                    "the module's source: scheduled runs do not read it."
                )


def _takes(source: Source, place: Place) -> bool:
    return place.prefix.startswith(source.prefix) and place.suffix.endswith(source.suffix)
