# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Counting rows while they pass, so that a number in the log costs no second pass."""

import re
import threading
import uuid

from pyspark.sql import Column, DataFrame, Observation
from pyspark.sql import functions as F

_PARTIAL_OR_REPEATED = re.compile(
    r"(GlobalLimit|LocalLimit|Offset|Tail|Sample|Sort \[.*\], true|RepartitionByExpression) ?"
)
# The filter is the runtime's own, which leaves out what does not fit.
_MAPS_ROWS = re.compile(r"Project |SubqueryAlias |CollectMetrics |Filter \(_verdict#\d+ = 0\)$")


class RowCount:
    """The rows that pass one point of a DataFrame in the first action over it."""

    def __init__(self) -> None:
        self._name = f"rows_{uuid.uuid4().hex}"
        self._observation = Observation(self._name)

    def watch(self, df: DataFrame, **more: Column) -> DataFrame:
        """The same rows, counted as they pass; `more` are further aggregates. Call it once."""
        named = [each.alias(name) for name, each in more.items()]
        return df.observe(self._observation, F.count(F.lit(1)).alias("rows"), *named)

    def is_passed_once_by(self, df: DataFrame) -> bool:
        """Whether a query over `df` takes every row past this point, and takes it once.

        A limit stops early; a sort or a partitioning by ranges reads its input a first time for
        samples; a DataFrame joined with itself is read twice.
        """
        plan = str(df._jdf.queryExecution().optimizedPlan().toString())
        return plan.count(self._name) == 1 and not _PARTIAL_OR_REPEATED.search(plan)

    def is_kept_by(self, df: DataFrame) -> bool:
        """Whether a query over `df` gives a row for each row past this point: it only maps them."""
        plan = str(df._jdf.queryExecution().analyzed().toString())
        before, passes_here, _ = plan.partition(self._name)
        steps = before.splitlines()[:-1]
        return bool(passes_here) and all(_MAPS_ROWS.match(step.lstrip(" :+-")) for step in steps)

    def values(self, timeout: float = 10.0) -> dict[str, int | None] | None:
        """The number of ``rows``, and the further aggregates; None when nothing has passed here.

        ``Observation.get`` waits forever without an action, so it waits in a thread of its own for
        at most `timeout` seconds; after an action the number is there within milliseconds.
        """
        found: list[dict[str, int | None]] = []
        waiting = threading.Thread(
            target=lambda: found.append(dict(self._observation.get)), daemon=True
        )
        waiting.start()
        waiting.join(timeout)
        return found[0] if found else None
