# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Metrics of a run, in CloudWatch's embedded metric format.

CloudWatch extracts the numbers from the log lines, without further lines or API calls. AWS charges
0.30 USD per month (0.10 from the ten-thousandth on) for each metric and set of dimensions, prorated
by the hours in which it is written. With `environment`, there are two sets, one for each trigger,
however many jobs there are: 16 metrics, at most 4.80 USD. With `job`, a thousand jobs add 16000
metrics: at most 3600 USD, or 150 USD if each job runs once a day. For queries, the log has the
numbers by job in any case.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import math
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from glue_runtime import settings
from glue_runtime.errors import ArgumentError
from glue_runtime.observe.events import EVENTS, LogEvent

LEVELS: dict[str, list[list[str]]] = {
    "off": [],
    "environment": [["trigger_type"]],
    "job": [["trigger_type"], ["job_name", "trigger_type"]],
}
"""The sets of dimensions for each value of --run_metrics."""

UNITS = {name: unit for event in EVENTS.values() for name, unit in event.metrics.items()}
"""The metrics and their units. A run logs each metric once, except those of several loads, which
CloudWatch adds up."""

_dimensions: list[list[str]] = LEVELS["off"]


def switch(level: str | None) -> None:
    """Set the metrics level of this process; None turns metrics off.

    Raises:
        ArgumentError: there is no such level.
    """
    global _dimensions
    if (level or "off") not in LEVELS:
        raise ArgumentError(
            f"expected --run_metrics to be one of {', '.join(LEVELS)}, found {level!r}"
        )
    _dimensions = LEVELS[level or "off"]


def embedded(event: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that turn the numbers of a log line into metrics; empty without numbers.

    A line without the fields of a run has no dimensions, and so no metrics.
    """
    dimensions = [each for each in _dimensions if all(name in event for name in each)]
    known = EVENTS.get(event.get("event", ""), LogEvent(""))
    counted = {known.counts: 1} if known.counts else {}
    numbers = {**event, **counted}
    metrics = [
        {"Name": metric, "Unit": unit}
        for metric, unit in known.metrics.items()
        if _is_number(numbers.get(metric))
    ]
    if not dimensions or not metrics:
        return {}
    namespace = f"{settings.LAKE_PREFIX}-{event.get('environment')}"
    described = {"Namespace": namespace, "Dimensions": dimensions, "Metrics": metrics}
    stamp = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [described]}
    return {**counted, "_aws": stamp}


def lag(uploaded_at: str | None) -> dict[str, float]:
    """`lag_seconds` since the time of the object's S3 event (2024-01-15T10:30:00Z).

    Empty without a valid time: metrics must not fail a run.
    """
    try:
        arrived = datetime.fromisoformat(uploaded_at or "")
        return {"lag_seconds": round((datetime.now(UTC) - arrived).total_seconds(), 3)}
    except (ValueError, TypeError):
        return {}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
