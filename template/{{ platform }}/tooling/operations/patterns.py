# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Match event patterns like EventBridge, and reject the patterns that EventBridge rejects.

A pattern has the structure of the event. Every field must match (AND), each by one of a list of
matchers (OR). As in EventBridge, a dot in a name is a step of the path, in patterns and in events,
and the fields of a pattern that are in one array must match in the same element of it. This module
also rejects patterns that EventBridge interprets differently than they look: a field within $or
and beside it (the last is kept), and a field named $or.
"""

import ipaddress
import itertools
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from operations.wildcards import MOST_BEGINNINGS, beginnings_at_once, tokens

_ABSENT = object()
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_WITHIN_ANYTHING_BUT = ("prefix", "suffix", "equals-ignore-case", "wildcard")

Elements = Mapping[int, int]
"""The element of each array that a value is in: by the array, its index."""
Fields = Mapping[str, Sequence[tuple[Any, Elements]]]
"""The values of an event by their dotted paths; objects, and arrays without a value, are none."""
Alternative = Mapping[str, Sequence[Any]]
"""The matchers of a pattern without $or, by the dotted paths of their fields."""


class PatternError(ValueError):
    """EventBridge would reject this pattern, or this module does not support its operator."""


def matches(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Whether every field of the pattern matches the event.

    Raises:
        PatternError: the pattern is invalid, whether or not the event matches up to there.
    """
    check(pattern)
    fields: dict[str, list[tuple[Any, Elements]]] = {}
    numbers = itertools.count()
    for path, value, elements in _fields("", event, {}, numbers):
        fields.setdefault(path, []).append((value, elements))
    return any(_matches(sorted(each.items()), fields, {}) for each in _alternatives(pattern))


def check(pattern: Any) -> set[str]:
    """Check a pattern and return its fields, as dotted paths.

    Raises:
        PatternError: EventBridge would reject it or interpret it differently.
    """
    paths = _checked(pattern)
    for matchers in (matchers for each in _alternatives(pattern) for matchers in each.values()):
        texts = [text for matcher in matchers for text in _wildcards_of(matcher)]
        if beginnings_at_once(texts) > MOST_BEGINNINGS:
            raise PatternError(
                f"expected a simpler pattern, found {', '.join(texts)}, which EventBridge refuses as "
                "too complex: use fewer * or fewer repeated characters after a *"
            )
    return paths


def _checked(pattern: Any) -> set[str]:
    if not isinstance(pattern, Mapping) or not pattern:
        raise PatternError(f"expected an object with at least one field, found {pattern!r}")
    paths: set[str] = set()
    for name, expected in pattern.items():
        if name == "$or":
            if not isinstance(expected, list) or len(expected) < 2:
                raise PatternError(f"expected a list of patterns after $or, found {expected!r}")
            found = set().union(*[_checked(alternative) for alternative in expected])
        elif isinstance(expected, list):
            if not expected:
                raise PatternError(f"expected at least one value for {name}, found an empty list")
            for matcher in expected:
                _matches_value(matcher, "")
            found = {name}
        else:
            found = {f"{name}.{path}" for path in _checked(expected)}
        if paths & found:
            raise PatternError(f"expected each field once, found {paths & found} twice")
        paths |= found
    return paths


def _alternatives(pattern: Mapping[str, Any], path: str = "") -> Iterator[Alternative]:
    """The patterns without $or that a pattern stands for, of which one must match."""
    parts: list[list[Alternative]] = []
    for name, expected in pattern.items():
        if name == "$or":
            parts.append([one for each in expected for one in _alternatives(each, path)])
        elif isinstance(expected, Mapping):
            parts.append(list(_alternatives(expected, f"{path}{name}.")))
        else:
            parts.append([{f"{path}{name}": expected}])
    for chosen in itertools.product(*parts):
        yield {field: matchers for part in chosen for field, matchers in part.items()}


def _fields(
    path: str, value: Any, elements: Elements, numbers: Iterator[int]
) -> Iterator[tuple[str, Any, Elements]]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from _fields(f"{path}.{name}" if path else name, each, elements, numbers)
    elif isinstance(value, list):
        array = next(numbers)
        for index, each in enumerate(value):
            inner = isinstance(each, Mapping | list)
            within = {**elements, array: index} if inner else elements
            yield from _fields(path, each, within, numbers)
    else:
        yield path, value, elements


def _matches(wanted: Sequence[tuple[str, Sequence[Any]]], fields: Fields, chosen: Elements) -> bool:
    """Whether there is a value for each field, so that no array has two elements in use.

    A field is also missing if only elements that are not in use have it. EventBridge looks at the
    fields in the order of their paths, so only the earlier ones decide which elements are in use.
    """
    if not wanted:
        return True
    (path, matchers), *rest = wanted
    together = [
        (value, elements)
        for value, elements in fields.get(path, [])
        if all(chosen.get(array, index) == index for array, index in elements.items())
    ]
    return any(
        _matches(rest, fields, {**chosen, **elements})
        for value, elements in together or [(_ABSENT, {})]
        if any(_matches_value(matcher, value) for matcher in matchers)
    )


def _wildcards_of(matcher: Any) -> list[str]:
    """The texts of a matcher in which * is special."""
    match matcher:
        case {"wildcard": str(text)} | {"anything-but": {"wildcard": str(text)}}:
            return [text]
        case {"anything-but": {"wildcard": [*texts]}}:
            return texts
    return []


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
    if name == "cidr":
        return _is_address_in(_network(operand), value)
    if name == "anything-but":
        excluded = _excluded(operand)
        return value is not _ABSENT and not any(_matches_value(each, value) for each in excluded)
    return isinstance(_text_operator(name, operand)(value), re.Match)


def _network(operand: Any) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        address, _, bits = operand.partition("/")
        return ipaddress.ip_network((address, int(bits)), strict=False)
    except (AttributeError, ValueError):
        raise PatternError(f"expected a network such as 10.0.0.0/24, found {operand!r}") from None


def _is_address_in(network: ipaddress.IPv4Network | ipaddress.IPv6Network, value: Any) -> bool:
    try:
        return isinstance(value, str) and ipaddress.ip_address(value) in network
    except ValueError:
        return False


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
    return "".join(".*" if token is None else re.escape(token) for token in tokens(text))
