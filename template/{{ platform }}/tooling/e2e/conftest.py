# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Deploy the repository's jobs to an emulated AWS for all tests here.

JOB=name deploys only that job, JOB=all every job; by default, the first five by name are deployed,
and the header of the test run lists the others. With EXISTING=1, the account has the buckets, the
roles, the keys, the log groups, the topic and the network already: see landscape.py.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import landscape
from cloud import Cloud
from deployment import Deployment, all_jobs, chosen_jobs, prepare
from emulated_aws.server import EmulatedAws, emulated_aws

pytest_plugins = ["glue_runtime.testing"]


def pytest_report_header() -> str:
    chosen = chosen_jobs()
    left_out = [job for job in all_jobs() if job not in chosen]
    rest = f"; not deployed: {', '.join(left_out)} (JOB=name, JOB=all)" if left_out else ""
    where = ", into an account with buckets and roles" if os.environ.get("EXISTING") else ""
    return f"jobs deployed: {', '.join(chosen)}{where}{rest}"


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedAws]:
    """An emulated AWS, empty before `variables` and `deployment`."""
    with emulated_aws(tmp_path_factory.mktemp("emulated_aws")) as started:
        yield started


@pytest.fixture(scope="session")
def variables(aws: EmulatedAws) -> Mapping[str, Any]:
    """What Terraform is told of what exists in the account, which is made first."""
    given = landscape.make(aws, chosen_jobs()) if os.environ.get("EXISTING") else {}
    landscape.make_declared(aws, chosen_jobs())
    return given


@pytest.fixture(scope="session")
def existing(aws: EmulatedAws, variables: Mapping[str, Any]) -> Mapping[str, Any]:
    """What exists in the account before the deployment, by kind."""
    return landscape.inventory(aws)


@pytest.fixture(scope="session")
def deployment(
    aws: EmulatedAws,
    variables: Mapping[str, Any],
    existing: Mapping[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Deployment:
    """The deployed jobs."""
    if shutil.which("terraform") is None and not os.environ.get("CI"):
        pytest.skip("terraform is not installed: the infrastructure cannot be applied")
    folder: Path = tmp_path_factory.mktemp("deployment")
    try:
        deployed = prepare(aws, folder, chosen_jobs(), variables)
        deployed.apply()
    except RuntimeError as error:
        # Every test here would fail with the same words.
        pytest.exit(
            f"expected Terraform to deploy to the emulated AWS, found: {error}\nIt takes the AWS "
            f"provider from {os.environ.get('TF_PROVIDER_MIRROR') or 'the registry'}; without a "
            "network, set TF_PROVIDER_MIRROR to a folder with it",
            returncode=1,
        )
    return deployed


@pytest.fixture(scope="session")
def cloud(aws: EmulatedAws, deployment: Deployment) -> Cloud:
    """The deployment as its users see it."""
    return Cloud(aws, deployment.outputs())
