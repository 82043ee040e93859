"""Executors, files and tasks are lost while a job runs: its table, its log and its metrics are right."""

import os
import re
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lake_files import (
    BRONZE,
    SILVER,
    as_json,
    content,
    expected,
    metrics,
    rows,
    said,
    staged,
    upload,
)
from notes import Notes
from s3_server import Request
from standalone import Cluster, Submitted, waited_for

FILES = {
    "sales/a.jsonl": as_json(content(range(1000, 1300))),
    "sales/b.jsonl": as_json(content(range(2000, 2200))),
    "sales/c.jsonl": as_json(content(range(3000, 3100))),
}
"""The largest file is the first partition, which a task reads; the smallest one is the last."""

METRICS = ("--run_metrics", "environment")

OF_A_TASK = re.compile(r"_staging/noted/.*/attempt_\d+_\d+_m_\d+_(\d+)/.*part-")

IN_THE_TABLE = re.compile(r"noted/source_id=[^/]+/v(\d+)-")
"""A file that comes into the table, with its version."""


@pytest.fixture
def notes(tmp_path: Path) -> Notes:
    return Notes(tmp_path / "notes")


@pytest.fixture
def late(cluster: Cluster) -> Iterator["Late"]:
    held = Late(cluster)
    cluster.s3.refuse = held
    yield held
    held.release.set()


class Late:
    """Holds the first request that writes a file of a task, until it is released.

    task: the number of the attempt. path: where its file is to be. holds: the kind and key of the request.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.task: int | None = None
        self.release = threading.Event()
        self.listed: Path | None = None
        self.holds = ("PUT", OF_A_TASK)
        self.before_the_listing = False
        self._lake, self._lock = cluster.lake, threading.Lock()
        self.path = cluster.lake

    def __call__(self, request: Request) -> int | None:
        kind, key = self.holds
        written = key.search(request.key) if request.kind == kind else None
        if written and self._is_first(request, int(written[1])):
            self.release.wait()
        elif self.before_the_listing and not self.listed and _is_of_the_runtime(request):
            self.release.set()
            self.listed = waited_for("the late file", self.arrived)
        return None

    def _is_first(self, request: Request, task: int) -> bool:
        with self._lock:
            if self.task is not None:
                return False
            self.path = self._lake / request.bucket / request.key
            self.task = task
            return True

    def arrived(self) -> Path | None:
        """The late file, once it is there."""
        return self.path if self.path.is_file() else None


def _is_of_the_runtime(request: Request) -> bool:
    """Whether the runtime lists what Spark has written."""
    is_folder = re.fullmatch(r"_staging/noted/[^/]+/", request.key)
    return bool(is_folder) and request.kind == "LIST" and "delimiter" not in request.query


def check(cluster: Cluster, run: Submitted) -> None:
    """The run has exactly the rows of the files in its table, its log and its metrics."""
    log = run.log()
    every = len(expected(FILES))
    assert rows(cluster.lake, "noted") == expected(FILES)
    loaded = said(log, "loaded_directory_data")
    figures = ("row_count", "rows_quarantined", "file_count", "bytes_read", "files_quarantined")
    size = sum(len(text.encode()) for text in FILES.values())
    assert [loaded[name] for name in figures] == [every, 0, 3, size, 0]
    assert said(log, "data_written") == {
        "event": "data_written",
        "trigger_type": "scheduled",
        "output": f"s3://{SILVER}/noted",
        "row_count": every,
        "rows_read": every,
        "rows_quarantined": 0,
        "rows_written": every,
        "files_quarantined": 0,
    }
    found = metrics(log)
    assert found.pop("duration_seconds")
    assert found == {
        "bytes_read": [size],
        "rows_read": [every],
        "rows_quarantined": [0],
        "rows_written": [every],
        "runs_completed": [1],
    }


def shuffle_files(cluster: Cluster, task: int) -> list[Path]:
    """The files in which this task has left rows for the next stage."""
    return list(cluster.work.rglob(f"shuffle_*_{task}_0.*"))


def test_rows_that_an_executor_was_writing_when_it_was_killed_are_in_the_table_once(
    cluster: Cluster, notes: Notes, late: Late
) -> None:
    upload(cluster.lake, FILES)
    run = cluster.submit("noted", *notes.arguments, *METRICS)

    number = waited_for("a task that writes", lambda: late.task)
    [killed] = [task for task in notes.tasks() if task.number == number]
    os.kill(killed.executor, signal.SIGKILL)
    check(cluster, run)

    assert len(notes.tasks(killed.partition)) == 2
    assert staged(cluster.lake) == []
    # Its file arrives when the run has ended.
    late.release.set()
    waited_for("the late file", late.arrived)
    assert rows(cluster.lake, "noted") == expected(FILES)


def test_a_file_that_a_slow_attempt_writes_late_is_not_in_the_table(
    cluster: Cluster, notes: Notes, late: Late
) -> None:
    upload(cluster.lake, FILES)
    late.before_the_listing = True
    run = cluster.submit("noted", *notes.arguments, *METRICS, **SPECULATION)

    check(cluster, run)

    assert late.listed == late.path
    [slow] = [task for task in notes.tasks() if task.number == late.task]
    quick = notes.tasks(slow.partition)[-1]
    assert (quick.attempt, quick.executor != slow.executor) == (1, True)


def test_a_run_that_is_killed_in_its_commit_is_put_right_by_a_repeat(
    cluster: Cluster, notes: Notes, late: Late
) -> None:
    older = {key: as_json(content(range(40))) for key in FILES}
    upload(cluster.lake, older)
    late.holds = ("COPY", IN_THE_TABLE)
    late.task = 0
    cluster.submit("noted").log()
    assert rows(cluster.lake, "noted") == expected(older)

    upload(cluster.lake, FILES)
    late.task = None
    run = cluster.submit("noted")
    waited_for("a commit", lambda: late.task)
    run.kill()
    # S3 does what it was asked for, also when the one who asked is gone.
    late.release.set()
    waited_for("the file", late.arrived)
    left = rows(cluster.lake, "noted")
    for key in FILES:
        uri = f"s3://{BRONZE}/{key}"
        of_the_file = [row for row in left if row["source_object"] == uri]
        new = expected({key: FILES[key]})
        old = expected({key: older[key]})
        assert of_the_file in (old, new, sorted(old + new, key=str))

    check(cluster, cluster.submit("noted", *notes.arguments, *METRICS))


def test_a_slow_task_is_computed_twice_and_counted_once(cluster: Cluster, notes: Notes) -> None:
    upload(cluster.lake, FILES)
    notes.hold(0)
    run = cluster.submit("noted", *notes.arguments, *METRICS, "--shuffled", "yes", **SPECULATION)

    check(cluster, run)

    assert [task.attempt for task in notes.tasks(0)] == [0, 1]


def test_rows_of_a_stage_that_is_repeated_for_lost_files_are_counted_once(
    cluster: Cluster, notes: Notes
) -> None:
    upload(cluster.lake, FILES)
    notes.hold(2)
    run = cluster.submit("noted", *notes.arguments, *METRICS, "--shuffled", "yes")

    notes.task(2)
    left = notes.task(0).number
    lost = waited_for("rows for the next stage", lambda: both(shuffle_files(cluster, left)))
    for path in lost:
        path.unlink()
    notes.release()
    check(cluster, run)

    assert len(notes.tasks(0)) > 1


def both(files: list[Path]) -> list[Path] | None:
    return files if {path.suffix for path in files} >= {".data", ".index"} else None


def test_rows_of_a_lost_executor_that_are_computed_again_in_the_same_stage_are_counted_once(
    cluster: Cluster, notes: Notes
) -> None:
    upload(cluster.lake, FILES)
    notes.hold(1)
    notes.hold(2)
    run = cluster.submit("noted", *notes.arguments, *METRICS, "--shuffled", "yes")

    # The last task begins when Spark has the result of the first one, of the same executor.
    last, first = notes.task(2), notes.task(0)
    assert last.executor == first.executor
    os.kill(first.executor, signal.SIGKILL)
    notes.task(0, attempts=2)
    notes.release()
    check(cluster, run)


SPECULATION: dict[str, Any] = {
    "spark__speculation": "true",
    "spark__speculation__interval": "100ms",
    "spark__speculation__multiplier": "1.1",
    "spark__speculation__quantile": "0.3",
    "spark__speculation__minTaskRuntime": "100ms",
}
