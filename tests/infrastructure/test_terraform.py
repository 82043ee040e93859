"""The rendered Terraform code: it is valid, its plans are right, and jobs do not meet in it."""

import re
import shutil
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


def test_the_checks_of_the_repository_pass(repository: Path) -> None:
    ran = run(repository / "tooling/infrastructure_checks/terraform.sh", folder=repository)

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert len(re.findall(r"Success! \d+ passed, 0 failed", ran.stdout)) == 5
    environments = (repository / "infrastructure/environments").iterdir()
    assert all((environment / ".terraform").is_dir() for environment in environments)


@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [
        ("eventbridge/keys.tf", "[{ prefix = rule.prefix }]", "[]"),
        ("eventbridge/main.tf", '"bucket": <bucket>', '"bucket": "<bucket>"'),
        ("eventbridge/keys.tf", '["*${rule.suffix}"]', '["*"]'),
        ("eventbridge/keys.tf", '["${rule.prefix}*${rule.suffix}"]', '["*"]'),
        ("account/main.tf", "[1]", "[0]"),
        ("observability/alarms.tf", '"notBreaching"', '"breaching"'),
        ("observability/executions.tf", "suffix =", "prefix ="),
        ("eventbridge/roles.tf", '"states:StartExecution"', '"states:*"'),
        ("glue_job/main.tf", "max_retries             = 0", "max_retries             = 1"),
        (
            "data_platform/main.tf",
            "restrict_public_buckets = true",
            "restrict_public_buckets = false",
        ),
    ],
)
def test_the_checks_find_a_planted_fault(
    repository: Path, file: str, right: str, wrong: str
) -> None:
    path = repository / "infrastructure/modules" / file
    assert right in path.read_text()
    path.write_text(path.read_text().replace(right, wrong))
    for module in path.parent.parent.iterdir():
        if module.name not in (path.parent.name, "account", "glue_job"):
            shutil.rmtree(module)

    ran = run(repository / "tooling/infrastructure_checks/terraform.sh", folder=repository)

    assert ran.returncode != 0
    assert re.search(r"Failure! \d+ passed, [1-9]\d* failed", ran.stdout)


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
