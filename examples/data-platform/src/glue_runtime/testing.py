# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""A pytest plugin for tests of jobs: a Spark session, a lake in a folder, and finished runs.

tests/conftest.py loads it.
"""

import json
import shutil
import uuid
from collections.abc import Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog
from pyspark.sql import DataFrame, Row, SparkSession

from glue_runtime import BaseGlueJob, settings
from glue_runtime.input.source import bucket_for
from glue_runtime.lineage import SOURCE_OBJECT
from glue_runtime.local.session import ZONES, add_bucket, local_session
from glue_runtime.s3_object import S3Object
from glue_runtime.spark.session import spark_session
from glue_runtime.spark.storage import Storage

ENVIRONMENT = "test"


@dataclass(frozen=True)
class Lake:
    """The buckets of the environment ``test``, each a folder that Spark sees as ``s3://``."""

    root: Path
    spark: SparkSession

    def upload(self, key: str, content: bytes | str, bucket: str | None = None) -> S3Object:
        """Put an object into the bronze bucket, or into another one of those of a `Source`."""
        uploaded = S3Object(bucket or settings.lake_bucket(ENVIRONMENT, "bronze"), key)
        path = self.root / uploaded.bucket / key
        if not (self.root / uploaded.bucket).exists():
            add_bucket(self.spark, self.root / uploaded.bucket)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return uploaded

    def upload_test_data(self, job_class: type[BaseGlueJob], job_name: str) -> list[S3Object]:
        """Put a job's test data (tests/test_data/<job>/) into the buckets of its sources.

        Returns the objects whose upload starts the job, in name order; all of them if the job
        declares no sources.
        """
        folder = settings.TEST_DATA / job_name
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        keys = {file.relative_to(folder).as_posix(): file for file in files}
        sources = job_class.sources
        uploads = [
            self.upload(key, file.read_bytes(), bucket_for(sources, ENVIRONMENT, key))
            for key, file in keys.items()
        ]
        return [
            each for each in uploads if not sources or any(source.owns(each) for source in sources)
        ]

    def read(self, uri: str) -> DataFrame:
        """The rows of an output table; none, and no column but the file's, if nothing is there."""
        if not (self.root / uri.removeprefix("s3://")).exists():
            return self.spark.createDataFrame([], f"{SOURCE_OBJECT} string")
        return self.spark.read.parquet(uri)


@dataclass(frozen=True)
class Run:
    """A finished run and its log."""

    job: BaseGlueJob
    log: list[MutableMapping[str, Any]]

    def event(self, name: str) -> MutableMapping[str, Any]:
        """The first log entry of this name."""
        return next(entry for entry in self.log if entry["event"] == name)


def run_scheduled(job_class: type[BaseGlueJob], job_name: str, **arguments: str) -> Run:
    """Run a job as its schedule would, for the whole directory. arguments: further ones of the run."""
    return _run(job_class(job_name, {"env": ENVIRONMENT, **arguments}))


def run_for(
    job_class: type[BaseGlueJob], job_name: str, uploaded: S3Object, *others: S3Object
) -> Run:
    """Run a job as the upload of this object would, for this object alone; with others, as a batch of
    them would, for all of them in one run."""
    args = {"env": ENVIRONMENT, "bucket": uploaded.bucket, "object_key": uploaded.key}
    if others:
        args = {"env": ENVIRONMENT, "manifest": _manifest(job_name, [uploaded, *others])}
    return _run(job_class(job_name, args))


def _manifest(job_name: str, objects: Sequence[S3Object]) -> str:
    """Write a manifest, as the state machine does for a batch; return its URI."""
    uri = f"s3://{settings.lake_bucket(ENVIRONMENT, 'bronze')}/_manifests/{job_name}/{uuid.uuid4()}.json"
    uploads = [{"bucket": {"name": each.bucket}, "object": {"key": each.key}} for each in objects]
    Storage(spark_session("tests")).write(uri, json.dumps(uploads).encode())
    return uri


def same_rows(one: DataFrame, other: DataFrame) -> None:
    """Assert that two tables have the same columns and the same rows, in any order."""
    assert sorted(one.dtypes) == sorted(other.dtypes)
    assert _sorted_rows(one) == _sorted_rows(other.select(one.columns))


def _sorted_rows(df: DataFrame) -> list[Row]:
    return sorted(df.collect(), key=str)


def _run(job: BaseGlueJob) -> Run:
    with structlog.testing.capture_logs() as log:
        job.run()
    return Run(job, log)


@pytest.fixture(scope="session")
def lake_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that serves ``s3://`` in all tests."""
    return tmp_path_factory.mktemp("lake")


@pytest.fixture(scope="session")
def spark(lake_folder: Path) -> Iterator[SparkSession]:
    """One Spark session for all tests: starting a session takes longer than most tests."""
    local_session("tests", lake_folder)
    session = spark_session("tests")
    yield session
    session.stop()


@pytest.fixture
def lake(spark: SparkSession, lake_folder: Path) -> Lake:
    """Empty buckets for one test."""
    zones = {lake_folder / settings.lake_bucket(ENVIRONMENT, zone) for zone in ZONES}
    for bucket in {*zones, *lake_folder.iterdir()}:
        shutil.rmtree(bucket, ignore_errors=True)
    for bucket in zones:
        bucket.mkdir()
    return Lake(lake_folder, spark)
