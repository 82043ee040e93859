# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Columns in the names of folders, as Hive and Spark write them: ``year=2024/month=01/``."""

import re
from collections.abc import Sequence
from urllib.parse import unquote

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.types import StructField

from glue_runtime.input.exact.grammar import DoesNotFitError, grammar_of
from glue_runtime.input.exact.verdicts import wrong
from glue_runtime.input.formats.interface import UnreadableFileError
from glue_runtime.lineage import SOURCE_OBJECT

_NULL = "__HIVE_DEFAULT_PARTITION__"
_LONE = "%(?![0-9A-Fa-f]{2})"


def check_folders(uri: str, columns: Sequence[StructField]) -> None:
    """Check that the folders of a file have a value of each column.

    Raises:
        UnreadableFileError: they do not.
    """
    for column in columns:
        found = re.findall(_pattern(column), uri)
        if len(found) != 1:
            what = "no folder" if not found else f"{len(found)} folders"
            raise UnreadableFileError(
                f"{what} {column.name}= in its path, which partitionColumns declares"
            )
        text = unquote(found[0])
        if text == _NULL:
            if column.nullable:
                continue
            raise UnreadableFileError(
                f"a folder without a value of {column.name}, which is NOT NULL"
            )
        try:
            grammar_of(column.dataType).read(text)
        except DoesNotFitError:
            raise UnreadableFileError(f"a folder whose {wrong(column, text)}") from None


def value_of(column: StructField) -> Column:
    """The value of a column, from the folders of a row's file."""
    found = F.regexp_extract(F.col(SOURCE_OBJECT), _pattern(column), 1)
    # url_decode takes "+" for a blank and fails on a lone "%", and Hive does neither.
    text = F.url_decode(F.regexp_replace(F.regexp_replace(found, _LONE, "%25"), r"\+", "%2B"))
    return F.when(text != _NULL, text).cast(column.dataType).alias(column.name)


def _pattern(column: StructField) -> str:
    # The slash at the end also begins the next folder, which may have the same name.
    return f"/{re.escape(column.name)}=([^/]*)(?=/)"
