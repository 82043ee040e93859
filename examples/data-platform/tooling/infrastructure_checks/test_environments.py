# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Every environment, as Terraform would create it, passes every check."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infrastructure_checks import CHECKS, Check
from infrastructure_checks.resources import Resource, resources_of

ENVIRONMENTS = sorted(Path(__file__).parents[2].glob("infrastructure/environments/*/"))


@pytest.fixture(scope="session")
def resources() -> dict[Path, list[Resource]]:
    """The resources of every environment, planned once for all checks."""
    with ThreadPoolExecutor() as pool:
        return dict(zip(ENVIRONMENTS, pool.map(resources_of, ENVIRONMENTS), strict=True))


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda folder: folder.name)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_an_environment_passes(
    check: Check, environment: Path, resources: dict[Path, list[Resource]]
) -> None:
    findings = check(resources[environment])

    assert not findings, "\n".join(findings)
