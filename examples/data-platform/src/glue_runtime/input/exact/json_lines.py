# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Parse JSON with one object per line, many lines at once.

If a line matches a pattern of objects with these fields and certainly valid values, Arrow reads it.
`json_text` reads all other lines, and gives the reasons for invalid ones.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import json as arrow_json
from pyspark.sql.types import (
    BooleanType,
    DataType,
    DateType,
    DecimalType,
    StringType,
    StructField,
    TimestampNTZType,
    TimestampType,
)

from glue_runtime.input.exact import json_text, verdicts
from glue_runtime.input.exact.arrays import at_of, flags, joined, undecodable
from glue_runtime.input.exact.columns import arrow_type, convert
from glue_runtime.input.exact.json_text import JsonRows
from glue_runtime.input.exact.notations import PLAIN, Notation
from glue_runtime.input.exact.verdicts import EXTRA

_MOST_FIELDS = 200
_BLANKS = "[ \\t]*"
_WORDS = (
    r'"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]'
    # No surrogates: json_text reads these rare characters.
    r'|\\u(?:[0-9a-cA-CefEF][0-9a-fA-F]{3}|[dD][0-7][0-9a-fA-F]{2}))*"'
)
_WHOLE_DIGITS = {"byte": 2, "short": 4, "integer": 9, "long": 18}
_FRACTION = r"(?:\.[0-9]{1,17})?"


@dataclass(frozen=True)
class _Plan:
    """pattern: lines that Arrow reads like the grammars. schema: the schema for Arrow."""

    pattern: str
    schema: pa.Schema


def reader(
    fields: Sequence[StructField], *, declared: bool = True, notation: Notation = PLAIN
) -> Callable[[pa.Array], JsonRows]:
    """A function that reads the rows of lines, like `json_text.read`."""
    known = [field for field in fields if field.name != EXTRA]
    plan = _plan(known, notation)

    def read(lines: pa.Array) -> JsonRows:
        found = _at_once(lines, known, plan, notation) if plan else None
        if found is None:
            return json_text.read(lines, fields, declared=declared, notation=notation)
        at, columns = found
        if len(known) < len(fields):
            columns.append(pa.nulls(len(columns[0]), pa.string()))
        rows = verdicts.rows(fields, at, columns, [], [])
        count = len(rows)
        some = JsonRows(
            rows, pa.repeat(pa.scalar(1, pa.int64()), count), pa.nulls(count, pa.string())
        )
        if count == len(lines):
            return some
        left = bytearray(b"\1" * len(lines))
        for row in at.to_pylist() if at is not None else range(count):
            left[row] = 0
        places = at_of(flags(left))
        rest = json_text.read(lines.take(places), fields, declared=declared, notation=notation)
        return some.joined(rest, places)

    return read


def _at_once(
    lines: pa.Array, fields: Sequence[StructField], plan: _Plan, notation: Notation
) -> tuple[pa.Array | None, list[pa.Array]] | None:
    """Indexes and columns of the lines that Arrow can read; None if it would not be faster."""
    if undecodable(lines):
        return None
    texts = lines.cast(pa.string())
    fits = pc.match_substring_regex(texts, plan.pattern)
    if not fits.true_count:
        return None
    at = at_of(fits) if fits.false_count else None
    plain = texts if at is None else texts.take(at)
    try:
        table = _parsed(plain, plan.schema)
    except pa.ArrowInvalid:
        return None
    if len(table) != len(plain):
        return None
    return _converted(table, fields, at, notation)


def _converted(
    table: pa.Table, fields: Sequence[StructField], at: pa.Array | None, notation: Notation
) -> tuple[pa.Array | None, list[pa.Array]]:
    converted = [
        convert(column, field.dataType, notation) if pa.types.is_string(column.type) else None
        for column, field in zip(_columns(table), fields, strict=True)
    ]
    columns = [
        as_read if done is None else done.values
        for as_read, done in zip(_columns(table), converted, strict=True)
    ]
    right = bytearray(b"\1" * len(table))
    for done in converted:
        for row in done.invalid if done else ():
            right[row] = 0
    for column, field in zip(columns, fields, strict=True):
        if not field.nullable and column.null_count:
            for row in pc.indices_nonzero(column.is_null()).to_pylist():
                right[row] = 0
    if 0 not in right:
        return at, columns
    kept = at_of(flags(right))
    return kept if at is None else at.take(kept), [column.take(kept) for column in columns]


def _columns(table: pa.Table) -> list[pa.Array]:
    return [column.combine_chunks() for column in table.columns]


def _parsed(lines: pa.Array, schema: pa.Schema) -> pa.Table:
    text = joined(lines.cast(pa.binary()))
    return arrow_json.read_json(
        pa.BufferReader(text),
        arrow_json.ReadOptions(use_threads=False, block_size=text.size + 1),
        arrow_json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="error"),
    )


def _plan(fields: Sequence[StructField], notation: Notation) -> _Plan | None:
    if notation.is_epoch or notation.locale:
        return None
    patterns = {field.name: _pattern(field.dataType) for field in fields}
    if None in patterns.values() or not 0 < len(patterns) <= _MOST_FIELDS:
        return None
    pairs = "|".join(
        f"{re.escape(json.dumps(name, ensure_ascii=False))}{_BLANKS}:{_BLANKS}(?:{value}|null)"
        for name, value in patterns.items()
    )
    pair = f"{_BLANKS}(?:{pairs}){_BLANKS}"
    schema = pa.schema([(field.name, _read_as(field.dataType)) for field in fields])
    return _Plan(rf"\A{_BLANKS}\{{{pair}(?:,{pair})*\}}{_BLANKS}\z", schema)


def _pattern(data_type: DataType) -> str | None:
    """A pattern of certainly valid values; None if a pattern is not enough."""
    if isinstance(data_type, DecimalType):
        return _decimal_pattern(data_type)
    name = data_type.typeName()
    if name in _WHOLE_DIGITS:
        return _whole_pattern(_WHOLE_DIGITS[name])
    if name in ("float", "double"):
        return _whole_pattern(18) + _FRACTION
    if isinstance(data_type, BooleanType):
        return "true|false"
    if isinstance(data_type, StringType | DateType | TimestampType | TimestampNTZType):
        return _WORDS
    return None


def _whole_pattern(digits: int) -> str:
    return f"-?(?:0|[1-9][0-9]{{0,{digits - 1}}})"


def _decimal_pattern(data_type: DecimalType) -> str:
    whole, scale = data_type.precision - data_type.scale, data_type.scale
    return (_whole_pattern(whole) if whole else "-?0") + rf"(?:\.[0-9]{{1,{scale}}})?" * bool(scale)


def _read_as(data_type: DataType) -> pa.DataType:
    """The type that Arrow reads; strings are converted by their grammar later."""
    if isinstance(data_type, DateType | TimestampType | TimestampNTZType):
        return pa.string()
    return arrow_type(data_type)
