"""A pytest plugin: the lake of the runtime's tests is an emulated S3, which Spark reads through S3A."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from glue_runtime.local.session import JARS_VARIABLE, S3_VARIABLE, local_session
from glue_runtime.spark import s3_files
from glue_runtime.spark.session import spark_session
from s3_server import S3Server, jars


@pytest.fixture(scope="session")
def s3(lake_folder: Path) -> Iterator[S3Server]:
    """The emulated S3, with the folders of the lake for buckets."""
    server = S3Server(lake_folder)
    yield server
    server.close()


@pytest.fixture(scope="session")
def spark(s3: S3Server, lake_folder: Path) -> Iterator[SparkSession]:
    """One Spark session for all tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, S3_VARIABLE, s3.endpoint)
        patch.setitem(os.environ, JARS_VARIABLE, str(jars()))
        local_session("tests", lake_folder)
    session = spark_session("tests")
    # What a test refuses is refused: the clients' own patience, of minutes, is not what is tested.
    s3_files.ATTEMPTS = 1
    for name in ("attempts.maximum", "retry.limit", "retry.throttle.limit"):
        session.sparkContext._jsc.hadoopConfiguration().set(f"fs.s3a.{name}", "1")
    session.sparkContext._jsc.hadoopConfiguration().set("fs.s3a.retry.interval", "10ms")
    yield session
    session.stop()
