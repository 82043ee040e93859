# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Spark columns: quoted names, and types that hold the values of other types."""

from pyspark.sql.types import DataType, DecimalType

_WIDER = {
    "tinyint": {"smallint", "int", "bigint", "string"},
    "smallint": {"int", "bigint", "string"},
    "int": {"bigint", "double", "string"},
    "bigint": {"string"},
    "float": {"double"},
}
"""The types that convert to text and back without loss, unlike 1.10, which is the same as 1.1."""


def quoted(name: str) -> str:
    """Quote a column name so that Spark takes it literally."""
    return f"`{name.replace('`', '``')}`"


def holds(wanted: DataType, present: DataType) -> bool:
    """Whether Spark casts every value of the present type to an equal value of the wanted type."""
    if isinstance(wanted, DecimalType) and isinstance(present, DecimalType):
        has_digits = wanted.precision - wanted.scale >= present.precision - present.scale
        return wanted.scale >= present.scale and has_digits
    names = wanted.simpleString(), present.simpleString()
    return names[0] == names[1] or names[0] in _WIDER.get(names[1], ())
