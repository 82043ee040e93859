"""Spark's own cluster on this machine: a master and two workers, and jobs that are submitted as Glue does it.

The workers have the addresses 127.0.0.1 and 127.0.0.2, because Spark starts a second attempt of a slow
task only on another host. The lake is an emulated S3, which the driver and the executors reach through
S3A. Driver and executors run in an environment that has Glue's packages and the modules that a job
declares, and no other package of the tests' environment. The runtime and the modules of the jobs come to
them in the archive that `make build` writes, and Glue's library is a stand-in of a few lines.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, TypeVar

from packaging.requirements import Requirement

import runtime_source
from glue_runtime import settings
from glue_runtime.local import session
from glue_runtime.local.java import use_java
from s3_server import S3Server, jars
from tasks.examples import RENDERED

KEEPER = Path(__file__).with_name("keeper.py")
JOBS = Path(__file__).parent / "cluster/jobs"

HOSTS = ("127.0.0.1", "127.0.0.2")

GLUE_HAS = ("boto3", "pyarrow", "pyspark", *(["setuptools"] if sys.version_info >= (3, 12) else []))
"""The packages of Glue that the runtime uses, and what Spark 3.5 needs of a newer Python."""

DECLARED = ("fastavro", "structlog")
"""What the job declares: structlog as each job does, fastavro in its own file in infrastructure/jobs."""

GLUE_LIBRARY = """\
from pyspark.sql import SparkSession

class GlueContext:
    def __init__(self, context):
        self.spark_session = SparkSession.builder.getOrCreate()
"""

PATIENCE = 600.0
"""Seconds after which something that a test waits for is taken for one that never comes."""

_JVM = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Duser.timezone=UTC"

_SETTINGS = {
    "spark.cores.max": "2",
    "spark.executor.cores": "1",
    "spark.executor.memory": "512m",
    "spark.driver.memory": "768m",
    "spark.driver.host": HOSTS[0],
    "spark.driver.bindAddress": HOSTS[0],
    "spark.driver.extraJavaOptions": _JVM,
    "spark.executor.extraJavaOptions": _JVM,
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": "2",
    # Each file is a task of its own, and no task waits for a host that has its data.
    "spark.sql.files.minPartitionNum": "16",
    "spark.locality.wait": "0",
    # A run begins when it has both of its executors.
    "spark.scheduler.minRegisteredResourcesRatio": "1.0",
    "spark.scheduler.maxRegisteredResourcesWaitingTime": "600s",
}

Found = TypeVar("Found")


def waited_for(what: str, look: Callable[[], Found | None]) -> Found:
    """The first thing that is found.

    Raises:
        AssertionError: there is none after a long time.
    """
    until = time.monotonic() + PATIENCE
    while (found := look()) is None:
        assert time.monotonic() < until, f"expected {what}, found nothing in {PATIENCE:.0f} seconds"
        time.sleep(0.05)
    return found


class Kept:
    """A process that ends with this one. output, errors: the files of what it prints."""

    def __init__(
        self, command: Sequence[str | Path], folder: Path, environment: Mapping[str, str]
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.output, self.errors = folder / "stdout", folder / "stderr"
        self._group = folder / "pid"
        with self.output.open("wb") as output, self.errors.open("wb") as errors:
            self._keeper = subprocess.Popen(
                [sys.executable, KEEPER, self._group, *command],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=errors,
                cwd=folder,
                env=environment,
            )

    def printed(self, pattern: str, times: int = 1) -> str:
        """Wait for lines of its errors, and give what the last one has of the pattern's group."""

        def look() -> str | None:
            text = self.errors.read_text(errors="replace")
            assert self._keeper.poll() is None, text[-3000:]
            found = re.findall(pattern, text)
            return str(found[times - 1]) if len(found) >= times else None

        return waited_for(f"{pattern} in {self.errors}", look)

    def wait(self) -> int:
        """Its exit code, once it has ended."""
        return self._keeper.wait(PATIENCE)

    def end(self) -> None:
        assert self._keeper.stdin is not None
        self._keeper.stdin.close()
        self._keeper.wait()


class Submitted(Kept):
    """A run of a job."""

    def kill(self) -> None:
        """Kill the driver, as Glue does when it stops a run."""
        os.killpg(int(self._group.read_text()), signal.SIGKILL)
        self.wait()

    def log(self, *, fails: bool = False) -> list[dict[str, Any]]:
        """The lines of its log, once it has ended."""
        code, errors = self.wait(), self.errors.read_text(errors="replace")
        assert bool(code) is fails, self.output.read_text(errors="replace") + errors[-6000:]
        lines = self.output.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]


class Cluster:
    """A master, two workers and an emulated S3, until `close`.

    lake: the folder whose folders are the buckets. work: the folders of the workers. s3: the emulated S3.
    """

    def __init__(self, folder: Path) -> None:
        self.lake, self.work, self._folder = folder / "lake", folder / "work", folder
        self.lake.mkdir()
        self.s3 = S3Server(self.lake)
        self._runs = 0
        environment = environment_of(folder / "environment", [*GLUE_HAS, *DECLARED])
        self._python, self._site = environment
        self._scripts, self._archive = built(folder / "repository")
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "JAVA_HOME": str(use_java()),
            "SPARK_HOME": str(self._site / "pyspark"),
            "SPARK_DAEMON_MEMORY": "256m",
            "SPARK_DAEMON_JAVA_OPTS": _JVM,
        }
        self._kept: list[Kept] = []
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    def _start(self) -> None:
        master = self._daemon(
            "master", "master.Master", HOSTS[0], "--host", HOSTS[0], "--port", "0"
        )
        self._address = master.printed(r"Starting Spark master at (spark://\S+)")
        for host in HOSTS:
            place = ("--host", host, "--port", "0", "--work-dir", str(self.work / host))
            resources = ("--cores", "2", "--memory", "2g")
            self._daemon(f"worker-{host}", "worker.Worker", host, *place, *resources, self._address)
        master.printed(r"(Registering worker)", times=len(HOSTS))

    def _daemon(self, name: str, of: str, host: str, *arguments: str) -> Kept:
        starter = self._site / "pyspark/bin/spark-class"
        own = {"SPARK_LOCAL_IP": host, "SPARK_LOCAL_DIRS": str(self.work / host / "local")}
        (self.work / host).mkdir(parents=True, exist_ok=True)
        command = [starter, f"org.apache.spark.deploy.{of}", *arguments, "--webui-port", "0"]
        daemon = Kept(command, self._folder / name, {**self._environment, **own})
        self._kept.append(daemon)
        return daemon

    def submit(self, script: str, *arguments: str, **further: str) -> Submitted:
        """Start a run of the job with this script, with Glue's arguments and these.

        further: settings of Spark, with two underscores for a dot.
        """
        self._runs += 1
        named = {name.replace("__", "."): value for name, value in further.items()}
        s3a = session.object_store(self.s3.endpoint, str(jars()))
        configured = {**_SETTINGS, **s3a, **named}
        command: list[str | Path] = [self._site / "pyspark/bin/spark-submit"]
        command += ["--master", self._address, "--py-files", self._archive]
        for name, value in configured.items():
            command += ["--conf", f"{name}={value}"]
        command += [self._scripts / f"{script}.py", "--JOB_NAME", script]
        command += ["--JOB_RUN_ID", f"jr_{self._runs}", "--env", "test", *arguments]
        python = {"PYSPARK_PYTHON": str(self._python), "SPARK_LOCAL_IP": HOSTS[0]}
        folder = self._folder / f"run-{self._runs}"
        local = {"SPARK_LOCAL_DIRS": str(folder / "local")}
        run = Submitted(command, folder, {**self._environment, **python, **local})
        self._kept.append(run)
        return run

    def empty(self) -> None:
        """Leave empty buckets, and refuse no request."""
        self.s3.refuse = lambda request: None
        for zone in session.ZONES:
            bucket = self.lake / settings.lake_bucket("test", zone)
            shutil.rmtree(bucket, ignore_errors=True)
            bucket.mkdir()

    def end_runs(self) -> None:
        """End the runs that go on, as those of a test that has failed."""
        while len(self._kept) > 1 + len(HOSTS):
            self._kept.pop().end()

    def close(self) -> None:
        """End all processes: the runs, the workers, the master."""
        for kept in reversed(self._kept):
            kept.end()
        self.s3.close()


def environment_of(folder: Path, names: Iterable[str]) -> tuple[Path, Path]:
    """A Python, and its folder of packages, that has these packages, what they require, and no other.

    The packages are links to those of the tests' environment, in the same versions.
    """
    venv.create(folder, symlinks=True)
    [site] = folder.glob("lib/python*/site-packages")
    for name in required(names):
        found = distribution(name)
        tops = {path.parts[0] for path in found.files or () if path.parts[0] not in ("..", "/")}
        for top in tops - {"__pycache__"}:
            if not (site / top).exists():
                (site / top).symlink_to(str(found.locate_file(top)))
    (site / "awsglue").mkdir()
    (site / "awsglue/__init__.py").touch()
    (site / "awsglue/context.py").write_text(GLUE_LIBRARY)
    return folder / "bin/python", site


def required(names: Iterable[str]) -> set[str]:
    """These packages, and what they require without any extra."""
    found: set[str] = set()
    todo = list(names)
    while todo:
        name = todo.pop()
        if name in found:
            continue
        found.add(name)
        needs = map(Requirement, distribution(name).requires or ())
        todo += [
            each.name for each in needs if not each.marker or each.marker.evaluate({"extra": ""})
        ]
    return found


def built(repository: Path) -> tuple[Path, Path]:
    """The scripts of a repository's jobs, and the archive that its own program builds.

    The jobs are those of the rendered example and those in tests/cluster/jobs.
    """
    source = runtime_source.lay_out(repository / "src")
    shutil.copytree(RENDERED / "src/jobs", source / "jobs")
    for path in JOBS.glob("*.py"):
        shutil.copy(path, source / "jobs")
    subprocess.run(
        [sys.executable, "-m", "glue_runtime.local.build"],
        cwd=repository,
        env={**os.environ, "PYTHONPATH": str(source)},
        check=True,
    )
    return source / "jobs", repository / "build/glue_runtime.zip"
