# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Parse JSON: each text is an object or an array of objects, and each object is a row.

Python's parser defines what valid JSON is. Numbers are kept as text, and parsed by the grammar of
their column's type.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
from pyspark.sql.types import (
    ArrayType,
    BinaryType,
    BooleanType,
    DataType,
    DateType,
    DecimalType,
    MapType,
    StringType,
    StructField,
    StructType,
    TimestampNTZType,
    TimestampType,
)

from glue_runtime.input.exact import verdicts
from glue_runtime.input.exact.columns import arrow_type, convert
from glue_runtime.input.exact.dialect import UTF_8, decoded
from glue_runtime.input.exact.grammar import DoesNotFitError, base64_bytes, grammar_of
from glue_runtime.input.exact.notations import PLAIN, Notation
from glue_runtime.input.exact.verdicts import EXTRA, INVALID, Fault, Rows

NO_OBJECT = "not one JSON object with each name once"
NOT_UTF_8 = "not UTF-8"
HALF_A_CHARACTER = "half of a surrogate pair"
TOO_DEEP = "nested too deep"

_BOM = b"\xef\xbb\xbf"
NO_JSON = ("NaN", "Infinity", "-Infinity")
_MOMENTS = (TimestampType, TimestampNTZType)
_WORDS = (StringType, DateType, TimestampType, TimestampNTZType, BinaryType)


class Literal(str):
    """A number as written; or NaN and the infinities, which are not valid JSON."""

    __slots__ = ()


class NamedTwice(dict[str, Any]):
    """An object with a duplicate name. pairs: all its names and values."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs


@dataclass(frozen=True)
class JsonRows:
    """Rows of texts.

    rows: the rows; `at` is the index of their text.
    numbers: the position of each row in its text, from 1.
    raws: the text of each invalid row; null for a valid one.
    """

    rows: Rows
    numbers: pa.Array
    raws: pa.Array

    def joined(self, rest: "JsonRows", places: pa.Array) -> "JsonRows":
        """These rows and those of other texts, which are at these indexes."""
        one, other = self.rows, rest.rows
        at = one.at if one.at is not None else pa.array(range(len(one)), pa.int64())
        return JsonRows(
            Rows(
                pa.concat_arrays([at, places.take(other.at)]),
                [pa.concat_arrays(two) for two in zip(one.columns, other.columns, strict=True)],
                pa.concat_arrays([one.verdicts, other.verdicts]),
                pa.concat_arrays([one.reasons, other.reasons]),
            ),
            pa.concat_arrays([self.numbers, rest.numbers]),
            pa.concat_arrays([self.raws, rest.raws]),
        )


@dataclass(frozen=True)
class _Element:
    """A record in an array."""

    value: Any


@dataclass(frozen=True)
class _Record:
    """A parsed record. value: None if it is not an object, or contains an unpaired surrogate."""

    at: int
    number: int
    value: dict[str, Any] | None
    written: bytes | _Element
    reason: str | None = None


def read(
    texts: pa.Array,
    fields: Sequence[StructField],
    *,
    declared: bool = True,
    notation: Notation = PLAIN,
) -> JsonRows:
    """The rows of texts.

    texts: the bytes of each text. A blank text has no rows.
    declared: whether a name that is not a field makes a record invalid.
    notation: how days, moments and numbers in strings are written.
    """
    records = [record for at, text in enumerate(texts.to_pylist()) for record in _records(at, text)]
    found: list[list[str]] = [[record.reason] if record.reason else [] for record in records]
    known = [field for field in fields if field.name != EXTRA]
    gathers_others = len(known) < len(fields)
    if declared or gathers_others:
        _note_others(records, known, found, gathers_others)
    columns = [_column(field, records, found, notation) for field in known]
    if gathers_others:
        columns.append(_others(records, known))
    faults = [
        Fault(row, INVALID, ", ".join(reasons)) for row, reasons in enumerate(found) if reasons
    ]
    at = pa.array([record.at for record in records], pa.int64())
    return JsonRows(
        verdicts.rows(fields, at, columns, faults, []),
        pa.array([record.number for record in records], pa.int64()),
        pa.array(
            [
                _raw(record.written) if reasons else None
                for record, reasons in zip(records, found, strict=True)
            ],
            pa.string(),
        ),
    )


def recoded(texts: pa.Array, encoding: str) -> pa.Array:
    """The texts in UTF-8; one that is not valid in its encoding becomes one that is not UTF-8."""
    if encoding == UTF_8:
        return texts
    return pa.array([_recoded(text, encoding) for text in texts.to_pylist()], pa.binary())


def _recoded(text: bytes, encoding: str) -> bytes:
    try:
        return decoded(text, encoding).encode()
    except UnicodeError:
        return text.decode(encoding, errors="replace").encode() + b"\xff"


def text_of(value: Any) -> str:
    """A value as compact JSON, with numbers as they were written.

    Raises:
        DoesNotFitError: it is nested deeper than Python can recurse.
    """
    try:
        return _text_of(value)
    except RecursionError:
        raise DoesNotFitError(TOO_DEEP) from None


def _text_of(value: Any) -> str:
    if isinstance(value, Literal):
        return str(value)
    if isinstance(value, dict):
        pairs = value.pairs if isinstance(value, NamedTwice) else value.items()
        return "{" + ",".join(f"{_quoted(name)}:{_text_of(each)}" for name, each in pairs) + "}"
    if isinstance(value, list):
        # Not map(): how deep a function of C can recurse is another number in each version of Python.
        return "[" + ",".join(_text_of(each) for each in value) + "]"
    return _quoted(value)


def parsed(text: bytes) -> Any:
    """Parse a text to dict, list, str, Literal, bool and None.

    Raises:
        ValueError: it is not valid JSON; a UnicodeDecodeError, if it is not UTF-8.
    """
    try:
        return _DECODER.decode(text.removeprefix(_BOM).decode())
    except RecursionError:
        raise ValueError(TOO_DEEP) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else NamedTwice(pairs)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=Literal, parse_int=Literal, parse_constant=Literal
)


def _quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def sound_records(text: bytes) -> list[dict[str, Any]]:
    """The valid records of a text."""
    return [record.value for record in _records(0, text) if record.value is not None]


def _records(at: int, text: bytes) -> Iterator[_Record]:
    if not text.removeprefix(_BOM).strip(b" \t\r\n"):
        return
    try:
        value = parsed(text)
    except ValueError as error:
        known = {UnicodeDecodeError: NOT_UTF_8, ValueError: str(error)}
        yield _Record(at, 1, None, text, known.get(type(error), NO_OBJECT))
        return
    is_many = isinstance(value, list)
    # Expensive checks that only unusual texts need.
    may_be_odd = b"\\u" in text or b"}" in text.rstrip()[:-1]
    for number, one in enumerate(value if is_many else [value], start=1):
        objection = _objection(one, may_be_odd)
        record = None if objection else one
        yield _Record(at, number, record, _Element(one) if is_many else text, objection)


def _raw(written: bytes | _Element) -> str:
    if isinstance(written, bytes):
        return _shown(written)
    return _display(written.value).encode(errors="replace").decode()


def _shown(text: bytes) -> str:
    return text.removeprefix(_BOM).decode(errors="replace").lstrip(" ")


def _objection(value: Any, may_be_odd: bool) -> str | None:
    if not isinstance(value, dict) or isinstance(value, NamedTwice):
        return NO_OBJECT
    if may_be_odd:
        try:
            if _has_one_twice(value):
                return NO_OBJECT
            text_of(value).encode()
        except UnicodeEncodeError:
            return HALF_A_CHARACTER
        except (RecursionError, DoesNotFitError):
            return TOO_DEEP
    return None


def _has_one_twice(value: Any) -> bool:
    if isinstance(value, dict):
        return isinstance(value, NamedTwice) or any(map(_has_one_twice, value.values()))
    return isinstance(value, list) and any(map(_has_one_twice, value))


def _note_others(
    records: Sequence[_Record], fields: Sequence[StructField], found: list[list[str]], kept: bool
) -> None:
    """Note names that are no fields. If those are kept: names that differ only in case from one."""
    names = {field.name for field in fields}
    spelt = {name.casefold(): name for name in names}
    for record, reasons in zip(records, found, strict=True):
        others = [name for name in record.value or () if name not in names]
        if others and not kept:
            reasons.append(f"unexpected {', '.join(others)}")
        for name in others if kept else ():
            if field := spelt.get(name.casefold()):
                reasons.append(f"{name}, which the schema spells {field}")


def _others(records: Sequence[_Record], fields: Sequence[StructField]) -> pa.Array:
    """What each record has beyond these fields, as JSON."""
    names = {field.name for field in fields}
    texts = []
    for record in records:
        others = {k: v for k, v in (record.value or {}).items() if k not in names}
        texts.append(text_of(others) if others else None)
    return pa.array(texts, pa.string())


def _column(
    field: StructField,
    records: Sequence[_Record],
    found: list[list[str]],
    notation: Notation,
) -> pa.Array:
    """The values of a field; adds the reasons for invalid values to `found`."""
    values = [None if record.value is None else record.value.get(field.name) for record in records]
    if not field.nullable:
        for record, value, reasons in zip(records, values, found, strict=True):
            if value is None and record.value is not None:
                reasons.append(verdicts.missing(field))
    if isinstance(field.dataType, ArrayType | MapType | StructType | BinaryType):
        return _nested(field, values, found, notation)
    texts: list[str | None] = []
    for value, reasons in zip(values, found, strict=True):
        try:
            texts.append(None if value is None else _written(value, field.dataType, notation))
        except DoesNotFitError:
            texts.append(None)
            reasons.append(verdicts.wrong(field, _display(value)))
    of_strings = replace(notation, locale="")
    converted = convert(pa.array(texts, pa.string()), field.dataType, of_strings)
    for row in converted.invalid:
        found[row].append(verdicts.wrong(field, _display(values[row])))
    return converted.values


def _nested(
    field: StructField, values: Sequence[Any], found: list[list[str]], notation: Notation
) -> pa.Array:
    read_values = []
    for value, reasons in zip(values, found, strict=True):
        try:
            read_values.append(_value(value, field.dataType, notation))
        except DoesNotFitError:
            read_values.append(None)
            reasons.append(verdicts.wrong(field, _display(value)))
    return pa.array(read_values, arrow_type(field.dataType))


def _display(value: Any) -> str:
    """A value as it stands in a message."""
    try:
        return _as_text(value)
    except DoesNotFitError as error:
        return str(error)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else text_of(value)


def _written(value: Any, data_type: DataType, notation: Notation) -> str:
    """The text for the grammar. Raises DoesNotFitError if the JSON type is another."""
    if isinstance(data_type, StringType):
        if isinstance(value, Literal) and value in NO_JSON:
            raise DoesNotFitError(value)
        return _as_text(value)
    if isinstance(data_type, BooleanType):
        fits = isinstance(value, bool)
    elif isinstance(data_type, _WORDS):
        is_number = notation.is_epoch and isinstance(data_type, _MOMENTS)
        fits = type(value) is str or (is_number and isinstance(value, Literal))
    elif type(value) is str and (convention := notation.convention(data_type)):
        return convention.plain_text(value)
    else:
        may_be_text = isinstance(data_type, DecimalType)
        fits = isinstance(value, Literal) or (may_be_text and isinstance(value, str))
    if not fits:
        raise DoesNotFitError
    return _as_text(value)


def _value(value: Any, data_type: DataType, notation: Notation) -> Any:
    """Convert a value of any type. Raises DoesNotFitError."""
    if value is None:
        return None
    if isinstance(data_type, ArrayType):
        if not isinstance(value, list) or (None in value and not data_type.containsNull):
            raise DoesNotFitError
        return [_value(each, data_type.elementType, notation) for each in value]
    if isinstance(data_type, MapType):
        if not isinstance(value, dict):
            raise DoesNotFitError
        keys = [grammar_of(data_type.keyType).read(name) for name in value]
        if len({*keys}) < len(keys):
            raise DoesNotFitError
        values = [_value(each, data_type.valueType, notation) for each in value.values()]
        return [*zip(keys, values, strict=True)]
    if isinstance(data_type, StructType):
        return _struct(value, data_type, notation)
    if isinstance(data_type, BinaryType):
        if type(value) is not str:
            raise DoesNotFitError
        return base64_bytes(value)
    text = _written(value, data_type, notation)
    read = notation.reader(data_type)
    return read(text) if read else grammar_of(data_type).read(text)


def _struct(value: Any, data_type: StructType, notation: Notation) -> dict[str, Any]:
    """Convert an object within a record; it must not have names that its type lacks."""
    names = {field.name: field for field in data_type.fields}
    if not isinstance(value, dict) or not value.keys() <= names.keys():
        raise DoesNotFitError
    if any(not field.nullable and value.get(name) is None for name, field in names.items()):
        raise DoesNotFitError
    return {
        name: _value(value.get(name), field.dataType, notation) for name, field in names.items()
    }
