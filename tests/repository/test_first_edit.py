"""The tests of a new job survive the first edit of its owner."""

import os
import subprocess
import sys
from pathlib import Path

from rendering import Copy

FILTER = '.filter("amount > 100")'


def run_tests(repository: Path, folder: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", folder],
        cwd=repository,
        env={**os.environ, "PYTHONPATH": str(repository / "src")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_filter_and_a_single_sample_file_break_no_test(copy: Copy) -> None:
    for job in ("filtered", "sampled", "both"):
        repository = copy(job_name=job)
        if job != "sampled":
            module = repository / f"src/jobs/{job}.py"
            line = 'return df.withColumn("category", F.lower("category"))'
            assert line in module.read_text()
            module.write_text(module.read_text().replace(line, line + FILTER))
        if job != "filtered":
            for path in (repository / "tests/test_data" / job).rglob("*.csv"):
                if path.name != "daily_2024-01-15.csv":
                    path.unlink()

    ran = run_tests(repository, "tests")

    assert ran.returncode == 0, ran.stdout
    assert "18 passed" in ran.stdout


def test_a_transform_that_does_something_else_is_noticed(copy: Copy) -> None:
    """The tests are not so lenient that they notice nothing."""
    repository: Path = copy(job_name="sales")
    module = repository / "src/jobs/sales.py"
    module.write_text(module.read_text().replace("F.lower(", "F.upper("))

    ran = run_tests(repository, "tests/unit")

    assert ran.returncode == 1
    assert "KITCHEN" in ran.stdout
