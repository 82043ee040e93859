# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Count the queries of a run, to know whether its rows were computed exactly once."""

from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import SparkSession


class QueryCounter:
    """Counts how often a run has computed its rows: a `RowCount` is valid only after one pass.

    Otherwise an action of the job, such as ``df.limit(3).show()``, would lead to a wrong number in
    the log.
    """

    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark
        self._before = self._executions()

    @contextmanager
    def not_counting(self) -> Iterator[None]:
        """Do not count queries in this context, such as those that infer a schema."""
        before = self._executions()
        yield
        self._before += self._executions() - before

    def exactly_one(self) -> bool:
        """Whether exactly one query has run since this object was created."""
        return self._executions() - self._before == 1

    def _executions(self) -> int:
        return int(self._spark._jsparkSession.sharedState().statusStore().executionsCount())
