# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The engine of a run: reads, judges, lets the job transform, stages, checks, commits and logs.

The hooks of the job, and what they may use, stand in `base_job.py`.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, reduce
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame

from glue_runtime import settings
from glue_runtime.declarations import declared_policy
from glue_runtime.errors import (
    BadRowsError,
    JobError,
    OutputError,
    SourceNotFoundError,
    UnreadableSourceError,
    ValidationFailedError,
)
from glue_runtime.input.loading import Loaded, RowsRead, load
from glue_runtime.input.location import (
    InputLocation,
    directory_location,
    event_location,
    local_location,
)
from glue_runtime.input.source import Source, owner_of
from glue_runtime.lineage import source_id
from glue_runtime.observe import metrics, run_log
from glue_runtime.spark.errors import explained_row_errors
from glue_runtime.spark.query_counter import QueryCounter
from glue_runtime.spark.storage import Storage
from glue_runtime.tables import open_table, quarantine, replacing
from glue_runtime.tables.table import NOTHING, Staged

if TYPE_CHECKING:
    from glue_runtime.base_job import BaseGlueJob

_MAX_ATTEMPTS = 5
"""How often a run starts again because its source has changed while it was being read."""


class JobRun:
    """One run of a job, in as many attempts as its files make necessary."""

    def __init__(self, job: "BaseGlueJob", *, own_load: bool, policy: str | None = None) -> None:
        """Prepare a run.

        own_load: whether the job has a load() of its own, which this engine knows nothing of.
        policy: what to do about rows that do not fit; None for what the job declares.

        Raises:
            ArgumentError: the job declares no such policy.
        """
        self.job = job
        self._own_load = own_load
        self._policy = policy or declared_policy(type(job), job.bad_rows, job.trigger_type)
        self._unreadable: dict[str, str] = {}
        self._route: str | None = None
        self._loads: list[Loaded] = []
        self._logged = 0
        self._outdated: set[str] = set()

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
            self._check_event_object()
            self.process()
        except BaseException as error:
            job.logger.error("job_failed", **run_log.described(error))
            raise
        seconds = round(time.monotonic() - started, 3)
        lag = metrics.lag(job.args.get("uploaded_at"))
        job.logger.info("job_completed_successfully", duration_seconds=seconds, **lag)

    # --- attempts -------------------------------------------------------------------------------

    def process(self) -> None:
        """Run the hooks; and again without files that turn out to be unreadable, and over those
        that change meanwhile."""
        for _ in range(_MAX_ATTEMPTS):
            try:
                with explained_row_errors(self._described_source):
                    self.attempt()
            except _UnreadableFilesError as found:
                self._unreadable |= found.files
                continue
            except BadRowsError:
                raise
            except (SourceNotFoundError, UnreadableSourceError) as error:
                if self._removed_gone_source():
                    return
                if not self._can_do_without(error):
                    raise
                continue
            if not self._outdated:
                return
            self.job.logger.warning(
                "source_changed_during_run", sources=sorted(self._outdated)[:10]
            )
            if not (self.job.is_event_triggered or self.job.whole_directory):
                for uri in sorted(self._outdated):
                    self._process_alone(uri)
                return
        raise OutputError(
            f"expected {self._described_source()} to stay as it is while the job reads it, found "
            f"it changed in each of {_MAX_ATTEMPTS} rounds; run the job again when its writer is done"
        )

    def attempt(self) -> None:
        """Run the hooks once."""
        self._loads, self._logged, self._outdated = [], 0, set()
        self._queries = QueryCounter(self.job.spark)
        df = self._transformed()
        if not self.job.custom_validation(df):
            raise ValidationFailedError(
                f"expected data that custom_validation() of {type(self.job).__name__} accepts, "
                f"found data that it refused in {self._described_source()}; correct the "
                "data at its source, or the rule"
            )
        if self._own_load:
            # What a load() of the job's own does cannot be taken back: check the rows before.
            self._checked(None)
        self.job.load(df)
        self._log_loads({})

    @cached_property
    def _queries(self) -> QueryCounter:
        return QueryCounter(self.job.spark)

    def _can_do_without(self, error: JobError) -> bool:
        """Whether another attempt may end better: without unreadable files, or with current ones."""
        now = {loaded.location.where: loaded.location.listed() for loaded in self._loads}
        if not all(now.values()):
            return False
        if any(now[loaded.location.where] != loaded.files for loaded in self._loads):
            return True
        if self._policy == quarantine.STRICT or isinstance(error, SourceNotFoundError):
            return False
        found = quarantine.unreadable_files(self._loads)
        self._unreadable |= found
        return bool(found)

    def _process_alone(self, uri: str) -> None:
        """Process one object as its event would."""
        job = self.job
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        event = {"bucket": bucket, "object_key": key, "JOB_RUN_ID": job.job_run_id}
        alone = type(job)(job.job_name, {**job.args, **event})
        alone._job_run = type(self)(alone, own_load=self._own_load, policy=self._policy)
        alone._job_run.process()

    def _removed_gone_source(self) -> bool:
        """Remove the rows of the event's object if it is gone and the table has rows of it."""
        job = self.job
        if not job.is_event_triggered or job.whole_directory:
            return False
        table = open_table(job.spark, job.output_uri)
        written = table.files({source_id(job.event_object.uri)})
        if not written or Storage(job.spark).file(job.event_object.uri):
            return False
        table.delete(written)
        job.logger.warning("source_gone", path=job.event_object.uri, output=job.output_uri)
        return True

    # --- read, and transform --------------------------------------------------------------------

    def read(self, data_type: str, fallback_path: str | None) -> DataFrame:
        """What `BaseGlueJob.load_data` gives."""
        job = self.job
        data_type = data_type.strip("/")
        source = next((each for each in job.sources if each.data_type == data_type), None)
        owned = not job.sources or source is not None
        with self._queries.not_counting():
            location = self._location(data_type, fallback_path, source)
            job.logger.info(f"loading_{location.kind}", path=location.folder or location.where)
            if source and source.routes and not location.listed():
                raise _NoFileOfRouteError
            loaded = load(job.spark, location, source, self._unreadable, owned=owned)
        if self._policy == quarantine.STRICT:
            quarantine.refuse_unreadable(loaded)
        self._loads.append(loaded)
        return loaded.df

    def _location(
        self, data_type: str, fallback_path: str | None, source: Source | None
    ) -> InputLocation:
        job, route = self.job, self._route
        if not job.whole_directory and self._event_belongs_to(data_type):
            return event_location(job.spark, job.event_object, source)

        def keep(origin: str) -> bool:
            """Not the files of an inner source, nor those of another route than is being run."""
            if source is None:
                return True
            owner = owner_of(job.sources, origin.removeprefix(self._bronze_uri("")[:-1]))
            return owner in (source, None) and source.route_of(origin) == route

        if job.environment != "local":
            return directory_location(job.spark, self._bronze_uri(data_type), source, keep)
        if fallback_path:
            path = settings.REPOSITORY / fallback_path
            return local_location(job.spark, path, source, keep, None)
        # Rows of test data name the bronze bucket as their origin, as they do after an upload.
        path = settings.TEST_DATA / job.job_name / data_type
        return local_location(job.spark, path, source, keep, self._bronze_uri(data_type))

    def _transformed(self) -> DataFrame:
        """The result: of each route's files apart, where files are routed by their names."""
        job = self.job
        routes = [route for source in job.sources for route in source.routes.values()]
        if not routes:
            return job.transform(self._extracted())
        parts = []
        for route in self._routes_to_run(routes):
            self._route = route
            try:
                df = self._extracted()
            except _NoFileOfRouteError:
                continue
            job.logger.info("routing", route=route or "none")
            transform: Callable[[DataFrame], DataFrame] = job.transform
            if route:
                transform = getattr(job, f"transform_{route}")
            parts.append(transform(df))
        self._route = None
        if not parts:
            raise SourceNotFoundError(
                f"expected data at {', '.join(self._bronze_uri(s.data_type) for s in job.sources)}, "
                "found nothing to read there; check bucket, prefix and suffix"
            )
        return reduce(DataFrame.unionByName, parts)

    def _routes_to_run(self, declared: Sequence[str]) -> Sequence[str | None]:
        job = self.job
        if job.is_event_triggered and not job.whole_directory:
            owner = owner_of(job.sources, job.event_object.key)
            return [owner.route_of(job.event_object.key) if owner else None]
        return [*dict.fromkeys(declared), None]

    def _extracted(self) -> DataFrame:
        job = self.job
        df = job.extract()
        if job.whole_directory or not job.is_event_triggered:
            return df
        if all(each.location.kind != "event_file" for each in self._loads):
            read = ", ".join(loaded.location.where for loaded in self._loads) or "nothing"
            raise SourceNotFoundError(
                f"expected extract() to load the object that started the run, "
                f"{job.event_object.uri}, found that it loaded {read}; "
                "call load_data() with the object's folder"
            )
        return df

    def _event_belongs_to(self, data_type: str) -> bool:
        """Whether the uploaded object is one of this source's; of nested sources, the inner one."""
        job = self.job
        if not job.is_event_triggered:
            return False
        owner = owner_of(job.sources, job.event_object.key)
        if owner:
            return owner.data_type == data_type
        return not job.sources and job.event_object.key.startswith(f"{data_type}/")

    def _check_event_object(self) -> None:
        """Refuse, before Spark starts, an object that this job's rules would not have sent."""
        job = self.job
        if not job.is_event_triggered:
            return
        uploaded = job.event_object
        if job.sources and not owner_of(job.sources, uploaded.key):
            expected = " or ".join(f"{source.prefix}*{source.suffix}" for source in job.sources)
            raise SourceNotFoundError(
                f"expected an object of {type(job).__name__} ({expected}), found {uploaded.uri}; "
                "start the job that owns it, or declare its source in this one"
            )

    # --- stage, check, commit, log --------------------------------------------------------------

    def write(self, df: DataFrame) -> None:
        """What `BaseGlueJob.load` does: replace the rows of the sources that were read."""
        job = self.job
        event = job.event_object.uri if job.is_event_triggered and not job.whole_directory else None
        table = open_table(job.spark, job.output_uri)
        aside = open_table(job.spark, job.quarantine_uri)
        rows = replacing.whole(df) if job.whole_directory else replacing.partitioned(df, event)
        with replacing.explained_write_errors(job.output_uri):
            staged = table.stage(rows, job.job_run_id)
        set_aside = NOTHING
        try:
            if not job.whole_directory:
                replacing.check_that_partitions_were_read(table, staged, self._loads)
            read = self._checked(df)
            self._check_balance(df, read, staged)
            set_aside = quarantine.stage(job.spark, aside, read, self._loads, job.job_run_id)
            written = [(aside, set_aside), (table, staged)]
            if job.whole_directory:
                self._outdated = replacing.replace_all(written, self._loads)
            elif event:
                self._outdated = replacing.replace_object(written, self._loads, event)
            else:
                self._outdated = replacing.replace_directory(written, self._loads)
        finally:
            table.discard(staged)
            aside.discard(set_aside)
        table.remove_abandoned()
        aside.remove_abandoned()
        run_log.written(job.logger, job.output_uri, job.quarantine_uri, self._loads, read, staged)

    def _checked(self, result: DataFrame | None) -> Mapping[int, RowsRead]:
        """The rows of each load, counted while `result` was written or else by passes of their own.

        Raises:
            BadRowsError: more of them do not fit than the job's policy allows.
        """
        once = result is not None and self._queries.exactly_one()
        read = {}
        for number, loaded in enumerate(self._loads):
            passed = once and result is not None and loaded.rows.is_passed_once_by(result)
            read[number] = (loaded.counted() if passed else None) or loaded.count()
        self._log_loads(read)
        spark = self.job.spark
        if self._policy == quarantine.STRICT:
            quarantine.refuse_invalid_rows(spark, read, self._loads)
        if broken := quarantine.broken_files(read, self._loads):
            raise _UnreadableFilesError(broken)
        quarantine.refuse_too_many(spark, read, self._loads, self.job.bad_rows_limit)
        return read

    def _check_balance(
        self, result: DataFrame, read: Mapping[int, RowsRead], staged: Staged
    ) -> None:
        """Check that a row that fits is a row of the result, where the job only maps rows."""
        if len(read) == 1 and self._loads[0].rows.is_kept_by(result):
            expected = read[0].rows - read[0].invalid
            if staged.rows != expected:
                raise OutputError(
                    f"expected {expected} rows of {self._described_source()} in the result, found "
                    f"{staged.rows}; its files may have changed meanwhile: run the job again"
                )

    def _log_loads(self, read: Mapping[int, RowsRead]) -> None:
        """Log each load, once, with its rows if they are known."""
        for number in range(self._logged, len(self._loads)):
            run_log.loaded(self.job.logger, self._loads[number], read.get(number))
        self._logged = len(self._loads)

    def _bronze_uri(self, data_type: str) -> str:
        return f"s3://{settings.lake_bucket(self.job.environment, 'bronze')}/{data_type}/"

    def _described_source(self) -> str:
        if self.job.is_event_triggered:
            return self.job.event_object.uri
        return ", ".join(loaded.location.where for loaded in self._loads) or "the job's sources"


class _NoFileOfRouteError(Exception):
    """A source has no file of the route that is being run."""


class _UnreadableFilesError(Exception):
    """Files turned out to be unreadable; the run starts again without them. files: why, by origin."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = files
