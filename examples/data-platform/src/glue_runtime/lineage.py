# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Which file a row comes from: the two columns that say so, shared by what reads and what writes."""

import hashlib

from pyspark.sql import Column
from pyspark.sql import functions as F

SOURCE_OBJECT = "source_object"
"""The column that names the file of each row, as the literal URI: s3://bucket/sales/daily.csv."""

SOURCE_ID = "source_id"
"""The column that a table is partitioned by."""

DIGITS = 24


def source_id(uri: str) -> str:
    """What `SOURCE_ID` holds for a source object; begins with a letter, or it would read as a number."""
    return f"k{hashlib.sha256(uri.encode()).hexdigest()[:DIGITS]}"


def source_id_of(uri: Column) -> Column:
    """The same for a column of URIs."""
    return F.concat(F.lit("k"), F.substring(F.sha2(uri, 256), 1, DIGITS))
