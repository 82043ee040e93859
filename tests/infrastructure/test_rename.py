"""A renamed job stays, for the real provider, what was deployed: nothing is replaced or destroyed."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import deployment
from deployment import Deployment, prepare
from emulated_aws.server import EmulatedAws, emulated_aws
from gluecast.jobs.rename import rename
from gluecast.template.bundled import commit
from rendering import Copy
from small_template import git
from terraform import needs_terraform, write_archives

pytestmark = needs_terraform

JOBS = ("sales_etl", "customer_import")


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[EmulatedAws]:
    (tmp_path / "aws").mkdir()
    with emulated_aws(tmp_path / "aws") as started:
        yield started


@pytest.fixture
def repository(copy: Copy) -> Path:
    """Two jobs with an upload and a schedule each, committed; the archive stands for make build's."""
    for job in JOBS:
        repository = copy(job_name=job)
    git(repository, "init", "--quiet")
    commit(repository, "Two jobs")
    write_archives(repository)
    return repository


@pytest.fixture
def deployed(
    repository: Path, aws: EmulatedAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Deployment:
    """The repository as it is before any rename, applied."""
    monkeypatch.setattr(deployment, "REPOSITORY", repository)
    deployed = prepare(aws, tmp_path / "deployed", JOBS)
    deployed.apply()
    return deployed


def renamed(repository: Path, deployed: Deployment, old: str, new: str) -> None:
    """Rename a job, commit, and hand it to the deployment."""
    outcome = rename(repository, old, new)
    assert not outcome.conflicts
    assert outcome.deployed_name == "sales_etl"
    commit(repository, f"{old} is {new}")
    renamed_code(repository, deployed)


def renamed_code(repository: Path, deployed: Deployment) -> None:
    """Bring the jobs as they are to where the deployment's state is."""
    for folder in ("src/jobs", "infrastructure/jobs"):
        shutil.rmtree(deployed.folder / folder)
        shutil.copytree(repository / folder, deployed.folder / folder)
    deployed.terraform("get")


def planned(deployed: Deployment) -> list[dict[str, Any]]:
    """What an apply would do to each resource that it would change or move."""
    plan = deployed.folder / "plan"
    # Nobody but this test changes the emulated AWS: what it holds is in the state already.
    ran = deployed.plan(f"-out={plan}", "-refresh=false")
    assert ran.returncode in (0, 2), ran.stdout + ran.stderr
    shown = json.loads(deployed.terraform("show", "-json", str(plan)).stdout)
    return [
        {"address": each["address"], "actions": each["change"]["actions"], "from": moved}
        for each in shown["resource_changes"]
        if (moved := each.get("previous_address")) or each["change"]["actions"] != ["no-op"]
    ]


def without_moved_blocks(deployed: Deployment, job: str) -> None:
    code = deployed.folder / f"infrastructure/jobs/{job}.tf"
    code.write_text(code.read_text().partition("\nmoved {")[0])
    deployed.terraform("get")


def assert_moved(deployed: Deployment, old: str, new: str) -> None:
    """The plan moves all of the job's triggers, changes its script, and does nothing else."""
    changes = planned(deployed)
    moved = [change for change in changes if change["from"]]
    assert {change["from"].split(".")[3] for change in moved} == {old}
    assert {change["address"].split(".")[3] for change in moved} == {new}
    # Rule, target, schedule, machine, queue, three roles and their policies.
    assert len(moved) == 11
    assert {tuple(change["actions"]) for change in moved} == {("no-op",)}
    [script] = [change for change in changes if not change["from"]]
    assert script["address"].endswith('aws_s3_object.script["sales_etl"]')
    assert script["actions"] == ["update"]


def test_a_rename_moves_the_job_and_replaces_nothing(
    repository: Path, deployed: Deployment, aws: EmulatedAws
) -> None:
    renamed(repository, deployed, "sales_etl", "sales")
    assert_moved(deployed, "sales_etl", "sales")
    without_moved_blocks(deployed, "sales")
    assert ["delete"] in [change["actions"] for change in planned(deployed)]
    renamed_code(repository, deployed)
    deployed.apply("-refresh=false")
    assert planned(deployed) == []
    arns = deployed.outputs()["glue_job_arns"]
    assert {name: arn.split("/")[1] for name, arn in arns.items()} == {
        "sales": "sales-etl-dev",
        "customer_import": "customer-import-dev",
    }

    # Twice, before Terraform is asked again.
    renamed(repository, deployed, "sales", "revenue")
    renamed(repository, deployed, "revenue", "turnover")
    assert_moved(deployed, "sales", "turnover")
    deployed.apply("-refresh=false")

    # Back to a name in the middle of the chain, and to the first one.
    renamed(repository, deployed, "turnover", "sales")
    assert_moved(deployed, "turnover", "sales")
    renamed(repository, deployed, "sales", "sales_etl")
    assert_moved(deployed, "turnover", "sales_etl")
