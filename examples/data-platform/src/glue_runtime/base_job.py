# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The base class of every job: one codebase, two ways to start."""

import sys
import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import ClassVar

import structlog
from pyspark.sql import DataFrame, SparkSession

from glue_runtime import settings
from glue_runtime.arguments import parse_arguments
from glue_runtime.declarations import check_sources
from glue_runtime.errors import ArgumentError, JobError
from glue_runtime.input.source import Source, owner_of
from glue_runtime.observe import logs, metrics, run_log
from glue_runtime.run import JobRun
from glue_runtime.s3_object import S3Object
from glue_runtime.spark.session import on_glue, spark_session
from glue_runtime.validation import Finding, Validation

ARGUMENTS = ("env", "bucket", "object_key", "uploaded_at", "run_metrics", "validate", "JOB_RUN_ID")

EVERYTHING = "*"
"""What ``--validate`` gets where all files are to be judged: Glue passes no empty argument on."""


class BaseGlueJob(ABC):
    """A dual-mode job: extract, transform, validate, load.

    With ``bucket`` and ``object_key`` among its arguments a run was started by an uploaded file and
    processes that object alone; without them it was started by a schedule and processes the whole
    directory. The job does not need to know: ``self.load_data("sales")`` is the same call in both.

    A subclass implements `extract()` and overrides what it needs of the other hooks.
    """

    sources: ClassVar[tuple[Source, ...]] = ()
    """The data sources whose uploads start this job. Optional: without it, the format of a file
    is taken from its extension."""

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

    own_load: ClassVar[str | None] = None
    """What a `load()` of the job's own does to its target: ``appends`` to it, ``replaces_source`` (the
    rows of the files that were read), or ``replaces_all``. Without it, an event run is refused: a
    load() that replaces all would leave the rows of one file."""

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
        self.logger = run_log.bound_logger(self._described_run())
        self._job_run = JobRun(self, own_load=type(self).load is not BaseGlueJob.load)

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
        self._job_run.write(df)

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
        return self._job_run.read(data_type, fallback_path)

    # --- running --------------------------------------------------------------------------------

    def run(self) -> None:
        """Run the hooks in order and log each step.

        Raises:
            JobError: the run cannot go on; what load() has not yet replaced is as it was.
        """
        self._job_run.execute()

    def validate(self, prefix: str = "") -> list[Finding]:
        """Read and judge the files of all sources, and write nothing.

        prefix: of the keys to read, such as ``sales/2024/``; without it, all.

        Gives what a strict run would refuse and a lenient one would send to the quarantine.

        Raises:
            SourceNotFoundError, UnreadableSourceError, ObjectKeyError: nothing was read.
        """
        return Validation(self, prefix).findings()

    @classmethod
    def main(cls, job_name: str, argv: Sequence[str] | None = None) -> None:
        """Run as a script. Exits with 1 and one line on stderr when the run fails as a `JobError`.

        With ``--validate PREFIX`` (``*`` for all files) they are judged, and nothing is written: see
        `validate`.
        """
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
            if prefix := job.args.get("validate"):
                job.validate("" if prefix == EVERYTHING else prefix)
            else:
                job.run()
        except JobError as error:
            sys.exit(f"{job_name}: {error}")

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
