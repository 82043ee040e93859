# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""What infrastructure/deployer/policy.json allows, and what Terraform has asked of the emulated AWS."""

import json
import os
from collections.abc import Iterable, Mapping
from string import Template
from typing import Any

from deployment import ENVIRONMENT, REPOSITORY
from emulated_aws.server import ACCOUNT, REGION
from landscape import DEPLOYER as EXISTING
from operations.environment import Environment
from operations.permissions import policy_allows
from operations.settings import LAKE_PREFIX, PROJECT

POLICY = REPOSITORY / "infrastructure/deployer/policy.json"

NOT_REFUSED = ("iam:GetUser", "sts:GetCallerIdentity")
"""Calls that need no permission: AWS allows the second one to everybody, and the provider makes the
first one only to find out the account, and makes the second one when it is refused."""

NAMES = {
    "partition": "aws",
    "region": REGION,
    "account": ACCOUNT,
    "environment": ENVIRONMENT,
    "prefix": Environment(ENVIRONMENT).prefix,
    "project": PROJECT,
    "lake": f"{LAKE_PREFIX}-{ENVIRONMENT}",
    "database": f"{LAKE_PREFIX}-{ENVIRONMENT}-silver".replace("-", "_"),
    "state_bucket": "states",
    "state_key": "terraform.tfstate",
}
"""What stands for the names in the policy: ${environment}. The emulated deployments have no bucket for states."""


def statements(only: str = "") -> list[Mapping[str, Any]]:
    """The statements of the policy for the deployed environment, whose Sid begins like this."""
    text = Template(POLICY.read_text(encoding="utf-8")).substitute(NAMES)
    found = [*json.loads(text)["Statement"], *(EXISTING if os.environ.get("EXISTING") else ())]
    return [each for each in found if each["Sid"].startswith(only)]


def refused(asked: Iterable[tuple[str, str]], allowed: list[Mapping[str, Any]]) -> list[str]:
    """What the statements do not allow of the actions and resources that were asked for."""
    return [
        f"{action} on {resource}"
        for action, resource in sorted(asked)
        if action not in NOT_REFUSED
        and not policy_allows({"Statement": allowed}, action, resource, None, _context(resource))
    ]


def _context(resource: str) -> dict[str, str]:
    """The tags of whatever the environment creates, and the service that uses a role."""
    services = {"job": "glue", "machine": "states", "pipes": "pipes", "rules": "events"}
    services["schedules"] = "scheduler"
    known = {
        f"aws:{kind}/{name}": NAMES[name]
        for kind in ("RequestTag", "ResourceTag")
        for name in ("project", "environment")
    }
    # The name of a role that exists says nothing; it is one of a job.
    service = services.get(resource.rpartition("-")[2], "glue")
    return {**known, "iam:PassedToService": f"{service}.amazonaws.com"}
