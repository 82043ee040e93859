# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The two columns that record which file a row comes from, shared by reading and writing."""

import hashlib

from pyspark.sql import Column
from pyspark.sql import functions as F

SOURCE_OBJECT = "source_object"
"""The column with the literal URI of each row's file: s3://bucket/sales/daily.csv."""

SOURCE_ID = "source_id"
"""The column that a table is partitioned by."""

DIGITS = 24


def source_id(uri: str) -> str:
    """The `SOURCE_ID` of a source object; it begins with a letter so as not to read as a number."""
    return f"k{hashlib.sha256(uri.encode()).hexdigest()[:DIGITS]}"


def source_id_of(uri: Column) -> Column:
    """The same for a column of URIs."""
    return F.concat(F.lit("k"), F.substring(F.sha2(uri, 256), 1, DIGITS))
