"""The rendered Terraform code in an account with rules of its own, and before anything is built."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import deployment
from deployment import Deployment, prepare
from emulated_aws.server import EmulatedAws, emulated_aws
from terraform import initialise, needs_terraform, repository_with_archive

pytestmark = needs_terraform


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[EmulatedAws]:
    (tmp_path / "aws").mkdir()
    with emulated_aws(tmp_path / "aws") as started:
        yield started


def test_the_code_is_valid_before_the_runtime_is_built(tmp_path: Path) -> None:
    repository = repository_with_archive(tmp_path / "a platform")
    shutil.rmtree(repository / "build")
    environment = repository / "infrastructure/environments/dev"
    initialise(environment)

    ran = subprocess.run(
        ["terraform", f"-chdir={environment}", "validate", "-json"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert json.loads(ran.stdout)["diagnostics"] == []


def planned(deployed: Deployment, tags: int) -> dict[str, Any]:
    """The resources of a plan with this many default tags, by address."""
    own = {f"tag{number}": "x" for number in range(tags)}
    override = deployed.folder / "infrastructure/environments/dev/tags_override.tf"
    override.write_text(
        f'provider "aws" {{\n  default_tags {{\n    tags = {json.dumps(own)}\n  }}\n}}\n'
    )
    ran = deployed.plan("-out=planned")
    assert ran.returncode == 2, ran.stdout + ran.stderr
    shown = json.loads(deployed.terraform("show", "-json", "planned").stdout)
    return {change["address"]: change["change"]["after"] for change in shown["resource_changes"]}


def test_more_default_tags_than_an_object_takes_stay_off_the_objects(
    aws: EmulatedAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = repository_with_archive(tmp_path / "a platform")
    monkeypatch.setattr(deployment, "REPOSITORY", repository)
    deployed = prepare(aws, tmp_path / "deployed", ["sales_etl"])

    for tags in (10, 11):
        plan = planned(deployed, tags)
        objects = [after for address, after in plan.items() if ".aws_s3_object." in address]
        assert len(objects) == 3  # a script, the runtime, the wheels
        for each in objects:
            assert len(each.get("tags_all") or {}) == (tags if tags <= 10 else 0)
        assert len(plan['module.data_platform.aws_s3_bucket.this["bronze"]']["tags_all"]) == tags
