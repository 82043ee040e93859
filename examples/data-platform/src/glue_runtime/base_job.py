# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The base class of every job: one codebase, two ways to start."""

import sys
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, reduce
from typing import ClassVar

import structlog
from pyspark.sql import DataFrame, SparkSession

from glue_runtime import logs, metrics, output, quarantine, run_log, settings
from glue_runtime.arguments import parse_arguments
from glue_runtime.declarations import check_sources, declared_policy
from glue_runtime.errors import (
    ArgumentError,
    BadRowsError,
    JobError,
    OutputError,
    SourceNotFoundError,
    UnreadableSourceError,
    ValidationFailedError,
)
from glue_runtime.loading import (
    Loaded,
    Place,
    RowsRead,
    directory_place,
    event_place,
    load,
    local_place,
)
from glue_runtime.row_counts import Passes
from glue_runtime.s3_object import S3Object
from glue_runtime.source import Source, owner_of
from glue_runtime.spark_errors import explained_row_errors
from glue_runtime.spark_session import on_glue, spark_session
from glue_runtime.storage import Storage
from glue_runtime.table import NOTHING, Staged, Table, source_id

ARGUMENTS = ("env", "bucket", "object_key", "uploaded_at", "run_metrics", "JOB_RUN_ID")

_ROUNDS = 5
"""How often a run starts again because its source has changed under its hands."""


class BaseGlueJob(ABC):
    """A dual-mode job: extract, transform, validate, load.

    With ``bucket`` and ``object_key`` among its arguments a run was started by an uploaded file and
    processes that object alone; without them it was started by a schedule and processes the whole
    directory. The job does not need to know: ``self.load_data("sales")`` is the same call in both.

    A subclass implements `extract()` and overrides what it needs of the other hooks.
    """

    sources: ClassVar[tuple[Source, ...]] = ()
    """The data sources whose uploads start this job. Optional: without it, the format of a file
    is told by its extension."""

    whole_directory: ClassVar[bool] = False
    """Whether the result is one of all files together, such as a sum over them. Every run then
    reads the whole directory, also when one uploaded file started it, and replaces the table."""

    bad_rows: ClassVar[Mapping[str, str]] = {}
    """What to do about rows and files that do not fit, by the kind of run, where that is not the
    default: ``{"s3_event": "strict", "scheduled": "lenient"}``. strict: the run fails, says which
    file and row, and leaves the table as it was. lenient: they go to the quarantine
    (`quarantine_uri`), and the rest goes on."""

    bad_rows_limit: ClassVar[float] = 0.1
    """The share of the rows of a source above which a lenient run fails too."""

    arguments: ClassVar[tuple[str, ...]] = ()
    """Names of further arguments that `main()` takes from the command line into `self.args`."""

    def __init__(self, job_name: str, args: Mapping[str, str | None]) -> None:
        """Prepare a run; Spark starts when it is first needed.

        job_name: names the job in the logs and its output table.
        args: ``env`` (required; ``local`` reads test data), and for an event ``bucket`` and
            ``object_key``, both literal.

        Raises:
            ArgumentError: ``env`` is missing, or a key comes without a bucket.
        """
        self.job_name = job_name
        self.args = dict(args)
        self.environment = args.get("env") or ""
        self.source_bucket = args.get("bucket") or None
        self.source_object_key = args.get("object_key") or None
        self.is_event_triggered = bool(self.source_bucket and self.source_object_key)
        self.trigger_type = "s3_event" if self.is_event_triggered else "scheduled"
        self.job_run_id = args.get("JOB_RUN_ID") or f"local_{uuid.uuid4().hex[:12]}"
        if not self.environment.isalnum():
            raise ArgumentError(
                "expected the environment of the run, such as --env dev or --env local, "
                f"found {args.get('env')!r}"
            )
        if args.get("object_key") is not None and not self.is_event_triggered:
            raise ArgumentError(
                "expected the bucket and the key of the object that started the run, found --bucket "
                f"{args.get('bucket')!r} and --object_key {args['object_key']!r}; give both, or "
                "leave the key out for a scheduled run"
            )
        check_sources(type(self), self.sources)
        self._policy = declared_policy(type(self), self.bad_rows, self.trigger_type)
        self.logger = run_log.bound_logger(self._described_run())
        self._loads: list[Loaded] = []
        self._logged = 0
        self._outdated: set[str] = set()
        self._unreadable: dict[str, str] = {}
        self._route: str | None = None

    # --- the hooks of a job ---------------------------------------------------------------------

    @abstractmethod
    def extract(self) -> DataFrame:
        """Get the data, usually ``return self.load_data("sales")``."""

    def transform(self, df: DataFrame) -> DataFrame:
        """Turn the source's rows into the result's.

        Keep the column `source_object`: it says which file a row came from, so that a file
        processed twice is written once. A job whose result belongs to no single file, such as a
        sum over all of them, declares ``whole_directory = True`` and needs no such column.
        """
        return df

    def custom_validation(self, df: DataFrame) -> bool:
        """Whether the result may be written; ``self.is_event_triggered`` tells the two ways apart.

        An action in here, such as ``df.count()``, reads the data a second time, and the rows are
        then counted by a third pass.
        """
        return True

    def load(self, df: DataFrame) -> None:
        """Write the result to the job's silver table, replacing the rows of the same source files."""
        table = Table(self.spark, self.output_uri)
        parts = df
        if self.whole_directory:
            output.refuse_own_part(df)
        else:
            parts = output.by_source(df, self.event_object.uri if self.is_event_triggered else None)
        with output.explained_write_errors(self.output_uri):
            staged = table.stage(parts, self.job_run_id)
        aside = Table(self.spark, self.quarantine_uri)
        set_aside = NOTHING
        try:
            if not self.whole_directory:
                output.refuse_foreign_parts(self.spark, staged, self._loads)
            read = self._checked(df)
            self._check_balance(df, read, staged)
            set_aside = quarantine.stage(self.spark, aside, read, self._loads, self.job_run_id)
            if self.whole_directory:
                changed = output.replace_all([(aside, set_aside)], table, staged, self._loads)
            elif self.is_event_triggered:
                written = [(aside, set_aside), (table, staged)]
                changed = output.replace_object(written, self._loads, self.event_object.uri)
            else:
                written = [(aside, set_aside), (table, staged)]
                changed = output.replace_directory(written, self._loads)
        finally:
            table.discard(staged)
            aside.discard(set_aside)
        self._outdated = changed
        table.remove_abandoned()
        aside.remove_abandoned()
        run_log.written(
            self.logger, self.output_uri, self.quarantine_uri, self._loads, read, staged
        )

    # --- what a job uses ------------------------------------------------------------------------

    @cached_property
    def spark(self) -> SparkSession:
        """The Spark session of this run."""
        return spark_session(self.job_name)

    @cached_property
    def event_object(self) -> S3Object:
        """The object that started this run.

        Raises:
            ArgumentError: the run was started by a schedule.
            ObjectKeyError: Spark cannot read this object by its key.
        """
        if not (self.source_bucket and self.source_object_key):
            raise ArgumentError("expected a run started by an uploaded file, found a scheduled one")
        return S3Object(self.source_bucket, self.source_object_key)

    @property
    def due_sources(self) -> tuple[str, ...]:
        """What this run is about: the declared source of the uploaded object, or all of them.

        For jobs of several sources: ``[self.load_data(name) for name in self.due_sources]``.
        """
        if self.is_event_triggered and not self.whole_directory:
            owner = owner_of(self.sources, self.event_object.key)
            return (owner.data_type,) if owner else ()
        return tuple(source.data_type for source in self.sources)

    @property
    def output_uri(self) -> str:
        """The job's silver table: ``s3://data-lake-prod-silver/sales_etl``."""
        return f"s3://{settings.lake_bucket(self.environment, 'silver')}/{self.job_name}"

    @property
    def quarantine_uri(self) -> str:
        """The table of what did not fit: ``s3://data-lake-prod-silver/_quarantine/sales_etl``."""
        bucket = settings.lake_bucket(self.environment, "silver")
        return f"s3://{bucket}/{settings.QUARANTINE}/{self.job_name}"

    def load_data(self, data_type: str, fallback_path: str | None = None) -> DataFrame:
        """Read a source: the uploaded object if it is one of this source's, else all its files.

        data_type: the source's folder in the bronze bucket, such as ``sales``.
        fallback_path: the file or folder to read with ``env=local``, relative to the repository,
            in place of ``tests/test_data/<job>/<data_type>/``.

        Gives the file's columns and `source_object`, the URI of the file each row comes from (only
        the job's declared sources have it, if there are any).

        Raises:
            SourceNotFoundError, UnreadableSourceError, ObjectKeyError: nothing was read.
        """
        data_type = data_type.strip("/")
        source = next((each for each in self.sources if each.data_type == data_type), None)
        owned = not self.sources or source is not None
        with self._passes.not_counting():
            place = self._place(data_type, fallback_path, source)
            self.logger.info(f"loading_{place.kind}", path=place.folder or place.where)
            if source and source.routes and not place.listed():
                raise _NoFileOfRouteError
            loaded = load(self.spark, place, source, self._unreadable, owned=owned)
        if self._policy == quarantine.STRICT:
            quarantine.refuse_unreadable(loaded)
        self._loads.append(loaded)
        return loaded.df

    # --- running --------------------------------------------------------------------------------

    def run(self) -> None:
        """Run the hooks in order and log each step.

        Raises:
            JobError: the run cannot go on; what load() has not yet replaced is as it was.
        """
        started = time.monotonic()
        self.logger.info("job_started")
        if self.is_event_triggered and self.whole_directory:
            self.logger.info("whole_directory_declared", read="every file, not only the uploaded")
        try:
            self._check_event_object()
            self._process()
        except BaseException as error:
            self.logger.error("job_failed", **run_log.described(error))
            raise
        seconds = round(time.monotonic() - started, 3)
        lag = metrics.lag(self.args.get("uploaded_at"))
        self.logger.info("job_completed_successfully", duration_seconds=seconds, **lag)

    @classmethod
    def main(cls, job_name: str, argv: Sequence[str] | None = None) -> None:
        """Run as a script. Exits with 1 and one line on stderr when the run fails as a `JobError`."""
        logs.configure_logging(sys.stdout if on_glue() else logs.claim_stdout())
        words = sys.argv[1:] if argv is None else argv
        try:
            job = cls(job_name, parse_arguments(words, ARGUMENTS + cls.arguments))
            metrics.switch(job.args.get("run_metrics"))
        except JobError as error:
            structlog.get_logger().error(
                "job_failed", job_name=job_name, **run_log.described(error)
            )
            sys.exit(f"{job_name}: {error}")
        try:
            job.run()
        except JobError as error:
            sys.exit(f"{job_name}: {error}")

    # --- inside ---------------------------------------------------------------------------------

    def _process(self) -> None:
        """Run the hooks; and again without files that turn out to be unreadable, and over those
        that change meanwhile."""
        for _ in range(_ROUNDS):
            try:
                with explained_row_errors(self._described_source):
                    self._run_hooks()
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
            self.logger.warning("source_changed_during_run", sources=sorted(self._outdated)[:10])
            if not (self.is_event_triggered or self.whole_directory):
                for uri in sorted(self._outdated):
                    self._process_alone(uri)
                return
        raise OutputError(
            f"expected {self._described_source()} to stay as it is while the job reads it, found "
            f"it changed in each of {_ROUNDS} rounds; run the job again when its writer is done"
        )

    @cached_property
    def _passes(self) -> Passes:
        return Passes(self.spark)

    def _run_hooks(self) -> None:
        self._loads, self._logged, self._outdated = [], 0, set()
        self._passes = Passes(self.spark)
        df = self._transformed()
        if not self.custom_validation(df):
            raise ValidationFailedError(
                f"expected data that custom_validation() of {type(self).__name__} accepts, "
                f"found data that it refused in {self._described_source()}; correct the "
                "data at its source, or the rule"
            )
        if type(self).load is not BaseGlueJob.load:
            # What a load() of the job's own does cannot be taken back: check the rows before.
            self._checked(None)
        self.load(df)
        self._log_loads({})

    def _transformed(self) -> DataFrame:
        """The result: of each route's files apart, where files are routed by their names."""
        routes = [route for source in self.sources for route in source.routes.values()]
        if not routes:
            return self.transform(self._extracted())
        parts = []
        for route in self._routes_to_run(routes):
            self._route = route
            try:
                df = self._extracted()
            except _NoFileOfRouteError:
                continue
            self.logger.info("routing", route=route or "none")
            transform: Callable[[DataFrame], DataFrame] = self.transform
            if route:
                transform = getattr(self, f"transform_{route}")
            parts.append(transform(df))
        self._route = None
        if not parts:
            raise SourceNotFoundError(
                f"expected data at {', '.join(self._bronze_uri(s.data_type) for s in self.sources)}, "
                "found nothing to read there; check bucket, prefix and suffix"
            )
        return reduce(DataFrame.unionByName, parts)

    def _routes_to_run(self, declared: Sequence[str]) -> Sequence[str | None]:
        if self.is_event_triggered and not self.whole_directory:
            owner = owner_of(self.sources, self.event_object.key)
            return [owner.route_of(self.event_object.key) if owner else None]
        return [*dict.fromkeys(declared), None]

    def _checked(self, result: DataFrame | None) -> Mapping[int, RowsRead]:
        """The rows of each load, counted while `result` was written or else by passes of their own.

        Raises:
            BadRowsError: more of them do not fit than the job's policy allows.
        """
        once = result is not None and self._passes.exactly_one()
        read = {}
        for number, loaded in enumerate(self._loads):
            passed = once and result is not None and loaded.rows.is_passed_once_by(result)
            read[number] = (loaded.counted() if passed else None) or loaded.count()
        self._log_loads(read)
        if self._policy == quarantine.STRICT:
            quarantine.refuse_misfits(self.spark, read, self._loads)
        if torn := quarantine.torn_files(self.spark, read, self._loads):
            raise _UnreadableFilesError(torn)
        quarantine.refuse_too_many(self.spark, read, self._loads, self.bad_rows_limit)
        return read

    def _check_balance(
        self, result: DataFrame, read: Mapping[int, RowsRead], staged: Staged
    ) -> None:
        """Check that a row that fits is a row of the result, where the job only maps rows."""
        if len(read) == 1 and self._loads[0].rows.is_kept_by(result):
            expected = read[0].rows - read[0].misfits
            if staged.rows != expected:
                raise OutputError(
                    f"expected {expected} rows of {self._described_source()} in the result, found "
                    f"{staged.rows}; its files may have changed meanwhile: run the job again"
                )

    def _can_do_without(self, error: JobError) -> bool:
        """Whether another round may end better: without unreadable files, or with current ones."""
        now = {loaded.place.where: loaded.place.listed() for loaded in self._loads}
        if not all(now.values()):
            return False
        if any(now[loaded.place.where] != loaded.files for loaded in self._loads):
            return True
        if self._policy == quarantine.STRICT or isinstance(error, SourceNotFoundError):
            return False
        found = quarantine.unreadable_files(self.spark, self._loads)
        self._unreadable |= found
        return bool(found)

    def _process_alone(self, uri: str) -> None:
        """Process one object as its event would."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        event = {"bucket": bucket, "object_key": key, "JOB_RUN_ID": self.job_run_id}
        job = type(self)(self.job_name, {**self.args, **event})
        job._policy = self._policy
        job._process()

    def _removed_gone_source(self) -> bool:
        """Remove the rows of the event's object if it is gone and the table has rows of it."""
        if not self.is_event_triggered or self.whole_directory:
            return False
        table = Table(self.spark, self.output_uri)
        written = table.files({source_id(self.event_object.uri)})
        if not written or Storage(self.spark).file(self.event_object.uri):
            return False
        table.delete(written)
        self.logger.warning("source_gone", path=self.event_object.uri, output=self.output_uri)
        return True

    def _event_belongs_to(self, data_type: str) -> bool:
        """Whether the uploaded object is one of this source's; of nested sources, the inner one."""
        if not self.is_event_triggered:
            return False
        owner = owner_of(self.sources, self.event_object.key)
        if owner:
            return owner.data_type == data_type
        return not self.sources and self.event_object.key.startswith(f"{data_type}/")

    def _check_event_object(self) -> None:
        """Refuse, before Spark starts, an object that this job's rules would not have sent."""
        if not self.is_event_triggered:
            return
        uploaded = self.event_object
        if self.sources and not owner_of(self.sources, uploaded.key):
            expected = " or ".join(f"{source.prefix}*{source.suffix}" for source in self.sources)
            raise SourceNotFoundError(
                f"expected an object of {type(self).__name__} ({expected}), found {uploaded.uri}; "
                "start the job that owns it, or declare its source in this one"
            )

    def _extracted(self) -> DataFrame:
        df = self.extract()
        if self.whole_directory:
            return df
        if self.is_event_triggered and all(each.place.kind != "event_file" for each in self._loads):
            read = ", ".join(loaded.place.where for loaded in self._loads) or "nothing"
            raise SourceNotFoundError(
                f"expected extract() to load the object that started the run, "
                f"{self.event_object.uri}, found that it loaded {read}; "
                "call load_data() with the object's folder"
            )
        return df

    def _place(self, data_type: str, fallback_path: str | None, source: Source | None) -> Place:
        if self._event_belongs_to(data_type) and not self.whole_directory:
            return event_place(self.spark, self.event_object, source)

        route = self._route

        def keep(origin: str) -> bool:
            """Not the files of an inner source, nor those of another route than is being run."""
            if source is None:
                return True
            owner = owner_of(self.sources, origin.removeprefix(self._bronze_uri("")[:-1]))
            return owner in (source, None) and source.route_of(origin) == route

        if self.environment != "local":
            return directory_place(self.spark, self._bronze_uri(data_type), source, keep)
        if fallback_path:
            path = settings.REPOSITORY / fallback_path
            return local_place(self.spark, path, source, keep, None)
        # Rows of test data name the bronze bucket as their origin, as they do after an upload.
        path = settings.TEST_DATA / self.job_name / data_type
        return local_place(self.spark, path, source, keep, self._bronze_uri(data_type))

    def _bronze_uri(self, data_type: str) -> str:
        return f"s3://{settings.lake_bucket(self.environment, 'bronze')}/{data_type}/"

    def _described_run(self) -> dict[str, str]:
        described = {
            "job_name": self.job_name,
            "job_run_id": self.job_run_id,
            "trigger_type": self.trigger_type,
            "environment": self.environment,
        }
        if self.is_event_triggered:
            described["source_bucket"] = str(self.source_bucket)
            described["source_object_key"] = str(self.source_object_key)
        return described

    def _described_source(self) -> str:
        if self.is_event_triggered:
            return self.event_object.uri
        return ", ".join(loaded.place.where for loaded in self._loads) or "the job's sources"

    def _log_loads(self, read: Mapping[int, RowsRead]) -> None:
        """Log each load, once, with its rows if they are known."""
        for number in range(self._logged, len(self._loads)):
            run_log.loaded(self.logger, self._loads[number], read.get(number))
        self._logged = len(self._loads)


class _NoFileOfRouteError(Exception):
    """A source has no file of the route that is being run."""


class _UnreadableFilesError(Exception):
    """Files turned out to be unreadable; the run starts again without them. files: why, by origin."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = files
