# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The base class of every job: one codebase, two ways to start."""

import sys
import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import ClassVar, Self

import structlog
from pyspark.sql import DataFrame, SparkSession

from glue_runtime import settings
from glue_runtime.arguments import parse_arguments, parse_buckets
from glue_runtime.declarations import CHANGED, allowed_removal, check_sources, scheduled_mode
from glue_runtime.errors import ArgumentError, JobError
from glue_runtime.input.source import Source
from glue_runtime.observe import logs, metrics, run_log
from glue_runtime.run import JobRun
from glue_runtime.s3_object import S3Object
from glue_runtime.spark.session import on_glue, spark_session
from glue_runtime.validation import Finding, Validation

ARGUMENTS = (
    *("env", "bucket", "object_key", "uploaded_at", "manifest", "lake_buckets"),
    *("catalog_database", "load_history", "run_metrics"),
    *("validate", "scheduled", "removal_limit", "JOB_RUN_ID"),
)

EVERYTHING = "*"
"""The value of ``--validate`` for all files: Glue drops empty arguments."""


class BaseGlueJob(ABC):
    """A dual-mode job: extract, transform, validate, load.

    If its arguments include ``bucket`` and ``object_key``, an uploaded file started the run, and it
    processes only that object; with ``manifest``, several files did. Otherwise a schedule started it,
    and it processes the whole directory, or what has changed there. ``self.load_data("sales")`` is the
    same call in all cases.

    A subclass implements `extract()` and overrides other hooks as needed.
    """

    sources: ClassVar[tuple[Source, ...]] = ()
    """The data sources whose uploads start this job. Optional: without it, the extension of a file
    determines its format."""

    whole_directory: ClassVar[bool] = False
    """Whether each result row may depend on several files, as in a sum over all of them. Every run
    then reads the whole directory, even if an uploaded file started it, and replaces the table."""

    bad_rows: ClassVar[Mapping[str, str]] = {}
    """What to do about invalid rows and unreadable files, by trigger. The default is
    ``{"s3_event": "strict", "scheduled": "lenient"}``. strict: the run fails, reports the file and
    row, and leaves the table unchanged. lenient: the run moves them to the quarantine
    (`quarantine_uri`) and processes the rest."""

    bad_rows_limit: ClassVar[float] = 0.1
    """The share of invalid rows of a source above which a lenient run fails too."""

    removal_limit: ClassVar[float] = 0.2
    """The share of the table's source files of which a scheduled run removes the rows because the
    files are gone. If more are gone, and not only a single one, the run fails before it removes any.
    ``--removal_limit 1`` lets one run remove them all."""

    scheduled: ClassVar[str] = "all"
    """What a scheduled run reads: ``"all"`` files of its sources, or ``"changed"``: those that the table
    does not have with this content, if each row of the result depends on one file alone.
    ``--scheduled all`` lets one run read them all."""

    when_job_changes: ClassVar[str] = "all"
    """What a scheduled run that reads changed files does with those that another version of the job's
    module has processed: ``"all"`` processes them again, ``"nothing"`` leaves their rows."""

    ignores_lookup_changes: ClassVar[bool] = False
    """Whether scheduled runs may read changed files alone although the job looks up other data: a
    change there then does not reach the rows of unchanged files."""

    own_load: ClassVar[str | None] = None
    """What an overridden `load()` does to its target: ``appends`` to it, ``replaces_source`` (the
    rows of the files that were read), or ``replaces_all``. Without it, an event run fails, because
    a load() that replaces all rows would keep only those of one file."""

    owner: ClassVar[str] = ""
    """Who answers for the table, such as ``sales-data@acme.com``; for the Glue Data Catalog."""

    column_comments: ClassVar[Mapping[str, str]] = {}
    """What columns of the table mean, by name, for the Glue Data Catalog, beside what the schema of a
    source says of them: ``amount DOUBLE COMMENT 'Euros'``. The description of the table there is the
    first paragraph of the module's docstring."""

    arguments: ClassVar[tuple[str, ...]] = ()
    """Names of further command-line arguments that `main()` adds to `self.args`."""

    def __init__(self, job_name: str, args: Mapping[str, str | None]) -> None:
        """Prepare a run. Spark starts when it is first needed.

        job_name: the name of the job in logs, and of its output table.
        args: ``env`` (required; ``local`` reads test data) and, for an event run, ``bucket`` and
            ``object_key``, neither of them URL-encoded, or ``manifest``, the URI of a list of objects
            (see `manifest`). If it names a single one, `run` sets `source_bucket` and
            `source_object_key`.

        Raises:
            ArgumentError: ``env`` is missing, there is a key without a bucket or with a manifest,
            another argument has no valid value, or the class declares what no run can do.
        """
        self.job_name = job_name
        self.args = dict(args)
        self.environment = args.get("env") or ""
        self.source_bucket = args.get("bucket") or None
        self.source_object_key = args.get("object_key") or None
        self.manifest = args.get("manifest") or None
        self.is_event_triggered = bool(
            self.manifest or (self.source_bucket and self.source_object_key)
        )
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
        if self.manifest and (self.source_bucket or self.source_object_key):
            raise ArgumentError(
                "expected the objects that started the run either as --manifest or as --bucket and "
                "--object_key, found both; leave out one of them"
            )
        self._buckets = parse_buckets(args.get("lake_buckets"))
        check_sources(type(self), self.sources)
        allowed_removal(type(self), args.get("removal_limit"))
        own_load = type(self).load is not BaseGlueJob.load
        mode = scheduled_mode(type(self), args.get("scheduled"), own_load=own_load)
        self.reads_changes = mode == CHANGED and not (
            self.is_event_triggered or self.environment == "local"
        )
        self.logger = run_log.bound_logger(self._described_run())
        self._job_run = JobRun(self, own_load=own_load)

    # --- the hooks of a job ---------------------------------------------------------------------

    @abstractmethod
    def extract(self) -> DataFrame:
        """Return the input data, usually ``self.load_data("sales")``."""

    def transform(self, df: DataFrame) -> DataFrame:
        """Transform source rows into result rows.

        Keep the column `source_object`: it names the file of each row, so that the rows of a file
        that is processed twice are written once. If result rows do not belong to a single file, as
        in a sum over all files, declare ``whole_directory = True``; the column is then not needed.
        """
        return df

    def custom_validation(self, df: DataFrame) -> bool:
        """Return whether to write the result; ``self.is_event_triggered`` tells the two triggers apart.

        An action in here, such as ``df.count()``, reads the data a second time, and counting the
        rows then takes a third pass.
        """
        return True

    def load(self, df: DataFrame) -> None:
        """Write the result to the silver table, replacing the rows of the same source files."""
        self._job_run.write(df)

    # --- what a job uses ------------------------------------------------------------------------

    @cached_property
    def spark(self) -> SparkSession:
        """The Spark session of this run."""
        return spark_session(self.job_name)

    @property
    def event_object(self) -> S3Object:
        """The object that started this run.

        Raises:
            ArgumentError: a schedule started the run, or several objects did.
            ObjectKeyError: Spark cannot read this object by its key.
        """
        first, *others = self.event_objects
        if others:
            raise ArgumentError(
                f"expected a run started by one uploaded file, found one over {len(others) + 1}; use "
                "event_objects"
            )
        return first

    @cached_property
    def event_objects(self) -> tuple[S3Object, ...]:
        """The objects that started this run: one, or all those of a manifest.

        Raises:
            ArgumentError: a schedule started the run.
            ObjectKeyError: Spark cannot read one of these objects by its key.
        """
        if not self.is_event_triggered:
            raise ArgumentError("expected a run started by an uploaded file, found a scheduled one")
        return tuple(map(S3Object.of_uri, self._job_run.uploads))

    @property
    def due_sources(self) -> tuple[str, ...]:
        """The sources of this run: the declared sources of its objects, or all sources.

        If files are routed by their names, those with files on the current route. For jobs with
        several sources: ``[self.load_data(name) for name in self.due_sources]``.
        """
        return self._job_run.due

    @property
    def output_uri(self) -> str:
        """The job's silver table: ``s3://data-lake-prod-silver/sales_etl``."""
        return f"s3://{self.lake_bucket('silver')}/{self.job_name}"

    @property
    def quarantine_uri(self) -> str:
        """The table of quarantined rows: ``s3://data-lake-prod-silver/_quarantine/sales_etl``."""
        return f"s3://{self.lake_bucket('silver')}/{settings.QUARANTINE}/{self.job_name}"

    def lake_bucket(self, zone: str) -> str:
        """The bucket of a zone (bronze, silver, gold): ``data-lake-prod-gold``, or one of
        ``existing_buckets`` in Terraform."""
        return self._buckets.get(zone) or settings.lake_bucket(self.environment, zone)

    def load_data(self, data_type: str, fallback_path: str | None = None) -> DataFrame:
        """Read a source: those objects of the run that belong to it, or else all its files.

        data_type: the source's folder in its bucket, such as ``sales``.
        fallback_path: the file or folder to read with ``env=local``, relative to the repository,
            instead of ``tests/test_data/<job>/<data_type>/``.

        Returns the columns of the files and `source_object`, the URI of each row's file. If the job
        declares sources, only those have this column.

        Raises:
            SourceNotFoundError, UnreadableSourceError, ObjectKeyError: nothing was read.
        """
        return self._job_run.read(data_type, fallback_path)

    # --- running --------------------------------------------------------------------------------

    def run(self) -> None:
        """Run the hooks in order and log each step.

        Raises:
            JobError: the run failed; data that load() has not yet replaced is unchanged.
        """
        self._job_run.execute()

    def validate(self, prefix: str = "") -> list[Finding]:
        """Check the files of all sources without writing anything.

        prefix: check only keys with this prefix, such as ``sales/2024/``.

        Returns what a strict run would refuse and a lenient run would quarantine.

        Raises:
            SourceNotFoundError, UnreadableSourceError, ObjectKeyError: nothing was read.
        """
        return Validation(self, prefix).findings()

    @classmethod
    def of_run(cls, job_name: str, args: Mapping[str, str | None]) -> Self:
        """The job of a run; a class whose constructor has other parameters overrides this."""
        return cls(job_name, args)

    @classmethod
    def main(cls, job_name: str, argv: Sequence[str] | None = None) -> None:
        """Run as a script. If the run raises a `JobError`, exit with 1 and one line on stderr.

        With ``--validate PREFIX`` (``*`` for all files), check the files instead: see `validate`.
        """
        logs.configure_logging(sys.stdout if on_glue() else logs.claim_stdout())
        words = sys.argv[1:] if argv is None else argv
        try:
            job = cls.of_run(job_name, parse_arguments(words, ARGUMENTS + cls.arguments))
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

    def _described_run(self) -> dict[str, str | None]:
        described: dict[str, str | None] = {
            "job_name": self.job_name,
            "job_run_id": self.job_run_id,
            "trigger_type": self.trigger_type,
            "environment": self.environment,
        }
        if self.is_event_triggered:
            described["source_bucket"] = self.source_bucket
            described["source_object_key"] = self.source_object_key
        if self.manifest:
            described["manifest"] = self.manifest
        return described
