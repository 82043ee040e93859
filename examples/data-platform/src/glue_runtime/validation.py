# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Check the files of a job before it is deployed, in a run that writes nothing."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql import Window
from pyspark.sql import functions as F

from glue_runtime.attempt import Attempt
from glue_runtime.input.loading import Loaded, RowsRead
from glue_runtime.lineage import SOURCE_OBJECT
from glue_runtime.run import JobRun
from glue_runtime.spark.session import whole_files
from glue_runtime.tables import quarantine

if TYPE_CHECKING:
    from glue_runtime.base_job import BaseGlueJob

PLACES = 3
"""The number of places that a finding names."""

_VALUE = " \N{HORIZONTAL ELLIPSIS} "


@dataclass(frozen=True)
class Finding:
    """A fault of rows or files, and where it is.

    reason: with an ellipsis instead of values, and with the option that would read the first row.
    kind: ``rows``, or ``files`` if whole files are unreadable. first: the first places, as
    ``s3://bucket/key`` or ``s3://bucket/key, row 3``.
    """

    reason: str
    kind: str
    count: int
    first: tuple[str, ...]


class Validation(JobRun):
    """A run that reads all files of a job's sources, checks their rows and reports."""

    def __init__(self, job: "BaseGlueJob", prefix: str) -> None:
        """Prepare the run. prefix: read only keys with this prefix."""
        self._prefix = prefix
        self._read: Mapping[int, RowsRead] = {}
        super().__init__(job, own_load=False, policy=quarantine.LENIENT)

    def findings(self) -> list[Finding]:
        """Return and log the findings, most frequent first.

        Raises:
            JobError: nothing could be read.
        """
        self.process()
        loads = self._attempt.loads
        found = [*_unreadable(loads), *_invalid(loads, self._read)]
        found.sort(key=lambda finding: (finding.kind, -finding.count, finding.reason))
        self.job.logger.info(
            "validated",
            files=sum(len(loaded.files) for loaded in loads),
            rows=sum(rows.rows for rows in self._read.values()),
            invalid_rows=sum(rows.invalid for rows in self._read.values()),
            findings=[vars(finding) for finding in found],
        )
        return found

    def attempt(self) -> None:
        """See `JobRun`."""
        self._attempt = self._next_attempt()
        self.job._job_run = self  # load_data() uses it
        self._read = self._attempt.judge()

    def _next_attempt(self) -> Attempt:
        return Attempt(
            self.job,
            own_load=False,
            policy=self._policy,
            unreadable=self._unreadable,
            objects=self.objects,
            is_limited=self._is_limited,
            prefix=self._prefix,
        )


def _unreadable(loads: list[Loaded]) -> Iterator[Finding]:
    """The unreadable files, by reason."""
    files: dict[str, list[str]] = {}
    for loaded in loads:
        for origin, reason in sorted(loaded.found.unreadable.items()):
            files.setdefault(reason, []).append(origin)
    for reason, origins in files.items():
        yield Finding(reason, "files", len(origins), tuple(origins[:PLACES]))


def _invalid(loads: list[Loaded], read: Mapping[int, RowsRead]) -> Iterator[Finding]:
    """The invalid rows, by reason."""
    for number, rows in read.items():
        if not rows.invalid:
            continue
        loaded = loads[number]
        reason = F.col("reason")
        for name in loaded.found.columns:
            pattern = rf"(^|, )\Q{name}\E .{{0,40}}? is not a valid "
            reason = F.regexp_replace(
                reason, pattern, f"$1{re.escape(name)}{_VALUE}is not a valid "
            )
        in_order = Window.partitionBy("reason").orderBy(SOURCE_OBJECT, "position")
        with whole_files(loaded.df.sparkSession):
            with_value = loaded.found.invalid_rows().withColumn(
                "reason_with_value", F.col("reason")
            )
            found = with_value.withColumn("reason", reason)
            first = found.withColumn("number", F.row_number().over(in_order))
            places: dict[str, list[str]] = {}
            advice: dict[str, str] = {}
            for row in first.where(F.col("number") <= PLACES).orderBy("number").collect():
                place = f"{row[SOURCE_OBJECT]}, row {row['position']}"
                places.setdefault(row["reason"], []).append(place)
                if row["number"] == 1:
                    said = loaded.found.advice(row["reason_with_value"], row["raw_text"] or "")
                    advice[row["reason"]] = said
            counts = found.groupBy("reason").count().collect()
        for reason_, count in counts:
            yield Finding(reason_ + advice[reason_], "rows", count, tuple(places[reason_]))
