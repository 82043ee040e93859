# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""One attempt of a run: read, transform, stage, check, commit and log."""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from functools import reduce
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame

from glue_runtime.declarations import CHANGED
from glue_runtime.errors import (
    ArgumentError,
    OutputError,
    SourceNotFoundError,
    ValidationFailedError,
)
from glue_runtime.fingerprint import fingerprint
from glue_runtime.input.loading import Loaded, RowsRead, load
from glue_runtime.lineage import provenance, source_id
from glue_runtime.observe import run_log
from glue_runtime.recovery import recover
from glue_runtime.registration import register_quarantine, register_table
from glue_runtime.run_sources import RunSources
from glue_runtime.spark import session
from glue_runtime.spark.errors import explained_row_errors
from glue_runtime.spark.query_counter import QueryCounter
from glue_runtime.spark.time_limit import limited_tasks
from glue_runtime.tables import open_table, quarantine, replacing
from glue_runtime.tables.replacing import Written
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

    loads: the results of `load_data()` so far. rows: their row counts, if they are known.
    staged, quarantined: what the attempt has written for the table, and for the quarantine.
    outdated: the objects that changed during the attempt and must be processed again.
    """

    def __init__(
        self,
        job: "BaseGlueJob",
        *,
        own_load: bool,
        policy: str,
        unreadable: Mapping[str, str],
        objects: Sequence[str] | None = None,
        is_limited: bool = True,
        prefix: str = "",
    ) -> None:
        """Prepare an attempt.

        own_load: whether the job overrides load().
        policy: what to do about invalid rows.
        unreadable: known unreadable files, with reasons.
        objects: the URIs of the objects to read; None for all files of the sources.
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
        self._sources = RunSources(job, objects, prefix)
        self._requested: set[str] = set()
        self._route: str | None = None
        self._logged = 0
        self._queries: QueryCounter | None = None
        self.rows: Mapping[int, RowsRead] | None = None
        self.staged = NOTHING
        self.quarantined: Staged | None = None
        self._is_committed = False
        self._spares_rows = False

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
            open_table(self.job.spark, self.job.quarantine_uri).discard(self.quarantined or NOTHING)

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

    @property
    def due(self) -> tuple[str, ...]:
        """See `BaseGlueJob.due_sources`."""
        return self._sources.due(self._route)

    def described_source(self) -> str:
        """What the attempt reads, for error messages."""
        if objects := self._sources.objects:
            return objects[0] if len(objects) == 1 else f"{objects[0]} and {len(objects) - 1} more"
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
            recover(self.job.logger, quarantine_table)
            self.outdated = set()
            self._log_quarantined(read)
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
            self._requested |= location.objects
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
            if job.reads_changes and not location.objects:
                self._check_lookup(data_type, owned=owned)
            loaded = load(job.spark, location, source, self._unreadable, owned=owned)
        if self._policy == quarantine.STRICT:
            quarantine.refuse_unreadable(loaded.found.unreadable, len(loaded.files))
        self.loads.append(loaded)
        return loaded.df

    def _transformed(self) -> DataFrame:
        """The transformed rows; if files are routed by their names, each route separately."""
        job, routes = self.job, self._sources.routes
        if not routes:
            extracted = job.extract()
            self._check_that_objects_were_read()
            return job.transform(extracted)
        results = []
        for route in routes:
            self._route = route
            if not self.due:
                continue
            try:
                df = job.extract()
            except _NoFileOfRouteError:
                continue
            job.logger.info("routing", route=route or "none")
            transform: Callable[[DataFrame], DataFrame] = job.transform
            if route:
                transform = getattr(job, f"transform_{route}")
            results.append(transform(df))
        self._route = None
        self._check_that_objects_were_read()
        if not results:
            raise self._nothing_to_read()
        return reduce(DataFrame.unionByName, results)

    def _nothing_to_read(self) -> SourceNotFoundError:
        folders = [self._sources.uri(source.data_type) for source in self.job.sources]
        return SourceNotFoundError(
            f"expected data at {', '.join(folders)}, found nothing to read there; check bucket, "
            "prefix and suffix"
        )

    def _check_that_objects_were_read(self) -> None:
        """Raise SourceNotFoundError if extract() has not loaded each object of the run."""
        missing = [uri for uri in self._sources.objects or () if uri not in self._requested]
        if missing:
            read = ", ".join(loaded.location.where for loaded in self.loads) or "nothing"
            raise SourceNotFoundError(
                f"expected extract() to load the object that started the run, {missing[0]}, found that "
                f"it loaded {read}; call load_data() with the object's folder"
            )

    def _check_lookup(self, data_type: str, *, owned: bool) -> None:
        """Raise ArgumentError if the run reads all of a source, whose changes would not reach old rows.

        The first run over all files of declared sources is of no such kind.
        """
        if self.job.ignores_lookup_changes or (owned and self._sources.objects is None):
            return
        name = type(self.job).__name__
        raise ArgumentError(
            f'expected {name} to read only changed files, as scheduled = "changed" declares, found that it '
            f"reads all of {data_type}: a change there would not reach the rows of unchanged files; load "
            'the sources in self.due_sources alone, declare scheduled = "all", or, if such changes do not '
            "matter, ignores_lookup_changes = True"
        )

    # --- stage, check, commit, log --------------------------------------------------------------

    def write(self, df: DataFrame) -> None:
        """See `BaseGlueJob.load`: replace the rows of the source files that were read."""
        job = self.job
        table = open_table(job.spark, job.output_uri)
        quarantine_table = open_table(job.spark, job.quarantine_uri)
        objects = self._sources.objects or ()
        only = objects[0] if len(objects) == 1 else None
        rows = replacing.whole(df) if job.whole_directory else replacing.partitioned(df, only)
        if objects:
            rows = replacing.as_in_table(table, rows, objects)
        with replacing.explained_write_errors(job.output_uri):
            self.staged = staged = table.stage(rows, job.job_run_id)
        try:
            if not job.whole_directory:
                replacing.check_that_partitions_were_read(table, staged, self.loads)
            read = self._checked(df)
            self._check_balance(df, read, staged)
            if CHANGED in (job.scheduled, type(job).scheduled):
                empty = self._provenance().keys() - staged.files.keys()
                staged = table.stage_empty(staged, empty)
            self._commit([(quarantine_table, self._stage_quarantine(read)), (table, staged)])
        finally:
            table.discard(staged)
        recover(job.logger, table, quarantine_table)
        self._log_quarantined(read)
        run_log.written(job.logger, job.output_uri, self.loads, read, staged)
        is_complete = self._sources.objects is None and not self._spares_rows
        register_table(job, rows.schema.fields, is_complete=is_complete)

    def _stage_quarantine(self, read: Mapping[int, RowsRead]) -> Staged:
        if self.quarantined is None:
            job = self.job
            table = open_table(job.spark, job.quarantine_uri)
            self.quarantined = quarantine.stage(job.spark, table, read, self.loads, job.job_run_id)
        return self.quarantined

    def _log_quarantined(self, read: Mapping[int, RowsRead]) -> None:
        run_log.quarantined(self.job.logger, self.job.quarantine_uri, self.loads, read)
        if self.quarantined is not NOTHING:
            register_quarantine(self.job)

    def _commit(self, tables: Sequence[tuple[Table, Staged]]) -> None:
        """Commit the staged rows to their tables, first to the quarantine."""
        written = Written(tables, {} if self.job.whole_directory else self._provenance())
        with replacing.explained_commit_errors(tables[-1][0].uri):
            if self._sources.objects is not None:
                replaced = replacing.replace_objects(written, self.loads, self._sources.objects)
            elif self.job.whole_directory and len(tables) > 1:
                replaced = replacing.replace_all(written, self.loads)
            else:
                removal = self._sources.removal(is_free=self._own_load)
                replaced = replacing.replace_directory(written, self.loads, removal)
        self.outdated = replaced.outdated
        run_log.spared(self.job.logger, replaced.spared)
        self._spares_rows = bool(replaced.spared)
        self._is_committed = True

    def _provenance(self) -> dict[str, str]:
        """What the rows of each partition are made from."""
        code = fingerprint(type(self.job))
        return {
            source_id(uri): provenance(stored.version, code)
            for loaded in self.loads
            if loaded.owned
            for uri, stored in loaded.files.items()
        }

    def _checked(self, result: DataFrame | None) -> Mapping[int, RowsRead]:
        """Check the row counts of each load, counted during the write of `result` or separately.

        Raises:
            BadRowsError, UnreadableSourceError: there is more invalid data than the policy allows.
            UnreadableFilesError: the rows show that files are unreadable.
        """
        if self.rows is not None:
            return self.rows
        read = self._counted(result)
        spark, is_strict = self.job.spark, self._policy == quarantine.STRICT
        if is_strict:
            quarantine.refuse_invalid_rows(spark, read, self.loads)
        self._read_whole(read)
        quarantine.refuse_too_many(spark, read, self.loads, self.job.bad_rows_limit)
        self.rows = read
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
