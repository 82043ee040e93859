# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""One call of load_data(): the valid rows, counted while they are read."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from glue_runtime.errors import SourceNotFoundError
from glue_runtime.input import reading
from glue_runtime.input.contracts import contract_of
from glue_runtime.input.exact.frames import VERDICT
from glue_runtime.input.exact.verdicts import BREAKS_FILE, EXTRA, FITS, HEADER
from glue_runtime.input.formats.interface import Contract, FileSet
from glue_runtime.input.location import Files, InputLocation
from glue_runtime.input.reading import Reading
from glue_runtime.input.source import Source
from glue_runtime.lineage import SOURCE_OBJECT
from glue_runtime.spark.errors import explained_read_errors
from glue_runtime.spark.row_count import RowCount


@dataclass(frozen=True)
class RowsRead:
    """The numbers of rows and of invalid rows.

    extra: the rows with columns that are not declared; None if such files are refused.
    breaking: whether rows or their number show that a file is unreadable.
    """

    rows: int
    invalid: int
    breaking: bool
    extra: int | None = None


@dataclass(frozen=True)
class Loaded:
    """The result of a load.

    df: the valid rows, counted while they are read.
    files: all files of the location, by origin, as listed before reading; also unreadable ones.
    schema: ``declared`` by the source, or ``inferred`` from the files.
    owned: whether its files own partitions of the job's table (else it is a lookup).
    """

    df: DataFrame
    location: InputLocation
    files: Files
    found: Reading
    schema: str
    rows: RowCount
    owned: bool

    def counted(self) -> RowsRead | None:
        """The counts of the first pass; None if rows are invalid, or if there was no pass."""
        counts = self.rows.values()
        # With FITS = 0 and HEADER = 1, the sum is this if there are no other verdicts.
        if counts and (counts["verdicts"] or 0) == self.found.headers:
            rows = (counts["rows"] or 0) - self.found.headers
            return RowsRead(rows, 0, self._is_other_number(rows), counts.get("extra"))
        return None

    def count(self) -> RowsRead:
        """Count all rows in a separate pass."""
        verdict = F.col(VERDICT)
        kinds = [F.count(F.when(verdict == kind, 1)) for kind in (FITS, HEADER, BREAKS_FILE)]
        extra = [F.count(EXTRA)] if EXTRA in self.found.verdicts.columns else []
        row = self.found.verdicts.agg(F.count(F.lit(1)), *kinds, *extra).first()
        assert row is not None
        rows, fit, headers, breaking, *more = row
        # One header per file is expected; a further one takes the place of a row.
        rows -= min(headers, self.found.headers)
        is_broken = bool(breaking) or self._is_other_number(rows)
        return RowsRead(rows, rows - fit, is_broken, *more)

    def _is_other_number(self, rows: int) -> bool:
        """Whether the files record another number of rows."""
        return self.found.row_count not in (None, rows)


def load(
    spark: SparkSession,
    location: InputLocation,
    source: Source | None,
    unreadable: Mapping[str, str],
    *,
    owned: bool,
) -> Loaded:
    """Prepare to read the files of a location.

    unreadable: known unreadable files, with reasons.

    Raises:
        SourceNotFoundError: there is no file.
        UnreadableSourceError: there is no readable file.
    """
    listed = location.listed()
    hidden = {uri: fault for uri, stored in listed.items() if (fault := location.fault(stored))}
    if len(hidden) == len(listed):
        raise SourceNotFoundError(
            f"expected data at {location.where}, found nothing to read there; "
            "check bucket, prefix and suffix, and that the file is there and not empty"
        )
    contract = contract_of(source.schema, source.read_options) if source else Contract()
    known = {uri: reason for uri, reason in unreadable.items() if uri in listed}
    wanted = FileSet(
        {uri: stored for uri, stored in listed.items() if uri not in hidden},
        location.folder,
        location.name_pattern,
    )
    with explained_read_errors(location.where, single=len(listed) == 1 and not location.folder):
        found = reading.read(spark, wanted, location.file_format, contract, known)
    rows = RowCount()
    counted = {"verdicts": F.sum(VERDICT)}
    if EXTRA in found.verdicts.columns:
        counted["extra"] = F.count(EXTRA)
    watched = rows.watch(found.verdicts, **counted)
    fitting = watched.where(F.col(VERDICT) == FITS).drop(VERDICT)
    if rescued := contract.options.rescued:
        fitting = fitting.withColumnRenamed(EXTRA, rescued)
    fitting = fitting.drop(EXTRA)
    if len(wanted.files) == 1:
        # Repeated after the count, so that Spark knows that all rows belong to one partition.
        fitting = fitting.withColumn(SOURCE_OBJECT, F.lit(min(wanted.files)))
    return Loaded(
        df=fitting if owned else fitting.drop(SOURCE_OBJECT),
        location=location,
        files=listed,
        found=replace(found, unreadable={**found.unreadable, **hidden}),
        schema="declared" if contract.fields else "inferred",
        rows=rows,
        owned=owned,
    )
