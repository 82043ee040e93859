# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Writing a result so that each source object owns its part of the table.

The table is partitioned by `source_id`, a hash of the source object's URI. A run replaces the
partitions of the objects whose rows it writes and leaves all others alone; so the same file may come
twice, or by event and by schedule, and its rows are in the table once. Spark stages the new
partitions and moves them into place when the whole write has succeeded: a run that fails changes
nothing. An object without rows (emptied, or all of them filtered out) is removed by its event run;
a scheduled run leaves the rows that it had before.
"""

import hashlib

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from glue_runtime.errors import OutputError
from glue_runtime.reading import SOURCE_ID, SOURCE_OBJECT
from glue_runtime.row_counts import RowCount
from glue_runtime.s3_object import S3Object
from glue_runtime.spark_errors import SparkError, refuse_missing_bucket

_DIGITS = 24
_NO_ORIGIN = f"expected {SOURCE_OBJECT} in every row of the result, found a row without"


def write_by_source(df: DataFrame, uri: str) -> int | None:
    """Replace the rows of every source object in `df`; gives the number of rows written.

    Raises:
        OutputError: the column that says where each row comes from is gone.
    """
    if SOURCE_OBJECT not in df.columns:
        raise OutputError(
            f"expected the column {SOURCE_OBJECT} in the result, found {df.columns}; keep it in "
            "transform() (it says which file each row comes from, so that a file processed twice "
            "is written once), or override load()"
        )
    origin = F.coalesce(SOURCE_OBJECT, F.raise_error(_NO_ORIGIN))
    # A letter first: a value of digits only would be read back as a number.
    source_id = F.concat(F.lit("k"), F.substring(F.sha2(origin, 256), 1, _DIGITS))
    written = RowCount()
    rows = written.watch(df.withColumn(SOURCE_ID, source_id))
    writer = rows.write.mode("overwrite").option("partitionOverwriteMode", "dynamic")
    try:
        writer.partitionBy(SOURCE_ID).parquet(uri)
    except SparkError as error:
        refuse_missing_bucket(error, uri)
        if _NO_ORIGIN in str(error):
            raise OutputError(f"{_NO_ORIGIN}; give it a value, or override load()") from error
        raise
    return written.value()


def remove_source(spark: SparkSession, source: S3Object, uri: str) -> None:
    """Remove the rows of one source object: a write without rows replaces no partition."""
    digest = hashlib.sha256(source.uri.encode()).hexdigest()
    path = spark._jvm.org.apache.hadoop.fs.Path(  # type: ignore[union-attr]
        f"{uri}/{SOURCE_ID}=k{digest[:_DIGITS]}"
    )
    path.getFileSystem(spark.sparkContext._jsc.hadoopConfiguration()).delete(path, True)
