# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""One attempt of a run: read, transform, stage, check, commit and log."""

from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import contextmanager
from functools import reduce
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame

from glue_runtime.declarations import allowed_removal
from glue_runtime.errors import (
    OutputError,
    SourceNotFoundError,
    ValidationFailedError,
)
from glue_runtime.input.loading import Loaded, RowsRead, load
from glue_runtime.observe import run_log
from glue_runtime.run_sources import RunSources
from glue_runtime.spark import session
from glue_runtime.spark.errors import explained_row_errors
from glue_runtime.spark.query_counter import QueryCounter
from glue_runtime.spark.time_limit import limited_tasks
from glue_runtime.tables import open_table, quarantine, replacing
from glue_runtime.tables.replacing import Removal, Written
from glue_runtime.tables.table import NOTHING, Staged, Table

if TYPE_CHECKING:
    from glue_runtime.base_job import BaseGlueJob


class UnreadableFilesError(Exception):
    """Files are unreadable: the run starts again without them. files: reasons, by origin."""

    def __init__(self, files: Mapping[str, str]) -> None:
        super().__init__(*files)
        self.files = files


class Attempt:
    """One pass through the hooks of a job.

    loads: the results of `load_data()` so far.
    outdated: the objects that changed during the attempt and must be processed again.
    """

    def __init__(
        self,
        job: "BaseGlueJob",
        *,
        own_load: bool,
        policy: str,
        unreadable: Mapping[str, str],
        is_limited: bool = True,
        prefix: str = "",
    ) -> None:
        """Prepare an attempt.

        own_load: whether the job overrides load().
        policy: what to do about invalid rows.
        unreadable: known unreadable files, with reasons.
        is_limited: whether reading has a time limit.
        prefix: read only keys with this prefix.
        """
        self.job = job
        self.loads: list[Loaded] = []
        self.outdated: Set[str] = set()
        self._own_load = own_load
        self._policy = policy
        self._unreadable = unreadable
        self._is_limited = is_limited
        self._sources = RunSources(job, prefix)
        self._route: str | None = None
        self._logged = 0
        self._queries: QueryCounter | None = None
        self._rows: Mapping[int, RowsRead] | None = None
        self._quarantined: Staged | None = None
        self._is_committed = False

    def run(self) -> None:
        """Call the hooks in order.

        Raises:
            JobError: the run failed; data that load() has not yet replaced is unchanged.
            UnreadableFilesError: the run can continue without these files.
            TimeLimitError: reading exceeds the time limit.
        """
        self._queries = QueryCounter(self.job.spark)
        try:
            with self._watched():
                self._call_hooks()
        finally:
            open_table(self.job.spark, self.job.quarantine_uri).discard(
                self._quarantined or NOTHING
            )

    def judge(self) -> Mapping[int, RowsRead]:
        """Read all files of the sources and count invalid rows, without transforming or writing.

        Raises: see `run`.
        """
        with self._watched():
            for route in self._sources.routes or [None]:
                self._route = route
                for source in self.job.sources:
                    if self._sources.location(source.data_type, None, route).listed():
                        self.read(source.data_type, None)
            if not self.job.sources:
                self.job.extract()
            if not self.loads:
                raise self._nothing_to_read()
            return self._read_whole(self._counted(None))

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Explain errors that Spark raises, and limit the time of its tasks."""
        with (
            explained_row_errors(self.described_source),
            limited_tasks(self.job.spark, self._seconds),
        ):
            yield

    def described_source(self) -> str:
        """What the attempt reads, for error messages."""
        if self.job.is_event_triggered:
            return self.job.event_object.uri
        return ", ".join(loaded.location.where for loaded in self.loads) or "the job's sources"

    def _call_hooks(self) -> None:
        df = self._transformed()
        if not self.job.custom_validation(df):
            raise ValidationFailedError(
                f"expected data that custom_validation() of {type(self.job).__name__} accepts, "
                f"found data that it refused in {self.described_source()}; correct the "
                "data at its source, or the rule"
            )
        if not self._own_load:
            self.job.load(df)
            return
        # The job's own load() cannot be rolled back: check the rows first.
        read = self._checked(None)
        quarantined = self._stage_quarantine(read)
        self.job.load(df)
        # A local run may write anywhere: leave out an empty quarantine.
        is_needed = quarantined is not NOTHING or self.job.environment != "local"
        if is_needed and not self._is_committed:
            quarantine_table = open_table(self.job.spark, self.job.quarantine_uri)
            self._commit([(quarantine_table, quarantined)])
            self._recover(quarantine_table)
            self.outdated = set()
            run_log.quarantined(self.job.logger, self.job.quarantine_uri, self.loads, read)
        self._log_loads({})

    def _seconds(self) -> float | None:
        """The time limit of a task; None if there is none."""
        limits = [each.found.time_limit for each in self.loads if each.found.time_limit]
        return max(limits, default=None) if self._is_limited else None

    # --- read, and transform --------------------------------------------------------------------

    def read(self, data_type: str, fallback_path: str | None) -> DataFrame:
        """See `BaseGlueJob.load_data`."""
        job = self.job
        data_type = data_type.strip("/")
        source = self._sources.source(data_type)
        queries = self._queries or QueryCounter(job.spark)
        with queries.not_counting():
            location = self._sources.location(data_type, fallback_path, self._route)
            job.logger.info(
                f"loading_{location.kind}",
                path=location.folder or location.where,
                file_system=session.file_system(job.spark),
                committer=session.committer(job.spark),
                region=session.region(job.spark),
            )
            if source and source.routes and not location.listed():
                raise _NoFileOfRouteError
            owned = not job.sources or source is not None
            loaded = load(job.spark, location, source, self._unreadable, owned=owned)
        if self._policy == quarantine.STRICT:
            quarantine.refuse_unreadable(loaded.found.unreadable, len(loaded.files))
        self.loads.append(loaded)
        return loaded.df

    def _transformed(self) -> DataFrame:
        """The transformed rows; if files are routed by their names, each route separately."""
        job, routes = self.job, self._sources.routes
        if not routes:
            return job.transform(self._extracted())
        results = []
        for route in routes:
            self._route = route
            try:
                df = self._extracted()
            except _NoFileOfRouteError:
                continue
            job.logger.info("routing", route=route or "none")
            transform: Callable[[DataFrame], DataFrame] = job.transform
            if route:
                transform = getattr(job, f"transform_{route}")
            results.append(transform(df))
        self._route = None
        if not results:
            raise self._nothing_to_read()
        return reduce(DataFrame.unionByName, results)

    def _nothing_to_read(self) -> SourceNotFoundError:
        folders = [self._sources.uri(source.data_type) for source in self.job.sources]
        return SourceNotFoundError(
            f"expected data at {', '.join(folders)}, found nothing to read there; check bucket, "
            "prefix and suffix"
        )

    def _extracted(self) -> DataFrame:
        job = self.job
        df = job.extract()
        if not self._sources.is_about_one_object:
            return df
        if all(each.location.kind != "event_file" for each in self.loads):
            read = ", ".join(loaded.location.where for loaded in self.loads) or "nothing"
            raise SourceNotFoundError(
                f"expected extract() to load the object that started the run, "
                f"{job.event_object.uri}, found that it loaded {read}; "
                "call load_data() with the object's folder"
            )
        return df

    # --- stage, check, commit, log --------------------------------------------------------------

    def write(self, df: DataFrame) -> None:
        """See `BaseGlueJob.load`: replace the rows of the source files that were read."""
        job = self.job
        table = open_table(job.spark, job.output_uri)
        quarantine_table = open_table(job.spark, job.quarantine_uri)
        event = job.event_object.uri if self._sources.is_about_one_object else None
        rows = replacing.whole(df) if job.whole_directory else replacing.partitioned(df, event)
        if event:
            rows = replacing.as_in_table(table, rows, event)
        with replacing.explained_write_errors(job.output_uri):
            staged = table.stage(rows, job.job_run_id)
        try:
            if not job.whole_directory:
                replacing.check_that_partitions_were_read(table, staged, self.loads)
            read = self._checked(df)
            self._check_balance(df, read, staged)
            self._commit([(quarantine_table, self._stage_quarantine(read)), (table, staged)])
        finally:
            table.discard(staged)
        self._recover(table, quarantine_table)
        run_log.quarantined(job.logger, job.quarantine_uri, self.loads, read)
        run_log.written(job.logger, job.output_uri, self.loads, read, staged)

    def _stage_quarantine(self, read: Mapping[int, RowsRead]) -> Staged:
        if self._quarantined is None:
            job = self.job
            table = open_table(job.spark, job.quarantine_uri)
            self._quarantined = quarantine.stage(job.spark, table, read, self.loads, job.job_run_id)
        return self._quarantined

    def _commit(self, written: Written) -> None:
        """Commit the staged rows to their tables, first to the quarantine."""
        with replacing.explained_commit_errors(written[-1][0].uri):
            if self._sources.is_about_one_object:
                uri = self.job.event_object.uri
                replaced = replacing.replace_object(written, self.loads, uri)
            elif self.job.whole_directory and len(written) > 1:
                replaced = replacing.replace_all(written, self.loads)
            else:
                replaced = replacing.replace_directory(written, self.loads, self._removal)
        self.outdated = replaced.outdated
        if replaced.spared:
            found = sorted(replaced.spared)
            self.job.logger.warning("rows_of_other_buckets", objects=len(found), first=found[0])
        self._is_committed = True

    @property
    def _removal(self) -> Removal:
        """What this run removes because files are gone: on this machine, all that is not test data."""
        job = self.job
        limit = allowed_removal(type(job), job.args.get("removal_limit"))
        is_free = self._own_load or job.environment == "local"
        return Removal(self._sources.keeps, 1.0 if is_free else limit)

    def _recover(self, *tables: Table) -> None:
        """Finish what killed runs have begun; this run has succeeded, whether or not it can."""
        for table in tables:
            try:
                with replacing.explained_commit_errors(table.uri):
                    table.recover()
            except OutputError as error:
                self.job.logger.warning("recovery_failed", path=table.uri, error=str(error))

    def _checked(self, result: DataFrame | None) -> Mapping[int, RowsRead]:
        """Check the row counts of each load, counted during the write of `result` or separately.

        Raises:
            BadRowsError, UnreadableSourceError: there is more invalid data than the policy allows.
            UnreadableFilesError: the rows show that files are unreadable.
        """
        if self._rows is not None:
            return self._rows
        read = self._counted(result)
        spark, is_strict = self.job.spark, self._policy == quarantine.STRICT
        if is_strict:
            quarantine.refuse_invalid_rows(spark, read, self.loads)
        self._read_whole(read)
        quarantine.refuse_too_many(spark, read, self.loads, self.job.bad_rows_limit)
        self._rows = read
        return read

    def _counted(self, result: DataFrame | None) -> Mapping[int, RowsRead]:
        """The row counts of each load."""
        once = result is not None and self._queries is not None and self._queries.exactly_one()
        read = {}
        for number, loaded in enumerate(self.loads):
            passed = once and result is not None and loaded.rows.is_passed_once_by(result)
            read[number] = (loaded.counted() if passed else None) or loaded.count()
        self._log_loads(read)
        return read

    def _read_whole(self, read: Mapping[int, RowsRead]) -> Mapping[int, RowsRead]:
        """Return `read` if its rows show no file to be unreadable.

        Raises:
            UnreadableFilesError, UnreadableSourceError: a file is unreadable.
        """
        if broken := quarantine.broken_files(read, self.loads):
            if self._policy == quarantine.STRICT:
                quarantine.refuse_unreadable(broken, sum(len(each.files) for each in self.loads))
            raise UnreadableFilesError(broken)
        return read

    def _check_balance(
        self, result: DataFrame, read: Mapping[int, RowsRead], staged: Staged
    ) -> None:
        """Check that the result has every valid row, if the job only maps rows."""
        if len(read) == 1 and self.loads[0].rows.is_kept_by(result):
            expected = read[0].rows - read[0].invalid
            if staged.rows != expected:
                raise OutputError(
                    f"expected {expected} rows of {self.described_source()} in the result, found "
                    f"{staged.rows}; its files may have changed during the run: run the job again"
                )

    def _log_loads(self, read: Mapping[int, RowsRead]) -> None:
        """Log each load once, with its row counts if they are known."""
        for number in range(self._logged, len(self.loads)):
            run_log.loaded(self.job.logger, self.loads[number], read.get(number))
        self._logged = len(self.loads)


class _NoFileOfRouteError(Exception):
    """A source has no file of the current route."""
