# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Count the queries of a run, to know whether its rows were computed exactly once."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from py4j.protocol import Py4JError, Py4JJavaError
from pyspark.sql import SparkSession

_PATIENCE = 30_000
"""Milliseconds in which Spark records what it has done."""


class QueryCounter:
    """Counts how often a run has computed its rows: a `RowCount` is valid only after one pass.

    Otherwise an action of the job, such as ``df.limit(3).show()``, would lead to a wrong number in
    the log.
    """

    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark
        self._before = self._executions()
        self._last_job = next((job.jobId() for job in self._newest_jobs()), -1)

    @contextmanager
    def not_counting(self) -> Iterator[None]:
        """Do not count queries in this context, such as those that infer a schema."""
        before = self._executions()
        yield
        self._before += self._executions() - before

    def exactly_one(self) -> bool:
        """Whether exactly one query has run since this object was created, and each of its tasks once.

        When a host is lost, Spark computes the rows again that it held for a next stage, and its
        counters count these rows again.
        """
        return (
            self._is_all_recorded()
            and self._executions() - self._before == 1
            and not self._has_repeated_tasks()
        )

    def _is_all_recorded(self) -> bool:
        """Wait until Spark has recorded every task that has ended, which it does in a thread of its own."""
        try:
            self._spark.sparkContext._jsc.sc().listenerBus().waitUntilEmpty(_PATIENCE)
        except Py4JError:
            return False
        return True

    def _executions(self) -> int:
        """How many queries this session has run; Spark keeps the newest thousand."""
        store = self._spark._jsparkSession.sharedState().statusStore()
        newest = _items(store.executionsList(max(store.executionsCount() - 1, 0), 1))
        return max((int(each.executionId()) + 1 for each in newest), default=0)

    def _has_repeated_tasks(self) -> bool:
        for job in self._newest_jobs():
            if job.jobId() <= self._last_job:
                break
            if any(self._is_repeated(stage) for stage in _items(job.stageIds())):
                return True
        return False

    def _newest_jobs(self) -> Iterator[Any]:
        """What Spark knows of the jobs of this session, the newest first."""
        return _items(self._status.jobsList(None))

    def _is_repeated(self, stage: int) -> bool:
        """Whether there was a second attempt of a stage, or of tasks that had ended well in the first one."""
        try:
            last = self._status.lastStageAttempt(stage)
        except Py4JJavaError:  # it was skipped
            return False
        return bool(last.attemptId() > 0 or last.numCompleteTasks() > last.numTasks())

    @property
    def _status(self) -> Any:
        return self._spark.sparkContext._jsc.sc().statusStore()


def _items(sequence: Any) -> Iterator[Any]:
    """The items of a Scala sequence."""
    items = sequence.iterator()
    while items.hasNext():
        yield items.next()
