"""The rendered Terraform code: it is valid, its plans are right, and jobs do not meet in it."""

import subprocess
from pathlib import Path

import pytest

from terraform import initialise, needs_terraform, repository_with_archive

PLAN_OF_AN_ENVIRONMENT = """
mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { endpoint = "ec2.eu-central-1.amazonaws.com" }
  }
}

run "uploads_and_schedules_reach_their_jobs" {
  command = plan

  assert {
    condition     = length(output.glue_job_arns) == JOBS
    error_message = "Every job of src/jobs is deployed."
  }

  assert {
    condition     = output.s3_buckets["bronze"] == "data-lake-dev-bronze"
    error_message = "The lake is named after its prefix and environment."
  }
}
"""


pytestmark = needs_terraform


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return repository_with_archive(tmp_path / "a platform")


def run(*command: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def plan_environment(repository: Path, jobs: int) -> subprocess.CompletedProcess[str]:
    """Initialise the environment dev and run a plan test over the whole of it."""
    environment = repository / "infrastructure/environments/dev"
    test = environment / "tests/plan.tftest.hcl"
    test.parent.mkdir()
    test.write_text(PLAN_OF_AN_ENVIRONMENT.replace("JOBS", str(jobs)))
    initialise(environment)
    return run("terraform", "test", "-no-color", folder=environment)


def test_an_environment_plans_all_three_jobs(repository: Path) -> None:
    ran = plan_environment(repository, jobs=3)

    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_fifty_jobs_need_no_change_of_another_file(repository: Path) -> None:
    for number in range(47):
        for folder, suffix in [
            ("src/jobs", "py"),
            ("infrastructure/jobs", "tf"),
            ("infrastructure/jobs", "json"),
        ]:
            text = (repository / folder / f"sales_etl.{suffix}").read_text()
            added = repository / folder / f"source_{number}_etl.{suffix}"
            added.write_text(text.replace("sales", f"source_{number}"))

    ran = plan_environment(repository, jobs=50)

    assert ran.returncode == 0, ran.stdout + ran.stderr
