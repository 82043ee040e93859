# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Handle invalid rows and unreadable files: fail the run or quarantine them.

The quarantine is a table next to the job's, with the same guarantees: each source object owns a
partition, and a corrected file clears it. Its columns are source_object, position (the line, or the
number of the record, from 1; null if unknown or if the whole file is unreadable), reason, raw_text
and run_id.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import LongType, StringType, StructType

from glue_runtime.errors import BadRowsError, OutputError, UnreadableSourceError
from glue_runtime.input.loading import Loaded, RowsRead
from glue_runtime.lineage import SOURCE_ID, SOURCE_OBJECT, source_id_of
from glue_runtime.spark import storage
from glue_runtime.spark.files import StoredFile
from glue_runtime.spark.session import whole_files
from glue_runtime.tables.table import NOTHING, Staged, Table

STRICT, LENIENT = "strict", "lenient"

DEFAULT_POLICIES = {"s3_event": STRICT, "scheduled": LENIENT}

_COLUMNS = (
    StructType()
    .add(SOURCE_OBJECT, StringType())
    .add("position", LongType())
    .add("reason", StringType())
    .add("raw_text", StringType())
)

COLUMNS = StructType([*_COLUMNS.fields]).add("run_id", StringType())
"""The columns of every quarantine."""

COMMENTS = {
    SOURCE_OBJECT: "The file",
    "position": "The line, or the number of the record, from 1; null if the whole file is unreadable",
    "reason": "Why the row or the file was not processed",
    "raw_text": "The row as it stands in the file",
    "run_id": "The run that quarantined it",
}
"""What the columns are, for those who query the quarantine."""


def refuse_unreadable(unreadable: Mapping[str, str], files: int) -> None:
    """Raise UnreadableSourceError if a file is unreadable. files: the number of all files."""
    for uri, reason in sorted(unreadable.items()):
        raise UnreadableSourceError(
            f"expected readable data, {reason} in {uri} ({len(unreadable)} of {files} files are "
            "unreadable); correct the file and upload it again"
        )


def refuse_invalid_rows(
    spark: SparkSession, read: Mapping[int, RowsRead], loads: Sequence[Loaded]
) -> None:
    """Raise BadRowsError if any row of these loads is invalid."""
    for number, rows in read.items():
        if rows.invalid:
            raise BadRowsError(
                f"expected rows that fit the columns of {loads[number].location.where}, found "
                f"{rows.invalid} of {rows.rows} that do not: {_first(spark, loads[number])}; "
                "correct the file and upload it again"
            )


def refuse_too_many(
    spark: SparkSession, read: Mapping[int, RowsRead], loads: Sequence[Loaded], limit: float
) -> None:
    """Raise BadRowsError if the share of invalid rows of a load is above the limit."""
    for number, rows in read.items():
        if rows.invalid > limit * rows.rows:
            raise BadRowsError(
                f"expected at most {limit:.0%} of the rows of {loads[number].location.where} not to "
                f"fit, found {rows.invalid} of {rows.rows}: {_first(spark, loads[number])}; correct "
                "the files and upload them again, or declare another bad_rows_limit"
            )


def stage(
    spark: SparkSession,
    table: Table,
    read: Mapping[int, RowsRead],
    loads: Sequence[Loaded],
    run_id: str,
) -> Staged:
    """Stage invalid rows and unreadable files for the quarantine, in a second pass.

    Raises:
        OutputError: the second pass found a different number of rows.
    """
    unreadable = {uri: why for each in loads for uri, why in each.found.unreadable.items()}
    frames = [loads[number].found.invalid_rows() for number, rows in read.items() if rows.invalid]
    if unreadable:
        files = [(uri, None, reason, None) for uri, reason in sorted(unreadable.items())]
        frames.append(spark.createDataFrame(files, _COLUMNS))
    if not frames:
        return NOTHING
    rows = reduce(DataFrame.unionByName, frames).withColumn("run_id", F.lit(run_id))
    with whole_files(spark):
        staged = table.stage(rows.withColumn(SOURCE_ID, source_id_of(F.col(SOURCE_OBJECT))), run_id)
    expected = sum(rows.invalid for rows in read.values()) + len(unreadable)
    if staged.rows != expected:
        table.discard(staged)
        raise OutputError(
            f"expected {expected} rows for the quarantine, found {staged.rows} when they were read "
            "a second time; their files may have changed: run the job again"
        )
    return staged


def broken_files(read: Mapping[int, RowsRead], loads: Sequence[Loaded]) -> dict[str, str]:
    """The files whose rows show them to be unreadable: an unclosed quote, or too few rows."""
    return {
        uri: fault
        for number, rows in read.items()
        if rows.breaking
        for uri, fault in loads[number].found.broken_files().items()
    }


def unreadable_files(loads: Sequence[Loaded]) -> dict[str, str]:
    """The files that cannot be read to their end; it reads all candidates."""
    suspects = [
        (uri, stored, loaded.found.read_error)
        for loaded in loads
        for uri, stored in loaded.files.items()
        if uri not in loaded.found.unreadable
    ]
    found: dict[str, str] = {}

    def read(suspect: tuple[str, StoredFile, Callable[[StoredFile], str | None]]) -> None:
        uri, stored, read_error = suspect
        if error := read_error(stored):
            found[uri] = f"found that it cannot be read to its end: {error}"

    storage.in_parallel(read, suspects)
    return found


def _first(spark: SparkSession, loaded: Loaded) -> str:
    with whole_files(spark):
        row = loaded.found.invalid_rows().orderBy(SOURCE_OBJECT, "position").first()
    if row is None:
        return "none when they were read a second time"
    raw = row["raw_text"]
    text = "" if raw is None else f": {raw[:100]}"
    advice = loaded.found.advice(row["reason"], raw or "")
    place = f"row {row['position']} of {row[SOURCE_OBJECT]}"
    return f"the first is {place} ({row['reason']}){text}{advice}"
