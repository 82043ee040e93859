# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Structured logs: one JSON object per line on stdout, as CloudWatch Logs Insights expects.

At a terminal the lines are for people, unless the environment has ``JSON=1``.
"""

import math
import os
import sys
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any, TextIO

import structlog

from glue_runtime.observe import metrics

FIELD_ORDER = (
    "timestamp",
    "level",
    "job_name",
    "job_run_id",
    "trigger_type",
    "source_bucket",
    "source_object_key",
    "event",
)

Event = MutableMapping[str, Any]


def configure_logging(stream: TextIO | None = None) -> None:
    """Send every log line of this process to `stream` (default: stdout)."""
    target = stream or sys.stdout
    structlog.configure(
        processors=[
            structlog.processors.format_exc_info,
            *(_FOR_PEOPLE if is_for_people(target) else _FOR_MACHINES),
        ],
        logger_factory=lambda *_: structlog.WriteLogger(stream or sys.stdout),
        cache_logger_on_first_use=False,
    )


def is_for_people(stream: TextIO) -> bool:
    """Whether a person reads this stream: it is a terminal, and nobody asked for JSON."""
    return stream.isatty() and not os.environ.get("JSON")


def claim_stdout() -> TextIO:
    """Reserve stdout for the log: all other output of this process and its JVM goes to stderr.

    Call it before the JVM starts, because the JVM inherits the file descriptors.
    """
    sys.stdout.flush()
    log_stream = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)
    return log_stream


def _stamp(_logger: object, method: str, event: Event) -> Event:
    event["timestamp"] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    event["level"] = "WARNING" if method == "warn" else method.upper()
    return event


def _in_order(_logger: object, _method: str, event: Event) -> Event:
    ordered = {name: event[name] for name in FIELD_ORDER if name in event}
    complete = {**ordered, **event, **metrics.embedded(event)}
    return {name: _as_json(value) for name, value in complete.items()}


def _as_json(value: object) -> object:
    """NaN and infinity are not JSON, nor are keys that are not strings."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {str(name): _as_json(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(part) for part in value]
    return value


def _in_short(_logger: object, _method: str, event: Event) -> Event:
    """Without what is the same on every line of a run, and what is not known."""
    hidden = {*FIELD_ORDER, "environment", "manifest", "schema"} - {"event"}
    shown = {name: value for name, value in event.items() if name not in hidden}
    return {
        "timestamp": datetime.now().strftime("%H:%M:%S"),
        "level": event["level"].lower(),
        **{name: value for name, value in shown.items() if value is not None},
    }


_FOR_MACHINES = (_stamp, _in_order, structlog.processors.JSONRenderer(ensure_ascii=False))
_FOR_PEOPLE = (
    _stamp,
    _in_short,
    structlog.dev.ConsoleRenderer(sort_keys=False, pad_event_to=0, pad_level=False),
)
