# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""How the table records where rows come from: in two columns, and in the names of its files."""

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


def provenance(version: str, fingerprint: str) -> str:
    """What rows are made from: a content of a source object, and the code of the job.

    version: `StoredFile.version` of the object. fingerprint: see `fingerprint`.
    """
    return f"{hashlib.sha256(version.encode()).hexdigest()[:12]}-{fingerprint}"


def source_id_of(uri: Column) -> Column:
    """The same for a column of URIs."""
    return F.concat(F.lit("k"), F.substring(F.sha2(uri, 256), 1, DIGITS))
