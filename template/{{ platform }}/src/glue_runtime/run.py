# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The engine of a run: as many attempts as its files make necessary.

One attempt stands in `attempt.py`; the hooks of the job, and what they may use, in `base_job.py`.
"""

import time
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame

from glue_runtime.attempt import Attempt, UnreadableFilesError
from glue_runtime.declarations import check_own_load, declared_policy
from glue_runtime.errors import (
    BadRowsError,
    OutputError,
    SourceNotFoundError,
    UnreadableSourceError,
)
from glue_runtime.lineage import source_id
from glue_runtime.observe import metrics, run_log
from glue_runtime.run_sources import RunSources
from glue_runtime.spark.errors import is_of_a_query
from glue_runtime.spark.session import row_by_row
from glue_runtime.spark.storage import Storage
from glue_runtime.spark.time_limit import TimeLimitError
from glue_runtime.tables import open_table, quarantine
from glue_runtime.tables.replacing import explained_commit_errors

if TYPE_CHECKING:
    from glue_runtime.base_job import BaseGlueJob

_MAX_ATTEMPTS = 5
"""How often a run starts again because its source has changed while it was being read."""


class JobRun:
    """One run of a job."""

    def __init__(self, job: "BaseGlueJob", *, own_load: bool, policy: str | None = None) -> None:
        """Prepare a run.

        own_load: whether the job has a load() of its own, which this engine knows nothing of.
        policy: what to do about invalid rows; None for what the job declares.

        Raises:
            ArgumentError: the job declares no such policy.
        """
        self.job = job
        self._own_load = own_load
        self._policy = policy or declared_policy(type(job), job.bad_rows, job.trigger_type)
        self._unreadable: dict[str, str] = {}
        self._is_limited = True
        self._attempt = self._next_attempt()

    def execute(self) -> None:
        """Run the hooks in order and log each step.

        Raises:
            JobError: the run cannot go on; what load() has not yet replaced is as it was.
        """
        job = self.job
        started = time.monotonic()
        job.logger.info("job_started")
        if job.is_event_triggered and job.whole_directory:
            job.logger.info("whole_directory_declared", read="every file, not only the uploaded")
        try:
            if self._own_load:
                check_own_load(type(job), job.is_event_triggered)
            RunSources(job).check_event_object()
            self.process()
        except BaseException as error:
            job.logger.error("job_failed", **run_log.described(error))
            raise
        seconds = round(time.monotonic() - started, 3)
        lag = metrics.lag(job.args.get("uploaded_at"))
        job.logger.info("job_completed_successfully", duration_seconds=seconds, **lag)

    def read(self, data_type: str, fallback_path: str | None) -> DataFrame:
        """What `BaseGlueJob.load_data` gives."""
        return self._attempt.read(data_type, fallback_path)

    def write(self, df: DataFrame) -> None:
        """What `BaseGlueJob.load` does."""
        self._attempt.write(df)

    # --- attempts -------------------------------------------------------------------------------

    def process(self) -> None:
        """Run the hooks; and again without files that turn out to be unreadable, and over those
        that change meanwhile."""
        for _ in range(_MAX_ATTEMPTS):
            try:
                self.attempt()
            except Exception as error:
                if self._is_about_files(error) and self._removed_gone_source():
                    return
                if not self._can_do_better(error):
                    raise
            else:
                if self._is_up_to_date():
                    return
        raise OutputError(
            f"expected {self._attempt.described_source()} to stay as it is while the job reads it, "
            f"found it changed in each of {_MAX_ATTEMPTS} rounds; run the job again when its writer "
            "is done"
        )

    def attempt(self) -> None:
        """Run the hooks once."""
        self._attempt = self._next_attempt()
        self._attempt.run()

    def _is_up_to_date(self) -> bool:
        """Whether no source has changed during the attempt; a scheduled run processes those again."""
        outdated = sorted(self._attempt.outdated)
        if outdated:
            self.job.logger.warning("source_changed_during_run", sources=outdated[:10])
            if self.job.is_event_triggered or self.job.whole_directory:
                return False
        for uri in outdated:
            self._process_alone(uri)
        return True

    def _next_attempt(self) -> Attempt:
        return Attempt(
            self.job,
            own_load=self._own_load,
            policy=self._policy,
            unreadable=self._unreadable,
            is_limited=self._is_limited,
        )

    def _is_about_files(self, error: Exception) -> bool:
        is_kind = isinstance(error, SourceNotFoundError | UnreadableSourceError)
        return is_kind and not isinstance(error, BadRowsError)

    def _can_do_better(self, error: Exception) -> bool:
        """Whether another attempt may end better; prepares it."""
        if isinstance(error, UnreadableFilesError):
            self._unreadable |= error.files
            return True
        if isinstance(error, TimeLimitError):
            self._find_endless_files(error)
            return True
        if is_of_a_query(error):
            return self._finds_unreadable_files()
        return self._is_about_files(error) and self._can_do_without(error)

    def _finds_unreadable_files(self) -> bool:
        """Whether there are files that cannot be read to their end; a strict run ends there."""
        found = quarantine.unreadable_files(self._attempt.loads)
        if self._policy == quarantine.STRICT:
            files = sum(len(loaded.files) for loaded in self._attempt.loads)
            quarantine.refuse_unreadable(found, files)
        self._unreadable |= found
        return bool(found)

    def _find_endless_files(self, error: TimeLimitError) -> None:
        """Find the files that take too long to read; without one, the job's own code does.

        Raises:
            UnreadableSourceError: reading them has taken every core that there was.
        """
        try:
            if error.is_starved:
                raise error
            # The older readers see what is wrong with most of the files on which these never end.
            with row_by_row(self.job.spark):
                is_found = self._finds_unreadable_files()
            self._is_limited = is_found or self._finds_unreadable_files()
        except TimeLimitError as error:
            files = {uri for loaded in self._attempt.loads for uri in loaded.files}
            suspects = sorted(self._unreadable or files)
            raise UnreadableSourceError(
                f"expected to read every file to its end, found tasks that do not end and that Spark "
                f"cannot stop ({error}); the damaged file is one of {len(suspects)}: "
                f"{', '.join(suspects[:3])}; move it away, and upload it again when it is repaired"
            ) from error

    def _can_do_without(self, error: Exception) -> bool:
        """Whether another attempt may end better: without unreadable files, or with current ones."""
        loads = self._attempt.loads
        now = {loaded.location.where: loaded.location.listed() for loaded in loads}
        if not all(now.values()):
            return False
        if any(now[loaded.location.where] != loaded.files for loaded in loads):
            return True
        if self._policy == quarantine.STRICT or isinstance(error, SourceNotFoundError):
            return False
        found = quarantine.unreadable_files(loads)
        self._unreadable |= found
        return bool(found)

    def _process_alone(self, uri: str) -> None:
        """Process one object as its event would."""
        job = self.job
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        event = {"bucket": bucket, "object_key": key, "JOB_RUN_ID": job.job_run_id}
        alone = type(job).of_run(job.job_name, {**job.args, **event})
        alone._job_run = type(self)(alone, own_load=self._own_load, policy=self._policy)
        alone._job_run.process()

    def _removed_gone_source(self) -> bool:
        """Remove the rows of the event's object if it is gone and the table has rows of it.

        Returns whether that is so. A source that keeps the rows of such objects keeps these.
        """
        job = self.job
        if not job.is_event_triggered or job.whole_directory:
            return False
        table = open_table(job.spark, job.output_uri)
        written = table.files({source_id(job.event_object.uri)})
        if not written or Storage(job.spark).file(job.event_object.uri):
            return False
        is_kept = RunSources(job).keeps(job.event_object.uri)
        if not is_kept:
            with explained_commit_errors(table.uri):
                table.delete(written)
        job.logger.warning(
            "source_gone",
            path=job.event_object.uri,
            output=job.output_uri,
            rows="kept" if is_kept else "removed",
        )
        return True
