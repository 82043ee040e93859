# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Date and timestamp patterns: Spark's pattern letters, as far as they have one meaning.

https://spark.apache.org/docs/latest/sql-ref-datetime-pattern.html
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache

from glue_runtime.input.exact.grammar import DoesNotFitError

EPOCHS = {"epochSeconds": 0, "epochMillis": 3, "epochMicros": 6, "epochNanos": 9}
"""Patterns for numbers since 1970-01-01T00:00:00Z, and the power of ten of their unit in a second."""

_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_TOKEN = re.compile(
    r"'(?P<quoted>(?:[^']|'')*)'|(?P<letter>[A-Za-z])(?P=letter)*|(?P<other>.)", re.DOTALL
)
_ZONES = {
    "X": "(?:Z|[+-][0-9]{2}(?:[0-9]{2})?)", "XX": "(?:Z|[+-][0-9]{4})",
    "XXX": "(?:Z|[+-][0-9]{2}:[0-9]{2})",
    "x": "[+-][0-9]{2}(?:[0-9]{2})?", "xx": "[+-][0-9]{4}", "xxx": "[+-][0-9]{2}:[0-9]{2}",
    "Z": "[+-][0-9]{4}", "ZZ": "[+-][0-9]{4}", "ZZZ": "[+-][0-9]{4}",
}  # fmt: skip
_FIELDS = {
    "yyyy": ("year", "[0-9]{4}"), "y": ("year", "[0-9]{4}"), "yy": ("year", "[0-9]{2}"),
    "uuuu": ("year", "[0-9]{4}"),
    "MM": ("month", "[0-9]{2}"), "M": ("month", "[0-9]{1,2}"),
    "MMM": ("month", "(?:" + "|".join(name[:3] for name in _MONTHS) + ")"),
    "MMMM": ("month", "(?:" + "|".join(_MONTHS) + ")"),
    "dd": ("day", "[0-9]{2}"), "d": ("day", "[0-9]{1,2}"),
    "HH": ("hour", "[0-9]{2}"), "H": ("hour", "[0-9]{1,2}"),
    "hh": ("half", "[0-9]{2}"), "h": ("half", "[0-9]{1,2}"), "a": ("noon", "(?:AM|PM|am|pm)"),
    "mm": ("minute", "[0-9]{2}"), "m": ("minute", "[0-9]{1,2}"),
    "ss": ("second", "[0-9]{2}"), "s": ("second", "[0-9]{1,2}"),
    **{"S" * count: ("fraction", f"[0-9]{{1,{count}}}") for count in range(1, 10)},
    **{letters: ("zone", pattern) for letters, pattern in _ZONES.items()},
}  # fmt: skip
_LENGTH_VARIES = frozenset(
    ("M", "d", "H", "h", "m", "s", "X", "x", *("S" * count for count in range(2, 10)))
)
LETTERS = ", ".join(_FIELDS)

_DAY_FIELDS = frozenset(("year", "month", "day"))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class PatternError(ValueError):
    """A pattern is not supported; the message says why."""


@dataclass(frozen=True)
class Pattern:
    """A compiled pattern.

    expression: the texts, as a regular expression with a group per field.
    fields: the names of the groups. has_zone: whether a text may name a zone.
    """

    expression: re.Pattern[str]
    fields: frozenset[str]

    @property
    def has_zone(self) -> bool:
        """Whether a text may name a zone."""
        return "zone" in self.fields

    def read(self, text: str) -> datetime:
        """The moment, in UTC.

        Raises:
            DoesNotFitError: the text is none.
        """
        found = self.expression.fullmatch(text)
        if found is None:
            raise DoesNotFitError(text)
        try:
            return _moment(found.groupdict())
        except (ValueError, OverflowError):
            raise DoesNotFitError(text) from None

    def read_day(self, text: str) -> date:
        """The day. Raises: see `read`."""
        return self.read(text).date()


@cache
def compiled(pattern: str, *, is_day: bool) -> Pattern:
    """Compile a pattern. is_day: whether it is one for days.

    Raises:
        PatternError: it is not supported, or does not determine a day.
    """
    parts = [*_parts(pattern)]
    fields = [part.field for part in parts if part.field]
    if twice := sorted({field for field in fields if fields.count(field) > 1}):
        raise PatternError(f"the {twice[0]} twice")
    if missing := sorted(_DAY_FIELDS - {*fields}):
        raise PatternError(f"no {missing[0]}")
    if ("half" in fields) != ("noon" in fields):
        raise PatternError("h without a, or a without h")
    if "half" in fields and "hour" in fields:
        raise PatternError("both H and h")
    if is_day and not {*fields} <= _DAY_FIELDS:
        raise PatternError("a time of day")
    expression = re.compile("".join(part.expression for part in parts), re.DOTALL)
    return Pattern(expression, frozenset(fields))


def epoch_reader(power: int) -> Callable[[str], datetime]:
    """A function that reads a number since 1970. power: that of its unit in a second.

    The function raises DoesNotFitError if the number is not a whole number of microseconds.
    """

    def read(text: str) -> datetime:
        if re.fullmatch("[+-]?[0-9]{1,30}", text) is None:
            raise DoesNotFitError(text)
        micros, rest = divmod(int(text) * 10**6, 10**power)
        if rest:
            raise DoesNotFitError(text)
        try:
            return _EPOCH + timedelta(microseconds=micros)
        except OverflowError:
            raise DoesNotFitError(text) from None

    return read


@dataclass(frozen=True)
class _Part:
    """A part of a pattern. field: the name of its group, if it has one."""

    expression: str
    field: str | None = None


def _parts(pattern: str) -> Iterator[_Part]:
    depth, before, outside = 0, "", ""
    for token in _TOKEN.finditer(pattern):
        text = token[0]
        if token["quoted"] is not None or token["other"] not in (None, *"[]{}#'"):
            literal = text if token["other"] else token["quoted"].replace("''", "'") or "'"
            # Digits do not show where those of a field end.
            before = before if literal.isdigit() else ""
            yield _Part(re.escape(literal))
        elif token["letter"]:
            _check_field(text, before, in_brackets=depth > 0)
            before = text
            field, expression = _FIELDS[text]
            yield _Part(f"(?P<{field}>{expression})", field)
        elif text in "[]":
            depth += 1 if text == "[" else -1
            if depth not in (0, 1):
                raise PatternError("brackets within brackets, or without their pair")
            # What follows the brackets may also follow what is before them.
            if text == "[":
                outside = before
            elif outside in _LENGTH_VARIES:
                before = outside
            yield _Part("(?:" if text == "[" else ")?")
        else:
            raise PatternError(f"{text!r}")
    if depth:
        raise PatternError("a bracket that is left open")


def _check_field(letters: str, before: str, *, in_brackets: bool) -> None:
    """Raise PatternError if a text could have no such field, or end it in two places."""
    if letters not in _FIELDS:
        raise PatternError(f"{letters!r}")
    if before in _LENGTH_VARIES and _is_digits(letters):
        raise PatternError(f"{before!r} before {letters!r}, whose lengths vary")
    if in_brackets and _FIELDS[letters][0] in _DAY_FIELDS:
        raise PatternError(f"the {_FIELDS[letters][0]} in brackets")


def _is_digits(letters: str) -> bool:
    return _FIELDS[letters][1].startswith("[0-9]")


def _moment(found: dict[str, str | None]) -> datetime:
    year = found["year"]
    day, fraction = found["day"], found.get("fraction") or ""
    assert year is not None and day is not None
    if fraction[6:].strip("0"):
        raise DoesNotFitError
    moment = datetime(
        int(year) + (2000 if len(year) == 2 else 0),
        _month(found["month"] or ""),
        int(day),
        _hour(found),
        int(found.get("minute") or 0),
        int(found.get("second") or 0),
        int(f"{fraction:0<6}"[:6]),
    )
    zone = found.get("zone")
    return moment.replace(tzinfo=_zone(zone) if zone else UTC).astimezone(UTC)


def _month(text: str) -> int:
    if text.isdigit():
        return int(text)
    return next(number for number, name in enumerate(_MONTHS, 1) if name[:3] == text[:3])


def _hour(found: dict[str, str | None]) -> int:
    half, noon = found.get("half"), found.get("noon")
    if half is None and noon is None:
        return int(found.get("hour") or 0)
    if half is None or noon is None or not 1 <= int(half) <= 12:
        raise DoesNotFitError
    return int(half) % 12 + (12 if noon.lower() == "pm" else 0)


def _zone(text: str) -> timezone:
    digits = re.sub("[^0-9]", "", text) or "00"
    hours, minutes = int(digits[:2]), int(digits[2:] or "0")
    if hours > 23 or minutes > 59:
        raise DoesNotFitError
    return timezone(timedelta(hours=hours, minutes=minutes) * (-1 if text[0] == "-" else 1))
