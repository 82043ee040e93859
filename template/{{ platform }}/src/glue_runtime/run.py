# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The engine of a run: as many attempts as its files make necessary.

One attempt stands in `attempt.py`; the hooks of the job, and what they may use, in `base_job.py`.
"""

import time
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame

from glue_runtime import changes
from glue_runtime.attempt import Attempt, UnreadableFilesError
from glue_runtime.declarations import ALL, check_own_load, declared_policy
from glue_runtime.errors import (
    BadRowsError,
    OutputError,
    SourceNotFoundError,
    UnreadableSourceError,
)
from glue_runtime.fingerprint import fingerprint
from glue_runtime.lineage import source_id
from glue_runtime.load_history import LoadHistory
from glue_runtime.observe import metrics, run_log
from glue_runtime.recovery import recover
from glue_runtime.run_sources import RunSources
from glue_runtime.s3_object import bucket_and_key
from glue_runtime.spark.errors import is_of_a_query
from glue_runtime.spark.session import row_by_row
from glue_runtime.spark.storage import Storage, in_parallel
from glue_runtime.spark.time_limit import TimeLimitError
from glue_runtime.tables import open_table, quarantine, removing
from glue_runtime.tables.replacing import explained_commit_errors
from glue_runtime.tables.table import DataFile
from glue_runtime.uploads import Uploads

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
        self._uploads = Uploads(job)
        self._history = LoadHistory(job)
        self._objects: Sequence[str] | None = None

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
            self._history.begin(self.uploads)
            RunSources(job).check_uploads(self.uploads)
            if job.reads_changes:
                self._process_changes()
            else:
                self.process()
        except BaseException as error:
            self._history.end(error)
            job.logger.error("job_failed", **run_log.described(error))
            raise
        self._history.end()
        seconds = round(time.monotonic() - started, 3)
        lag = metrics.lag(job.args.get("uploaded_at"))
        job.logger.info("job_completed_successfully", duration_seconds=seconds, **lag)

    def read(self, data_type: str, fallback_path: str | None) -> DataFrame:
        """What `BaseGlueJob.load_data` gives."""
        return self._attempt.read(data_type, fallback_path)

    @property
    def due(self) -> tuple[str, ...]:
        """What `BaseGlueJob.due_sources` is."""
        return self._attempt.due

    def write(self, df: DataFrame) -> None:
        """What `BaseGlueJob.load` does."""
        self._attempt.write(df)

    # --- the objects of the run -----------------------------------------------------------------

    @property
    def uploads(self) -> Sequence[str]:
        """What `Uploads.uris` is."""
        return self._uploads.uris

    @property
    def objects(self) -> Sequence[str] | None:
        """The URIs of the objects that the run reads; None if it reads all files of its sources."""
        if self._objects is None and self.job.is_event_triggered and not self.job.whole_directory:
            self._objects = self.uploads
        return self._objects

    def _process_changes(self) -> None:
        """Process what has changed since the table was written, and remove what is gone."""
        job, sources = self.job, RunSources(self.job)
        table, quarantined = (
            open_table(job.spark, uri) for uri in (job.output_uri, job.quarantine_uri)
        )
        recover(job.logger, table, quarantined)
        # The tables are listed before the sources, see `replacing.replace_directory`.
        held = [removing.Held(quarantined), removing.Held(table)]
        current = sources.listed()
        found = changes.changes_of(held[-1], current, fingerprint(type(job)))
        changed = [*found.changed]
        if found.of_other_code:
            is_repeated = job.when_job_changes == ALL
            changed += found.of_other_code if is_repeated else ()
            rows = "processed again" if is_repeated else "left"
            job.logger.warning("job_changed", files=len(found.of_other_code), rows=rows)
        job.logger.info(
            "changes_found",
            files_listed=len(current),
            files_changed=len(changed),
            files_gone=found.gone,
        )
        if len(changed) == len(current):
            self.process()
            return
        if changed:
            self._objects = changed
            self.process()
        with explained_commit_errors(table.uri):
            spared = removing.remove_gone(held, current, current, sources.removal(is_free=False))
        run_log.spared(job.logger, spared)

    # --- attempts -------------------------------------------------------------------------------

    def process(self) -> None:
        """Run the hooks; and again without files that turn out to be unreadable, and over those
        that change meanwhile."""
        for _ in range(_MAX_ATTEMPTS):
            try:
                self.attempt()
            except Exception as error:
                if self._is_about_files(error) and self._takes_gone_objects_away():
                    if not self.objects:
                        return
                elif not self._can_do_better(error):
                    raise
            else:
                self._history.keep(self._attempt)
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
        """Whether no source has changed during the attempt; a run over several objects processes those
        that have again, each alone."""
        outdated = sorted(self._attempt.outdated)
        if outdated and (self.job.whole_directory or len(self.objects or ()) == 1):
            self.job.logger.warning("source_changed_during_run", sources=outdated[:10])
            return False
        gone = self._gone(outdated)
        if changed := [uri for uri in outdated if uri not in gone]:
            self.job.logger.warning("source_changed_during_run", sources=changed[:10])
        for uri in gone:
            self._take_away(uri)
        for uri in changed:
            self._process_alone(uri)
        return True

    @cached_property
    def _attempt(self) -> Attempt:
        """The current attempt; the first one also serves calls of load_data() outside of `execute`."""
        return self._next_attempt()

    def _next_attempt(self) -> Attempt:
        return Attempt(
            self.job,
            own_load=self._own_load,
            policy=self._policy,
            unreadable=self._unreadable,
            objects=self.objects,
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
        bucket, key = bucket_and_key(uri)
        event = {
            "bucket": bucket,
            "object_key": key,
            "manifest": None,
            "JOB_RUN_ID": job.job_run_id,
        }
        alone = type(job).of_run(job.job_name, {**job.args, **event})
        alone._job_run = type(self)(alone, own_load=self._own_load, policy=self._policy)
        alone._job_run._history = self._history
        alone._job_run.process()

    def _takes_gone_objects_away(self) -> bool:
        """Take away the objects of the run that are gone, and go on without these.

        Returns whether there are any. If a single upload started the run, the table has to know it.
        """
        gone = self._gone(self.objects or ())
        if not gone or (len(self.uploads) == 1 and not self._rows_of(gone[0])):
            return False
        for uri in gone:
            self._take_away(uri)
        self._objects = [uri for uri in self.objects or () if uri not in gone]
        return True

    def _gone(self, uris: Sequence[str]) -> Sequence[str]:
        found = in_parallel(Storage(self.job.spark).file, uris)
        return [uri for uri, stored in zip(uris, found, strict=True) if stored is None]

    def _rows_of(self, uri: str) -> Sequence[DataFile]:
        return open_table(self.job.spark, self.job.output_uri).files({source_id(uri)})

    def _take_away(self, uri: str) -> None:
        """Remove the rows of an object that is gone, unless its source keeps them."""
        job = self.job
        table, written = open_table(job.spark, job.output_uri), self._rows_of(uri)
        is_kept = RunSources(job).keeps(uri)
        if not is_kept:
            with explained_commit_errors(table.uri):
                table.delete(written)
        self._history.keep_gone(uri)
        rows = "kept" if is_kept else "removed"
        job.logger.warning(
            "source_gone", path=uri, output=job.output_uri, rows=rows if written else "none"
        )
