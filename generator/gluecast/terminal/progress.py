"""How far a command is, on standard error: one line that counts on a terminal, a few lines elsewhere."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TextIO, TypeVar

T = TypeVar("T")

Say = Callable[[str], None]
"""Where a command says what it does, a line at a time."""

Counting = Callable[[str, Sequence[Any]], Iterator[Any]]
"""Gives what it gets, an item at a time, and says its progress; the text names the items."""

_ON_A_TERMINAL, _ELSEWHERE = 0.1, 5.0
"""Seconds from one number to the next."""


def uncounted(things: str, items: Sequence[T]) -> Iterator[T]:
    """The items, and no word about them."""
    return iter(items)


def counted(things: str, items: Sequence[T], stream: TextIO | None = None) -> Iterator[T]:
    """The items, while a line says how many are rendered: `Rendering layers: 37 of 100`.

    On a terminal the line is overwritten, and gone at the end. Elsewhere it is one line at the
    beginning, and another every five seconds.
    """
    stream = stream or sys.stderr
    terminal = stream.isatty() and os.environ.get("TERM") != "dumb"
    interval = _ON_A_TERMINAL if terminal else _ELSEWHERE
    width = 0
    told = None
    try:
        for done, item in enumerate(items):
            if told is None or time.monotonic() - told >= interval:
                line = f"Rendering {things}: {done} of {len(items)} ..."
                # The cursor goes back to the beginning: what is printed next, an error, replaces it.
                end = "\r" if terminal else "\n"
                print(f"{line:<{width}}", end=end, file=stream, flush=True)
                told, width = time.monotonic(), len(line)
            yield item
    finally:
        if terminal and width:
            print(f"{'':<{width}}", end="\r", file=stream, flush=True)
