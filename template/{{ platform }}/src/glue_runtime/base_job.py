# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The base class of every job: one codebase, two ways to start."""

import sys
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import structlog
from pyspark.sql import DataFrame, SparkSession

from glue_runtime import logs, output, reading, settings
from glue_runtime.arguments import parse_arguments
from glue_runtime.errors import (
    ArgumentError,
    JobError,
    SourceNotFoundError,
    ValidationFailedError,
)
from glue_runtime.formats import FORMATS, format_of
from glue_runtime.row_counts import RowCount, sql_executions
from glue_runtime.s3_object import S3Object
from glue_runtime.source import Source
from glue_runtime.spark_errors import explained_spark_errors
from glue_runtime.spark_session import on_glue, spark_session

ARGUMENTS = ("env", "bucket", "object_key", "JOB_RUN_ID")


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
        if self.source_object_key and not self.source_bucket:
            raise ArgumentError(
                "expected the bucket of the object that started the run (--bucket), found only "
                f"--object_key {self.source_object_key}; give both, or neither for a scheduled run"
            )
        self.logger = self._bound_logger()
        self._loaded: list[_Loaded] = []

    # --- the hooks of a job ---------------------------------------------------------------------

    @abstractmethod
    def extract(self) -> DataFrame:
        """Get the data, usually ``return self.load_data("sales")``."""

    def transform(self, df: DataFrame) -> DataFrame:
        """Turn the source's rows into the result's. Keep the column `source_object`."""
        return df

    def custom_validation(self, df: DataFrame) -> bool:
        """Whether the result may be written; ``self.is_event_triggered`` tells the two ways apart."""
        return True

    def load(self, df: DataFrame) -> None:
        """Write the result to the job's silver table, replacing the rows of the same source files."""
        row_count = output.write_by_source(df, self.output_uri)
        if row_count == 0 and self.is_event_triggered:
            output.remove_source(self.spark, self.event_object, self.output_uri)
        self.logger.info("data_written", output=self.output_uri, row_count=row_count)

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
        executions = sql_executions(self.spark)
        if self._event_belongs_to(data_type):
            loaded = self._load_event_file(data_type)
        elif self.environment == "local":
            loaded = self._load_local_data(data_type, fallback_path)
        else:
            loaded = self._load_directory_data(data_type)
        loaded.executions = sql_executions(self.spark) - executions
        self._loaded.append(loaded)
        if self.sources and not self._source(data_type):
            return loaded.df.drop(reading.SOURCE_OBJECT)
        return loaded.df

    # --- running --------------------------------------------------------------------------------

    def run(self) -> None:
        """Run the hooks in order and log each step.

        Raises:
            JobError: the run cannot go on; earlier output is untouched.
        """
        started = time.monotonic()
        self.logger.info("job_started")
        try:
            self._check_event_object()
            executions = sql_executions(self.spark)
            with explained_spark_errors(self._described_source()):
                df = self.transform(self._extracted())
                if not self.custom_validation(df):
                    raise ValidationFailedError(
                        f"expected data that custom_validation() of {type(self).__name__} accepts, "
                        f"found data that it refused in {self._described_source()}"
                    )
                self.load(df)
            self._log_what_was_loaded(sql_executions(self.spark) - executions)
        except Exception as error:
            self.logger.error("job_failed", error_type=type(error).__name__, error=_summary(error))
            raise
        seconds = round(time.monotonic() - started, 3)
        self.logger.info("job_completed_successfully", duration_seconds=seconds)

    @classmethod
    def main(cls, job_name: str, argv: Sequence[str] | None = None) -> None:
        """Run as a script. Exits with 1 and one line on stderr when the run fails as a `JobError`."""
        stream = sys.stdout if on_glue() else logs.claim_stdout()
        logs.configure_logging(stream)
        try:
            args = parse_arguments(sys.argv[1:] if argv is None else argv, ARGUMENTS + cls.arguments)
            cls(job_name, args).run()
        except JobError as error:
            sys.exit(f"{job_name}: {error}")

    # --- inside ---------------------------------------------------------------------------------

    def _bound_logger(self) -> structlog.typing.FilteringBoundLogger:
        if not structlog.is_configured():
            logs.configure_logging()
        context = {
            "job_name": self.job_name,
            "job_run_id": self.job_run_id,
            "trigger_type": self.trigger_type,
        }
        if self.is_event_triggered:
            context["source_bucket"] = str(self.source_bucket)
            context["source_object_key"] = str(self.source_object_key)
        logger: structlog.typing.FilteringBoundLogger = structlog.get_logger().bind(**context)
        return logger

    def _source(self, data_type: str) -> Source | None:
        return next((source for source in self.sources if source.data_type == data_type), None)

    def _event_belongs_to(self, data_type: str) -> bool:
        return self.is_event_triggered and self.event_object.key.startswith(f"{data_type}/")

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
        if self.is_event_triggered and not any(loaded.is_event for loaded in self._loaded):
            read = ", ".join(loaded.where for loaded in self._loaded) or "nothing"
            raise SourceNotFoundError(
                f"expected extract() to load the object that started the run, "
                f"{self.event_object.uri}, found that it loaded {read}; "
                "call load_data() with the object's folder"
            )
        return df

    def _load_event_file(self, data_type: str) -> "_Loaded":
        uploaded = self.event_object
        source = self._source(data_type)
        format_name = source.file_format if source else format_of(uploaded.key)
        if format_name is None:
            raise SourceNotFoundError(
                f"expected a file of a known format ({', '.join(FORMATS)}), found {uploaded.uri}; "
                "declare the source's format in the job's sources"
            )
        self.logger.info("loading_event_file", file_format=format_name)
        df = reading.read_object(self.spark, uploaded, format_name)
        return _Loaded(df, "event_file", uploaded.uri, format_name, file_count=1)

    def _load_directory_data(self, data_type: str) -> "_Loaded":
        bucket = settings.lake_bucket(self.environment, "bronze")
        return self._load_directory(data_type, f"s3://{bucket}/{data_type}/", "directory_data")

    def _load_local_data(self, data_type: str, fallback_path: str | None) -> "_Loaded":
        path = settings.TEST_DATA / self.job_name / data_type
        if fallback_path:
            path = settings.REPOSITORY / fallback_path
        if not path.exists():
            raise SourceNotFoundError(
                f"expected test data in {path}, found nothing there; put sample files there, "
                "or give load_data() the path of others"
            )
        return self._load_directory(data_type, path.as_uri(), "local_data", path)

    def _load_directory(
        self, data_type: str, uri: str, kind: str, file: Path | None = None
    ) -> "_Loaded":
        source = self._source(data_type)
        if file and file.is_file():
            format_name = format_of(file.name) or (source.file_format if source else "csv")
            name_pattern = "*"
        elif source:
            format_name, name_pattern = source.file_format, source.name_pattern
        else:
            format_name = reading.directory_format(self.spark, uri)
            name_pattern = FORMATS[format_name].name_pattern
        self.logger.info(f"loading_{kind}", path=uri, file_format=format_name)
        df = reading.read_directory(self.spark, uri, format_name, name_pattern)
        return _Loaded(df, kind, uri, format_name, reading.input_file_count(df))

    def _described_source(self) -> str:
        if self.is_event_triggered:
            return self.event_object.uri
        return ", ".join(loaded.where for loaded in self._loaded) or "the job's sources"

    def _log_what_was_loaded(self, executions: int) -> None:
        """Log the row counts, known now that the rows have passed; null where they are not."""
        reading_executions = sum(loaded.executions for loaded in self._loaded)
        one_action = executions - reading_executions == 1
        for loaded in self._loaded:
            self.logger.info(
                f"loaded_{loaded.kind}",
                row_count=loaded.rows.value() if one_action else None,
                file_format=loaded.file_format,
                file_count=loaded.file_count,
                path=loaded.where,
            )


@dataclass
class _Loaded:
    """What one call of load_data() reads. `df` counts its rows as they pass."""

    df: DataFrame
    kind: str
    where: str
    file_format: str
    file_count: int
    executions: int = 0
    rows: RowCount = field(default_factory=RowCount)

    def __post_init__(self) -> None:
        self.df = self.rows.watch(self.df)

    @property
    def is_event(self) -> bool:
        return self.kind == "event_file"


def _summary(error: Exception) -> str:
    """The first lines of an error; the whole stack goes to stderr."""
    return "\n".join(str(error).splitlines()[:3])
