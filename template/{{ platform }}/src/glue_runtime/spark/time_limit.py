# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""A time limit for Spark's tasks: some damaged files make Spark's readers run forever."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pyspark.sql import SparkSession

LOOK_EVERY = 5.0
"""Seconds between two checks of the tasks."""


class TimeLimitError(Exception):
    """A query was cancelled because one of its tasks exceeded the time limit.

    is_starved: whether no task could start. Spark cannot stop a task that ignores the cancellation, so
        the tasks of earlier queries may occupy every core.
    """

    def __init__(self, seconds: float, *, is_starved: bool) -> None:
        happened = "no task could start for" if is_starved else "a task took longer than"
        super().__init__(f"{happened} {seconds:.0f} seconds")
        self.is_starved = is_starved


@contextmanager
def limited_tasks(spark: SparkSession, seconds: Callable[[], float | None]) -> Iterator[None]:
    """Limit the time that a task of a query of this thread may run, or wait for a core.

    seconds: returns the limit; None is no limit.

    Raises:
        TimeLimitError: a task took longer; its query was cancelled.
    """
    context = spark.sparkContext
    group, ended = f"limited-{uuid.uuid4().hex}", threading.Event()
    before = context.getLocalProperty("spark.jobGroup.id")
    over: list[TimeLimitError] = []

    def watch() -> None:
        busy = time.monotonic()
        while not ended.wait(LOOK_EVERY):
            limit, tasks = seconds(), _running_tasks(spark, group)
            if tasks is None or tasks:
                busy = time.monotonic()
            longest = max(tasks or [time.monotonic() - busy])
            if limit is not None and longest > limit:
                over.append(TimeLimitError(limit, is_starved=not tasks))
                context.cancelJobGroup(group)
                return

    context.setLocalProperty("spark.jobGroup.id", group)
    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield
    except Exception as error:
        if over:
            raise over[0] from error
        raise
    finally:
        ended.set()
        watching.join()
        context.setLocalProperty("spark.jobGroup.id", before)  # type: ignore[arg-type]


def _running_tasks(spark: SparkSession, group: str) -> list[float] | None:
    """The seconds that each running task of a job group has taken; None if no job is running."""
    status = spark.sparkContext.statusTracker()
    store = spark._jsc.sc().statusStore()
    jobs = [status.getJobInfo(job) for job in status.getJobIdsForGroup(group)]
    running = [job for job in jobs if job and job.status == "RUNNING"]
    if not running:
        return None
    seconds = []
    for stage in [stage for job in running for stage in job.stageIds]:
        if not (info := status.getStageInfo(stage)) or not info.numActiveTasks:
            continue
        tasks = store.taskList(stage, info.currentAttemptId, 1 << 20)
        for task in map(tasks.apply, range(tasks.size())):
            if task.status() == "RUNNING" and task.duration().isDefined():
                seconds.append(task.duration().get() / 1000)
    return seconds
