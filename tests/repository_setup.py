"""A rendered repository with its own environment, and make as its owner types it."""

import os
import subprocess
import sys
from pathlib import Path

ANSWERS = {
    "job_name": "sales_etl",
    "prefix": "sales/",
    "suffix": ".csv",
    "format": "csv",
    "schedule": "cron(0 2 * * ? *)",
}


def make(repository: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make as a user would: outside of this test's environment."""
    foreign = ("VIRTUAL_ENV", "PYTHONPATH", "MAKEFLAGS", "MAKELEVEL")
    environment = {name: value for name, value in os.environ.items() if name not in foreign}
    command = ["make", "--no-print-directory", *arguments]
    return subprocess.run(
        command, cwd=repository, env=environment, capture_output=True, text=True, check=False
    )


def first_copy(template: Path, target: Path) -> Path:
    """Copy the template into a folder, with one job."""
    data = [word for name, value in ANSWERS.items() for word in ("--data", f"{name}={value}")]
    command = [sys.executable, "-m", "copier", "copy", "--quiet", "--defaults", *data]
    subprocess.run([*command, ".", str(target)], cwd=template, check=True)
    return target
