# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Evaluate the choices with which a state machine begins."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

_ABSENT = object()
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")


class ChoiceError(ValueError):
    """The machine uses a comparison that this module does not support."""


def first_run(definition: Mapping[str, Any], given: Any) -> tuple[str, str]:
    """The first state for this input that is not a choice, and what the run is over that follows.

    given: an object, or a list with one upload. over: object, batch, directory or nothing. What a rule
    accepts of a batch it accepts of a single upload too, and choices say that.

    Raises:
        ChoiceError: the first state is not a choice, or a choice has an unsupported comparison.
    """
    state = next_state(definition, given)
    over = runs_over(definition, state)
    if over == "batch" and isinstance(given, list):
        alone = next_state(definition, given[0])
        if runs_over(definition, alone) == "nothing":
            return alone, "nothing"
    return state, over


def next_state(definition: Mapping[str, Any], given: Any) -> str:
    """The first state for this input, an object or a list, that is not a choice.

    Raises:
        ChoiceError: the first state is not a choice, or a choice has an unsupported comparison.
    """
    states, name = definition["States"], str(definition["StartAt"])
    if states[name]["Type"] != "Choice":
        raise ChoiceError(f"expected a choice as first state, found {states[name]['Type']}")
    while states[name]["Type"] == "Choice":
        taken = (choice["Next"] for choice in states[name]["Choices"] if _holds(choice, given))
        name = str(next(taken, states[name]["Default"]))
    return name


def runs_over(definition: Mapping[str, Any], state: str) -> str:
    """What the run is over that follows this state, or is it: object, batch or directory; or nothing."""
    waiting, passed = [state], set()
    while waiting:
        name = waiting.pop(0)
        if name in passed:
            continue
        passed.add(name)
        found = definition["States"][name]
        if "glue:startJobRun" in found.get("Resource", ""):
            arguments = found.get("Parameters", {}).get("Arguments", {})
            over = {"--object_key.$": "object", "--manifest.$": "batch"}
            return next((over[name] for name in over if name in arguments), "directory")
        branches = [*found.get("Choices", []), found]
        waiting += [each[key] for each in branches for key in ("Next", "Default") if key in each]
    return "nothing"


def _holds(condition: Mapping[str, Any], given: Any) -> bool:
    if "And" in condition:
        return all(_holds(part, given) for part in condition["And"])
    if "Or" in condition:
        return any(_holds(part, given) for part in condition["Or"])
    value = _at(given, condition["Variable"])
    if "IsPresent" in condition:
        return (value is not _ABSENT) is condition["IsPresent"]
    for name, compare in _COMPARISONS.items():
        if name in condition:
            return compare(value, condition[name])
    raise ChoiceError(
        f"expected {', '.join(['IsPresent', *_COMPARISONS])}, found {json.dumps(condition)}"
    )


def _at(given: Any, path: str) -> Any:
    value = given
    for name, index in _STEP.findall(path):
        if index and isinstance(value, list) and int(index) < len(value):
            value = value[int(index)]
        elif name and isinstance(value, Mapping) and name in value:
            value = value[name]
        else:
            return _ABSENT
    return value


def _matches(pattern: str, value: str) -> bool:
    """Only * is special, unless a backslash escapes it."""
    parts = re.findall(r"\\[*\\]|\*|[^*\\]+", pattern)
    expression = "".join(
        ".*" if part == "*" else re.escape(part.removeprefix("\\")) for part in parts
    )
    return re.fullmatch(expression, value, re.DOTALL) is not None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "StringEquals": lambda value, text: bool(value == text),
    "StringMatches": lambda value, pattern: isinstance(value, str) and _matches(pattern, value),
    "NumericGreaterThan": lambda value, limit: _is_number(value) and value > limit,
    "NumericLessThanEquals": lambda value, limit: _is_number(value) and value <= limit,
}
