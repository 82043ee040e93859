# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The log lines of a run."""

import json
from collections.abc import Iterator
from typing import Any

from operations.environment import Environment


def entries(environment: Environment, job: str, run_id: str) -> Iterator[dict[str, Any]]:
    """The log entries of a run, in order, without lines that are not JSON objects."""
    pages = (
        environment.client("logs")
        .get_paginator("filter_log_events")
        .paginate(logGroupName=environment.log_group(job), logStreamNamePrefix=run_id)
    )
    for page in pages:
        for line in page["events"]:
            try:
                entry = json.loads(line["message"])
            except ValueError:
                continue
            if isinstance(entry, dict):
                yield entry
