"""The types of columns of text, and the options by which their values are read."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
from pyspark.sql.types import (
    BooleanType,
    DataType,
    DateType,
    DecimalType,
    DoubleType,
    LongType,
    StringType,
    TimestampType,
)

from glue_runtime.input.exact.columns import convert
from glue_runtime.input.exact.notations import Notation
from glue_runtime.input.formats import advice

Texts = Sequence[str]

_FEW = 50
_LOCALES = ("", "en-US", "de-DE", "fr-FR", "de-CH", "en-IN")
_LEADING_ZERO = re.compile("[+-]?0[0-9]+")
_DAY_AS_NUMBER = re.compile("(19|20)[0-9]{6}")
_WIDEST = 38
_USUAL, _USUAL_SCALE, _LARGEST_SCALE = 18, 2, 6


@dataclass(frozen=True)
class Kinds:
    """The types of columns by their names, the options that they need, and notes."""

    types: Mapping[str, DataType]
    options: Mapping[str, str]
    notes: Sequence[str] = field(default_factory=tuple)

    @property
    def notation(self) -> Notation:
        """The notation of the options."""
        of = self.options
        return Notation(
            of.get("dateFormat", ""), of.get("timestampFormat", ""), of.get("locale", "")
        )


def kinds_of(columns: Mapping[str, Texts], *, has_nulls: bool, has_numbers: bool = True) -> Kinds:
    """The types of columns of texts.

    has_nulls: whether a text can be declared to mean null. has_numbers: whether texts may be numbers.
    """
    distinct = {name: [*dict.fromkeys(texts)] for name, texts in columns.items()}
    notes: list[str] = []
    null = _null_token(distinct, has_numbers=has_numbers) if has_nulls else ""
    if null:
        distinct = {name: [t for t in texts if t != null] for name, texts in distinct.items()}
    locale = _locale(distinct, notes) if has_numbers else ""
    options = {"nullValue": null, "locale": locale}
    left = {}
    types: dict[str, DataType] = {}
    for name, texts in distinct.items():
        found = _simple(name, texts, locale, notes, has_numbers=has_numbers)
        if found is None:
            left[name] = texts
        types[name] = found or StringType()
    for option, kind in (("dateFormat", DateType()), ("timestampFormat", TimestampType())):
        pattern, read, unclear = _pattern(left, kind, notes)
        options[option] = pattern
        types |= dict.fromkeys(read, kind)
        left = {name: texts for name, texts in left.items() if name not in (*read, *unclear)}
    return Kinds(types, {name: value for name, value in options.items() if value}, tuple(notes))


def _simple(
    name: str, texts: Texts, locale: str, notes: list[str], *, has_numbers: bool
) -> DataType | None:
    """The type that needs no pattern; None if there is none."""
    if not texts:
        notes.append(f"{name} has no value: its type is not known")
        return StringType()
    if has_numbers:
        if advice.reads(texts, BooleanType(), Notation()):
            return BooleanType()
        if any(map(_LEADING_ZERO.fullmatch, texts)) and all(
            map(re.compile("[+-]?[0-9]+").fullmatch, texts)
        ):
            notes.append(f"{name} has leading zeros: it stays text, so that they are kept")
            return StringType()
        if number := number_type(texts, Notation(locale=locale)):
            if all(map(_DAY_AS_NUMBER.fullmatch, texts)):
                notes.append(f"{name} may be days: declare DATE and dateFormat yyyyMMdd if it is")
            return number
    for kind in (DateType(), TimestampType()):
        if advice.reads(texts, kind, Notation()):
            return kind
    return None


def number_type(texts: Texts, notation: Notation) -> DataType | None:
    """The type of numbers that holds all of these texts; None if they are not numbers."""
    if advice.reads(texts, LongType(), notation):
        return LongType()
    convention = notation.numbers
    plain = convention.plain(pa.array(texts, pa.string()))[0].to_pylist() if convention else texts
    if any(text is None for text in plain):
        return None
    if not all(
        re.fullmatch(r"[+-]?[0-9]*(\.[0-9]*)?", text) and re.search("[0-9]", text) for text in plain
    ):
        return DoubleType() if advice.reads(texts, DoubleType(), notation) else None
    parts = [text.lstrip("+-").partition(".") for text in plain]
    scale = max(_USUAL_SCALE, *(len(fraction) for _, _, fraction in parts))
    whole = max(len(digits.lstrip("0")) for digits, _, _ in parts)
    precision = max(_USUAL, whole + scale)
    if scale <= _LARGEST_SCALE and precision <= _WIDEST:
        return DecimalType(precision, scale)
    return DoubleType() if advice.reads(texts, DoubleType(), notation) else None


def _null_token(columns: Mapping[str, Texts], *, has_numbers: bool) -> str:
    """The text that stands for null, where that makes columns more than texts."""
    found: Counter[str] = Counter()
    for texts in columns.values():
        for token in advice.NULLS:
            rest = [text for text in texts if text != token]
            if token in texts and rest and _is_more_than_text(rest, has_numbers=has_numbers):
                found[token] += 1
    return found.most_common(1)[0][0] if found else ""


def _is_more_than_text(texts: Texts, *, has_numbers: bool) -> bool:
    few = texts[:_FEW]
    if has_numbers and any(number_type(few, Notation(locale=each)) for each in _LOCALES):
        return True
    return any(
        advice.reads(few, kind, Notation()) or advice.patterns_of(few, kind)
        for kind in (DateType(), TimestampType())
    )


def _locale(columns: Mapping[str, Texts], notes: list[str]) -> str:
    """The locale in which most columns are numbers; empty for none."""
    read = {
        locale: [
            n
            for n, texts in columns.items()
            if texts and number_type(texts, Notation(locale=locale))
        ]
        for locale in _LOCALES
    }
    most = max(map(len, read.values()), default=0)
    best = [locale for locale in _LOCALES if len(read[locale]) == most]
    if best[0] == "":
        return ""
    for name in read[best[0]]:
        values = {
            _values(columns[name], DoubleType(), Notation(locale=each))
            for each in best
            if name in read[each]
        }
        if len(values) > 1:
            text = columns[name][0]
            notes.append(
                f"{name} has numbers of two meanings, such as {text}: it stays text; declare a locale ({' or '.join(best)})"
            )
            return ""
    return best[0]


def _values(texts: Texts, kind: DataType, notation: Notation) -> tuple[object, ...]:
    return tuple(convert(pa.array(texts[:1000], pa.string()), kind, notation).values.to_pylist())


def _pattern(
    columns: Mapping[str, Texts], kind: DataType, notes: list[str]
) -> tuple[str, list[str], list[str]]:
    """The pattern that reads most columns, those columns, and the columns of several meanings."""
    fitting: dict[str, list[str]] = {}
    for name, texts in columns.items():
        # A few texts tell whether the others are worth a look.
        for pattern in advice.patterns_of(texts[:_FEW], kind):
            if advice.reads(texts, kind, _as_notation(kind, pattern)):
                fitting.setdefault(pattern, []).append(name)
        if isinstance(kind, DateType) and _has_two_orders(texts):
            notes.append(f"{name} has days in two orders: it stays text")
    if not fitting:
        return "", [], []
    most = max(map(len, fitting.values()))
    best = [pattern for pattern, names in fitting.items() if len(names) == most]
    for name in fitting[best[0]]:
        values = {_values(columns[name], kind, _as_notation(kind, each)) for each in best}
        if len(values) > 1:
            option = "dateFormat" if isinstance(kind, DateType) else "timestampFormat"
            notes.append(
                f"{name} has two meanings, such as {columns[name][0]}: it stays text; declare {option} "
                f"({' or '.join(best[:2])})"
            )
            return "", [], fitting[best[0]]
    others = {name for pattern, names in fitting.items() for name in names} - {*fitting[best[0]]}
    notes += [
        f"{name} is written in another pattern than {best[0]}: it stays text"
        for name in sorted(others)
    ]
    return best[0], fitting[best[0]], []


def _as_notation(kind: DataType, pattern: str) -> Notation:
    return Notation(date=pattern) if isinstance(kind, DateType) else Notation(timestamp=pattern)


def _has_two_orders(texts: Texts) -> bool:
    """Whether some days put the month first, and others the day."""
    found = [re.fullmatch(r"([0-9]{1,2})([./-])([0-9]{1,2})\2([0-9]{4})", text) for text in texts]
    if not texts or None in found:
        return False
    pairs = [(int(each[1]), int(each[3])) for each in found if each]
    return any(one > 12 for one, _ in pairs) and any(other > 12 for _, other in pairs)
