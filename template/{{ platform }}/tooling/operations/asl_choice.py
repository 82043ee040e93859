# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Evaluate the first state of a state machine, a choice."""

import json
import re
from collections.abc import Mapping
from typing import Any

_ABSENT = object()


class ChoiceError(ValueError):
    """The machine uses a comparison that this module does not support."""


def next_state(definition: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    """The state that follows the first one for this input.

    Raises:
        ChoiceError: the first state is not a choice, or has an unsupported comparison.
    """
    first = definition["States"][definition["StartAt"]]
    if first["Type"] != "Choice":
        raise ChoiceError(f"expected a choice as first state, found {first['Type']}")
    for choice in first["Choices"]:
        if all(_holds(condition, given) for condition in choice.get("And", [choice])):
            return str(choice["Next"])
    return str(first["Default"])


def runs_object(definition: Mapping[str, Any], state: str) -> bool:
    """Whether a state runs the job for one object, not for the directory."""
    arguments = definition["States"][state].get("Parameters", {}).get("Arguments", {})
    return "--object_key.$" in arguments


def _holds(condition: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
    value = _at(given, condition["Variable"])
    if "IsPresent" in condition:
        return (value is not _ABSENT) is condition["IsPresent"]
    if "StringEquals" in condition:
        return bool(value == condition["StringEquals"])
    if "StringMatches" in condition:
        return isinstance(value, str) and _matches(condition["StringMatches"], value)
    raise ChoiceError(
        f"expected IsPresent, StringEquals or StringMatches, found {json.dumps(condition)}"
    )


def _at(given: Mapping[str, Any], path: str) -> Any:
    value: Any = given
    for name in path.removeprefix("$.").split("."):
        if not isinstance(value, Mapping) or name not in value:
            return _ABSENT
        value = value[name]
    return value


def _matches(pattern: str, value: str) -> bool:
    """Only * is special, unless a backslash escapes it."""
    parts = re.findall(r"\\[*\\]|\*|[^*\\]+", pattern)
    expression = "".join(
        ".*" if part == "*" else re.escape(part.removeprefix("\\")) for part in parts
    )
    return re.fullmatch(expression, value, re.DOTALL) is not None
