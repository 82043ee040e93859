"""Progress on standard error: a counter on a terminal, a few lines elsewhere."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TextIO, TypeVar

T = TypeVar("T")

Say = Callable[[str], None]
"""Prints one line of progress."""

Counting = Callable[[str, Sequence[Any]], Iterator[Any]]
"""Yields the items one by one and reports progress; the text names the items."""

_ON_A_TERMINAL, _ELSEWHERE = 0.1, 5.0
"""Seconds between two reports."""


def uncounted(things: str, items: Sequence[T]) -> Iterator[T]:
    """Yield the items without reporting progress."""
    return iter(items)


def counted(things: str, items: Sequence[T], stream: TextIO | None = None) -> Iterator[T]:
    """Yield the items while reporting how many are rendered: `Rendering layers: 37 of 100`.

    On a terminal the line is overwritten, and cleared at the end. Elsewhere there is a line every
    five seconds, and one at the end if there was another before.
    """
    stream = stream or sys.stderr
    terminal = stream.isatty() and os.environ.get("TERM") != "dumb"
    interval = _ON_A_TERMINAL if terminal else _ELSEWHERE
    width = 0
    reported = time.monotonic() - (interval if terminal else 0)
    try:
        for number, item in enumerate(items, start=1):
            if time.monotonic() - reported >= interval:
                line = f"Rendering {things}: {number} of {len(items)} ..."
                # The cursor returns to the start of the line: an error message overwrites it.
                end = "\r" if terminal else "\n"
                print(f"{line:<{width}}", end=end, file=stream, flush=True)
                reported, width = time.monotonic(), len(line)
            yield item
        if width and not terminal:
            print(f"Rendering {things}: {len(items)} of {len(items)}.", file=stream, flush=True)
    finally:
        if terminal and width:
            print(f"{'':<{width}}", end="\r", file=stream, flush=True)
