# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""A local Spark session that starts quickly and serves ``s3://`` from a folder.

Each bucket is a folder of the local lake. Spark's own ViewFileSystem serves ``s3://<bucket>/...``
from it, so production paths and code run here without any jar, account or network.

With GLUE_LOCAL_S3, the address of an emulated S3 (http://key@127.0.0.1:5000, with an access key),
Spark reads and writes there in place of the folder, through S3A as on Glue. GLUE_LOCAL_S3_JARS is the
folder of the libraries of S3A: hadoop-aws and the AWS SDK.
"""

import logging
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyspark
from pyspark.sql import SparkSession

from glue_runtime import settings
from glue_runtime.local.java import java_version, use_java
from glue_runtime.local.launcher import launched_by

LAKE_VARIABLE = "GLUE_LOCAL_LAKE"
S3_VARIABLE = "GLUE_LOCAL_S3"
JARS_VARIABLE = "GLUE_LOCAL_S3_JARS"
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
    address = os.environ.get(S3_VARIABLE)
    files = (
        object_store(address, os.environ.get(JARS_VARIABLE, ""))
        if address
        else _mounts(lake or local_lake())
    )
    for name, value in {**_settings(jvm_options), **files}.items():
        builder = builder.config(name, value)
    with launched_by(java):
        return builder.getOrCreate()


def add_bucket(spark: SparkSession, folder: Path) -> None:
    """Let a session that has started see a further bucket of its lake."""
    folder.mkdir(parents=True, exist_ok=True)
    jvm: Any = spark.sparkContext._jvm
    configuration = spark.sparkContext._jsc.hadoopConfiguration()
    for name, value in _mount(folder).items():
        configuration.set(name.removeprefix("spark.hadoop."), value)
    # Hadoop keeps the file system of a bucket that somebody has asked for before it was there.
    jvm.org.apache.hadoop.fs.FileSystem.get(
        jvm.java.net.URI(f"s3://{folder.name}/"), configuration
    ).close()


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
    }


def _mounts(lake: Path) -> dict[str, str]:
    for name in _own_buckets():
        (lake / name).mkdir(parents=True, exist_ok=True)
    buckets = sorted(path for path in lake.iterdir() if path.is_dir())
    return {
        "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme",
        # This writes no checksum files, and supports names with a colon.
        "spark.hadoop.fs.file.impl": "org.apache.hadoop.fs.RawLocalFileSystem",
        **{name: value for bucket in buckets for name, value in _mount(bucket).items()},
    }


def _mount(bucket: Path) -> dict[str, str]:
    return {f"spark.hadoop.fs.viewfs.mounttable.{bucket.name}.linkFallback": bucket.as_uri()}


# Times in the units of hadoop-aws 3.3, which cannot read the defaults of later versions of Hadoop.
_TIMES = {
    "connection.establish.timeout": "30000",
    "connection.timeout": "200000",
    "multipart.purge.age": "86400",
    "threads.keepalivetime": "60",
}


# S3A, and the SDK as one jar: of version 1, and of version 2.
_S3A = ("hadoop-aws-", "aws-java-sdk-bundle-", "bundle-")


def object_store(address: str, folder: str) -> dict[str, str]:
    """Spark's settings for an emulated S3, through the libraries of S3A in a folder.

    The arguments have the forms of GLUE_LOCAL_S3 and GLUE_LOCAL_S3_JARS.

    Raises:
        FileNotFoundError: the folder has no library of S3A.
    """
    # The folder may have parts of the SDK in other versions too. An executor loads jars in no certain order.
    found = sorted(Path(folder).glob("*.jar")) if folder else []
    jars = [jar for jar in found if jar.name.startswith(_S3A)]
    if not any(jar.name.startswith("hadoop-aws-") for jar in jars):
        raise FileNotFoundError(
            f"expected {JARS_VARIABLE} to be a folder with hadoop-aws, which make test-e2e installs, "
            f"found {folder or 'nothing'}"
        )
    parts = urlsplit(address)
    s3a = {
        **_TIMES,
        "endpoint": f"{parts.scheme}://{parts.hostname}:{parts.port}",
        "endpoint.region": os.environ.get("AWS_REGION", "us-east-1"),
        "directory.marker.retention": "keep",  # the default of Glue 5.1 and 6.0
        "path.style.access": "true",
        "connection.ssl.enabled": "false",
        "aws.credentials.provider": "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider",
        "access.key": parts.username or "emulated",
        "secret.key": "emulated",
    }
    return {
        "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        # On the class path of the JVM they would put its class archive out of use.
        "spark.jars": ",".join(f"local:{jar}" for jar in jars),
        **{f"spark.hadoop.fs.s3a.{name}": value for name, value in s3a.items()},
    }


def _own_buckets() -> Iterable[str]:
    return (
        settings.lake_bucket(environment, zone) for environment in ENVIRONMENTS for zone in ZONES
    )
