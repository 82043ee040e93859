# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Event patterns, as EventBridge matches them; one that EventBridge refuses is refused here.

A pattern has the event's shape; every field of it must match (AND), each by one of a list of matchers
(OR). Left out, and refused: cidr.
"""

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

_ABSENT = object()
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class PatternError(ValueError):
    """EventBridge would not take this pattern, or this module does not know its operator."""


def matches(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Whether every field of the pattern matches the event.

    Raises:
        PatternError: the pattern is none; found whether or not the event gets that far.
    """
    _check(pattern)
    return _matches_fields(pattern, event)


def _check(pattern: Any) -> None:
    if not isinstance(pattern, Mapping) or not pattern:
        raise PatternError(f"expected an object with at least one field, found {pattern!r}")
    for name, expected in pattern.items():
        if name == "$or":
            if not isinstance(expected, list) or len(expected) < 2:
                raise PatternError(f"expected a list of patterns after $or, found {expected!r}")
            for alternative in expected:
                _check(alternative)
        elif isinstance(expected, list):
            if not expected:
                raise PatternError(f"expected at least one value for {name}, found an empty list")
            for matcher in expected:
                _matches_value(matcher, "")
        else:
            _check(expected)


def _matches_fields(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    for name, expected in pattern.items():
        if name == "$or":
            matched = any(_matches_fields(alternative, event) for alternative in expected)
        elif isinstance(expected, Mapping):
            inner = event.get(name)
            matched = _matches_fields(expected, inner if isinstance(inner, Mapping) else {})
        else:
            found = event.get(name, _ABSENT)
            values = found if isinstance(found, list) else [found]
            matched = any(_matches_value(matcher, each) for matcher in expected for each in values)
        if not matched:
            return False
    return True


def _matches_value(matcher: Any, value: Any) -> bool:
    if not isinstance(matcher, Mapping):
        if isinstance(matcher, list):
            raise PatternError(f"expected a value or an operator, found the list {matcher!r}")
        return type(matcher) is type(value) and bool(matcher == value)
    if len(matcher) != 1:
        raise PatternError(f"expected one operator, found {matcher!r}: each stands alone")
    [(name, operand)] = matcher.items()
    if name == "exists" and isinstance(operand, bool):
        return (value is not _ABSENT and not isinstance(value, Mapping)) is operand
    if name == "numeric" and isinstance(operand, list):
        return _numeric(operand, value)
    if name == "anything-but":
        return value is not _ABSENT and not any(
            _matches_value(each, value) for each in _excluded(operand)
        )
    return isinstance(_text_operator(name, operand)(value), re.Match)


def _numeric(operand: list[Any], value: Any) -> bool:
    signs, limits = operand[::2], operand[1::2]
    if not operand or len(signs) != len(limits) or not set(signs) <= set(_COMPARISONS):
        raise PatternError(f"expected pairs of comparison and number, found {operand!r}")
    if not all(isinstance(limit, int | float) for limit in limits):
        raise PatternError(f"expected numbers to compare with, found {operand!r}")
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return all(_COMPARISONS[sign](value, limit) for sign, limit in zip(signs, limits, strict=True))


def _excluded(operand: Any) -> list[Any]:
    """What anything-but leaves out, as matchers: values, or one operator with one or many texts."""
    if isinstance(operand, list):
        if not operand or not all(isinstance(each, str | int | float) for each in operand):
            raise PatternError(f"expected values after anything-but, found {operand!r}")
        return operand
    if isinstance(operand, Mapping):
        if len(operand) != 1:
            raise PatternError(f"expected one operator after anything-but, found {operand!r}")
        [(name, texts)] = operand.items()
        return [{name: text} for text in (texts if isinstance(texts, list) else [texts])]
    return [operand]


def _text_operator(name: str, operand: Any) -> Callable[[Any], Any]:
    ignoring_case = False
    if name in ("prefix", "suffix") and isinstance(operand, Mapping):
        if set(operand) != {"equals-ignore-case"}:
            raise PatternError(f"expected text or equals-ignore-case, found {operand!r}")
        operand, ignoring_case = operand["equals-ignore-case"], True
    if not isinstance(operand, str):
        raise PatternError(
            f"expected an operator of EventBridge with text, found {name}: {operand!r}"
        )
    literal = re.escape(operand)
    if name == "prefix":
        expression = f"{literal}.*"
    elif name == "suffix":
        expression = f".*{literal}"
    elif name == "equals-ignore-case":
        expression, ignoring_case = literal, True
    elif name == "wildcard":
        expression = _wildcard(operand)
    else:
        raise PatternError(f"expected an operator of EventBridge, found {name}")
    flags = re.DOTALL | (re.IGNORECASE if ignoring_case else 0)
    compiled = re.compile(expression, flags)
    return lambda value: compiled.fullmatch(value) if isinstance(value, str) else None


def _wildcard(text: str) -> str:
    unescaped = re.sub(r"\\[*\\]", "x", text)
    if "**" in unescaped or "\\" in unescaped:
        raise PatternError(f"expected single * and \\ only before * or \\, found {text!r}")
    parts = re.findall(r"\\[*\\]|\*|[^*\\]+", text)
    return "".join(".*" if part == "*" else re.escape(part.removeprefix("\\")) for part in parts)
