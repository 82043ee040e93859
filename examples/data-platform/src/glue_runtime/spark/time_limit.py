# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""A time limit for Spark's tasks: some damaged files make Spark's readers run forever."""

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pyspark.sql import SparkSession

LOOK_EVERY = 5.0
"""Seconds between two checks of the tasks."""


class TimeLimitError(Exception):
    """A task exceeded the time limit and was cancelled. seconds: the limit."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"a task took longer than {seconds:.0f} seconds")
        self.seconds = seconds


@contextmanager
def limited_tasks(spark: SparkSession, seconds: Callable[[], float | None]) -> Iterator[None]:
    """Limit the seconds per task for queries of this thread in this context; None is no limit.

    Raises:
        TimeLimitError: a task took longer; its query was cancelled.
    """
    context = spark.sparkContext
    group, ended = f"limited-{uuid.uuid4().hex}", threading.Event()
    before = context.getLocalProperty("spark.jobGroup.id")
    over: list[float] = []

    def watch() -> None:
        while not ended.wait(LOOK_EVERY):
            limit = seconds()
            if limit is not None and _longest_task(spark, group) > limit:
                over.append(limit)
                context.cancelJobGroup(group)
                return

    context.setLocalProperty("spark.jobGroup.id", group)
    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield
    except Exception as error:
        if over:
            raise TimeLimitError(over[0]) from error
        raise
    finally:
        ended.set()
        watching.join()
        context.setLocalProperty("spark.jobGroup.id", before)  # type: ignore[arg-type]


def _longest_task(spark: SparkSession, group: str) -> float:
    """The seconds that the longest-running task of a job group has taken."""
    status = spark.sparkContext.statusTracker()
    store = spark._jsc.sc().statusStore()
    longest = 0.0
    for job in status.getJobIdsForGroup(group):
        info = status.getJobInfo(job)
        for stage in info.stageIds if info and info.status == "RUNNING" else ():
            if not (running := status.getStageInfo(stage)) or not running.numActiveTasks:
                continue
            tasks = store.taskList(stage, running.currentAttemptId, 1 << 20)
            for number in range(tasks.size()):
                task = tasks.apply(number)
                if task.status() == "RUNNING" and task.duration().isDefined():
                    longest = max(longest, task.duration().get() / 1000)
    return longest
