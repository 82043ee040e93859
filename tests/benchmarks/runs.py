"""Compare the generated job with a minimal hand-written script: python3 generator bench.

The two take turns, so that what else the machine does falls on both alike. Each run is a process of
its own, as on Glue: "seconds" and "cpu" are those of the process from its start; "warm" ones are of
further runs in it. Shown are ratios of pairs: the median, and the smallest and the largest in brackets.
"""

import argparse
import csv
import gzip
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from local_loop import show_local_loop

from tasks.examples import RENDERED

FILES_OF_SALES = {"csv": "daily.csv", "gzip": "daily.csv.gz", "jsonl": "daily.jsonl"}
"""The same rows in each way that a file may have them."""

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
            daily = Path(lake) / BUCKET / "sales" / "daily.csv"
            write_csv(daily, size * MB)
            title = f"the job for one file of {size} MB, to a script that does the same unguarded"
            show(title, *take_turns(lake, "event", "script", options.rounds))
            if size == 100:
                write_others(daily)
                for form in ("gzip", "jsonl"):
                    pair = take_turns(lake, f"event {form}", f"script {form}", options.rounds)
                    show(f"the same for {form}, {size} MB of text", *pair)
                title = (
                    f"the job, to a script that infers the types and counts for its log, {size} MB"
                )
                show(title, *take_turns(lake, "event", "counting", options.rounds))
                title = f"the job without options, to the same job with three, {size} MB"
                show(title, *take_turns(lake, "event", "optioned", options.rounds))
                title = f"the job without a schema, to the job with one, {size} MB"
                show(title, *take_turns(lake, "inferred", "event", options.rounds))
    with tempfile.TemporaryDirectory() as lake:
        for number in range(FILES):
            name = "daily.csv" if number == 0 else f"file_{number:02}.csv"
            write_csv(Path(lake) / BUCKET / "sales" / name, MB)
        title = f"the job for one file of 1 MB, to its schedule over {FILES} such files"
        show(title, *take_turns(lake, "event", "schedule", options.rounds))
        title = f"the schedule over {FILES} files of 1 MB, to a script that does the same unguarded"
        show(title, *take_turns(lake, "schedule", "directory script", options.rounds))
    show_local_loop(options.rounds)
    show_bill()


# --- what is compared: each gives a function that does one run -----------------------------


def _job(
    args: Mapping[str, str],
    schema: str | None = SCHEMA,
    form: str = "csv",
    options: Mapping[str, str] | None = None,
) -> Callable[[], None]:
    from glue_runtime import Source
    from jobs.sales_etl import SalesETLJob

    suffix = FILES_OF_SALES[form].removeprefix("daily")
    file_format = "jsonl" if form == "jsonl" else "csv"
    sources = (Source("sales/", suffix, file_format, schema=schema, options=options or {}),)
    job_class = type("BenchedJob", (SalesETLJob,), {"sources": sources})

    def run() -> None:
        job_class("sales_etl", {"env": "test", **args}).run()

    return run


def _event(form: str = "csv") -> Callable[[], None]:
    key = f"sales/{FILES_OF_SALES[form]}"
    return _job({"bucket": BUCKET, "object_key": key}, form=form)


def _inferred() -> Callable[[], None]:
    return _job({"bucket": BUCKET, "object_key": "sales/daily.csv"}, schema=None)


def _optioned() -> Callable[[], None]:
    """The same file, by a job whose options change how each cell is read."""
    options = {"nullValue": "N/A", "locale": "en-US", "ignoreLeadingWhiteSpace": "true"}
    return _job({"bucket": BUCKET, "object_key": "sales/daily.csv"}, options=options)


def _schedule() -> Callable[[], None]:
    return _job({})


def _script(*, counting: bool = False, form: str = "csv", file: str = "") -> Callable[[], None]:
    from pyspark.sql import functions as F

    from glue_runtime.spark.session import spark_session

    spark = spark_session("bench")
    uri = f"s3://{BUCKET}/sales/{file or FILES_OF_SALES[form]}"

    def run() -> None:
        reader = spark.read if counting else spark.read.schema(SCHEMA)
        if form == "jsonl":
            df = reader.json(uri)
        else:
            df = reader.csv(uri, header=True, inferSchema=counting, escape='"')
        if counting:
            df.count()
        origin = F.input_file_name() if "*" in uri else F.lit(uri)
        df = df.withColumn("category", F.lower("category")).withColumn("source_object", origin)
        df.write.mode("overwrite").parquet("s3://data-lake-test-silver/by_hand")

    return run


def _counting() -> Callable[[], None]:
    return _script(counting=True)


WORKERS = {
    "event": _event,
    "inferred": _inferred,
    "optioned": _optioned,
    "schedule": _schedule,
    "script": _script,
    "counting": _counting,
    "directory script": partial(_script, file="*.csv"),
    **{f"event {form}": partial(_event, form) for form in ("gzip", "jsonl")},
    **{f"script {form}": partial(_script, form=form) for form in ("gzip", "jsonl")},
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
    """Since the process began: seconds, and seconds of CPU (of Python, its JVM, and the Python processes
    that this starts); Spark's jobs, bytes and rows read."""
    store = spark._jsparkSession.sparkContext().statusStore()
    no_numbers = spark._sc._gateway.new_array(spark._jvm.double, 0)
    nothing = spark._jvm.java.util.ArrayList()
    stages = store.stageList(nothing, False, False, no_numbers, nothing)
    stages = [stages.apply(number) for number in range(stages.size())]
    java = spark._jvm.java.lang.ProcessHandle.current().pid()
    ticks = _ticks(java)
    return {
        "seconds": time.time() - _STARTED,
        "cpu": time.process_time() + ticks / os.sysconf("SC_CLK_TCK"),
        "jobs": store.jobsList(nothing).size(),
        "bytes": sum(stage.inputBytes() for stage in stages),
        "rows": sum(stage.inputRecords() for stage in stages),
    }


def _ticks(process: int) -> int:
    """The CPU of a process, of those that it has started, and of those of them that have ended."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        children = [path.read_text() for path in Path(f"/proc/{process}/task").glob("*/children")]
    except OSError:
        return 0
    started = [int(each) for text in children for each in text.split()]
    return sum(map(int, fields[11:15])) + sum(map(_ticks, started))


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


def write_others(daily: Path) -> None:
    """Write the rows of this CSV file compressed, and as JSON lines."""
    daily.with_name("daily.csv.gz").write_bytes(gzip.compress(daily.read_bytes()))
    with daily.open(newline="") as rows, daily.with_name("daily.jsonl").open("w") as file:
        for row in csv.DictReader(rows):
            numbers = {"id": int(row["id"]), "amount": float(row["amount"])}
            file.write(json.dumps({**row, **numbers}) + "\n")


if __name__ == "__main__":
    main()
