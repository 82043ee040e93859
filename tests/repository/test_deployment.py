"""The infrastructure of a rendered repository, as its owner checks it and deploys it to an emulated AWS."""

import re
import sys
from pathlib import Path

import pytest

from gluecast.example_jobs import JOBS, answers, copier_copy
from repository_setup import first_copy, make
from terraform import needs_terraform
from tools import needs

pytestmark = [needs("make", to="try its targets"), needs_terraform]


@pytest.fixture(scope="module")
def repository(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copied and set up once for all tests here, in a folder with a space in its name."""
    target = first_copy(template, tmp_path_factory.mktemp("make") / "my platform")
    ran = make(target, "setup", f"PYTHON={sys.executable}")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return target


def test_the_terraform_code_of_a_fresh_repository_passes(repository: Path) -> None:
    ran = make(repository, "test-infra")

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert (repository / "build/glue_runtime.zip").is_file()
    assert len(re.findall(r"Success! \d+ passed, 0 failed", ran.stdout)) == 5


def test_three_jobs_run_on_an_emulated_aws(repository: Path, template: Path, s3a: None) -> None:
    for job in JOBS:
        if not (repository / f"src/jobs/{job}.py").exists():
            copier_copy(str(template), repository, answers(job))

    ran = make(repository, "test-e2e", "JOB=all")

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert all(f"[{job}]" in ran.stdout for job in JOBS)
