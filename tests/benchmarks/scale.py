"""Run the generated job over many files and over one large file: python3 generator bench-scale.

Each size is a process of its own, over the local lake. Shown are what grows with the input: memory of
the driver's JVM and of its Python (the peak of what is resident), CPU, and tasks; and how much of each
a further thousand files, or a further gigabyte, adds between the last two sizes.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from runs import BUCKET, MB, _measures, write_csv

from tasks.examples import RENDERED

FILES = (100, 1_000, 10_000)
GIGABYTES = (0.5, 1.0, 5.0)
KEY = "sales/daily.csv"
KB_OF_A_FILE = 10

Measured = dict[str, float]


def main() -> None:
    """Run both series and print them; or, with --worker, be one of the processes."""
    parser = argparse.ArgumentParser(prog="python3 generator bench-scale", description=__doc__)
    parser.add_argument("--files", type=int, nargs="*", default=FILES, help="numbers of files")
    parser.add_argument("--gigabytes", type=float, nargs="*", default=GIGABYTES, help="sizes")
    parser.add_argument("--worker", choices=["schedule", "event"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        work({"object_key": KEY, "bucket": BUCKET} if options.worker == "event" else {})
        return
    over_files = [(number, measured(many, number, "schedule")) for number in options.files]
    show(f"a scheduled run over files of {KB_OF_A_FILE} kB", "files", over_files, 1000)
    of_one = [(size, measured(large, size, "event")) for size in options.gigabytes]
    show("an event run of one file", "GB", of_one, 1)


def many(folder: Path, number: float) -> None:
    """Write so many small files."""
    for each in range(int(number)):
        name = "daily.csv" if each == 0 else f"file_{each:06}.csv"
        write_csv(folder / name, KB_OF_A_FILE * MB // 1000)


def large(folder: Path, gigabytes: float) -> None:
    """Write one file of this size: the same 100 MB of rows again and again."""
    file = folder / "daily.csv"
    write_csv(file, 100 * MB)
    header, _, rows = file.read_bytes().partition(b"\n")
    with file.open("wb") as opened:
        opened.write(header + b"\n")
        while opened.tell() < gigabytes * 1000 * MB:
            opened.write(rows)


def measured(write: Callable[[Path, float], None], size: float, way: str) -> Measured:
    """What a run over a lake of this size took, in a process of its own."""
    search_path = os.pathsep.join([str(Path(__file__).parents[1]), str(RENDERED / "src")])
    with tempfile.TemporaryDirectory() as lake:
        write(Path(lake) / BUCKET / "sales", size)
        ran = subprocess.run(
            [sys.executable, __file__, "--worker", way],
            env={**os.environ, "GLUE_LOCAL_LAKE": lake, "PYTHONPATH": search_path},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    found: Measured = json.loads(ran.stdout)
    return found


def work(arguments: Mapping[str, str]) -> None:
    """Do one run, and print what it took as JSON."""
    from glue_runtime.local.session import local_session
    from glue_runtime.observe import logs
    from glue_runtime.spark.session import spark_session
    from jobs.sales_etl import SalesETLJob

    answers = logs.claim_stdout()
    logs.configure_logging(open(os.devnull, "w"))  # noqa: SIM115 - as long as the process
    local_session("bench", jvm_options="-XX:TieredStopAtLevel=4")
    spark = spark_session("bench")
    SalesETLJob("sales_etl", {"env": "test", **arguments}).run()
    jvm: Any = spark._jvm
    pools = jvm.java.lang.management.ManagementFactory.getMemoryPoolMXBeans()
    heap = sum(
        pools.get(number).getPeakUsage().getUsed()
        for number in range(pools.size())
        if "Tenured" in pools.get(number).getName() or "Old" in pools.get(number).getName()
    )
    found = {
        **{name: value for name, value in _measures(spark).items() if name in ("seconds", "cpu")},
        "MB of old heap": heap / MB,
        "MB of Python": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "tasks": _tasks(spark),
    }
    answers.write(json.dumps(found) + "\n")


def _tasks(spark: Any) -> int:
    """Tasks of all stages of this process."""
    store = spark._jsparkSession.sparkContext().statusStore()
    nothing = spark._jvm.java.util.ArrayList()
    no_numbers = spark._sc._gateway.new_array(spark._jvm.double, 0)
    stages = store.stageList(nothing, False, False, no_numbers, nothing)
    return sum(stages.apply(number).numTasks() for number in range(stages.size()))


def show(title: str, unit: str, runs: Sequence[tuple[float, Measured]], step: float) -> None:
    """Print what each run took, and what a step more adds between the last two sizes."""
    print(f"\n{title}", flush=True)
    names = list(runs[0][1])
    print(f"  {unit:>10}" + "".join(f"{name:>16}" for name in names))
    for size, run in runs:
        print(f"  {size:>10g}" + "".join(f"{run[name]:>16,.1f}" for name in names))
    if len(runs) > 1:
        (before, few), (size, much) = runs[-2:]
        slopes = [(much[name] - few[name]) / (size - before) * step for name in names]
        print(f"  {f'+{step:g}':>10}" + "".join(f"{slope:>16,.1f}" for slope in slopes), flush=True)


if __name__ == "__main__":
    main()
