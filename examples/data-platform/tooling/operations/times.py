# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Parse and format points in time."""

import re
from datetime import UTC, datetime, timedelta

from operations.errors import OperationError

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def point_in_time(text: str, now: datetime | None = None) -> datetime:
    """Parse 90m, 2h or 7d (ago), or 2024-01-15 or 2024-01-15T10:30 in UTC.

    Raises:
        OperationError: the text has another form.
    """
    if ago := re.fullmatch(r"([0-9]+)([mhd])", text):
        try:
            return (now or datetime.now(UTC)) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        except OverflowError:
            raise OperationError(
                f"expected a time after the year 1, found {text}; AWS keeps runs for 90 days"
            ) from None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise OperationError(
            f"expected a time such as 2h, 7d, 2024-01-15 or 2024-01-15T10:30, found {text}"
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def shown(time: datetime | None) -> str:
    """A time for a table, in UTC: 2024-01-15 10:30:00."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if time else ""
