# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The base class of every job: one codebase, two ways to start."""

import sys
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import ClassVar

import structlog
from pyspark.sql import DataFrame, SparkSession

from glue_runtime import logs, output, reading, settings
from glue_runtime.arguments import parse_arguments
from glue_runtime.errors import (
    ArgumentError,
    JobError,
    OutputError,
    SourceNotFoundError,
    ValidationFailedError,
)
from glue_runtime.loading import Loaded, load_directory, load_event_file, load_local
from glue_runtime.row_counts import Passes
from glue_runtime.s3_object import S3Object
from glue_runtime.source import Source
from glue_runtime.spark_errors import explained_row_errors
from glue_runtime.spark_session import on_glue, spark_session
from glue_runtime.storage import Storage
from glue_runtime.table import Staged, Table, source_id

ARGUMENTS = ("env", "bucket", "object_key", "JOB_RUN_ID")

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
        prefixes = [source.prefix for source in self.sources]
        if len(set(prefixes)) < len(prefixes):
            raise ArgumentError(
                f"expected one source for each prefix in {type(self).__name__}.sources, found "
                f"{prefixes}; make two jobs of it, or give the files prefixes of their own"
            )
        self.logger = self._bound_logger()
        self._loads: list[Loaded] = []
        self._logged = 0
        self._outdated: set[str] = set()

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

        An action in here, such as ``df.count()``, reads the data a second time, and the row counts
        of the log are then null.
        """
        return True

    def load(self, df: DataFrame) -> None:
        """Write the result to the job's silver table, replacing the rows of the same source files."""
        counted = [loaded for loaded in self._loads if loaded.rows.is_passed_once_by(df)]
        table = Table(self.spark, self.output_uri)
        if not self.whole_directory:
            df = output.by_source(df, self.event_object.uri if self.is_event_triggered else None)
        with output.explained_write_errors(self.output_uri):
            staged = table.stage(df, self.job_run_id)
        try:
            self._log_loads(counted if self._passes.exactly_one() else [])
            self._outdated = self._commit(table, staged)
        finally:
            table.discard(staged)
        table.remove_abandoned()
        self.logger.info("data_written", output=self.output_uri, row_count=staged.rows)

    # --- what a job uses ------------------------------------------------------------------------

    @property
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
    def output_uri(self) -> str:
        """The job's silver table: ``s3://data-lake-prod-silver/sales_etl``."""
        return f"s3://{settings.lake_bucket(self.environment, 'silver')}/{self.job_name}"

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
        with self._passes.not_counting():
            if self._event_belongs_to(data_type) and not self.whole_directory:
                self.logger.info("loading_event_file", path=self.event_object.uri)
                loaded = load_event_file(self.spark, self.event_object, source)
            elif self.environment == "local":
                loaded = self._load_local_data(data_type, fallback_path, source)
            else:
                self.logger.info("loading_directory_data", path=self._bronze_uri(data_type))
                loaded = load_directory(self.spark, self._bronze_uri(data_type), source)
        if self.sources and not source:
            loaded = replace(loaded, df=loaded.df.drop(reading.SOURCE_OBJECT), owned=False)
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
            with explained_row_errors(self._described_source):
                self._process()
        except BaseException as error:
            self.logger.error("job_failed", **_described(error))
            raise
        seconds = round(time.monotonic() - started, 3)
        self.logger.info("job_completed_successfully", duration_seconds=seconds)

    @classmethod
    def main(cls, job_name: str, argv: Sequence[str] | None = None) -> None:
        """Run as a script. Exits with 1 and one line on stderr when the run fails as a `JobError`."""
        logs.configure_logging(sys.stdout if on_glue() else logs.claim_stdout())
        words = sys.argv[1:] if argv is None else argv
        try:
            job = cls(job_name, parse_arguments(words, ARGUMENTS + cls.arguments))
        except JobError as error:
            structlog.get_logger().error("job_failed", job_name=job_name, **_described(error))
            sys.exit(f"{job_name}: {error}")
        try:
            job.run()
        except JobError as error:
            sys.exit(f"{job_name}: {error}")

    # --- inside ---------------------------------------------------------------------------------

    def _process(self) -> None:
        """Run the hooks, and again over what has changed at its source meanwhile."""
        for _ in range(_ROUNDS):
            try:
                self._run_hooks()
            except SourceNotFoundError:
                if not self._removed_gone_source():
                    raise
                return
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
        df = self.transform(self._extracted())
        if not self.custom_validation(df):
            raise ValidationFailedError(
                f"expected data that custom_validation() of {type(self).__name__} accepts, "
                f"found data that it refused in {self._described_source()}; correct the "
                "data at its source, or the rule"
            )
        self.load(df)
        self._log_loads(counted=[])

    def _process_alone(self, uri: str) -> None:
        """Process one object as its event would."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        event = {"bucket": bucket, "object_key": key, "JOB_RUN_ID": self.job_run_id}
        type(self)(self.job_name, {**self.args, **event})._process()

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

    def _commit(self, table: Table, staged: Staged) -> set[str]:
        """Put the staged rows into the table; gives the sources that have changed meanwhile."""
        if self.whole_directory:
            return output.replace_all(table, staged, self._owned_loads())
        if self.is_event_triggered:
            return output.replace_object(table, staged, self._owned_loads(), self.event_object.uri)
        return output.replace_directory(table, staged, self._owned_loads())

    def _owned_loads(self) -> list[Loaded]:
        """The loads whose files own parts of the table."""
        return [loaded for loaded in self._loads if loaded.owned]

    def _bound_logger(self) -> structlog.typing.FilteringBoundLogger:
        if not structlog.is_configured():
            logs.configure_logging()
        context = {
            "job_name": self.job_name,
            "job_run_id": self.job_run_id,
            "trigger_type": self.trigger_type,
            "environment": self.environment,
        }
        if self.is_event_triggered:
            context["source_bucket"] = str(self.source_bucket)
            context["source_object_key"] = str(self.source_object_key)
        logger: structlog.typing.FilteringBoundLogger = structlog.get_logger().bind(**context)
        return logger

    def _event_belongs_to(self, data_type: str) -> bool:
        """Whether the uploaded object is one of this source's; of nested sources, the inner one."""
        if not self.is_event_triggered:
            return False
        owners = [source for source in self.sources if source.owns(self.event_object)]
        if owners:
            return max(owners, key=lambda source: len(source.prefix)).data_type == data_type
        return not self.sources and self.event_object.key.startswith(f"{data_type}/")

    def _check_event_object(self) -> None:
        """Refuse, before Spark starts, an object that this job's rules would not have sent."""
        if not self.is_event_triggered:
            return
        uploaded = self.event_object
        if self.sources and not any(source.owns(uploaded) for source in self.sources):
            expected = " or ".join(f"{source.prefix}*{source.suffix}" for source in self.sources)
            raise SourceNotFoundError(
                f"expected an object of {type(self).__name__} ({expected}), found {uploaded.uri}; "
                "start the job that owns it, or declare its source in this one"
            )

    def _extracted(self) -> DataFrame:
        df = self.extract()
        if self.whole_directory:
            return df
        if self.is_event_triggered and all(each.kind != "event_file" for each in self._loads):
            read = ", ".join(loaded.where for loaded in self._loads) or "nothing"
            raise SourceNotFoundError(
                f"expected extract() to load the object that started the run, "
                f"{self.event_object.uri}, found that it loaded {read}; "
                "call load_data() with the object's folder"
            )
        return df

    def _load_local_data(
        self, data_type: str, fallback_path: str | None, source: Source | None
    ) -> Loaded:
        # Rows of test data name the bronze bucket as their origin, as they do after an upload.
        path = settings.TEST_DATA / self.job_name / data_type
        alias: str | None = self._bronze_uri(data_type)
        if fallback_path:
            path, alias = settings.REPOSITORY / fallback_path, None
        self.logger.info("loading_local_data", path=str(path))
        return load_local(self.spark, path, source, alias)

    def _bronze_uri(self, data_type: str) -> str:
        return f"s3://{settings.lake_bucket(self.environment, 'bronze')}/{data_type}/"

    def _described_source(self) -> str:
        if self.is_event_triggered:
            return self.event_object.uri
        return ", ".join(loaded.where for loaded in self._loads) or "the job's sources"

    def _log_loads(self, counted: list[Loaded]) -> None:
        """Log each load, once; those of `counted` with the number of rows that have passed."""
        for loaded in self._loads[self._logged :]:
            self.logger.info(
                f"loaded_{loaded.kind}",
                row_count=loaded.rows.value() if loaded in counted else None,
                file_format=loaded.file_format,
                file_count=len(loaded.files),
                path=loaded.where,
                schema=loaded.schema,
            )
        self._logged = len(self._loads)


def _described(error: BaseException) -> dict[str, str]:
    """An error for the log: its kind and its first line; the whole stack goes to stderr."""
    first, *others = str(error).splitlines() or [""]
    if first.startswith("An error occurred while calling") and others:
        first = others[0].removeprefix(": ")
    return {"error_type": type(error).__name__, "error": first}
