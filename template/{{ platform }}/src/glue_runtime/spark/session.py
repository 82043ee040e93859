# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The Spark session of a run: Glue's own on Glue, a quick one anywhere else."""

import importlib.util
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

# What decides results is set in both places; what only saves time is set locally.
RESULT_SETTINGS = {
    # Glue 6.0 (Spark 4) turns ANSI mode on: a bad cast raises there and gives null before.
    "spark.sql.ansi.enabled": "false",
    "spark.sql.session.timeZone": "UTC",
    # Dates that Spark 2 read otherwise must not fail a run: the schema decides.
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",
    # Every reader of Parquet reads these exactly; the older type, INT96, ends in 2262 for some.
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    # Days before 1582 and moments before 1900 are written, and read, as the calendar of today has them.
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.int96RebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.int96RebaseModeInWrite": "CORRECTED",
    # Bytes that are not UTF-8 become a replacement character, also in Spark 4: the runtime compares.
    "spark.sql.legacy.codingErrorAction": "true",
    # A number of nanoseconds is read as it is; the runtime makes a timestamp of it, or refuses it.
    "spark.sql.legacy.parquet.nanosAsLong": "true",
    # Rows come file by file: open a file for each partition, in place of sorting the rows. A task reads
    # 32 small files at most.
    "spark.sql.maxConcurrentOutputFileWriters": "40",
}

_WHOLE_FILE = str(1 << 50)

_VECTORIZED_READERS = (
    "spark.sql.parquet.enableVectorizedReader",
    "spark.sql.orc.enableVectorizedReader",
)


def on_glue() -> bool:
    """Whether this process runs where AWS Glue's library is."""
    return importlib.util.find_spec("awsglue") is not None


def spark_session(app_name: str) -> SparkSession:
    """The session of this process, started if there is none yet."""
    spark = SparkSession.getActiveSession()
    if spark is None:
        spark = _glue_session() if on_glue() else _local_session(app_name)
    for name, value in RESULT_SETTINGS.items():
        spark.conf.set(name, value)
    return spark


def file_system(spark: SparkSession) -> str:
    """The class through which Spark reads and writes s3://, such as S3AFileSystem; empty without one."""
    jvm: Any = spark._jvm
    configuration = spark.sparkContext._jsc.hadoopConfiguration()
    try:
        found = jvm.org.apache.hadoop.fs.FileSystem.getFileSystemClass("s3", configuration)
    except Py4JJavaError:
        return ""
    return str(found.getSimpleName())


def committer(spark: SparkSession) -> str:
    """How Spark commits a write: its protocol, the committer of Parquet files, and that of S3A."""
    names = ("spark.sql.sources.commitProtocolClass", "spark.sql.parquet.output.committer.class")
    classes = [str(spark.conf.get(name)).rpartition(".")[2] for name in names]
    of_s3a = spark.sparkContext._jsc.hadoopConfiguration().get("fs.s3a.committer.name")
    return ", ".join([*classes, *([of_s3a] if of_s3a else [])])


def region(spark: SparkSession) -> str:
    """The AWS region whose S3 Spark uses; empty if nothing names one."""
    configured = spark.sparkContext._jsc.hadoopConfiguration().get("fs.s3a.endpoint.region")
    return configured or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or ""


@contextmanager
def whole_files(spark: SparkSession) -> Iterator[None]:
    """Within this, Spark reads each file in one piece, so that its rows can be numbered."""
    names = ("spark.sql.files.maxPartitionBytes", "spark.sql.files.openCostInBytes")
    with _set(spark, dict.fromkeys(names, _WHOLE_FILE)):
        yield


def read_row_by_row(spark: SparkSession) -> None:
    """From here on, Spark reads typed files with its older readers, which are slower and read more of them."""
    for name in _VECTORIZED_READERS:
        spark.conf.set(name, "false")


@contextmanager
def row_by_row(spark: SparkSession) -> Iterator[None]:
    """Within this, Spark reads typed files with its older readers, which end where the others may not."""
    with _set(spark, dict.fromkeys(_VECTORIZED_READERS, "false")):
        yield


@contextmanager
def _set(spark: SparkSession, values: Mapping[str, str]) -> Iterator[None]:
    before = {name: str(spark.conf.get(name)) for name in values}
    for name, value in values.items():
        spark.conf.set(name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            spark.conf.set(name, value)


def _glue_session() -> SparkSession:
    from awsglue.context import GlueContext
    from pyspark import SparkContext

    session: SparkSession = GlueContext(SparkContext.getOrCreate()).spark_session
    return session


def _local_session(app_name: str) -> SparkSession:
    from glue_runtime.local.session import local_session

    return local_session(app_name)
