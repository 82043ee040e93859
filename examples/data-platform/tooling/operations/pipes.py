# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Evaluate pipes like EventBridge: which messages of its queue a pipe passes on, and in which form."""

import json
import re
from collections.abc import Mapping
from typing import Any

from operations.patterns import matches
from operations.transformer import transform

_PATH = re.compile(r"<(\$[^<>]*)>")


def passes(pipe: Mapping[str, Any], body: str) -> bool:
    """Whether one of the filters matches a message of this text; without filters, each message passes.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-event-filtering.html

    Raises:
        PatternError: EventBridge would reject a filter.
    """
    filters = pipe.get("SourceParameters", {}).get("FilterCriteria", {}).get("Filters", [])
    return not filters or any(
        matches(json.loads(each["Pattern"]), _record(body)) for each in filters
    )


def passed(pipe: Mapping[str, Any], body: str) -> Any:
    """What the target receives for a message of this text, in a list with those of others.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-input-transformation.html

    Raises:
        TransformerError: the template does not give JSON.
    """
    template = pipe.get("TargetParameters", {}).get("InputTemplate")
    if not template:
        return {"body": body}
    paths = {f"p{number}": path for number, path in enumerate(_PATH.findall(template))}
    names = iter(paths)
    text = _PATH.sub(lambda _: f"<{next(names)}>", template)
    return json.loads(transform(_record(body), paths, text))


def limits(pipe: Mapping[str, Any]) -> tuple[int, int]:
    """The most messages of a batch, and the seconds for which the pipe waits for them."""
    found = pipe.get("SourceParameters", {}).get("SqsQueueParameters", {})
    return found.get("BatchSize", 10), found.get("MaximumBatchingWindowInSeconds", 0)


def _record(body: str) -> dict[str, Any]:
    """A message as filters and templates see it: a body of JSON is not text there."""
    try:
        return {"body": json.loads(body)}
    except ValueError:
        return {"body": body}
