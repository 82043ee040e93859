# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Fill input transformers like EventBridge."""

import json
import re
from collections.abc import Mapping
from typing import Any

_PLACEHOLDER = re.compile(r"<([A-Za-z0-9_.-]+)>")


class TransformerError(ValueError):
    """EventBridge would send invalid JSON, or its documentation does not define the result."""


def transform(event: Mapping[str, Any], paths: Mapping[str, str], template: str) -> str:
    """The target's input: the template with JSON values for its placeholders.

    paths: placeholder -> dotted path into the event: {"bucket": "$.detail.bucket"}.

    Raises:
        TransformerError: a placeholder is quoted (the documentation does not say whether its value
            is then escaped), has no path, or its path does not exist; or the result is not JSON.
    """
    values = {name: _at(event, path) for name, path in paths.items()}

    def filled(match: re.Match[str]) -> str:
        name = match[1]
        if name not in values:
            raise TransformerError(f"expected one of the paths {sorted(values)}, found <{name}>")
        return json.dumps(values[name], ensure_ascii=False)

    for text in re.findall(r'"(?:[^"\\]|\\.)*"', template):
        if _PLACEHOLDER.search(text):
            raise TransformerError(f"expected a placeholder without quotes, found {text}")
    result = _PLACEHOLDER.sub(filled, template).strip()
    try:
        json.loads(result)
    except ValueError as error:
        raise TransformerError(f"expected JSON, found {result!r}: {error}") from error
    return result


def _at(event: Mapping[str, Any], path: str) -> Any:
    steps = path.split(".")
    if steps[0] != "$" or not all(re.fullmatch(r"[A-Za-z0-9_-]+", step) for step in steps[1:]):
        raise TransformerError(f"expected a dotted path, such as $.detail.bucket, found {path!r}")
    value: Any = event
    for step in steps[1:]:
        if not isinstance(value, Mapping) or step not in value:
            raise TransformerError(f"expected {path} in the event, found none at {step}")
        value = value[step]
    return value
