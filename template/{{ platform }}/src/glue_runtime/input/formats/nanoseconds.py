# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Moments in nanoseconds, as Parquet and ORC store them: Spark's own types end at microseconds.

Spark cuts the rest without a word. So it reads these columns as something else, of which this module
makes moments, and says which of them are more exact than that.
"""

from collections.abc import Callable
from dataclasses import dataclass

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.types import (
    ArrayType,
    BinaryType,
    DataType,
    MapType,
    StringType,
    StructField,
    StructType,
    TimestampNTZType,
    TimestampType,
)

_JULIAN_DAY_OF_1970 = 2440588
_MICROS_A_DAY = 24 * 60 * 60 * 10**6


@dataclass(frozen=True)
class Nanoseconds:
    """A column with moments in nanoseconds.

    stands_for: the type that it becomes.
    read_as: the type that Spark is to read in its place; None for the one that it reads unasked.
    value: its value in whole microseconds, from what Spark has read.
    is_exact: whether that is all of it; null for null.
    """

    stands_for: DataType
    value: Callable[[Column], Column]
    is_exact: Callable[[Column], Column]
    read_as: DataType | None = None


def from_numbers(*, zoned: bool) -> Nanoseconds:
    """Parquet's own type: the number of nanoseconds since 1970, in UTC or without a zone."""
    return Nanoseconds(
        TimestampType() if zoned else TimestampNTZType(),
        lambda number: F.timestamp_micros(_thousandth(number)),
        lambda number: F.pmod(number, F.lit(1000)) == 0,
    )


def from_int96() -> Nanoseconds:
    """Parquet's older type: eight bytes of nanoseconds since midnight, and four of a Julian day."""

    def micros(twelve: Column) -> Column:
        days = _little_endian(twelve, 8, 4) - _JULIAN_DAY_OF_1970
        return days * _MICROS_A_DAY + _thousandth(_little_endian(twelve, 0, 8))

    return Nanoseconds(
        TimestampType(),
        lambda twelve: F.timestamp_micros(micros(twelve)),
        lambda twelve: F.pmod(_little_endian(twelve, 0, 8), F.lit(1000)) == 0,
        BinaryType(),
    )


def from_texts(data_type: DataType) -> Nanoseconds:
    """ORC's type, which Spark also reads as text, with all digits; anywhere within a column."""
    texts = with_texts(data_type)

    def is_exact(found: Column) -> Column:
        again = found.cast(data_type).cast(texts)
        if isinstance(texts, StringType):
            return F.coalesce(again == found, found.isNull())
        return F.to_json(F.struct(again.alias("v"))) == F.to_json(F.struct(found.alias("v")))

    return Nanoseconds(data_type, lambda found: found.cast(data_type), is_exact, texts)


def with_texts(data_type: DataType) -> DataType:
    """The type with STRING in the place of each TIMESTAMP."""
    if isinstance(data_type, TimestampType):
        return StringType()
    if isinstance(data_type, ArrayType):
        return ArrayType(with_texts(data_type.elementType), data_type.containsNull)
    if isinstance(data_type, MapType):
        key, value = with_texts(data_type.keyType), with_texts(data_type.valueType)
        return MapType(key, value, data_type.valueContainsNull)
    if isinstance(data_type, StructType):
        fields = [
            StructField(each.name, with_texts(each.dataType), each.nullable)
            for each in data_type.fields
        ]
        return StructType(fields)
    return data_type


def _thousandth(number: Column) -> Column:
    """The whole number of thousands in a number, rounded down."""
    return F.call_function("div", number - F.pmod(number, F.lit(1000)), F.lit(1000))


def _little_endian(data: Column, start: int, size: int) -> Column:
    """The whole number with a sign that these bytes are, the least significant first."""
    places = reversed(range(start, start + size))
    digits = F.concat(*[F.substring(F.hex(data), 2 * place + 1, 2) for place in places])
    number = F.conv(digits, 16, 10).cast("decimal(20)")
    half, whole = (F.lit(str(1 << bits)).cast("decimal(20)") for bits in (8 * size - 1, 8 * size))
    return F.when(number >= half, number - whole).otherwise(number).cast("bigint")
