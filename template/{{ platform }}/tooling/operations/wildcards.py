# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The complexity of wildcard patterns, which EventBridge limits.

A pattern such as *:stack/* begins with the patterns *, *:, *:s and so on. EventBridge's matcher,
https://github.com/aws/event-ruler (MachineComplexityEvaluator), follows all beginnings that match
what it has read of a value, and refuses a rule for which these may become too many.
"""

import re
from collections.abc import Iterable, Iterator

MOST_BEGINNINGS = 10
"""EventBridge refuses rules with more; its documentation does not say the number."""

Position = tuple[int, int]
"""A beginning: the index of a pattern, and the number of its tokens."""


def tokens(text: str) -> list[str | None]:
    """The characters of a pattern; None for a * that is not escaped."""
    parts = re.findall(r"\\[*\\]|.", text, re.DOTALL)
    return [None if part == "*" else part[-1] for part in parts]


def beginnings_at_once(texts: Iterable[str]) -> int:
    """How many beginnings of these patterns one value can match at once, at least.

    The search ends at the first value for which EventBridge would refuse the patterns.
    """
    # In EventBridge's matcher, the quotes around a text are part of the value.
    patterns = [[*'"', *tokens(text), *'"'] for text in dict.fromkeys(texts)]
    # None stands for all characters that are in no pattern.
    alphabet = {token for pattern in patterns for token in pattern} | {None}
    start = frozenset((number, 0) for number in range(len(patterns)))
    seen, waiting, most = {start}, [start], 0
    while waiting and most <= MOST_BEGINNINGS:
        positions = waiting.pop()
        for character in alphabet:
            reached = frozenset(_after(patterns, positions, character))
            most = max(most, len(reached))
            if reached not in seen:
                seen.add(reached)
                waiting.append(reached)
    return most


def _after(
    patterns: list[list[str | None]], positions: Iterable[Position], character: str | None
) -> Iterator[Position]:
    """The beginnings that match after one more character."""
    for number, length in positions:
        pattern = patterns[number]
        if length and pattern[length - 1] is None:
            yield number, length
        if length < len(pattern) and character is not None and pattern[length] == character:
            yield number, length + 1
            if length + 1 < len(pattern) and pattern[length + 1] is None:
                yield number, length + 2
