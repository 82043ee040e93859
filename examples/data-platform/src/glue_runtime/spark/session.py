# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The Spark session of a run: Glue's own on Glue, a quick one anywhere else."""

import importlib.util

from pyspark.sql import SparkSession

# What decides results is set in both places; what only saves time is set locally.
RESULT_SETTINGS = {
    # Glue 6.0 (Spark 4) turns ANSI mode on: a bad cast raises there and gives null before.
    "spark.sql.ansi.enabled": "false",
    "spark.sql.session.timeZone": "UTC",
    # Malformed cells of columns that the job drops would otherwise go unseen.
    "spark.sql.csv.parser.columnPruning.enabled": "false",
    # Dates that Spark 2 read otherwise are no reason to fail: the schema decides.
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",
    # Rows come file by file: open a part's file for each, in place of sorting all rows by part.
    "spark.sql.maxConcurrentOutputFileWriters": "20",
}


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


def _glue_session() -> SparkSession:
    from awsglue.context import GlueContext
    from pyspark.context import SparkContext

    session: SparkSession = GlueContext(SparkContext.getOrCreate()).spark_session
    return session


def _local_session(app_name: str) -> SparkSession:
    from glue_runtime.local.session import local_session

    return local_session(app_name)
