# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Counting the queries of a run, to know whether its rows have passed exactly once."""

from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import SparkSession


class QueryCounter:
    """How often a run has computed its rows: its `RowCount`s hold after exactly one pass.

    An action of the job's own, such as ``df.limit(3).show()``, would otherwise leave a wrong number
    in the log.
    """

    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark
        self._before = self._executions()

    @contextmanager
    def not_counting(self) -> Iterator[None]:
        """Leave out the queries made inside: those that find a schema are not a pass over the rows."""
        before = self._executions()
        yield
        self._before += self._executions() - before

    def exactly_one(self) -> bool:
        """Whether one query has run since this object was made."""
        return self._executions() - self._before == 1

    def _executions(self) -> int:
        return int(self._spark._jsparkSession.sharedState().statusStore().executionsCount())
