"""Types that nobody declares: narrow only where every text is found again in its value."""

import itertools
import json
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import types as t

from glue_runtime.input.exact.columns import convert
from glue_runtime.input.exact.inference import merged, shape_of_json, shape_of_texts, type_of

COLUMNS: list[tuple[str, list[str | None]]] = [
    ("int", ["1", "-5", "0", None, "2147483647"]),
    ("bigint", ["1", "2147483648"]),
    ("double", ["1", "2.5", "-0.0"]),
    ("double", ["12.50", "0.30000000000000004"]),
    ("boolean", ["true", "FALSE"]),
    ("date", ["2024-01-15", "0001-01-01"]),
    ("timestamp", ["2024-01-15T10:30:00Z", "2024-01-15 10:30"]),
    ("string", ["1D", "2F"]),
    ("string", ["1f", "2"]),
    ("string", ["07:45", "10:30"]),
    ("string", ["007", "008"]),
    ("string", ["1", "007"]),
    ("double", ["-0"]),
    ("string", ["+5"]),
    ("string", ["1e5"]),
    ("string", ["1.", "2."]),
    ("string", [".5"]),
    ("string", ["1.234,56"]),
    ("string", ["1234567890123456789012345678901234567890"]),
    ("bigint", ["9007199254740993"]),
    ("string", ["9007199254740993", "1.5"]),
    ("string", ["0.1234567890123456789"]),
    ("string", ["2024-01-15", "2024-01-15T10:30:00Z"]),
    ("string", ["2024-01-15T10:30:00.123456789Z"]),
    ("int", ["202401"]),
    ("string", ["2024-13-01"]),
    ("string", ["true", "1"]),
    ("string", ["NaN", "1.5"]),
    ("string", [" 1"]),
    ("string", ["1e999", "1.5"]),
    ("string", [None, None]),
    ("string", []),
]


@pytest.mark.parametrize(("expected", "texts"), COLUMNS, ids=str)
def test_a_column_is_narrow_only_where_nothing_is_lost(
    expected: str, texts: list[str | None]
) -> None:
    assert type_of(shape_of_texts(pa.array(texts, pa.string()))).simpleString() == expected
    for order in itertools.permutations(texts[:4]):
        parts = [shape_of_texts(pa.array([text], pa.string())) for text in [*order, *texts[4:]]]
        assert type_of(merged(parts)).simpleString() == expected


RECORDS: list[tuple[str, list[str]]] = [
    ("struct<id:bigint>", ['{"id": 1}', '{"id": null}']),
    ("struct<a:string,b:bigint>", ['{"b": 1}', '{"a": "x"}']),
    ("struct<v:double>", ['{"v": 1}', '{"v": 1.5}']),
    ("struct<v:double>", ['{"v": 1E5}']),
    ("struct<v:string>", ['{"v": 9007199254740993}', '{"v": 1.5}']),
    ("struct<v:string>", ['{"v": 12345678901234567890}']),
    ("struct<v:string>", ['{"v": 1.1234567890123456789}']),
    ("struct<v:string>", ['{"v": 1E400}']),
    ("struct<v:string>", ['{"v": "5"}', '{"v": 5}']),
    ("struct<v:string>", ['{"v": "2024-01-15"}']),
    ("struct<v:boolean>", ['{"v": true}']),
    ("struct<v:array<double>>", ['{"v": [1, 2.5]}', '{"v": []}']),
    ("struct<v:struct<a:bigint,b:string>>", ['{"v": {"b": "x"}}', '{"v": {"a": 1}}']),
    ("struct<v:string>", ['{"v": {"b": "x"}}', '{"v": 1}']),
    ("struct<v:string>", ['{"v": [1]}', '{"v": {"a": 1}}']),
    ("struct<id:bigint>", ['[{"id": 1}, {"id": 2}, null, 5]', "no json", '{"id": "x", "id": 1}']),
]


@pytest.mark.parametrize(("expected", "texts"), RECORDS, ids=str)
def test_the_shape_of_records_holds_all_of_them(expected: str, texts: list[str]) -> None:
    for order in itertools.permutations(texts):
        shapes = [shape_of_json(text.encode()) for text in order]
        assert type_of(merged(shapes)).simpleString() == expected
        assert merged(json.loads(json.dumps(shapes))) == merged(shapes)


texts = st.lists(
    st.one_of(
        st.integers(-(2**66), 2**66).map(str),
        st.floats().map(repr),
        st.decimals().map(str),
        st.dates().map(str),
        st.text("0123456789.-+eED:T", max_size=6),
    )
)


@given(texts)
def test_every_text_is_found_again_in_its_value(some: list[str]) -> None:
    column = pa.array(some, pa.string())
    kind = type_of(shape_of_texts(column))
    found = convert(column, kind)

    assert found.invalid == ()
    for text, value in zip(some, found.values.to_pylist(), strict=True):
        if isinstance(kind, t.DoubleType):
            assert Decimal(repr(value)) == Decimal(text)
        elif not isinstance(kind, t.BooleanType | t.TimestampType):
            assert str(value) == text


@given(texts, st.data())
def test_parts_of_a_column_merge_to_the_whole(some: list[str], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(some)))
    parts = [some[cut:], some[:cut]]

    shapes = [shape_of_texts(pa.array(part, pa.string())) for part in parts]

    assert merged(shapes) == shape_of_texts(pa.array(some, pa.string()))
