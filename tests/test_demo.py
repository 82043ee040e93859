"""The demo runs the three example jobs, and tells what happened."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from gluecast.demo import DemoError, JobRun, job_run, summary


def demo(target: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gluecast.cli", "demo", str(target)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_demo_runs_every_job_both_ways_and_can_run_again(tmp_path: Path) -> None:
    target = tmp_path / "platform"
    for first_line in ("Scaffold sales_etl", "Use the repository"):
        ran = demo(target)

        assert ran.returncode == 0, ran.stderr
        assert ran.stdout.startswith(first_line)
        table = [line.split() for line in ran.stdout.splitlines() if "s3://data-lake-local" in line]
        assert [(row[0], row[-5:-2]) for row in table] == [
            (job, counts)
            for job in ("sales_etl", "customer_import", "product_catalog")
            for counts in (["1", "4", "4"], ["4", "11", "11"])
        ]
        cloud = ran.stdout.split("On AWS")[1]
        assert re.search(
            r"^sales_etl +upload of s3://data-lake-<env>-bronze/sales/\*\.csv ", cloud, re.M
        )
        assert re.search(
            r"^sales_etl +cron\(0 3 \? \* MON \*\) UTC +the whole directory$", cloud, re.M
        )


def test_the_demo_leaves_a_folder_of_someone_else_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")

    ran = demo(tmp_path)

    assert ran.returncode == 1
    assert "expected a new folder or a whole demo" in ran.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_run_that_did_not_complete_is_an_error() -> None:
    with pytest.raises(DemoError, match="sales_etl failed: expected data"):
        job_run("sales_etl", [{"event": "job_failed", "error": "expected data"}])


def test_the_summary_shows_an_unknown_count_as_unknown() -> None:
    run = JobRun("a", "schedule", 1, None, 2, "s3://b/a", 1.25)

    assert summary([run]).splitlines()[2].split() == [
        *["a", "schedule", "1", "unknown", "2", "1.2", "s3://b/a"]
    ]
