"""The infrastructure of a rendered repository, as its owner checks it and deploys it to an emulated AWS."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

import deployer
from emulated_aws.server import DEPLOYER, PLANNER, EmulatedAws, emulated_aws
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
    assert len(re.findall(r"Success! \d+ passed, 0 failed", ran.stdout)) == 7


@pytest.fixture
def jobs_with_batch(repository: Path, template: Path) -> Iterator[tuple[str, ...]]:
    """The example jobs; the rule of the first one has batch, for one test."""
    for job in JOBS:
        if not (repository / f"src/jobs/{job}.py").exists():
            copier_copy(str(template), repository, answers(job))
    path = repository / f"infrastructure/jobs/{JOBS[0]}.tf"
    before = path.read_text()
    target = re.search(r"^ +target_arn .*\n", before, re.MULTILINE)
    assert target
    batch = "      batch       = { max_files = 200, max_seconds = 60 }\n"
    path.write_text(before.replace(target[0], target[0] + batch, 1))
    yield JOBS
    path.write_text(before)


def test_three_jobs_run_on_an_emulated_aws(
    repository: Path, jobs_with_batch: tuple[str, ...], s3a: None
) -> None:
    """All tests: of strange names, failures and a rollback with batch, and of the commands without."""
    ran = make(repository, "test-e2e", f"JOB={','.join(jobs_with_batch)}")

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert all(f"[{job}]" in ran.stdout for job in jobs_with_batch)
    asked = json.loads((repository / ".pytest_cache/v/deployer/asked").read_text())
    unused = {
        statement["Sid"]: sorted(set(statement["Action"]) - set(asked))
        for statement in deployer.statements()
        if "//" not in statement
    }
    assert not {sid: actions for sid, actions in unused.items() if actions}


def checkout(repository: Path, folder: Path) -> Path:
    """A copy of the repository without what was built in it, which shares its environment."""
    built = shutil.ignore_patterns(".terraform*", ".venv", "build", "__pycache__")
    shutil.copytree(repository, folder, symlinks=True, ignore=built)
    (folder / ".venv").symlink_to(repository / ".venv")
    return folder


OF_THE_ACCOUNT = (
    "fresh or second_plan or ends_as or byte_for or traced or narrow or schedule or delivered "
    "or kept or destroyed or deployer"
)
"""Words in the names of the tests that an account may change the result of; others take long."""

WITH_ITS_OWN_BUCKET = {
    "src/jobs/{}.py": (" prefix=", ' bucket="acme-uploads-{env}", prefix='),
    "infrastructure/jobs/{}.tf": ('var.s3_buckets["bronze"]', '"acme-uploads-${var.environment}"'),
    "infrastructure/jobs/{}.json": ('"bronze":', '"s3://acme-uploads-{env}":'),
}


@pytest.fixture
def job_with_its_own_bucket(repository: Path) -> Iterator[str]:
    """A job whose source declares a bucket, for one test."""
    job, before = JOBS[0], {}
    for name, (old, new) in WITH_ITS_OWN_BUCKET.items():
        path = repository / name.format(job)
        before[path] = path.read_text()
        assert old in before[path]
        path.write_text(before[path].replace(old, new))
    yield job
    for path, text in before.items():
        path.write_text(text)


def test_a_job_runs_in_an_account_where_others_own_much(
    repository: Path, job_with_its_own_bucket: str, monkeypatch: pytest.MonkeyPatch, s3a: None
) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", f"-k '{OF_THE_ACCOUNT}'")

    ran = make(repository, "test-e2e", f"JOB={job_with_its_own_bucket}", "EXISTING=1")

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert f"[{job_with_its_own_bucket}]" in ran.stdout
    assert "into an account with buckets and roles" in ran.stdout


# --- what deploy.yml runs --------------------------------------------------------------------------

WORKFLOWS = ".github/workflows"
STATES = "states-of-acme"


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[EmulatedAws]:
    """An emulated AWS with a bucket for states."""
    (tmp_path / "aws").mkdir()
    with emulated_aws(tmp_path / "aws") as started:
        place = {"LocationConstraint": "eu-central-1"}
        started.client("s3").create_bucket(Bucket=STATES, CreateBucketConfiguration=place)
        yield started


class Runner:
    """Executes the commands of a job of deploy-environment.yml in a checkout, as GitHub does."""

    def __init__(self, repository: Path, folder: Path, aws: EmulatedAws, key: str) -> None:
        self.checkout = checkout(repository, folder)
        self.environment = self.checkout / "infrastructure/environments/dev"
        self.files = {
            name: folder.parent / f"{folder.name}-{name}" for name in ("OUTPUT", "STEP_SUMMARY")
        }
        self.variables = {
            **os.environ,
            **{f"GITHUB_{name}": str(path) for name, path in self.files.items()},
            "AWS_ENDPOINT_URL": aws.endpoint,
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": "emulated",
            "PYTHONPATH": str(self.checkout / "src"),  # .venv knows the first one alone
            "TF_CLI_ARGS_init": "-backend-config=use_path_style=true",
            "ENV": "dev",
        }
        # 127.0.0.1 has no names for buckets in front of it.
        (self.environment / "emulated_override.tf").write_text(
            'provider "aws" {\n  s3_use_path_style = true\n  skip_credentials_validation = true\n}\n'
        )

    def has_a_backend(self) -> None:
        example = (self.environment / "backend.tf.example").read_text()
        (self.environment / "backend.tf").write_text(example.replace("name-of-your-bucket", STATES))

    def runs(self, job: str) -> subprocess.CompletedProcess[str]:
        """Execute the steps of a job until one fails; gives the last one."""
        for path in self.files.values():
            path.write_text("")
        for step in steps(self.checkout)[job]:
            ran = subprocess.run(
                ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
                cwd=self.checkout,
                env={**self.variables, **step.get("env", {})},
                capture_output=True,
                text=True,
                check=False,
            )
            if ran.returncode:
                break
        return ran


def steps(repository: Path) -> dict[str, list[Mapping[str, Any]]]:
    """The steps of deploy-environment.yml with commands, by job."""
    workflow = yaml.safe_load((repository / WORKFLOWS / "deploy-environment.yml").read_text())
    return {
        name: [step for step in job["steps"] if "run" in step]
        for name, job in workflow["jobs"].items()
    }


def test_the_workflow_refuses_to_plan_without_a_shared_state(
    repository: Path, tmp_path: Path, aws: EmulatedAws
) -> None:
    ran = Runner(repository, tmp_path / "checkout", aws, PLANNER).runs("plan")

    assert ran.returncode != 0
    assert "expected infrastructure/environments/dev/backend.tf, found none" in ran.stderr


def test_the_workflow_applies_the_plan_that_it_has_shown(
    repository: Path, tmp_path: Path, aws: EmulatedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    planner = Runner(repository, tmp_path / "planner", aws, PLANNER)
    planner.has_a_backend()
    applier = Runner(repository, tmp_path / "applier", aws, DEPLOYER)
    applier.has_a_backend()

    ran = planner.runs("plan")

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert planner.files["OUTPUT"].read_text() == "changes=true\n"
    assert "will be created" in planner.files["STEP_SUMMARY"].read_text()
    # The artifact has the plan and the lock.
    for name in ("deploy.tfplan", ".terraform.lock.hcl"):
        shutil.copy(planner.environment / name, applier.environment)
    ran = applier.runs("apply")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    # The tests here share a repository: another one may have added jobs to it.
    files = repository.glob("infrastructure/jobs/*.json")
    jobs = {f"{file.stem.replace('_', '-')}-dev" for file in files}
    assert "sales-etl-dev" in jobs
    assert set(aws.client("glue").list_jobs()["JobNames"]) == jobs
    ran = planner.runs("plan")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert planner.files["OUTPUT"].read_text() == ""
    ran = applier.runs("apply")
    assert ran.returncode != 0
    assert "Saved plan is stale" in ran.stderr
    # The roles may do what this took, with the state too.
    answers_of = yaml.safe_load((repository / ".copier-answers/_platform.yml").read_text())
    project, key = answers_of["project_name"], f"{answers_of['project_name']}/dev/terraform.tfstate"
    for name, value in {"project": project, "state_bucket": STATES, "state_key": key}.items():
        monkeypatch.setitem(deployer.NAMES, name, value)
    state = {action for action, resource in aws.asked_by(DEPLOYER) if resource.endswith(key)}
    assert {"s3:GetObject", "s3:PutObject"} <= state
    assert not deployer.refused(aws.asked_by(PLANNER), deployer.statements("Read"))
    assert not deployer.refused(aws.asked_by(DEPLOYER), deployer.statements())
