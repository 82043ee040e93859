"""JSON: judged by Python's json and decimal modules, and by right values beside the texts."""

import json
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import types as t

from glue_runtime.input.exact import json_lines
from glue_runtime.input.exact.json_text import JsonRows, parsed, read, text_of
from glue_runtime.input.exact.verdicts import EXTRA, FITS, INVALID

NO_OBJECT = "not one JSON object with each name once"
TOO_DEEP = "nested too deep"

Found = list[tuple[int, int, Any]]
"""Of each record: its text, its number there, and its values or the reason why it does not fit."""


def fields(ddl: dict[str, t.DataType], *, nullable: bool = True) -> list[t.StructField]:
    return [t.StructField(name, kind, nullable) for name, kind in ddl.items()]


def found(texts: list[str | bytes], of: list[t.StructField], *, declared: bool = True) -> Found:
    data = [text if isinstance(text, bytes) else text.encode() for text in texts]
    texts_read = pa.array(data, pa.binary())
    read_rows = read(texts_read, of, declared=declared)
    assert_alike(read_rows, json_lines.reader(of, declared=declared)(texts_read))
    rows = read_rows.rows
    assert [raw is None for raw in read_rows.raws.to_pylist()] == [
        verdict == FITS for verdict in rows.verdicts.to_pylist()
    ]
    values = list(zip(*(column.to_pylist() for column in rows.columns), strict=True))
    return [
        (at, number, value if verdict == FITS else reason)
        for at, number, verdict, value, reason in zip(
            rows.at.to_pylist(),
            read_rows.numbers.to_pylist(),
            rows.verdicts.to_pylist(),
            values,
            rows.reasons.to_pylist(),
            strict=True,
        )
    ]


def assert_alike(one: JsonRows, other: JsonRows) -> None:
    """Both readers give the same rows, in any order."""
    assert by_place(one) == by_place(other)


def test_a_name_in_another_case_is_neither_new_nor_known() -> None:
    of = [*PEOPLE, t.StructField(EXTRA, t.StringType())]
    lines = ['{"id": 1, "Name": "a"}', '{"id": 2, "note": "b"}', '{"Name": "c", "name": "d"}']
    data = pa.array([line.encode() for line in lines], pa.binary())

    for found in (read(data, of), json_lines.reader(of)(data)):
        assert sorted(zip(found.rows.at.to_pylist(), found.rows.reasons.to_pylist(), strict=True)) == [
            (0, "Name, which the schema spells name"), (1, None), (2, "Name, which the schema spells name"),
        ]  # fmt: skip


def by_place(read_rows: JsonRows) -> list[tuple]:
    rows = read_rows.rows
    at = range(len(rows)) if rows.at is None else rows.at.to_pylist()
    columns = [rows.verdicts, rows.reasons, read_rows.numbers, read_rows.raws, *rows.columns]
    told = zip(at, *(column.to_pylist() for column in columns), strict=True)
    # What columns hold in rows that do not fit is nobody's business.
    return sorted((row if row[1] == FITS else row[:5] for row in told), key=repr)


def raws(text: str | bytes, of: list[t.StructField]) -> list[str | None]:
    data = text if isinstance(text, bytes) else text.encode()
    return read(pa.array([data], pa.binary()), of).raws.to_pylist()


PEOPLE = fields({"id": t.LongType(), "name": t.StringType()})

TEXTS: dict[str, tuple[str | bytes, tuple | str]] = {
    "plain": ('{"id": 1, "name": "a"}', (1, "a")),
    "another order": ('{"name": "a", "id": 1}', (1, "a")),
    "blanks around it": (' \t{ "id" :1 , "name" : "a" }\r\n', (1, "a")),
    "a byte order mark": ('\ufeff{"id": 1, "name": "a"}', (1, "a")),
    "without a field": ('{"id": 1}', (1, None)),
    "null": ('{"id": null, "name": null}', (None, None)),
    "no fields": ("{}", (None, None)),
    "an empty text": ('{"id": 1, "name": ""}', (1, "")),
    "escapes": ('{"id": 1, "name": "\\u00e9\\n\\ud83d\\ude00\\/"}', (1, "é\n😀/")),
    "a number into text": ('{"name": 1.10}', (None, "1.10")),
    "digits into text": ('{"name": 12345678901234567890}', (None, "12345678901234567890")),
    "an exponent into text": ('{"name": 1E400}', (None, "1E400")),
    "truth into text": ('{"name": true}', (None, "true")),
    "an object into text": ('{"name": {"a" : [1.10, "b", null]}}', (None, '{"a":[1.10,"b",null]}')),
    "minus nothing": ('{"id": -0}', (0, None)),
    "NaN into text": ('{"name": NaN}', "name NaN is not a valid string"),
    "a word": ('{"id": "x"}', "id x is not a valid bigint"),
    "a number in quotes": ('{"id": "5"}', "id 5 is not a valid bigint"),
    "a fraction": ('{"id": 1.5}', "id 1.5 is not a valid bigint"),
    "a fraction of zeros": ('{"id": 1.0}', "id 1.0 is not a valid bigint"),
    "a large number": ('{"id": 9223372036854775808}', "id 9223372036854775808 is not a valid bigint"),
    "truth for a number": ('{"id": true}', "id true is not a valid bigint"),
    "a list for a number": ('{"id": [1, 2]}', "id [1,2] is not a valid bigint"),
    "an unknown name": ('{"id": 1, "note": "n"}', "unexpected note"),
    "two unknown names": ('{"note": 1, "id": "x", "more": 2}', "unexpected note, more, id x is not a valid bigint"),
    "another case": ('{"ID": 1}', "unexpected ID"),
    "a name twice": ('{"id": 1, "id": 2}', NO_OBJECT),
    "a name twice within": ('{"id": 1, "name": {"a": 1, "a": 2}}', NO_OBJECT),
    "a name twice in a list": ('{"id": 1, "name": [{"a": 1, "a": 2}]}', NO_OBJECT),
    "two records": ('{"id": 1}{"id": 2}', NO_OBJECT),
    "text behind it": ('{"id": 1, "name": "a"} x', NO_OBJECT),
    "half of it": ('{"id":', NO_OBJECT),
    "a number alone": ("1", NO_OBJECT),
    "a text alone": ('"a"', NO_OBJECT),
    "null alone": ("null", NO_OBJECT),
    "a list in a list": ("[[]]", NO_OBJECT),
    "single quotes": ("{'id': 1}", NO_OBJECT),
    "a comma too many": ('{"id": 1,}', NO_OBJECT),
    "a comment": ('{"id": 1} // one', NO_OBJECT),
    "a leading zero": ('{"id": 01}', NO_OBJECT),
    "a leading plus": ('{"id": +1}', NO_OBJECT),
    "a bare fraction": ('{"id": .5}', NO_OBJECT),
    "a control character": ('{"name": "a\tb"}', NO_OBJECT),
    "deep": ("[" * 100_000, TOO_DEEP),
    "half a pair": ('{"id": 1, "name": "\\ud800"}', "half of a surrogate pair"),
    "half a pair in a name": ('{"id": 1, "\\udfff": 1}', "half of a surrogate pair"),
    "latin-1": (b'{"id": 1, "name": "caf\xe9"}', "not UTF-8"),
    "a surrogate in UTF-8": (b'{"id": 1, "name": "\xed\xa0\x80"}', "not UTF-8"),
    "utf-16": ('{"id": 1}'.encode("utf-16-le"), NO_OBJECT),
}  # fmt: skip


@pytest.mark.parametrize("case", TEXTS)
def test_a_record_is_read_exactly_or_not_at_all(case: str) -> None:
    text, expected = TEXTS[case]
    good = '{"id": 7, "name": "g"}'

    assert found([good, text, good], PEOPLE) == [
        (0, 1, (7, "g")),
        (1, 1, expected),
        (2, 1, (7, "g")),
    ]
    if isinstance(expected, str) and case not in ("deep", "a list in a list"):
        data = text if isinstance(text, bytes) else text.encode()
        assert raws(text, PEOPLE) == [data.decode(errors="replace")]


TYPED: list[tuple[t.DataType, str, Any]] = [
    (t.DoubleType(), "1.10", 1.1),
    (t.DoubleType(), "1e400", INVALID),
    (t.DoubleType(), "NaN", INVALID),
    (t.DoubleType(), "-Infinity", INVALID),
    (t.DoubleType(), '"NaN"', INVALID),
    (t.DoubleType(), '"1.5"', INVALID),
    (t.DecimalType(38, 18), "1.123456789012345678", Decimal("1.123456789012345678")),
    (t.DecimalType(38, 18), "1.1234567890123456789", INVALID),
    (t.DecimalType(12, 2), '"12.50"', Decimal("12.50")),
    (t.DecimalType(12, 2), '"12,50"', INVALID),
    (t.DecimalType(12, 2), '"1.234,56"', INVALID),
    (t.DecimalType(12, 2), "1.239", INVALID),
    (t.BooleanType(), "true", True),
    (t.BooleanType(), '"true"', INVALID),
    (t.BooleanType(), "1", INVALID),
    (t.DateType(), '"2024-01-15"', date(2024, 1, 15)),
    (t.DateType(), "45306", INVALID),
    (t.DateType(), '"45306"', INVALID),
    (t.DateType(), '"0001-01-01"', date(1, 1, 1)),
    (t.TimestampType(), "1705312800000", INVALID),
    (t.TimestampType(), '"1705312800000"', INVALID),
    (t.TimestampType(), '"10:30"', INVALID),
    (t.TimestampNTZType(), '"2024-01-15T10:30:00"', datetime(2024, 1, 15, 10, 30)),
    (t.TimestampNTZType(), '"2024-01-15T10:30:00.123456789"', INVALID),
    (t.BinaryType(), '"AQI="', b"\1\2"),
    (t.BinaryType(), '"A*"', INVALID),
    (t.BinaryType(), "12", INVALID),
    (t.ArrayType(t.LongType()), "[1, null, 2]", [1, None, 2]),
    (t.ArrayType(t.LongType()), '[1, "x"]', INVALID),
    (t.ArrayType(t.LongType()), "1", INVALID),
    (t.ArrayType(t.LongType(), containsNull=False), "[1, null]", INVALID),
    (t.ArrayType(t.DecimalType(38, 18)), "[1.123456789012345678]", [Decimal("1.123456789012345678")]),
    (t.MapType(t.StringType(), t.DateType()), '{"a": "2024-01-15"}', [("a", date(2024, 1, 15))]),
    (t.MapType(t.StringType(), t.DateType()), "[]", INVALID),
    (t.StructType().add("a", "long").add("b", "string"), '{"a": 1}', {"a": 1, "b": None}),
    (t.StructType().add("a", "long"), '{"a": 1.5}', INVALID),
    (t.StructType().add("a", "long"), '{"a": 1, "c": 2}', INVALID),
    (t.StructType().add("a", "long", nullable=False), '{"a": null}', INVALID),
    (t.StructType().add("a", "long"), "null", None),
]  # fmt: skip


@pytest.mark.parametrize(("data_type", "text", "expected"), TYPED, ids=str)
@pytest.mark.parametrize("form", ['{{"v": {}}}', '[{{"v": {}}}]'])
def test_a_value_is_read_exactly_or_not_at_all(
    data_type: t.DataType, text: str, expected: Any, form: str
) -> None:
    [(_, _, values)] = found([form.format(text)], fields({"v": data_type}))

    if expected is INVALID:
        assert isinstance(values, str)
        assert values.endswith(f"is not a valid {data_type.simpleString()}")
    else:
        assert values == (expected,)


def test_an_array_has_a_row_for_each_element() -> None:
    text = (
        '[{"id": 1, "name": "a"}, {"id": "x", "name": "b"}, null, {"id": 2}, {"id": 1, "id": 1.0}]'
    )

    assert found(["", text, " ", "[]"], PEOPLE) == [
        (1, 1, (1, "a")),
        (1, 2, "id x is not a valid bigint"),
        (1, 3, NO_OBJECT),
        (1, 4, (2, None)),
        (1, 5, NO_OBJECT),
    ]
    assert raws(text, PEOPLE) == [
        None, '{"id":"x","name":"b"}', "null", None, '{"id":1,"id":1.0}',
    ]  # fmt: skip


def test_one_half_of_a_pair_leaves_the_other_records_of_an_array() -> None:
    assert found(['[{"name": "\\ud800"}, {"id": 2}]'], PEOPLE) == [
        (0, 1, "half of a surrogate pair"),
        (0, 2, (2, None)),
    ]


def test_a_missing_value_and_names_that_nobody_declared() -> None:
    of = fields({"id": t.LongType(), "name": t.StringType()}, nullable=False)
    assert found(['{"name": "a"}', '{"id": "x"}'], of) == [
        (0, 1, "id is missing"),
        (1, 1, "id x is not a valid bigint, name is missing"),
    ]
    assert found(['{"id": 1, "more": 2}'], PEOPLE, declared=False) == [(0, 1, (1, None))]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)  # fmt: skip


@given(values, st.booleans())
def test_json_is_the_judge_of_values(value: Any, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)

    assert json.loads(text_of(parsed(text.encode()))) == value


@given(
    st.lists(
        st.tuples(st.integers(), st.text(), st.decimals(allow_nan=False, allow_infinity=False))
    )
)
def test_known_values_are_found_again(rows: list[tuple[int, str, Decimal]]) -> None:
    of = fields(
        {"i": t.LongType(), "t": t.StringType(), "d": t.DecimalType(38, 18), "n": t.StringType()}
    )
    texts = [
        f'{{"i": {number}, "t": {json.dumps(text)}, "d": {decimal}, "n": {decimal}}}'
        for number, text, decimal in rows
    ]
    for one in found([*texts, f"[{', '.join(texts)}]"], of):
        at, record, got = one
        number, text, decimal = rows[record - 1 if at == len(texts) else at]
        if isinstance(got, str):
            has_place = Fraction(decimal) * 10**18 % 1 == 0 and abs(decimal) < 10**20
            assert not (has_place and -(2**63) <= number < 2**63)
        else:
            assert got[:2] == (number, text)
            assert got[2] == decimal
            assert got[3] == str(decimal)


@given(st.binary(max_size=30) | st.text('{}[]":,\\u d8n1e.-', max_size=30).map(str.encode))
def test_any_bytes_have_a_verdict(text: bytes) -> None:
    got = found([text], PEOPLE)
    try:
        judge = json.loads(text.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        assert not text.removeprefix(b"\xef\xbb\xbf").strip() or isinstance(got[0][2], str)
        return
    assert len(got) == (len(judge) if isinstance(judge, list) else 1)


kinds = st.sampled_from(
    [
        t.LongType(), t.ByteType(), t.DoubleType(), t.FloatType(), t.DecimalType(12, 2), t.DecimalType(38, 18),
        t.DecimalType(2, 2), t.BooleanType(), t.StringType(), t.DateType(), t.TimestampType(), t.TimestampNTZType(),
        t.BinaryType(), t.ArrayType(t.LongType()),
    ]
)  # fmt: skip
literals = st.one_of(
    values.map(json.dumps),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.text().map(lambda text: json.dumps(text, ensure_ascii=False)),
    st.sampled_from(
        ['"2024-01-15"', '"2024-01-15T10:30:00Z"', '"10:30"', '"12.50"', "-0", "-0.0", "0.00", "1e5",
         '"\\ud800"', '"\\u0000"', '"\\u00e9\\n"', "NaN", "1.", "01", "null", "true", "[1]", '"a\tb"']
    ),
)  # fmt: skip
blanks = st.sampled_from(["", " ", "\t", "  "])
names = st.sampled_from(["a", "b", "c", "é", 'q"', "A"])
objects = st.lists(st.tuples(names, blanks, literals)).map(
    lambda pairs: "{" + ",".join(f"{b}{json.dumps(n)}{b}:{b}{v}{b}" for n, b, v in pairs) + "}"
)


@given(st.dictionaries(names, kinds), st.lists(objects, max_size=6), st.booleans(), st.booleans())
def test_many_lines_at_once_are_read_as_each_alone(
    of: dict[str, t.DataType], lines: list[str], nullable: bool, declared: bool
) -> None:
    data = pa.array([line.encode(errors="replace") for line in lines], pa.binary())
    schema = fields(of, nullable=nullable) or fields({"x": t.LongType()})

    assert_alike(
        read(data, schema, declared=declared), json_lines.reader(schema, declared=declared)(data)
    )
    for row in range(len(lines)):
        one = data[row : row + 1]
        assert_alike(read(one, schema), json_lines.reader(schema)(one))
