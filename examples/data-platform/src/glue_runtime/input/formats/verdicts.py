# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The rows of files that are read alike, each with a verdict: does it fit the columns of the source?

What the formats have in common that judge rows with Spark's own functions. Their rows have

RECORD    the columns of the source
VERDICT   `FITS`, `INVALID`, `HEADER` (no row at all), or `BREAKS_FILE` (a row that is invalid, and
          makes the rows around it doubtful)
RAW       the text of the row
NUMBER    the place of a record in its text, from 1
POSITION  the line, or the number of the record in its file, from 1
"""

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import or_

from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

RECORD, VERDICT, RAW, NUMBER, POSITION = "_record", "_verdict", "_raw", "_number", "_position"
FITS, HEADER, INVALID, BREAKS_FILE = range(4)

MALFORMED = "_malformed"
RESERVED = (RECORD, VERDICT, RAW, NUMBER, POSITION, MALFORMED, "_one", "_many")
PERMISSIVE = {"mode": "PERMISSIVE", "columnNameOfCorruptRecord": MALFORMED}

TEXT = StringType()


def field_of(field: StructField) -> Column:
    """The value of a field in `RECORD`."""
    return F.col(f"{RECORD}.{quoted(field.name)}")


def are_invalid(fields: Sequence[StructField]) -> Column:
    """Whether a row could not be parsed, or lacks a value that it must have."""
    signs = [F.col(f"{RECORD}.{MALFORMED}").isNotNull()]
    signs += [field_of(field).isNull() for field in fields if not field.nullable]
    return reduce(or_, signs)


def wrong_value(field: StructField, text: Column) -> Column:
    """Says that a text is no value of the field's type, if it is one."""
    told = F.concat(
        F.lit(f"{field.name} "),
        F.substring(text, 1, 40),
        F.lit(f" is no {field.dataType.simpleString()}"),
    )
    return F.when(text.isNotNull() & field_of(field).isNull(), told)


def missing_values(fields: Sequence[StructField]) -> list[Column]:
    """Says of each field that must have a value that it has none, if so."""
    return [
        F.when(field_of(field).isNull(), F.lit(f"{field.name} is missing"))
        for field in fields
        if not field.nullable
    ]


def ddl(spark: SparkSession, fields: Iterable[StructField]) -> str:
    """Columns in SQL's form, all nullable."""
    nullable = StructType([StructField(f.name, f.dataType) for f in fields])
    return str(spark._jsparkSession.parseDataType(nullable.json()).toDDL())


def quoted(name: str) -> str:
    """A column's name as Spark takes it literally."""
    return f"`{name.replace('`', '``')}`"
