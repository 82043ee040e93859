# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Infer the types of undeclared columns.

A column has a narrower type than STRING only if each of its texts is a valid value of it in
canonical form: `007`, `1D`, `07:45` and numbers with more digits than a DOUBLE stay text.

A shape describes what is known about a column or a record. It is plain data, so executors can send
it, and the shapes of many tasks and files merge in any order:

None                     no value yet
a list of names          the types of all values so far, narrowest first; empty: STRING
{"array": shape}         arrays, and the shape of their elements
{"struct": {name: ...}}  objects, and the shape of each name
"""

from collections.abc import Sequence
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql.types import (
    ArrayType,
    BooleanType,
    DataType,
    DateType,
    DoubleType,
    IntegerType,
    LongType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from glue_runtime.input.exact import csv_file, json_text
from glue_runtime.input.exact.columns import convert
from glue_runtime.input.exact.csv_lines import Layout
from glue_runtime.input.exact.dialect import UTF_8
from glue_runtime.input.exact.grammar import is_printed_double
from glue_runtime.input.exact.json_text import Literal
from glue_runtime.input.exact.verdicts import FITS

Shape = None | list[str] | dict[str, Any]

TYPES: dict[str, DataType] = {
    "int": IntegerType(),
    "bigint": LongType(),
    "double": DoubleType(),
    "boolean": BooleanType(),
    "date": DateType(),
    "timestamp": TimestampType(),
}

_WHOLE = "0|-?[1-9][0-9]*"
_WRITTEN = {
    "int": _WHOLE,
    "bigint": _WHOLE,
    "double": r"-?(0|[1-9][0-9]*)(\.[0-9]+)?",
}
_EXACT_DIGITS = 15
_LAST_BIGINT = 2**63
_MOST_LEVELS = 32


def shape_of_texts(texts: pa.Array) -> Shape:
    """The shape of a column of strings; nulls are ignored."""
    texts = texts.drop_null()
    if not len(texts):
        return None
    return [name for name in TYPES if _are_all(texts[:1], name) and _are_all(texts, name)]


def shape_of_csv(lines: pa.Array, layout: Layout) -> Shape:
    """The shape of the rows of lines; lines with a wrong number of cells are ignored.

    layout: its fields are STRING.
    """
    rows = csv_file.rows_of(lines, layout)
    fits = pc.equal(rows.verdicts, FITS)
    columns = zip(layout.names, rows.columns, strict=True)
    return {"struct": {name: shape_of_texts(column.filter(fits)) for name, column in columns}}


def shape_of_documents(texts: pa.Array, encoding: str = UTF_8) -> Shape:
    """The shape of the records of JSON texts."""
    texts = json_text.recoded(texts, encoding)
    return merged([shape_of_json(text) for text in texts.to_pylist()])


def shape_of_json(text: bytes) -> Shape:
    """The shape of the records of a JSON text; invalid records are ignored."""
    return merged([_shape(one) for one in json_text.sound_records(text)])


def merged(shapes: Sequence[Shape]) -> Shape:
    """Merge shapes."""
    return reduce(_merge, shapes, None)


def wider(one: DataType, other: DataType) -> DataType | None:
    """The common type of a column with two different types in files that are not text."""
    whole, more = sorted((one.typeName(), other.typeName()), key="integer".__ne__)
    return {("integer", "long"): LongType(), ("integer", "double"): DoubleType()}.get((whole, more))


def type_of(shape: Shape) -> DataType:
    """The type for all values of a shape without loss."""
    if isinstance(shape, dict) and "array" in shape:
        return ArrayType(type_of(shape["array"]))
    if isinstance(shape, dict):
        members = sorted(shape["struct"].items())
        if len({name.casefold() for name, _ in members}) < max(len(members), 1):
            # Spark has no such type: the objects stay texts.
            return StringType()
        return StructType([StructField(name, type_of(of_name)) for name, of_name in members])
    return TYPES[shape[0]] if shape else StringType()


def _are_all(texts: pa.Array, name: str) -> bool:
    """Whether all texts are valid values of a type in canonical form."""
    written = _WRITTEN.get(name)
    if written and pc.match_substring_regex(texts, f"^({written})$").false_count:
        return False
    if convert(texts, TYPES[name]).invalid:
        return False
    if name == "double":
        long = texts.filter(pc.greater(pc.binary_length(texts), _EXACT_DIGITS))
        return all(map(is_printed_double, long.to_pylist()))
    return True


def _shape(value: Any, level: int = 0) -> Shape:
    if value is None:
        return None
    if level == _MOST_LEVELS:
        return []
    if isinstance(value, dict):
        return {"struct": {name: _shape(each, level + 1) for name, each in value.items()}}
    if isinstance(value, list):
        return {"array": merged([_shape(each, level + 1) for each in value])}
    if isinstance(value, Literal):
        return _shape_of_number(value)
    return ["boolean"] if isinstance(value, bool) else []


def _shape_of_number(text: Literal) -> Shape:
    if text in json_text.NO_JSON:
        return None
    whole = text.removeprefix("-")
    is_bigint = whole.isdigit() and len(whole) < 20 and -_LAST_BIGINT <= int(text) < _LAST_BIGINT
    return ["bigint"] * is_bigint + ["double"] * is_printed_double(text)


def _merge(one: Shape, other: Shape) -> Shape:
    if one is None or other is None:
        return other if one is None else one
    if isinstance(one, list) and isinstance(other, list):
        return [name for name in one if name in other]
    if isinstance(one, list) or isinstance(other, list) or one.keys() != other.keys():
        return []
    if "array" in one:
        return {"array": _merge(one["array"], other["array"])}
    members, more = one["struct"], other["struct"]
    names = dict.fromkeys([*members, *more])
    return {"struct": {name: _merge(members.get(name), more.get(name)) for name in names}}
