# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Match event patterns like EventBridge, and reject the patterns that EventBridge rejects.

A pattern has the structure of the event. Every field must match (AND), each by one of a list of
matchers (OR). This module also rejects cidr, and patterns that EventBridge interprets differently
than they look: a name with a dot (a path), a field within $or and beside it (the last is kept), a
field named $or.
"""

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_ABSENT = object()
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_WITHIN_ANYTHING_BUT = ("prefix", "suffix", "equals-ignore-case", "wildcard")


class PatternError(ValueError):
    """EventBridge would reject this pattern, or this module does not support its operator."""


def matches(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Whether every field of the pattern matches the event.

    Raises:
        PatternError: the pattern is invalid, whether or not the event matches up to there.
    """
    check(pattern)
    return _matches_fields(pattern, event)


def check(pattern: Any) -> set[str]:
    """Check a pattern and return its fields, as dotted paths.

    Raises:
        PatternError: EventBridge would reject it or interpret it differently.
    """
    if not isinstance(pattern, Mapping) or not pattern:
        raise PatternError(f"expected an object with at least one field, found {pattern!r}")
    paths: set[str] = set()
    for name, expected in pattern.items():
        if "." in name:
            raise PatternError(f"expected an object for each step, found the name {name}")
        if name == "$or":
            if not isinstance(expected, list) or len(expected) < 2:
                raise PatternError(f"expected a list of patterns after $or, found {expected!r}")
            found = set().union(*[check(alternative) for alternative in expected])
        elif isinstance(expected, list):
            if not expected:
                raise PatternError(f"expected at least one value for {name}, found an empty list")
            for matcher in expected:
                _matches_value(matcher, "")
            found = {name}
        else:
            found = {f"{name}.{path}" for path in check(expected)}
        if paths & found:
            raise PatternError(f"expected each field once, found {paths & found} beside $or")
        paths |= found
    return paths


def _matches_fields(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    for name, expected in pattern.items():
        if name == "$or":
            matched = any(_matches_fields(alternative, event) for alternative in expected)
        elif isinstance(expected, Mapping):
            # One object of a list must match in every field.
            inner = [each for each in _each(event.get(name)) if isinstance(each, Mapping)]
            matched = any(_matches_fields(expected, each) for each in inner or [{}])
        else:
            # An object or an empty list is not a value: the field counts as missing.
            found = _each(event.get(name, []))
            values = [each for each in found if not isinstance(each, Mapping)] or [_ABSENT]
            matched = any(_matches_value(matcher, each) for matcher in expected for each in values)
        if not matched:
            return False
    return True


def _each(found: Any) -> Iterator[Any]:
    """The values in nested lists, or the value itself."""
    if isinstance(found, list):
        for each in found:
            yield from _each(each)
    else:
        yield found


def _matches_value(matcher: Any, value: Any) -> bool:
    if not isinstance(matcher, Mapping):
        if isinstance(matcher, list):
            raise PatternError(f"expected a value or an operator, found the list {matcher!r}")
        same = type(matcher) is type(value) or (_is_number(matcher) and _is_number(value))
        return same and bool(matcher == value)
    if len(matcher) != 1:
        raise PatternError(f"expected one operator, found {matcher!r}: use one operator per object")
    [(name, operand)] = matcher.items()
    if name == "exists" and isinstance(operand, bool):
        return (value is not _ABSENT) is operand
    if name == "numeric":
        comparisons = _comparisons(operand)
        return _is_number(value) and all(compare(value, limit) for compare, limit in comparisons)
    if name == "anything-but":
        excluded = _excluded(operand)
        return value is not _ABSENT and not any(_matches_value(each, value) for each in excluded)
    return isinstance(_text_operator(name, operand)(value), re.Match)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _comparisons(operand: Any) -> list[tuple[Callable[[Any, Any], bool], float]]:
    """The comparisons of numeric: one, or a lower limit and then a higher upper limit."""
    match operand:
        case ["=" | "<" | "<=" | ">" | ">=" as sign, limit] if _is_number(limit):
            return [(_COMPARISONS[sign], limit)]
        case [">" | ">=" as above, low, "<" | "<=" as below, high] if (
            _is_number(low) and _is_number(high) and low < high
        ):
            return [(_COMPARISONS[above], low), (_COMPARISONS[below], high)]
    raise PatternError(f"expected a comparison, or a lower and an upper limit, found {operand!r}")


def _excluded(operand: Any) -> list[Any]:
    """The values that anything-but excludes, as matchers: texts, numbers, or one text operator."""
    if not isinstance(operand, Mapping):
        values = operand if isinstance(operand, list) else [operand]
        alike = all(isinstance(each, str) for each in values) or all(map(_is_number, values))
        if not values or not alike:
            raise PatternError(f"expected texts or numbers after anything-but, found {operand!r}")
        return values
    if len(operand) != 1 or not set(operand) <= set(_WITHIN_ANYTHING_BUT):
        raise PatternError(f"expected one of {_WITHIN_ANYTHING_BUT}, found {operand!r}")
    [(name, found)] = operand.items()
    texts = found if isinstance(found, list) else [found]
    empty_affix = "" in texts and name in ("prefix", "suffix")
    if not texts or empty_affix or not all(isinstance(each, str) for each in texts):
        raise PatternError(f"expected texts in anything-but {name}, found {found!r}")
    return [{name: text} for text in texts]


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
    literal = _any_case(operand) if ignoring_case else re.escape(operand)
    if name == "prefix":
        expression = f"{literal}.*"
    elif name == "suffix":
        expression = f".*{literal}"
    elif name == "equals-ignore-case":
        expression = _any_case(operand)
    elif name == "wildcard":
        expression = _wildcard(operand)
    else:
        raise PatternError(f"expected an operator of EventBridge, found {name}")
    compiled = re.compile(expression, re.DOTALL)
    return lambda value: compiled.fullmatch(value) if isinstance(value, str) else None


def _any_case(text: str) -> str:
    """A pattern of each letter in either case: ß matches SS too, k not the Kelvin sign."""
    return "".join(
        "(?:" + "|".join(map(re.escape, (letter, letter.upper(), letter.lower()))) + ")"
        for letter in text
    )


def _wildcard(text: str) -> str:
    unescaped = re.sub(r"\\[*\\]", "x", text)
    if "**" in unescaped or "\\" in unescaped:
        raise PatternError(f"expected single * and \\ only before * or \\, found {text!r}")
    parts = re.findall(r"\\[*\\]|\*|[^*\\]+", text)
    return "".join(".*" if part == "*" else re.escape(part.removeprefix("\\")) for part in parts)
