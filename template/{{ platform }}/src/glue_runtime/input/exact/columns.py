# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Convert whole columns of text by the grammars.

Arrow converts a column at once if it accepts exactly what the grammar accepts. Otherwise, a pattern
finds values that are certainly valid, Arrow converts those, and the grammar converts the rest.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql.types import ArrayType, DataType, DecimalType, MapType, StructType

from glue_runtime.input.exact.arrays import flags
from glue_runtime.input.exact.grammar import DoesNotFitError, grammar_of
from glue_runtime.input.exact.locales import Convention
from glue_runtime.input.exact.notations import PLAIN, Notation, Read

_DIGITS = b"0123456789"
_DECIMAL_DIGITS = 38
_MINUTES_AT = 13
_SHORTEST_MOMENT = len("2024-01-15T10:30")
_SURE_DAY = "[0-9]{3}[1-9]-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"
_SURE_TIME = "[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,6})?)?"
_SURE_NUMBER = r"-?[0-9]{1,100}(\.[0-9]{1,100})?"


@dataclass(frozen=True)
class Converted:
    """A column. invalid: the rows whose text is not valid for the type; their value is null."""

    values: pa.Array
    invalid: tuple[int, ...] = ()


def arrow_type(data_type: DataType) -> pa.DataType:
    """The Arrow type of a Spark type. Raises ValueError if text cannot have it."""
    if isinstance(data_type, ArrayType):
        return pa.list_(arrow_type(data_type.elementType))
    if isinstance(data_type, MapType):
        return pa.map_(arrow_type(data_type.keyType), arrow_type(data_type.valueType))
    if isinstance(data_type, StructType):
        if not data_type.fields:
            raise ValueError("expected a struct of fields, found one without")
        return pa.struct([(field.name, arrow_type(field.dataType)) for field in data_type.fields])
    if isinstance(data_type, DecimalType):
        return pa.decimal128(data_type.precision, data_type.scale)
    grammar_of(data_type)
    return _ARROW[data_type.typeName()]


def convert(texts: pa.Array, data_type: DataType, notation: Notation = PLAIN) -> Converted:
    """Convert a column of strings; nulls stay null."""
    target = arrow_type(data_type)
    if read := notation.reader(data_type):
        return _each_once(texts, read, target)
    if convention := notation.convention(data_type):
        return _by_convention(texts, data_type, convention)
    if pa.types.is_string(target):
        return Converted(texts)
    if pa.types.is_binary(target):
        return Converted(texts.cast(target))
    name = "decimal" if isinstance(data_type, DecimalType) else data_type.typeName()
    whole = _at_once(texts, name, target)
    return Converted(whole) if whole is not None else _one_by_one(texts, data_type, target)


def _each_once(texts: pa.Array, read: Read, target: pa.DataType) -> Converted:
    """Convert by a function, which is called once for equal texts."""
    coded = texts.dictionary_encode()
    values: list[object] = []
    wrong = bytearray(len(coded.dictionary))
    for code, text in enumerate(coded.dictionary.to_pylist()):
        try:
            values.append(read(text))
        except DoesNotFitError:
            values.append(None)
            wrong[code] = 1
    found = pa.array(values, target).take(coded.indices)
    if not any(wrong):
        return Converted(found)
    is_wrong = pc.fill_null(flags(wrong).take(coded.indices), False)
    return Converted(found, tuple(pc.indices_nonzero(is_wrong).to_pylist()))


def _by_convention(texts: pa.Array, data_type: DataType, convention: Convention) -> Converted:
    plain, fits = convention.plain(texts)
    converted = convert(plain, data_type)
    if not fits.false_count:
        return converted
    wrong = pc.indices_nonzero(pc.invert(fits)).to_pylist()
    return Converted(converted.values, tuple(sorted({*wrong, *converted.invalid})))


def _at_once(texts: pa.Array, name: str, target: pa.DataType) -> pa.Array | None:
    """Convert with Arrow if it accepts exactly what the grammar accepts; else return None."""
    kind = _KINDS[name]
    data = texts.buffers()[2]
    if data is not None and data.to_pybytes().translate(None, kind.alphabet):
        return None
    try:
        return kind.cast(texts, target)
    except pa.ArrowInvalid:
        return None


def _one_by_one(texts: pa.Array, data_type: DataType, target: pa.DataType) -> Converted:
    grammar = grammar_of(data_type)
    sure = pc.fill_null(pc.match_substring_regex(texts, _sure(data_type)), True)
    nothing = pa.scalar(None, pa.string())
    values = _cast_mixed(pc.if_else(sure, texts, nothing), target)
    found, invalid = [], []
    unsure = pc.indices_nonzero(pc.invert(sure)).to_pylist()
    for row, text in zip(unsure, texts.take(pa.array(unsure, pa.int64())).to_pylist(), strict=True):
        try:
            found.append(grammar.read(text))
        except DoesNotFitError:
            found.append(None)
            invalid.append(row)
    values = pc.replace_with_mask(values, pc.invert(sure), pa.array(found, target))
    return Converted(values, tuple(invalid))


def _cast_mixed(texts: pa.Array, target: pa.DataType) -> pa.Array:
    """Cast valid texts. Arrow requires a zone in all texts of a column, or in none."""
    if not (pa.types.is_timestamp(target) and target.tz):
        return texts.cast(target)
    plain = pa.timestamp(target.unit)
    zoned = pc.fill_null(pc.ends_with(texts, "Z"), False)
    nothing = pa.scalar(None, pa.string())
    with_zone = pc.if_else(zoned, texts, nothing).cast(target)
    without = pc.if_else(zoned, nothing, texts).cast(plain).cast(pa.int64()).cast(target)
    return pc.coalesce(with_zone, without)


def _sure(data_type: DataType) -> str:
    """A pattern of texts that are certainly valid and that Arrow reads correctly."""
    if isinstance(data_type, DecimalType):
        whole, fraction = data_type.precision - data_type.scale, data_type.scale
        parts = [f"[0-9]{{1,{whole}}}" if whole else "0"]
        parts += [f"(\\.[0-9]{{1,{fraction}}})?"] * bool(fraction)
        return f"^-?{''.join(parts)}$"
    return f"^({_KINDS[data_type.typeName()].sure})$"


def _cast_decimals(texts: pa.Array, target: pa.DataType) -> pa.Array | None:
    """Cast numbers that are too short to overflow the scale, which Arrow would not notice."""
    longest = pc.max(pc.binary_length(texts)).as_py() or 0
    return texts.cast(target) if longest <= _DECIMAL_DIGITS - target.scale else None


def _cast_finite(texts: pa.Array, target: pa.DataType) -> pa.Array | None:
    """Cast floating-point numbers if none is infinite or may have underflowed."""
    values = texts.cast(target)
    odd = pc.or_(pc.is_inf(values), pc.equal(values, pa.scalar(0, target)))
    suspects = texts.filter(odd)
    if len(suspects) and pc.any(pc.match_substring_regex(suspects, "^[^eE]*[1-9]")).as_py():
        return None
    return values


def _cast_days(texts: pa.Array, target: pa.DataType) -> pa.Array | None:
    return _of_our_calendar(texts.cast(target), pa.scalar(_FIRST_DAY, pa.int32()), pa.int32())


def _cast_moments(texts: pa.Array, target: pa.DataType) -> pa.Array | None:
    shortest = pc.min(pc.binary_length(texts)).as_py()
    if shortest is None:
        return texts.cast(target)
    minutes = pc.find_substring(texts, ":")
    extremes = pc.min_max(minutes).as_py()
    if shortest < _SHORTEST_MOMENT or extremes != {"min": _MINUTES_AT, "max": _MINUTES_AT}:
        return None
    try:
        values = texts.cast(target)
    except pa.ArrowInvalid:
        if not target.tz:
            raise
        values = texts.cast(pa.timestamp(target.unit)).cast(pa.int64()).cast(target)
    return _of_our_calendar(values, pa.scalar(_FIRST_MOMENT, pa.int64()), pa.int64())


def _of_our_calendar(values: pa.Array, first: pa.Scalar, numbers: pa.DataType) -> pa.Array | None:
    """The values if all are in the years 1 to 9999; else None."""
    found = pc.min_max(values.cast(numbers))
    lowest, highest = found["min"], found["max"]
    if not lowest.is_valid:
        return values
    last = _LAST_DAY if pa.types.is_int32(numbers) else _LAST_MOMENT
    return values if lowest.as_py() >= first.as_py() and highest.as_py() <= last else None


def _cast(texts: pa.Array, target: pa.DataType) -> pa.Array | None:
    return texts.cast(target)


@dataclass(frozen=True)
class _Kind:
    """How Arrow reads a kind of type.


    alphabet: for texts of these characters, Arrow reads the grammar's value or none.
    sure: a pattern of texts that are certainly valid and that Arrow reads correctly.
    """

    alphabet: bytes
    sure: str
    cast: Callable[[pa.Array, pa.DataType], pa.Array | None] = _cast


def _whole_kind(digits: int) -> _Kind:
    return _Kind(_DIGITS + b"-", f"-?[0-9]{{1,{digits}}}")


_FIRST_DAY, _LAST_DAY = -719162, 2932896
_A_DAY = 24 * 60 * 60 * 10**6
_FIRST_MOMENT, _LAST_MOMENT = _FIRST_DAY * _A_DAY, (_LAST_DAY + 1) * _A_DAY - 1

_KINDS = {
    "boolean": _Kind(b"TRUEtrueFALSEfalse", "[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]"),
    "byte": _whole_kind(2),
    "short": _whole_kind(4),
    "integer": _whole_kind(9),
    "long": _whole_kind(18),
    "float": _Kind(_DIGITS + b"+-.eE", r"-?[0-9]{1,20}(\.[0-9]{1,10})?", _cast_finite),
    "double": _Kind(_DIGITS + b"+-.eE", _SURE_NUMBER, _cast_finite),
    "decimal": _Kind(_DIGITS + b"-.", "", _cast_decimals),
    "date": _Kind(_DIGITS + b"-", _SURE_DAY, _cast_days),
    "timestamp": _Kind(_DIGITS + b"-+:.TZ ", _SURE_DAY + _SURE_TIME + "Z?", _cast_moments),
    "timestamp_ntz": _Kind(_DIGITS + b"-:.T ", _SURE_DAY + _SURE_TIME, _cast_moments),
}

_ARROW = {
    "boolean": pa.bool_(),
    "byte": pa.int8(),
    "short": pa.int16(),
    "integer": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", "UTC"),
    "timestamp_ntz": pa.timestamp("us"),
    "string": pa.string(),
    "binary": pa.binary(),
}
