"""Every race of two runs and a change, over files in memory and without Spark: a thousand of them.

Everything of a run is the runtime's own but the reading and writing of rows. A fault that is planted
into the commit must show: a test here takes one step out of it after another.
"""

import inspect
import itertools
import json
import sys
import textwrap
from collections.abc import Callable
from functools import cached_property
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from glue_runtime import BaseGlueJob, Source, changes, run, uploads
from glue_runtime.errors import JobError, SourceNotFoundError
from glue_runtime.fingerprint import fingerprint
from glue_runtime.input import location
from glue_runtime.lineage import provenance, source_id
from glue_runtime.run import JobRun
from glue_runtime.spark import storage
from glue_runtime.spark.files import StoredFile
from glue_runtime.tables import parquet, removing, replacing
from glue_runtime.tables.commit import Commit
from glue_runtime.tables.parquet import ParquetTable
from glue_runtime.tables.replacing import Written
from glue_runtime.tables.table import Staged
from histories import ALWAYS_THERE, BOTH, NAMES, World, races

BRONZE = "s3://data-lake-test-bronze/sales/"
SILVER = "s3://data-lake-test-silver/job"
NOW = 1_700_000_000.0
AGE = 3600.0
"""The age in seconds of every file, so that each run takes the others for killed and does their work."""


class MemoryStorage:
    """Files in memory, with the calls of `glue_runtime.spark.storage.Storage`; each one is a step."""

    def __init__(self, step: Callable[[], None]) -> None:
        self.held: dict[str, tuple[StoredFile, Any]] = {}
        self._step = step
        self.refuse: Callable[[str], bool] = lambda kind: False
        self._numbers = itertools.count(1)

    def put(self, uri: str, values: Any) -> StoredFile:
        number = next(self._numbers)
        stored = StoredFile(uri, 0, NOW - AGE, str(number))
        self.held[uri] = (stored, values)
        return stored

    def files(self, uri: str) -> list[StoredFile]:
        self._step()
        below = f"{uri.rstrip('/')}/"
        return [stored for path, (stored, _) in self.held.items() if path.startswith(below)]

    def file(self, uri: str) -> StoredFile | None:
        self._step()
        return self.held[uri][0] if uri in self.held else None

    def values(self, uri: str) -> Any:
        self._step()
        if uri not in self.held:
            raise SourceNotFoundError(f"expected {uri}, found that it was deleted meanwhile")
        return self.held[uri][1]

    def head(self, uri: str, size: int) -> bytes:
        self._step()
        if uri not in self.held:
            raise FileNotFoundError(uri)
        return bytes(self.held[uri][1])

    def write(self, uri: str, content: bytes) -> None:
        self._step()
        self._request("PUT")
        self.put(uri, content)

    def move(self, source: str, target: str) -> None:
        """As S3A does: a copy, and then a deletion."""
        self._step()
        if source not in self.held:
            return
        self._request("COPY")
        self.put(target, self.held[source][1])
        self._step()
        if not self.refuse("DELETE"):
            self.held.pop(source, None)

    def _request(self, kind: str) -> None:
        if self.refuse(kind):
            raise OSError(f"403 on {kind}")

    def delete(self, uri: str) -> None:
        self._step()
        self._request("DELETE")
        for path in [path for path in self.held if path == uri or path.startswith(f"{uri}/")]:
            del self.held[path]

    def delete_folder(self, uri: str) -> None:
        self.delete(uri)


class MemoryJob(BaseGlueJob):
    """A job whose rows never see Spark: those that are not negative, in up to two files a part."""

    sources: ClassVar = (Source("sales/", ".csv", "csv"),)
    storage: MemoryStorage

    def extract(self) -> Any:
        raise NotImplementedError("MemoryRun stands in for the hooks: none of them is called")

    @cached_property
    def spark(self) -> Any:
        """What `Storage(spark)` gives, which is replaced by the identity here."""
        return self.storage


class MemoryJobOfChanges(MemoryJob):
    """The same, whose schedule reads only what has changed."""

    scheduled: ClassVar = "changed"


class MemoryRun(JobRun):
    """A run of it. In the place of the hooks: what they come to, without Spark."""

    job: MemoryJob

    def attempt(self) -> None:
        uri = BRONZE if self.objects is None else " and ".join(self.objects)
        files = self._listed()
        location = SimpleNamespace(kind="event_file", where=uri, listed=self._listed)
        loads = [SimpleNamespace(location=location, files=files, owned=True)]
        self._attempt = SimpleNamespace(  # type: ignore[assignment]
            loads=loads, outdated=set(), described_source=lambda: uri
        )
        if not files:
            raise SourceNotFoundError(f"expected data at {uri}, found nothing")
        target = ParquetTable(self.job.spark, SILVER)
        staged = self._stage({each: self.job.storage.values(each) for each in files})
        made_from = {
            source_id(each): provenance(stored.version, fingerprint(MemoryJob))
            for each, stored in files.items()
        }
        if self.job.scheduled == "changed":
            staged = target.stage_empty(staged, made_from.keys() - staged.files.keys())
        written = Written([(target, staged)], made_from)
        try:
            if self.objects is not None:
                replaced = replacing.replace_objects(written, loads, self.objects)  # type: ignore[arg-type]
            else:
                replaced = replacing.replace_directory(written, loads)  # type: ignore[arg-type]
        finally:
            target.discard(staged)
        target.recover()
        self._attempt.outdated = replaced.outdated

    def _listed(self) -> dict[str, StoredFile]:
        storage = self.job.storage
        if self.objects is not None:
            found = map(storage.file, self.objects)
            return {stored.uri: stored for stored in found if stored}
        return {stored.uri: stored for stored in storage.files(BRONZE)}

    def _stage(self, sources: dict[str, list[int]]) -> Staged:
        folder = f"s3://data-lake-test-silver/_staging/job/{next(self.job.storage._numbers)}"
        staged: dict[str, list[StoredFile]] = {}
        for uri, values in sources.items():
            kept = [value for value in values if value >= 0]
            for number, part in enumerate(filter(None, (kept[::2], kept[1::2]))):
                path = f"{folder}/{source_id(uri)}/part-{number}.parquet"
                staged.setdefault(source_id(uri), []).append(self.job.storage.put(path, part))
        return Staged(folder, staged, 0)


class MemoryWorld(World):
    """The same over files in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.storage = MemoryStorage(self._step)
        self.job_class = MemoryJob

    def empty(self) -> None:
        self.storage.held.clear()

    def put(self, name: str, values: list[int] | None) -> None:
        if values is None:
            self.storage.held.pop(f"{BRONZE}{name}.csv", None)
        else:
            self.storage.put(f"{BRONZE}{name}.csv", values)

    def has(self, name: str) -> bool:
        return f"{BRONZE}{name}.csv" in self.storage.held

    def start(self, trigger: str) -> None:
        args = {"env": "test"}
        if trigger == BOTH:
            args |= {"manifest": self._manifest()}
        elif trigger != "schedule":
            args |= {"bucket": "data-lake-test-bronze", "object_key": f"sales/{trigger}.csv"}
        job = self.job_class("job", args)
        MemoryJob.storage = self.storage
        started = MemoryRun(job, own_load=False)
        if job.reads_changes:
            started._process_changes()
        else:
            started.process()

    def _manifest(self) -> str:
        bucket = {"name": "data-lake-test-bronze"}
        uploads = [{"bucket": bucket, "object": {"key": f"sales/{name}.csv"}} for name in NAMES]
        uri = f"s3://data-lake-test-artifacts/manifests/{next(self.storage._numbers)}.json"
        return self.storage.put(uri, json.dumps(uploads).encode()).uri

    def table(self) -> dict[str, list[int]]:
        """The values of each source in the table, in order."""
        held = self.storage.held
        sources = {source_id(uri): uri for uri in held if uri.startswith(BRONZE)}
        found: dict[str, list[int]] = {}
        for file in ParquetTable(self.storage, SILVER).files():  # type: ignore[arg-type]
            found.setdefault(sources[file.partition], []).extend(held[file.stored.uri][1])
        return {uri: sorted(values) for uri, values in found.items()}

    def check(self) -> None:
        held = self.storage.held
        expected = {
            source_id(uri): sorted(value for value in values if value >= 0)
            for uri, (_, values) in held.items()
            if uri.startswith(BRONZE)
        }
        found: dict[str, list[int]] = {}
        sets: dict[str, set[tuple[int, str]]] = {}
        for file in ParquetTable(self.storage, SILVER).files():  # type: ignore[arg-type]
            found.setdefault(file.partition, []).extend(held[file.stored.uri][1])
            sets.setdefault(file.partition, set()).add(file.version)
        assert {part: sorted(values) for part, values in found.items()} == {
            part: values for part, values in expected.items() if values or part in found
        }
        assert all(len(versions) == 1 for versions in sets.values())

    def _step(self) -> None:
        if self.interleaving:
            self.interleaving.step()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> MemoryWorld:
    for module in (run, uploads, parquet, location):
        monkeypatch.setattr(module, "Storage", lambda files: files)
    monkeypatch.setattr(storage, "PARALLEL", 1)
    monkeypatch.setattr(ParquetTable, "origin", lambda table, file: f"{BRONZE}gone.csv")
    # No two machines have the same time.
    clock = itertools.cycle((NOW + 3, NOW + 1, NOW + 2))
    monkeypatch.setattr(parquet, "time", SimpleNamespace(time=lambda: next(clock)))
    return MemoryWorld()


@pytest.mark.parametrize("job_class", [MemoryJob, MemoryJobOfChanges])
def test_every_race_ends_in_the_table_of_one_clean_run(
    world: MemoryWorld, job_class: type[MemoryJob]
) -> None:
    world.job_class, world.loses_events = job_class, job_class is MemoryJobOfChanges
    for race in races():
        race.happen(world)


FAULTS: list[tuple[Any, str, str, str]] = [
    (
        ParquetTable.commit,
        "another clock",
        "max(int(time.time() * 1000), newest + 1)",
        "int(time.time())",
    ),
    (
        ParquetTable.commit,
        "not emptied",
        "if file.partition not in staged.files",
        "if not file",
    ),
    (Commit._replace, "not settled", "self._settle(partition)", "True"),
    (Commit._settle, "older files stay", "self._table.delete(older)", "pass"),
    (
        replacing.replace_objects,
        "a changed source goes unseen",
        "current.get(uri) != read[uri] or ",
        "",
    ),
    (
        replacing.replace_directory,
        "changed sources go unseen",
        "current[each] != read[each] or ",
        "",
    ),
    (
        removing.remove_gone,
        "rows of gone sources stay",
        "each.table.delete(files)",
        "pass",
    ),
    (
        replacing.replace_directory,
        "rows of new sources go",
        "held = [removing.Held(table) for table, _ in written.tables]\n    read, current = _read(loads), _current(loads)",
        "read, current = _read(loads), _current(loads)\n    held = [removing.Held(table) for table, _ in written.tables]",
    ),
    (JobRun._is_up_to_date, "changed sources are left", "self._process_alone(uri)", "pass"),
    (JobRun.process, "one round only", "range(_MAX_ATTEMPTS)", "range(1)"),
    (JobRun._take_away, "rows of a gone file stay", "table.delete(written)", "pass"),
]
"""A function of the runtime, what is wrong with it, and how: a text in it becomes another."""


HALVES: list[tuple[Any, str, str, str]] = [
    (ParquetTable.recover, "nothing is finished", "if _is_of_ended_run(stored)", "if False"),
    (
        ParquetTable.commit,
        "no record",
        "if not record.can_end_half_way",
        "if record.can_end_half_way",
    ),
    (Commit.finish, "nothing is moved", "self._finish(part, staged)", "self._settle(part)"),
    (Commit.finish, "nothing is removed", "in_parallel(self._storage.delete, removed)", "pass"),
]


@pytest.mark.parametrize("trigger", ["a", "schedule"])
def test_a_killed_commit_is_finished_by_the_next_run_of_any_object(
    world: MemoryWorld, trigger: str
) -> None:
    assert [killed for killed in range(40) if not leaves_whole_parts(world, trigger, killed)] == []


@pytest.mark.parametrize(
    ("function", "old", "new"),
    [pytest.param(function, old, new, id=name) for function, name, old, new in HALVES],
)
def test_a_fault_in_the_recovery_shows(
    world: MemoryWorld, monkeypatch: pytest.MonkeyPatch, function: Any, old: str, new: str
) -> None:
    plant(monkeypatch, function, old, new)

    assert not all(leaves_whole_parts(world, "schedule", killed) for killed in range(40))


@pytest.mark.parametrize("trigger", ["a", "schedule"])
@pytest.mark.parametrize("kind", ["COPY", "DELETE", "PUT"])
@pytest.mark.parametrize("lasting", [False, True], ids=["once", "from then on"])
def test_a_commit_that_meets_an_error_leaves_whole_parts_or_is_finished_by_the_next_run(
    world: MemoryWorld, kind: str, trigger: str, lasting: bool
) -> None:
    failed = 0
    for number in range(40):
        left = itertools.count(-number)
        prepare(world, trigger)
        world.storage.refuse = lambda each, left=left: (
            each == kind and (next(left) >= 0 if lasting else next(left) == 0)
        )
        try:
            world.start(trigger)
        except OSError:
            failed += 1
            if kind != "DELETE":
                assert has_whole_parts(world), number
        world.storage.refuse = lambda kind: False
        world.start(ALWAYS_THERE)
        assert has_whole_parts(world), number
    assert failed


VALUES: dict[str, tuple[list[int], list[int]]] = {
    "a": ([1, 2], [3, 4, 5]),
    "b": ([6, 7, 8], []),
    ALWAYS_THERE: ([7], [7]),
}
"""The old and the new values of each file."""


def prepare(world: MemoryWorld, trigger: str) -> None:
    """Have the old values of each file in the table, and the new ones in the files of a trigger."""
    world.empty()
    for name, (old, _) in VALUES.items():
        world.put(name, old)
        world.start(name)
    for name in VALUES if trigger == "schedule" else [trigger]:
        world.put(name, VALUES[name][1])


def has_whole_parts(world: MemoryWorld) -> bool:
    """Whether the table has either the old or the new values of each file."""
    left = world.table()
    return all((left.get(f"{BRONZE}{name}.csv") or []) in either for name, either in VALUES.items())


def leaves_whole_parts(world: MemoryWorld, trigger: str, killed_after: int) -> bool:
    """Whether the parts are whole when another file's run has followed on a killed one."""
    prepare(world, trigger)
    world.together([trigger], [], [0] * 60, [killed_after])
    world.start(ALWAYS_THERE)
    return has_whole_parts(world)


@pytest.mark.parametrize(
    ("function", "old", "new"),
    [pytest.param(function, old, new, id=name) for function, name, old, new in FAULTS],
)
def test_a_fault_in_the_commit_shows(
    world: MemoryWorld, monkeypatch: pytest.MonkeyPatch, function: Any, old: str, new: str
) -> None:
    plant(monkeypatch, function, old, new)

    with pytest.raises((AssertionError, JobError)):
        for race in races():
            race.happen(world)


FAULTS_OF_CHANGES: list[tuple[Any, str, str, str]] = [
    (
        changes.changes_of,
        "another content passes for the known one",
        'content != provenance(stored.version, fingerprint).partition("-")[0]',
        "not content",
    ),
    (
        JobRun._process_changes,
        "changed files are left",
        "changed = [*found.changed]",
        "changed = []",
    ),
    (
        JobRun._process_changes,
        "rows of gone sources stay",
        "removing.remove_gone(",
        "(lambda *given: set())(",
    ),
    (
        JobRun._process_changes,
        "rows of new sources go",
        "held = [removing.Held(quarantined), removing.Held(table)]\n    current = sources.listed()",
        "current = sources.listed()\n    held = [removing.Held(quarantined), removing.Held(table)]",
    ),
]


@pytest.mark.parametrize(
    ("function", "old", "new"),
    [pytest.param(function, old, new, id=name) for function, name, old, new in FAULTS_OF_CHANGES],
)
def test_a_fault_in_a_run_over_changes_shows(
    world: MemoryWorld, monkeypatch: pytest.MonkeyPatch, function: Any, old: str, new: str
) -> None:
    plant(monkeypatch, function, old, new)
    world.job_class, world.loses_events = MemoryJobOfChanges, True

    with pytest.raises((AssertionError, JobError)):
        for race in races():
            race.happen(world)


def plant(monkeypatch: pytest.MonkeyPatch, function: Any, old: str, new: str) -> None:
    """Put another function into the place of this one, with one text of its code replaced."""
    code = textwrap.dedent(inspect.getsource(function))
    assert code.count(old) == 1
    made: dict[str, Any] = {}
    exec(code.replace(old, new), function.__globals__, made)
    owner: Any = sys.modules[function.__module__]
    *classes, name = function.__qualname__.split(".")
    for each in classes:
        owner = getattr(owner, each)
    monkeypatch.setattr(owner, name, made[name])
