# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Columns of Spark: their names as it takes them, and which types hold the values of which."""

from pyspark.sql.types import DataType, DecimalType

_WIDER = {
    "tinyint": {"smallint", "int", "bigint", "string"},
    "smallint": {"int", "bigint", "string"},
    "int": {"bigint", "double", "string"},
    "bigint": {"string"},
    "float": {"double"},
}
"""Whole numbers are texts without loss; 1.10 and 1.1 are one number, and two texts."""


def quoted(name: str) -> str:
    """A column's name as Spark takes it literally."""
    return f"`{name.replace('`', '``')}`"


def holds(wanted: DataType, present: DataType) -> bool:
    """Whether every value of the present type has its equal in the wanted one, to which Spark casts it."""
    if isinstance(wanted, DecimalType) and isinstance(present, DecimalType):
        has_digits = wanted.precision - wanted.scale >= present.precision - present.scale
        return wanted.scale >= present.scale and has_digits
    names = wanted.simpleString(), present.simpleString()
    return names[0] == names[1] or names[0] in _WIDER.get(names[1], ())
