# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Print rows as a table or as JSON."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from operations.times import shown

Row = Mapping[str, Any]
"""A row: values by column. All rows of a table have the same columns."""


def as_table(rows: Sequence[Row]) -> str:
    """A table with aligned columns, and numbers right-aligned. Empty without rows."""
    if not rows:
        return ""
    names = list(rows[0])
    cells = [names, *([_text(row[name]) for name in names] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(names))]
    right = [all(isinstance(row[name], int | float | None) for row in rows) for name in names]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if to_the_right else cell.ljust(width)
            for cell, width, to_the_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in cells
    )


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
