# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""A local Spark session that starts quickly and serves ``s3://`` from a folder.

Each bucket is a folder of the local lake. Spark's own ViewFileSystem serves ``s3://<bucket>/...``
from it, so production paths and code run here without any jar, account or network.
"""

import logging
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import pyspark
from pyspark.sql import SparkSession

from glue_runtime import settings
from glue_runtime.local.java import java_version, use_java
from glue_runtime.local.launcher import launched_by

LAKE_VARIABLE = "GLUE_LOCAL_LAKE"
ZONES = ("bronze", "silver", "gold")
ENVIRONMENTS = ("local", "test")

# Light compilation and single-threaded garbage collection halve the CPU time of a start.
_JVM_OPTIONS = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Duser.timezone=UTC"

# Spark 4 prints each error of a query to stderr, as JSON with its stack trace. The runtime reports it in one line.
_QUERY_LOGGERS = ("DataFrameQueryContextLogger", "SQLQueryContextLogger")


def local_lake() -> Path:
    """The folder of the buckets: GLUE_LOCAL_LAKE, or .local-lake in the repository."""
    return Path(os.environ.get(LAKE_VARIABLE) or settings.REPOSITORY / ".local-lake").resolve()


def local_session(app_name: str, lake: Path | None = None, jvm_options: str = "") -> SparkSession:
    """Start a session that sees every bucket of `lake`, or of the local lake.

    Raises:
        JavaNotFoundError: there is no Java that Spark runs on.
    """
    java = use_java()
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    for name in _QUERY_LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    builder = SparkSession.builder.appName(app_name).master("local[*]")
    for name, value in {**_settings(jvm_options), **_mounts(lake or local_lake())}.items():
        builder = builder.config(name, value)
    with launched_by(java):
        return builder.getOrCreate()


def class_archive() -> Path:
    """The path of the JVM's class archive for this Spark on this Java, which `warm_up` writes."""
    java = java_version(use_java())
    return Path(sys.prefix) / f"spark-{pyspark.__version__}-java-{java}.jsa"


def _settings(jvm_options: str) -> dict[str, str]:
    archive = class_archive()
    if not jvm_options and archive.exists():
        jvm_options = f'"-XX:SharedArchiveFile={archive}" -Xshare:auto -Xlog:disable'
    log_settings = Path(__file__).with_name("log4j2.properties").as_uri()
    return {
        "spark.driver.extraJavaOptions": (
            f"{_JVM_OPTIONS} -Dlog4j2.configurationFile={log_settings} {jvm_options}"
        ),
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": str(sys.stderr.isatty()).lower(),
        "spark.sql.shuffle.partitions": "1",
        "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme",
        # This writes no checksum files, and supports names with a colon.
        "spark.hadoop.fs.file.impl": "org.apache.hadoop.fs.RawLocalFileSystem",
    }


def _mounts(lake: Path) -> dict[str, str]:
    for name in _own_buckets():
        (lake / name).mkdir(parents=True, exist_ok=True)
    buckets = sorted(path for path in lake.iterdir() if path.is_dir())
    return {
        f"spark.hadoop.fs.viewfs.mounttable.{bucket.name}.linkFallback": bucket.as_uri()
        for bucket in buckets
    }


def _own_buckets() -> Iterable[str]:
    return (
        settings.lake_bucket(environment, zone) for environment in ENVIRONMENTS for zone in ZONES
    )
