"""Jobs as processes: their output, their exit codes, and how a file arrives in the local lake."""

import fcntl
import json
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import termios
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tasks.examples import RENDERED

HEADER = "id,name,category,amount,updated_at"

GLUE_LIBRARY = """
class GlueContext:
    def __init__(self, spark_context):
        from pyspark.sql import SparkSession

        print("GlueContext was asked for a session")
        self.spark_session = SparkSession(spark_context)
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The example repository, in a folder whose name needs care."""
    ignored = shutil.ignore_patterns("__pycache__", ".local-lake")
    return shutil.copytree(RENDERED, tmp_path / "a repository [of ours]", ignore=ignored)


def run(repository: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([environment.pop("PYTHONPATH", ""), str(repository / "src")])
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=repository,
        env={**os.environ, **environment, "PYTHONPATH": path.strip(os.pathsep)},
        capture_output=True,
        text=True,
        check=False,
    )


def run_local(repository: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(repository, "-m", "glue_runtime.local.run", *arguments)


def log(ran: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    """The log by event; fails on a line that is not JSON."""
    entries = [json.loads(line) for line in ran.stdout.splitlines()]
    return {entry["event"]: entry for entry in entries}


def test_stdout_holds_the_log_alone(repository: Path) -> None:
    ran = run_local(repository, "product_catalog")

    assert ran.returncode == 0, ran.stderr
    assert log(ran)["loaded_local_data"]["row_count"] == 11
    assert log(ran)["loaded_local_data"]["file_count"] == 4
    assert ran.stderr == ""


def test_a_file_is_uploaded_and_processed_alone(repository: Path, tmp_path: Path) -> None:
    file = tmp_path / "my [new] file +1.csv"
    file.write_text(f"{HEADER}\n1,A,B,40,2024-01-15T08:30:00Z\n")

    ran = run_local(repository, "sales_etl", "--file", str(file))

    assert ran.returncode == 0, ran.stderr
    completed = log(ran)["job_completed_successfully"]
    assert completed["source_object_key"] == "sales/my [new] file +1.csv"
    bucket = repository / ".local-lake/data-lake-local-bronze"
    assert [path.name for path in bucket.rglob("*") if path.is_file()] == [file.name]
    assert list((repository / ".local-lake/data-lake-local-silver/sales_etl").rglob("*.parquet"))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (f"{HEADER}\n1,A,B,1.5,2024-01-15T08:30:00Z,too many\n", "not 5 cells"),
        (
            f"{HEADER}\nx,A,B,1.5,2024-01-15T08:30:00Z\n",
            "row 2 of s3://data-lake-local-bronze/sales/broken.csv (id x is not a valid bigint)",
        ),
        ("id,name,amount,category\n", "it lacks updated_at"),
        ("id,name\n1,A\n", "it lacks category, amount, updated_at"),
    ],
)
def test_an_unreadable_file_exits_with_1_and_one_clear_line(
    repository: Path, tmp_path: Path, content: str, reason: str
) -> None:
    file = tmp_path / "broken.csv"
    file.write_text(content)

    ran = run_local(repository, "sales_etl", "--file", str(file))

    assert ran.returncode == 1
    assert log(ran)["job_failed"]["error_type"] in ("UnreadableSourceError", "BadRowsError")
    [line] = ran.stderr.splitlines()
    assert line.startswith("sales_etl: expected ")
    assert "s3://data-lake-local-bronze/sales/broken.csv" in line
    assert reason in line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no_such_job"], "expected one of the jobs customer_import, product_catalog, sales_etl"),
        (["sales_etl", "--file", "gone.csv"], "expected a file to upload, found none at"),
        (["sales_etl", "--file", ""], "expected a file to upload, found none at"),
        (["sales_etl", "--file", "README.md"], "expected an object of SalesETLJob"),
        (["sales_etl", "--file", "_hidden.csv"], "hidden"),
    ],
)
def test_what_cannot_run_exits_with_1_before_spark_starts(
    repository: Path, arguments: list[str], message: str
) -> None:
    (repository / "_hidden.csv").write_text("id\n1\n")

    ran = run_local(repository, *arguments)

    assert ran.returncode == 1
    assert message in ran.stderr.splitlines()[-1]


def test_a_job_without_arguments_says_what_is_missing(repository: Path) -> None:
    ran = run(repository, "src/jobs/sales_etl.py")

    assert ran.returncode == 1
    assert "expected the environment of the run, such as --env dev" in ran.stderr
    assert log(ran)["job_failed"]["job_name"] == "sales_etl"


def test_a_job_starts_as_glue_starts_it_and_uses_glues_session(
    repository: Path, tmp_path: Path
) -> None:
    """A script, the runtime in a zip archive, Glue's arguments and Glue's library."""
    archive = shutil.make_archive(str(tmp_path / "runtime"), "zip", repository / "src")
    library = tmp_path / "library/awsglue"
    library.mkdir(parents=True)
    (library / "__init__.py").touch()
    (library / "context.py").write_text(GLUE_LIBRARY)
    script = shutil.copy(repository / "src/jobs/sales_etl.py", tmp_path / "script.py")
    shutil.rmtree(repository / "src")
    search_path = os.pathsep.join([archive, str(library.parent)])
    arguments = ["--job-language", "python", "--JOB_RUN_ID", "jr_1", "--env", "dev"]
    event = ["--bucket", "data-lake-dev-bronze", "--object_key", "sales/-x.csv"]

    # Nothing listens at this address: the run gets as far as the object.
    nowhere = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}
    keys = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
    environment = {"PYTHONPATH": search_path, "SPARK_LOCAL_IP": "127.0.0.1", **nowhere, **keys}
    ran = run(tmp_path, script, *arguments, *event, **environment)

    started = json.loads(ran.stdout.splitlines()[0])
    assert started["job_run_id"] == "jr_1"
    assert started["source_object_key"] == "sales/-x.csv"
    assert "GlueContext was asked for a session" in ran.stdout
    assert ran.returncode == 1
    assert "expected to read s3://data-lake-dev-bronze/sales/-x.csv, found no answer" in ran.stderr


def at_a_terminal(repository: Path, *arguments: str, **environment: str) -> str:
    """What a terminal of 80 columns shows."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    path = {"PYTHONPATH": str(repository / "src"), **environment}
    command = [sys.executable, "-m", "glue_runtime.local.run", *arguments]
    process = subprocess.Popen(
        command, cwd=repository, env={**os.environ, **path}, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    shown = b""
    with suppress(OSError):  # Linux reports an error at the end of a terminal
        while read := os.read(ours, 4096):
            shown += read
    os.close(ours)
    assert process.wait() == 0, shown
    # The bar of Spark's progress is overwritten by the line that follows it.
    return shown.decode().replace("\r\n", "\n").replace("\r", "\n")


def test_at_a_terminal_lines_are_for_people_and_the_table_follows(repository: Path) -> None:
    shown = at_a_terminal(repository, "sales_etl")

    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert plain.startswith("Starting Spark for sales_etl ...\n")
    assert re.search(r"^\d\d:\d\d:\d\d \[info *\] loaded_local_data +row_count=11 ", plain, re.M)
    assert "{" not in plain
    table = repository / ".local-lake/data-lake-local-silver/sales_etl"
    *rows, last = plain.splitlines()[-7:]
    assert last == f"... of 11 rows in {table}"
    assert rows[0].split() == ["id", "name", "category", "amount", "updated_at"]
    assert all(len(row) <= 80 for row in rows)
    assert len(rows) == 6


def test_json_lines_can_be_asked_for_at_a_terminal(repository: Path) -> None:
    shown = at_a_terminal(repository, "sales_etl", JSON="1")

    events = [json.loads(line)["event"] for line in shown.splitlines() if line.startswith("{")]
    assert events[-1] == "job_completed_successfully"
    assert "rows in" not in shown
