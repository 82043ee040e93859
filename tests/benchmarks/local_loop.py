"""How long a run on one's own machine takes: the job, and the smallest script with Spark's defaults."""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tasks.examples import RENDERED

FILE = "tests/test_data/sales_etl/sales/daily_2024-01-15.csv"

SCRIPT = f"""
from pyspark.sql import SparkSession, functions as F

spark = SparkSession.builder.getOrCreate()
print("started", flush=True)
df = spark.read.csv({FILE!r}, header=True, inferSchema=True)
df.withColumn("category", F.lower("category")).write.mode("overwrite").parquet("by_hand")
"""


def show_local_loop(rounds: int) -> None:
    """Print seconds and ratios to the first line of output and to the end, of processes in turns."""
    job = ["-m", "glue_runtime.local.run", "sales_etl", "--file", FILE]
    with tempfile.TemporaryDirectory() as folder:
        repository = Path(folder, "repository")
        shutil.copytree(RENDERED, repository)
        # As `make setup` does, and as often: once.
        _timed(repository, ["-m", "glue_runtime.local.warm_up"])
        pairs = [
            (_timed(repository, job), _timed(repository, ["-c", SCRIPT])) for _ in range(rounds)
        ]
    print(f"\nwhat make run-local starts, to a script with Spark's defaults ({rounds} pairs)")
    for number, name in enumerate(("first line", "end")):
        ours, theirs = ([run[number] for run in runs] for runs in zip(*pairs, strict=True))
        ratios = sorted(a / b for a, b in zip(ours, theirs, strict=True))
        spread = f"({ratios[0]:.2f} - {ratios[-1]:.2f})"
        left, right = statistics.median(ours), statistics.median(theirs)
        print(
            f"  {name:<12} {statistics.median(ratios):6.2f} {spread:<16} {left:14,.2f} to {right:,.2f}"
        )


def _timed(repository: Path, arguments: list[str]) -> tuple[float, float]:
    """Seconds to the first line of output and to the end of a process."""
    environment = {**os.environ, "PYTHONPATH": str(repository / "src")}
    started = time.monotonic()
    with subprocess.Popen(
        [sys.executable, *arguments],
        cwd=repository,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout
        process.stdout.readline()
        first = time.monotonic() - started
        process.stdout.read()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, arguments)
    return first, time.monotonic() - started
