"""The grammar of each type: judged by Python's decimal and datetime; whole columns by the grammar."""

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pyspark.sql import types as t

from glue_runtime.input.exact.columns import convert
from glue_runtime.input.exact.grammar import DoesNotFitError, grammar_of, is_printed_double

MISFIT = object()

WHOLE_TYPES = {8: t.ByteType(), 16: t.ShortType(), 32: t.IntegerType(), 64: t.LongType()}
DECIMALS = [t.DecimalType(12, 2), t.DecimalType(38, 18), t.DecimalType(2, 2), t.DecimalType(38, 0)]
TYPES = [
    *WHOLE_TYPES.values(),
    *DECIMALS,
    t.BooleanType(),
    t.FloatType(),
    t.DoubleType(),
    t.DateType(),
    t.TimestampType(),
    t.TimestampNTZType(),
    t.StringType(),
    t.BinaryType(),
]


def read(text: str, data_type: t.DataType) -> Any:
    """The value of a text by the grammar, or MISFIT."""
    try:
        return grammar_of(data_type).read(text)
    except DoesNotFitError:
        return MISFIT


def moment(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


NOTHING_FITS = ["", " ", "x", "NaN", "nan", "Infinity", "inf", "-", "+", "null", "٣", "1_0", "0x1F"]

CASES: dict[t.DataType, dict[str, Any]] = {
    t.BooleanType(): {
        "true": True, "FALSE": False, "True": True, "1": MISFIT, "0": MISFIT, "yes": MISFIT,
        "t": MISFIT, " true": MISFIT,
    },
    t.ByteType(): {"127": 127, "-128": -128, "128": MISFIT, "-129": MISFIT},
    t.ShortType(): {"32767": 32767, "32768": MISFIT},
    t.IntegerType(): {"2147483647": 2**31 - 1, "2147483648": MISFIT, "-2147483648": -(2**31)},
    t.LongType(): {
        "0": 0, "-0": 0, "007": 7, "+5": 5, "9223372036854775807": 2**63 - 1,
        "-9223372036854775808": -(2**63), "9223372036854775808": MISFIT,
        "00000000000000000000000000001": 1, "9" * 5000: MISFIT,
        "1.5": MISFIT, "1.0": MISFIT, "1e3": MISFIT, "1,000": MISFIT, " 5": MISFIT, "5 ": MISFIT,
        "5L": MISFIT, "1\n": MISFIT, "12,50": MISFIT,
    },
    t.DoubleType(): {
        "12.50": 12.5, "-0.0": -0.0, "1e5": 1e5, "1.5E-3": 0.0015, ".5": 0.5, "5.": 5.0, "+1": 1.0,
        "0.1": 0.1, "9007199254740993": 9007199254740992.0, "0e999": 0.0,
        "12D": MISFIT, "3f": MISFIT, "1d": MISFIT, "1e999": MISFIT, "-1e999": MISFIT,
        "1e-999": MISFIT, "0x1p3": MISFIT, "1e": MISFIT, ".": MISFIT, "12,5": MISFIT,
        "1.234,56": MISFIT, "1.2.3": MISFIT, " 1.5": MISFIT, "5e-324": 5e-324,
    },
    t.FloatType(): {
        "1.5": 1.5, "16777217": 16777216.0, "3.5e38": MISFIT, "1e-50": MISFIT, "3f": MISFIT,
        # By way of a double it would be rounded twice, to 1.0000001192092896.
        "1.00000005960464477540": 1.0000001192092896, "1.000000059604644775390625": 1.0,
        "1.00000005960464477539": 1.0,
    },
    t.DecimalType(12, 2): {
        "12.50": Decimal("12.50"), "1.2300": Decimal("1.23"), "1e2": Decimal("100.00"),
        "9999999999.99": Decimal("9999999999.99"), "10000000000": MISFIT, "-0": Decimal("0.00"),
        "000000000000000000000000000000000000000001.50": Decimal("1.50"),
        "12.5E-1": Decimal("1.25"), "1.239": MISFIT, "0.001": MISFIT, "12,50": MISFIT,
        "1.234,56": MISFIT, "1 234": MISFIT, "1e999999999999": MISFIT, "0e999999999999": Decimal("0.00"),
    },
    t.DecimalType(38, 18): {
        "1.123456789012345678": Decimal("1.123456789012345678"),
        "1.1234567890123456789": MISFIT,
        # Arrow multiplies these beyond 128 bits, and does not notice.
        "341483960306202786838.7380695604230": MISFIT, "1.573807404759526e+36": MISFIT,
    },
    t.DecimalType(2, 2): {"0.12": Decimal("0.12"), ".12": Decimal("0.12"), "1": MISFIT},
    t.DateType(): {
        "2024-01-15": date(2024, 1, 15), "0001-01-01": date(1, 1, 1), "9999-12-31": date.max,
        "1899-12-30": date(1899, 12, 30), "2024-02-29": date(2024, 2, 29), "2023-02-29": MISFIT,
        "45306": MISFIT, "202401": MISFIT, "2024": MISFIT, "20240115": MISFIT, "2024-01": MISFIT,
        "2024-01-15 is a Monday": MISFIT, "2024-1-5": MISFIT, "0000-01-01": MISFIT,
        "2024-01-15T00:00": MISFIT, "15.01.2024": MISFIT, "2024-W03-1": MISFIT, " 2024-01-15": MISFIT,
        "+2024-01-15": MISFIT, "12024-01-15": MISFIT, "today": MISFIT, "2024-13-01": MISFIT,
    },
    t.TimestampType(): {
        "2024-01-15T10:30:00Z": moment(2024, 1, 15, 10, 30),
        "2024-01-15 10:30": moment(2024, 1, 15, 10, 30),
        "2024-01-15T10:30:01.5": moment(2024, 1, 15, 10, 30, 1, 500_000),
        "2024-01-15T10:30:01.123456": moment(2024, 1, 15, 10, 30, 1, 123_456),
        "2024-01-15T10:30:01.123456000": moment(2024, 1, 15, 10, 30, 1, 123_456),
        "2024-01-15T10:30:00+01:00": moment(2024, 1, 15, 9, 30),
        "2024-01-15T10:30:00-0130": moment(2024, 1, 15, 12, 0),
        "2024-01-15 10:30:00+00": moment(2024, 1, 15, 10, 30),
        "2024-01-15 10:30:00 UTC": moment(2024, 1, 15, 10, 30),
        "0001-01-01T00:00:00Z": moment(1, 1, 1), "1899-12-30 00:00:00": moment(1899, 12, 30),
        "0001-01-01T00:00:00+01:00": MISFIT, "9999-12-31T23:59:59-01:00": MISFIT,
        "0000-01-01T00:00:00Z": MISFIT,
        "10:30": MISFIT, "10:30:00": MISFIT, "T10:30": MISFIT, "1705312800000": MISFIT,
        "1705312800": MISFIT, "2024-01-15": MISFIT, "2024": MISFIT, "2024-01-15T10": MISFIT,
        "2024-01-15T10Z": MISFIT, "2024-01-15T10+01:00": MISFIT,
        "2024-01-15T10:30:00.123456789": MISFIT, "2024-01-15T10:30:00.1234567Z": MISFIT,
        "2024-01-15T10:30:60": MISFIT, "2024-01-15T24:00:00": MISFIT, "2024-01-15T10:60": MISFIT,
        "2024-01-15T10:30:00+24:00": MISFIT, "2024-01-15T10:30:00+01:60": MISFIT,
        "2024-01-15T10:30:00Z is late": MISFIT, "2024-01-15T10:30:00.": MISFIT, "now": MISFIT,
        "2024-01-15t10:30:00z": MISFIT, "2024-02-30T10:30:00": MISFIT,
    },
    t.TimestampNTZType(): {
        "2024-01-15T10:30:00": datetime(2024, 1, 15, 10, 30),
        "2024-01-15T10:30:00Z": MISFIT, "2024-01-15T10:30:00+01:00": MISFIT, "2024-01-15": MISFIT,
    },
    t.StringType(): {"": "", " a\n": " a\n", "007": "007", "NaN": "NaN"},
    t.BinaryType(): {"é": b"\xc3\xa9"},
}  # fmt: skip


def of_arrow(values: pa.Array, row: int) -> Any:
    return values[row].as_py()


def assert_alike(texts: list[str], data_type: t.DataType) -> None:
    """A column converts to just what the grammar says of each of its texts."""
    found = convert(pa.array(texts, pa.string()), data_type)
    wanted = [read(text, data_type) for text in texts]
    assert list(found.invalid) == [row for row, value in enumerate(wanted) if value is MISFIT]
    for row, value in enumerate(wanted):
        if value is MISFIT:
            assert not found.values[row].is_valid
        else:
            got = of_arrow(found.values, row)
            assert got == value
            if isinstance(value, float):
                assert math.copysign(1, got) == math.copysign(1, value)


@pytest.mark.parametrize("data_type", CASES, ids=str)
def test_a_grammar_takes_what_it_says_and_nothing_else(data_type: t.DataType) -> None:
    for text, value in CASES[data_type].items():
        assert read(text, data_type) == value, text
    if not isinstance(data_type, t.StringType | t.BinaryType):
        for text in NOTHING_FITS:
            assert read(text, data_type) is MISFIT, text


@pytest.mark.parametrize("data_type", TYPES, ids=str)
def test_a_column_is_converted_as_its_grammar_says(data_type: t.DataType) -> None:
    texts = [text for cases in CASES.values() for text in cases] + NOTHING_FITS

    assert_alike(texts, data_type)
    for text in texts:
        assert_alike([text], data_type)
    good = [text for text in texts if read(text, data_type) is not MISFIT]
    assert_alike(good, data_type)


@pytest.mark.parametrize("data_type", TYPES, ids=str)
def test_nulls_stay_and_empty_columns_too(data_type: t.DataType) -> None:
    for texts in ([], [None], [None, None]):
        found = convert(pa.array(texts, pa.string()), data_type)
        assert found.invalid == ()
        assert found.values.null_count == len(found.values) == len(texts)


def test_a_type_that_no_text_has_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a type that a file can have, found INTERVAL"):
        convert(pa.array(["1"]), t.DayTimeIntervalType())


numbers = st.one_of(
    st.from_regex(r"\A[+-]?[0-9]{1,25}\Z", fullmatch=True),
    st.from_regex(r"[+-]?[0-9]{0,40}(\.[0-9]{0,40})?([eEdDfF][+-]?[0-9]{0,3})?", fullmatch=True),
    st.decimals(allow_nan=True, allow_infinity=True).map(str),
    st.floats().map(repr),
    st.integers(-(2**70), 2**70).map(str),
    st.text("0123456789+-.,eE_ xX", max_size=8),
)
two = st.integers(0, 61).map("{:02}".format)
days = st.one_of(
    st.dates().map(str),
    st.builds("{:04}-{}-{}".format, st.integers(0, 9999), two, two),
    st.text("0123456789-", max_size=12),
)
zones = st.one_of(
    st.sampled_from(["", "Z", "z", " UTC", "UTC", " Z", "+", "GMT"]),
    st.builds("{}{}{}{}".format, st.sampled_from("+-"), two, st.sampled_from(["", ":"]), two),
    st.builds("{}{}".format, st.sampled_from("+-"), two),
)
moments = st.builds(
    "{}{}{}{}{}".format,
    days,
    st.sampled_from(["T", " ", "t", ""]),
    st.lists(two, max_size=4).map(":".join),
    st.one_of(st.just(""), st.text("0123456789", max_size=10).map(".{}".format)),
    zones,
)
texts = st.lists(
    st.one_of(numbers, days, moments, st.datetimes().map(str), st.booleans().map(str), st.text())
)


@pytest.mark.parametrize("data_type", TYPES, ids=str)
@given(st.data())
def test_any_column_is_converted_as_its_grammar_says(
    data_type: t.DataType, data: st.DataObject
) -> None:
    alike = st.sampled_from([numbers, days, moments, st.text()]).flatmap(st.lists)
    some = data.draw(st.one_of(texts, alike))
    assert_alike(some, data_type)
    assert_alike([text for text in some if read(text, data_type) is not MISFIT], data_type)


@given(numbers)
@example("1e400")
def test_decimal_is_the_judge_of_numbers(text: str) -> None:
    value = read(text, t.DecimalType(38, 6))
    if value is not MISFIT:
        assert value == Decimal(text)
        assert value.as_tuple().exponent == -6
    double = read(text, t.DoubleType())
    if double is not MISFIT:
        assert double == float(text)
        assert math.isfinite(double)
        assert bool(double) == bool(Decimal(text))
    whole = read(text, t.LongType())
    if whole is not MISFIT:
        assert whole == int(text)
        assert -(2**63) <= whole < 2**63


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-1e20, max_value=1e20)
)
def test_every_number_that_has_a_place_is_taken(value: Decimal) -> None:
    assert read(str(value), t.DecimalType(38, 6)) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_double_is_found_again(value: float) -> None:
    assert read(repr(value), t.DoubleType()) == value
    assert is_printed_double(repr(value))


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_every_float_is_found_again(value: float) -> None:
    assert read(repr(value), t.FloatType()) == value


@given(st.integers(-(2**63), 2**63 - 1))
def test_every_whole_number_is_found_again(value: int) -> None:
    assert read(str(value), t.LongType()) == value


@given(st.dates(), st.datetimes(), st.timezones())
def test_every_day_and_moment_is_found_again(day: date, local: datetime, zone: Any) -> None:
    assert read(day.isoformat(), t.DateType()) == day
    assert read(local.isoformat(), t.TimestampNTZType()) == local
    assert read(local.isoformat(" "), t.TimestampType()) == local.replace(tzinfo=UTC)
    zoned = local.replace(tzinfo=zone)
    offset = zoned.utcoffset()
    if offset is not None and offset.total_seconds() % 60 == 0:
        try:
            wanted = zoned.astimezone(UTC)
        except OverflowError:
            wanted = MISFIT  # type: ignore[assignment]
        assert read(zoned.isoformat(), t.TimestampType()) == wanted
