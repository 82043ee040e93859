"""Measure the generated job against the smallest script by hand: python3 generator bench.

The two take turns, so that what else the machine does falls on both alike. Each run is a process of
its own, as on Glue: "seconds" and "cpu" are those of the process from its start; "warm" ones are of
further runs in it. Shown are ratios of pairs: the median, and the smallest and the largest in brackets.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from local_loop import show_local_loop

from tasks.examples import RENDERED

SCHEMA = "id BIGINT, name STRING, category STRING, amount DOUBLE, updated_at TIMESTAMP"
BUCKET = "data-lake-test-bronze"
FILES = 60
MB = 1_000_000

WARM_RUNS = 2

_STARTED = time.time()

GLUE_MINIMUM = 60.0
"""Seconds that Glue bills at least: https://aws.amazon.com/glue/pricing/"""


def main() -> None:
    """Run the comparisons and print them; or, with --worker, be one of the processes."""
    parser = argparse.ArgumentParser(prog="python3 generator bench", description=__doc__)
    parser.add_argument(
        "--rounds", type=int, default=5, help="pairs of processes (default: %(default)s)"
    )
    parser.add_argument("--large", action="store_true", help="measure 1 GB too")
    parser.add_argument("--worker", choices=sorted(WORKERS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        work(WORKERS[options.worker])
        return
    sizes = [1, 100] + [1000] * options.large
    for size in sizes:
        with tempfile.TemporaryDirectory() as lake:
            write_csv(Path(lake) / BUCKET / "sales" / "daily.csv", size * MB)
            title = f"the job for one file of {size} MB, to a script that does the same unguarded"
            show(title, *take_turns(lake, "event", "script", options.rounds))
            if size == 100:
                title = (
                    f"the job, to a script that infers the types and counts for its log, {size} MB"
                )
                show(title, *take_turns(lake, "event", "counting", options.rounds))
                title = f"the job without a schema, to the job with one, {size} MB"
                show(title, *take_turns(lake, "inferred", "event", options.rounds))
    with tempfile.TemporaryDirectory() as lake:
        for number in range(FILES):
            name = "daily.csv" if number == 0 else f"file_{number:02}.csv"
            write_csv(Path(lake) / BUCKET / "sales" / name, MB)
        title = f"the job for one file of 1 MB, to its schedule over {FILES} such files"
        show(title, *take_turns(lake, "event", "schedule", options.rounds))
    show_local_loop(options.rounds)
    show_bill()


# --- what is compared: each gives a function that does one run -----------------------------


def _job(args: Mapping[str, str], schema: str | None = SCHEMA) -> Callable[[], None]:
    from dataclasses import replace

    from jobs.sales_etl import SalesETLJob

    sources = tuple(replace(source, schema=schema) for source in SalesETLJob.sources)
    job_class = type("BenchedJob", (SalesETLJob,), {"sources": sources})

    def run() -> None:
        job_class("sales_etl", {"env": "test", **args}).run()

    return run


def _event() -> Callable[[], None]:
    return _job({"bucket": BUCKET, "object_key": "sales/daily.csv"})


def _inferred() -> Callable[[], None]:
    return _job({"bucket": BUCKET, "object_key": "sales/daily.csv"}, schema=None)


def _schedule() -> Callable[[], None]:
    return _job({})


def _script(*, counting: bool = False) -> Callable[[], None]:
    from pyspark.sql import functions as F

    from glue_runtime.spark.session import spark_session

    spark = spark_session("bench")
    uri = f"s3://{BUCKET}/sales/daily.csv"

    def run() -> None:
        reader = spark.read if counting else spark.read.schema(SCHEMA)
        df = reader.csv(uri, header=True, inferSchema=counting, escape='"')
        if counting:
            df.count()
        df = df.withColumn("category", F.lower("category")).withColumn("source_object", F.lit(uri))
        df.write.mode("overwrite").parquet("s3://data-lake-test-silver/by_hand")

    return run


def _counting() -> Callable[[], None]:
    return _script(counting=True)


WORKERS = {
    "event": _event,
    "inferred": _inferred,
    "schedule": _schedule,
    "script": _script,
    "counting": _counting,
}


# --- the processes --------------------------------------------------------------------------------------


def work(prepare: Callable[[], Callable[[], None]]) -> None:
    """Do one run, and one more for each line on stdin; print the measures of each as JSON."""
    from glue_runtime.local.session import local_session
    from glue_runtime.observe import logs
    from glue_runtime.spark.session import spark_session

    answers = logs.claim_stdout()
    logs.configure_logging(open(os.devnull, "w"))  # noqa: SIM115 - as long as the process
    # The compiler that Glue's JVM has; the local session saves it, to start sooner.
    local_session("bench", jvm_options="-XX:TieredStopAtLevel=4")
    spark = spark_session("bench")
    run = prepare()
    before = dict.fromkeys(_measures(spark), 0.0)
    while True:
        run()
        after = _measures(spark)
        answers.write(json.dumps({name: after[name] - before[name] for name in after}) + "\n")
        if not sys.stdin.readline():
            return
        before = _measures(spark)


def _measures(spark: Any) -> dict[str, float]:
    """Since the process began: seconds, and seconds of CPU (of Python and its JVM); Spark's jobs, bytes
    and rows read."""
    store = spark._jsparkSession.sparkContext().statusStore()
    no_numbers = spark._sc._gateway.new_array(spark._jvm.double, 0)
    nothing = spark._jvm.java.util.ArrayList()
    stages = store.stageList(nothing, False, False, no_numbers, nothing)
    stages = [stages.apply(number) for number in range(stages.size())]
    java = spark._jvm.java.lang.ProcessHandle.current().pid()
    fields = Path(f"/proc/{java}/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    return {
        "seconds": time.time() - _STARTED,
        "cpu": time.process_time() + ticks / os.sysconf("SC_CLK_TCK"),
        "jobs": store.jobsList(nothing).size(),
        "bytes": sum(stage.inputBytes() for stage in stages),
        "rows": sum(stage.inputRecords() for stage in stages),
    }


Measures = list[dict[str, float]]


def take_turns(lake: str, one: str, other: str, rounds: int) -> tuple[Measures, Measures]:
    """Let two workers run in turns over the same lake, each run in a process of its own."""
    search_path = os.pathsep.join([str(Path(__file__).parents[1]), str(RENDERED / "src")])
    environment = {**os.environ, "GLUE_LOCAL_LAKE": lake, "PYTHONPATH": search_path}
    command = [sys.executable, __file__, "--worker"]
    measured: tuple[Measures, Measures] = ([], [])
    for _ in range(rounds):
        for name, measures in zip((one, other), measured, strict=True):
            ran = subprocess.run(
                [*command, name],
                env=environment,
                input="\n" * WARM_RUNS,
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
            cold, *warm = map(json.loads, ran.stdout.splitlines())
            medians = {key: statistics.median(each[key] for each in warm) for key in cold}
            measures.append(cold | {f"warm {key}": medians[key] for key in ("seconds", "cpu")})
    return measured


# --- what is shown --------------------------------------------------------------------------------------


def show(title: str, one: Measures, other: Measures) -> None:
    """Print the ratios of the pairs."""
    print(f"\n{title} ({len(one)} pairs)")
    for name in ("seconds", "cpu", "warm seconds", "warm cpu", "bytes", "rows", "jobs"):
        pairs = zip(one, other, strict=True)
        ratios = sorted(a[name] / b[name] for a, b in pairs if b[name])
        left, right = (statistics.median(each[name] for each in many) for many in (one, other))
        spread = f"({ratios[0]:.2f} - {ratios[-1]:.2f})" if ratios else ""
        middle = statistics.median(ratios) if ratios else float("nan")
        print(f"  {name:<12} {middle:6.2f} {spread:<16} {left:14,.2f} to {right:,.2f}")


def show_bill() -> None:
    """Print what Glue bills for an event run in place of a scheduled one: a minute at least."""
    print("\nbilled time of one event run of half a minute, to a scheduled run instead of it")
    for minutes in (0.5, 1, 5, 10, 30):
        ratio = max(GLUE_MINIMUM, 30) / max(GLUE_MINIMUM, minutes * 60)
        print(
            f"  scheduled run of {minutes:>4} min: {ratio:4.0%}, {FILES} event runs: {FILES * ratio:6.0%}"
        )


def write_csv(path: Path, size: int) -> None:
    """Write a CSV file of about so many bytes, the same each time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    chosen = random.Random(path.name)
    written = 0
    with path.open("w") as file:
        file.write("id,name,category,amount,updated_at\n")
        while written < size:
            number = chosen.randrange(10**9)
            category = chosen.choice(["Kitchen", "Office", "Garden"])
            moment = f"2024-01-15T{number % 24:02}:{number % 60:02}:10Z"
            name = f'"Garden chair, foldable {number % 977}"'
            written += file.write(f"{number},{name},{category},{number % 99999 / 100},{moment}\n")


if __name__ == "__main__":
    main()
