# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Print rows as a table or as JSON."""

import itertools
import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from operations.times import shown

_NARROWEST = 10

Row = Mapping[str, Any]
"""A row: values by column. All rows of a table have the same columns."""


def as_table(rows: Sequence[Row], width: int | None = None) -> str:
    """A table with aligned columns, and numbers right-aligned. Empty without rows.

    width: the most characters of a line. Wider texts continue in the next line of their cell, and a
    long word, such as a key, is shortened in its middle. A table that still does not fit is printed
    as a paragraph for each row.
    """
    if not rows:
        return ""
    names = list(rows[0])
    cells = [names, *([_text(row[name]) for name in names] for row in rows)]
    right = [all(isinstance(row[name], int | float | None) for row in rows) for name in names]
    widths = [max(len(line[column]) for line in cells) for column in range(len(names))]
    if width is not None and not _narrow(widths, right, width):
        return "\n\n".join(_paragraph(names, line, width) for line in cells[1:])
    return "\n".join(line for each in cells for line in _lines(each, widths, right))


def as_line(row: Row) -> str:
    """A row as one line, for rows that are printed as they come."""
    return "  ".join(_text(value) for value in row.values() if value is not None)


def _narrow(widths: list[int], right: Sequence[bool], width: int) -> bool:
    """Make the widest columns of text narrower until a line fits; False if it cannot."""
    while sum(widths) + 2 * (len(widths) - 1) > width:
        widest = max(
            (column for column, number in enumerate(right) if not number),
            key=widths.__getitem__,
            default=None,
        )
        if widest is None or widths[widest] <= _NARROWEST:
            return False
        widths[widest] -= 1
    return True


def _lines(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> Iterator[str]:
    wrapped = [_wrapped(cell, width) for cell, width in zip(cells, widths, strict=True)]
    for parts in itertools.zip_longest(*wrapped, fillvalue=""):
        yield "  ".join(
            part.rjust(width) if to_the_right else part.ljust(width)
            for part, width, to_the_right in zip(parts, widths, right, strict=True)
        ).rstrip()


def _paragraph(names: Sequence[str], cells: Sequence[str], width: int) -> str:
    label = max(map(len, names))
    widths = [label, max(width - label - 2, _NARROWEST)]
    pairs = (pair for pair in zip(names, cells, strict=True) if pair[1])
    return "\n".join(line for pair in pairs for line in _lines(pair, widths, [False, False]))


def _wrapped(text: str, width: int) -> list[str]:
    if len(text) <= width:
        return [text]
    words = (word if len(word) <= width else _shortened(word, width) for word in text.split(" "))
    return textwrap.wrap(" ".join(words), width, break_long_words=False, break_on_hyphens=False)


def _shortened(word: str, width: int) -> str:
    end = (width - 1) // 2
    return f"{word[: width - 1 - end]}\u2026{word[len(word) - end :]}"


def as_json(rows: Sequence[Row]) -> str:
    """A JSON array of objects, with times in ISO 8601."""
    return json.dumps(list(rows), indent=2, ensure_ascii=False, default=_iso)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return shown(value)
    if isinstance(value, float):
        return f"{value:.4f}" if abs(value) < 1 else f"{value:.2f}"
    # A line break or an escape sequence in a key must not break the table.
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(value))


def _iso(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"expected a JSON value, found {value!r}")
