# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Counting rows while they pass, so that a number in the log costs no second pass."""

import re
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F

_PARTIAL_OR_REPEATED = re.compile(
    r"(GlobalLimit|LocalLimit|Offset|Tail|Sample|Sort \[.*\], true|RepartitionByExpression) ?"
)


class RowCount:
    """The rows that pass one point of a DataFrame in the first action over it."""

    def __init__(self) -> None:
        self._name = f"rows_{uuid.uuid4().hex}"
        self._observation = Observation(self._name)

    def watch(self, df: DataFrame) -> DataFrame:
        """The same rows, counted as they pass. Call it once."""
        return df.observe(self._observation, F.count(F.lit(1)).alias("rows"))

    def is_passed_once_by(self, df: DataFrame) -> bool:
        """Whether a query over `df` takes every row past this point, and takes it once.

        A limit stops early; a sort or a partitioning by ranges reads its input a first time for
        samples; a DataFrame joined with itself is read twice.
        """
        plan = str(df._jdf.queryExecution().optimizedPlan().toString())
        return plan.count(self._name) == 1 and not _PARTIAL_OR_REPEATED.search(plan)

    def value(self, timeout: float = 10.0) -> int | None:
        """The number of rows, or None when no action has passed this point.

        ``Observation.get`` waits forever without an action, so it waits in a thread of its own for
        at most `timeout` seconds; after an action the number is there within milliseconds.
        """
        found: list[int] = []
        waiting = threading.Thread(
            target=lambda: found.append(int(self._observation.get["rows"])), daemon=True
        )
        waiting.start()
        waiting.join(timeout)
        return found[0] if found else None


class Passes:
    """How often a run has computed its rows: its `RowCount`s hold after exactly one pass.

    An action of the job's own, such as ``df.limit(3).show()``, would otherwise leave a wrong number
    in the log.
    """

    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark
        self._before = self._executions()

    @contextmanager
    def not_counting(self) -> Iterator[None]:
        """Leave out the queries made inside: those that find a schema are no pass over the rows."""
        before = self._executions()
        yield
        self._before += self._executions() - before

    def exactly_one(self) -> bool:
        """Whether one query has run since this object was made."""
        return self._executions() - self._before == 1

    def _executions(self) -> int:
        return int(self._spark._jsparkSession.sharedState().statusStore().executionsCount())
