# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Count rows while they are processed, so that a number in the log needs no second pass."""

import re
import threading
import uuid

from pyspark.sql import Column, DataFrame, Observation
from pyspark.sql import functions as F

_PARTIAL_OR_REPEATED = re.compile(
    r"(GlobalLimit|LocalLimit|Offset|Tail|Sample|Sort \[.*\], true|RepartitionByExpression) ?"
)
# The filter is the runtime's own, which drops invalid rows.
_MAPS_ROWS = re.compile(r"Project |SubqueryAlias |CollectMetrics |Filter \(_verdict#\d+ = 0\)$")


class RowCount:
    """Counts the rows at one point of a DataFrame during the first action on it."""

    def __init__(self) -> None:
        self._name = f"rows_{uuid.uuid4().hex}"
        self._observation = Observation(self._name)

    def watch(self, df: DataFrame, **more: Column) -> DataFrame:
        """Return the same rows and count them; `more` are further aggregates. Call it once."""
        named = [each.alias(name) for name, each in more.items()]
        return df.observe(self._observation, F.count(F.lit(1)).alias("rows"), *named)

    def is_passed_once_by(self, df: DataFrame) -> bool:
        """Whether a query on `df` processes every row at this point exactly once.

        A limit stops early; a sort or range partitioning samples its input first; a self-join reads
        it twice.
        """
        plan = str(df._jdf.queryExecution().optimizedPlan().toString())
        return plan.count(self._name) == 1 and not _PARTIAL_OR_REPEATED.search(plan)

    def is_kept_by(self, df: DataFrame) -> bool:
        """Whether a query on `df` only maps rows, and so returns one row for each row here."""
        plan = str(df._jdf.queryExecution().analyzed().toString())
        before, passes_here, _ = plan.partition(self._name)
        steps = before.splitlines()[:-1]
        return bool(passes_here) and all(_MAPS_ROWS.match(step.lstrip(" :+-")) for step in steps)

    def values(self, timeout: float = 10.0) -> dict[str, int | None] | None:
        """The number of ``rows`` and the further aggregates; None if no action has run.

        ``Observation.get`` waits forever without an action, so it runs in a separate thread for at
        most `timeout` seconds; after an action it returns within milliseconds.
        """
        found: list[dict[str, int | None]] = []
        waiting = threading.Thread(
            target=lambda: found.append(dict(self._observation.get)), daemon=True
        )
        waiting.start()
        waiting.join(timeout)
        return found[0] if found else None
