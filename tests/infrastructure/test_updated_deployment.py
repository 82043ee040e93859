"""A deployment of an older release, updated to the template as it stands, loses nothing.

The Terraform code of the release is applied to the emulated AWS with the real provider. The plan of the
updated repository then runs over the same state.
"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deployment import Deployment, initialised
from emulated_aws.server import REGION, EmulatedAws, emulated_aws
from gluecast.template.bundled import commit
from gluecast.update.update import update
from small_template import git
from terraform import needs_terraform, write_archives
from test_releases import history, rendered

__all__ = ["history"]

pytestmark = needs_terraform

RELEASE = "v0.2.0"
GIVEN = f"-var=region={REGION}"


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedAws]:
    with emulated_aws(tmp_path_factory.mktemp("aws")) as started:
        yield started


@pytest.fixture(scope="module")
def plan(
    aws: EmulatedAws, history: Path, tmp_path_factory: pytest.TempPathFactory
) -> list[dict[str, Any]]:
    """What the updated repository would change in the deployment of the old one."""
    repository = rendered(history, tmp_path_factory.mktemp("old") / "a platform", RELEASE)
    (repository / "build").mkdir()
    (repository / "build/glue_runtime.zip").write_bytes(b"an archive")
    deployed = initialised(aws, repository)
    commit(repository, "What an owner adds for the emulated AWS")
    deployed.terraform("apply", "-no-color", "-input=false", "-auto-approve", GIVEN)

    update(repository, say=lambda line: None)

    write_archives(repository)
    assert "name_prefix" in git(repository, "diff", "HEAD")
    again = initialised(aws, repository)
    again.terraform("plan", "-no-color", "-input=false", "-out=planned", GIVEN)
    return changes(again)


def changes(deployed: Deployment) -> list[dict[str, Any]]:
    """The changes in the plan of a deployment, of managed resources."""
    shown = json.loads(deployed.terraform("show", "-json", "planned").stdout)
    return [each for each in shown["resource_changes"] if each["mode"] == "managed"]


def test_nothing_is_destroyed_or_replaced(plan: list[dict[str, Any]]) -> None:
    lost = {
        each["address"]: each["change"].get("replace_paths")
        for each in plan
        if "delete" in each["change"]["actions"] or "forget" in each["change"]["actions"]
    }

    assert lost == {}


def test_the_deployment_stays_what_it_is(plan: list[dict[str, Any]]) -> None:
    done = Counter(action for each in plan for action in each["change"]["actions"])

    assert done.keys() <= {"no-op", "update", "create"}
    assert done["no-op"] + done["update"] > 60
    # What has been deployed keeps its address, but where the code says that it has moved.
    moved = {
        each["previous_address"]: each["address"] for each in plan if "previous_address" in each
    }
    assert all(now == f"{before}[0]" for before, now in moved.items())
    assert {before.rsplit(".", 1)[-1] for before in moved} == {"executions", "job"}
