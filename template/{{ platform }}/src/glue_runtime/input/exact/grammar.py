# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""One explicit grammar per type: which texts are valid values, and which value each text has.

This module is the reference. `columns` does the same faster, and is tested against it.
"""

import base64
import binascii
import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from pyspark.sql.types import DataType, DecimalType

WHOLE = r"[+-]?[0-9]+"
NUMBER = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"
DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
MOMENT = DAY + r"[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6}0*)?)?"
ZONE = r"(Z| ?UTC|[+-][0-9]{2}(:?[0-9]{2})?)"


class DoesNotFitError(ValueError):
    """A text is not a valid value of the type."""


@dataclass(frozen=True)
class Grammar:
    """The valid texts of a type, and their values.

    pattern: a regular expression for the whole text.
    meaning: further conditions, and the value; a sentence for the page of guarantees.
    value: the value of a text that matches; raises DoesNotFitError if it has none.
    """

    pattern: str
    meaning: str
    value: Callable[[str], Any]

    def read(self, text: str) -> Any:
        """The value of a text.

        Raises:
            DoesNotFitError: it has none.
        """
        if re.fullmatch(self.pattern, text, re.DOTALL) is None:
            raise DoesNotFitError(text)
        return self.value(text)


def grammar_of(data_type: DataType) -> Grammar:
    """The grammar of a type.

    Raises:
        ValueError: text has no values of this type.
    """
    if isinstance(data_type, DecimalType):
        return _decimal_grammar(data_type.precision, data_type.scale)
    try:
        return GRAMMARS[data_type.typeName()]
    except KeyError:
        raise ValueError(
            f"expected a type that a file can have, found {data_type.simpleString().upper()}"
        ) from None


def is_printed_double(text: str) -> bool:
    """Whether a number's text determines the nearest double, and the double determines the text.

    If so, reading the text as a DOUBLE loses nothing.
    """
    try:
        printed = _parts(repr(_double(text)))
    except DoesNotFitError:
        return False
    return printed == _parts(text) or not printed[1]


def _whole_grammar(bits: int) -> Grammar:
    limit = 1 << (bits - 1)

    def value(text: str) -> int:
        digits = text.lstrip("+-").lstrip("0")
        number = int(digits or "0") if len(digits) <= 19 else limit + 1
        number = -number if text.startswith("-") else number
        if not -limit <= number < limit:
            raise DoesNotFitError(text)
        return number

    return Grammar(WHOLE, f"From -2^{bits - 1} to 2^{bits - 1} - 1.", value)


def _decimal_grammar(precision: int, scale: int) -> Grammar:
    def value(text: str) -> Decimal:
        sign, digits, exponent = _parts(text)
        if not digits:
            return Decimal((0, (0,), -scale))
        shift = exponent + scale
        if shift < 0 or len(digits) + shift > precision:
            raise DoesNotFitError(text)
        return Decimal((sign, tuple(map(int, digits + "0" * shift)), -scale))

    meaning = (
        "Exactly the number: all its digits have a place in the type, zeros at its ends aside."
    )
    return Grammar(NUMBER, meaning, value)


def _parts(text: str) -> tuple[int, str, int]:
    """The sign, the digits without zeros at either end, and their power of ten."""
    mantissa, _, power = text.lower().partition("e")
    whole, _, fraction = mantissa.lstrip("+-").partition(".")
    digits = (whole + fraction).lstrip("0")
    kept = digits.rstrip("0")
    significant = power.lstrip("+-").lstrip("0")
    if len(significant) > 9:
        significant = "9" * 9
    exponent = int(significant or "0") * (-1 if power.startswith("-") else 1)
    return int(text.startswith("-")), kept, exponent - len(fraction) + len(digits) - len(kept)


def _double(text: str) -> float:
    value = float(text)
    if abs(value) == float("inf") or (value == 0 and _parts(text)[1]):
        raise DoesNotFitError(text)
    return value


def _float(text: str) -> float:
    """The nearest four-byte number; rounding to a double first may give another one."""
    double = _double(text)
    try:
        middle = struct.unpack("<f", struct.pack("<f", double))[0]
    except OverflowError:
        raise DoesNotFitError(text) from None
    [bits] = struct.unpack("<I", struct.pack("<f", abs(middle)))
    near = [
        struct.unpack("<f", struct.pack("<I", number))[0]
        for number in (bits, bits - 1, bits + 1)
        if 0 <= number < 0x7F800000
    ]
    exact = abs(Fraction(Decimal(text))) if double else Fraction(0)
    # Of two equally near numbers, take the one with an even last bit, as in IEEE 754.
    found = min(near, key=lambda one: (abs(Fraction(one) - exact), _last_bit(one)))
    if found == 0 and double:
        raise DoesNotFitError(text)
    return float(-found if text.startswith("-") else found)


def _last_bit(value: float) -> int:
    return int(struct.pack("<f", value)[0]) & 1


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise DoesNotFitError(text) from None


def _moment(text: str) -> datetime:
    """Date and time without a zone."""
    seconds, _, fraction = text[17:].partition(".")
    try:
        year, month, day = int(text[:4]), int(text[5:7]), int(text[8:10])
        hour, minute, second = int(text[11:13]), int(text[14:16]), int(seconds or "0")
        return datetime(year, month, day, hour, minute, second, int(f"{fraction:0<6}"[:6]))
    except ValueError:
        raise DoesNotFitError(text) from None


def _timestamp(text: str) -> datetime:
    [local] = re.findall(f"^{MOMENT.replace('(', '(?:')}", text)
    zone = text[len(local) :]
    moment = _moment(local)
    digits = re.sub("[^0-9]", "", zone)
    if not digits:
        return moment.replace(tzinfo=UTC)
    hours, minutes = int(digits[:2]), int(digits[2:] or "0")
    if hours > 23 or minutes > 59:
        raise DoesNotFitError(text)
    ahead = timedelta(hours=hours, minutes=minutes) * (-1 if zone[0] == "-" else 1)
    try:
        return moment.replace(tzinfo=timezone(ahead)).astimezone(UTC)
    except OverflowError:
        raise DoesNotFitError(text) from None


def base64_bytes(text: str) -> bytes:
    """Decode the bytes of a JSON string.

    Raises:
        DoesNotFitError: it is not valid base64.
    """
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise DoesNotFitError(text) from None


GRAMMARS: Mapping[str, Grammar] = MappingProxyType(
    {
        "boolean": Grammar(
            "[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]", "", lambda text: text.lower() == "true"
        ),
        "byte": _whole_grammar(8),
        "short": _whole_grammar(16),
        "integer": _whole_grammar(32),
        "long": _whole_grammar(64),
        "float": Grammar(
            NUMBER,
            "The nearest number of four bytes; neither infinite nor zero for another.",
            _float,
        ),
        "double": Grammar(
            NUMBER,
            "The nearest number of eight bytes; neither infinite nor zero for another.",
            _double,
        ),
        "date": Grammar(DAY, "A day of the calendar, of the years 0001 to 9999.", _date),
        "timestamp": Grammar(
            MOMENT + ZONE + "?",
            "A moment of the years 0001 to 9999, of a zone or of UTC; digits after the sixth are zeros.",
            _timestamp,
        ),
        "timestamp_ntz": Grammar(
            MOMENT, "Date and time of the years 0001 to 9999; no zone.", _moment
        ),
        "string": Grammar(".*", "The text itself.", lambda text: text),
        "binary": Grammar(
            ".*", "The bytes of the text; of a JSON string those that base64 gives.", str.encode
        ),
    }
)
"""The grammars by Spark's type names; a DECIMAL's depends on its precision and scale."""

DECIMAL = _decimal_grammar(38, 18)
"""The grammar of a DECIMAL, as the page of guarantees prints it."""
