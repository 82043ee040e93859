# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Generate keys to test a rule and its machine with, from the texts that they match.

patterns.py and asl_choice.py decide whether a key matches; this module only collects texts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Texts:
    """Prefixes and suffixes of keys, and whole keys."""

    beginnings: frozenset[str]
    endings: frozenset[str]
    whole: frozenset[str]


def texts_of(pattern: Mapping[str, Any], definition: Mapping[str, Any] | None = None) -> Texts:
    """The texts in a rule's pattern and in the choices of its machine."""
    keys = pattern.get("detail", {}).get("object", {}).get("key", [])
    wanted = [*_in_pattern(keys), *(_in_choices(definition) if definition else [])]
    return Texts(
        frozenset(beginning for beginning, _, whole in wanted if not whole),
        frozenset(ending for _, ending, whole in wanted if not whole),
        frozenset(beginning for beginning, _, whole in wanted if whole),
    )


def keys_of(*texts: Texts) -> list[str]:
    """All combinations of prefixes and suffixes, and the whole keys; sorted.

    For the texts of two rules, they include a key that both match, if there is one: it has the
    longer prefix and the longer suffix.
    """
    beginnings = frozenset[str]().union(*(each.beginnings for each in texts)) or {""}
    endings = frozenset[str]().union(*(each.endings for each in texts)) or {""}
    whole = frozenset[str]().union(*(each.whole for each in texts))
    return sorted(
        {f"{beginning}x{ending}" for beginning in beginnings for ending in endings} | whole
    )


def _in_pattern(keys: Any) -> Iterator[tuple[str, str, bool]]:
    """The prefix and suffix of each matcher of a pattern, and whether it matches only that text."""
    for matcher in keys:
        match matcher:
            case str(text):
                yield text, "", True
            case {"prefix": {"equals-ignore-case": str(text)}} | {"prefix": str(text)}:
                yield text, "", False
            case {"suffix": {"equals-ignore-case": str(text)}} | {"suffix": str(text)}:
                yield "", text, False
            case {"wildcard": str(text)}:
                yield _of_wildcard(text)


def _in_choices(definition: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    choices = [
        choice for state in definition["States"].values() for choice in state.get("Choices", [])
    ]
    while choices:
        condition = choices.pop()
        choices += [*condition.get("And", []), *condition.get("Or", [])]
        if "StringMatches" in condition:
            yield _of_wildcard(condition["StringMatches"])
            if condition["StringMatches"].count("*") > 1:
                yield condition["StringMatches"].replace("*", "x"), "", True


def _of_wildcard(text: str) -> tuple[str, str, bool]:
    beginning, star, _ = text.partition("*")
    return beginning, text.rpartition("*")[2], not star
