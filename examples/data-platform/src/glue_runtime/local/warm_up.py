# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Write the JVM's archive of the classes that Spark loads, so that later starts are quicker."""

import tempfile
from pathlib import Path
from typing import Any

from glue_runtime.local.session import class_archive, local_session


def main() -> None:
    """Write the archive for `glue_runtime.local.session`, unless it exists."""
    archive = class_archive()
    if archive.exists():
        print(f"Spark's classes: {archive}")
        return
    unfinished = archive.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    exit_code = _run_spark(f'"-XX:ArchiveClassesAtExit={unfinished}" -Xlog:disable')
    if exit_code == 0 and unfinished.exists():
        unfinished.replace(archive)
        print(f"Spark's classes: {archive} ({archive.stat().st_size / 1e6:.0f} MB)")
    else:
        print("Spark's classes: this Java does not support an archive; Spark starts without it")


def _run_spark(jvm_options: str) -> int:
    """Start Spark, load the classes that jobs use, and wait for the JVM; returns its exit code."""
    spark = local_session("warm_up", jvm_options=jvm_options)
    gateway: Any = spark.sparkContext._gateway
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder).as_uri()
        rows = spark.range(10).selectExpr("id", "cast(id as string) as name", "'a' as part")
        for file_format in ("csv", "json", "parquet"):
            path = f"{target}/{file_format}"
            rows.write.mode("overwrite").partitionBy("part").format(file_format).save(path)
            spark.read.option("inferSchema", "true").format(file_format).load(path).count()
    spark.stop()
    gateway.shutdown()
    gateway.proc.stdin.close()
    return int(gateway.proc.wait(timeout=120))


if __name__ == "__main__":
    main()
