# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Get the resources that Terraform would create in an environment, without an AWS account.

Two runs of `terraform test` mock the provider. The first one plans, which gives the names of all
resources. The second one applies with the ARNs that AWS would derive from these names, so that
references between resources are known.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REGION = "eu-central-1"
ACCOUNT = "123456789012"
PLACE = f"{REGION}:{ACCOUNT}"

# In .terraform, which git ignores and terraform init creates.
FOLDER = ".terraform/checks"

_PROVIDER = """
mock_provider "aws" {{{alias}
  mock_data "aws_caller_identity" {{
    defaults = {{ account_id = "{account}" }}
  }}
  mock_data "aws_partition" {{
    defaults = {{ partition = "aws" }}
  }}
  mock_data "aws_region" {{
    defaults = {{ endpoint = "ec2.{region}.amazonaws.com" }}
  }}
}}
"""

ARNS = {
    "aws_cloudwatch_event_rule": "arn:aws:events:{place}:rule/{name}",
    "aws_cloudwatch_log_group": "arn:aws:logs:{place}:log-group:{name}",
    "aws_iam_role": "arn:aws:iam::{account}:role/{name}",
    "aws_s3_bucket": "arn:aws:s3:::{name}",
    "aws_sfn_state_machine": "arn:aws:states:{place}:stateMachine:{name}",
    "aws_sqs_queue": "arn:aws:sqs:{place}:{name}",
}

_BLOCK = r'^{kind} "{label}" \{{\n(.*?)^\}}'
_ALIAS = re.compile(r'^\s*alias\s*=\s*"(\w+)"', re.MULTILINE)
_OTHER_REGION = re.compile(r'^\s*region\s*=\s*"([a-z0-9-]+)"', re.MULTILINE)
_OTHER_ACCOUNT = re.compile(r'"arn:[^"]*:iam::(\d{12}):role/')
_PROVIDERS = re.compile(r"^\s*providers\s*=\s*\{\s*aws\s*=\s*aws\.(\w+)\s*\}", re.MULTILINE)


@dataclass(frozen=True)
class Resource:
    """A Terraform resource: its address, such as `module.jobs.aws_sqs_queue.x`, and its values."""

    address: str
    type: str
    values: dict[str, Any]


def resources_of(environment: Path) -> list[Resource]:
    """All resources of an environment after terraform init.

    Raises:
        RuntimeError: Terraform cannot plan or apply it; the message contains Terraform's errors.
    """
    aliases, modules = _other_places(environment)
    providers = "".join(_provider(*place, alias) for alias, place in aliases.items())
    providers += _provider(REGION, ACCOUNT)
    planned = _test(environment, "plan", providers)["resource_changes"]
    overrides = "".join(
        _override(
            resource["address"],
            _identity(
                resource["type"],
                resource["change"],
                *modules.get(resource["address"].split(".")[1], (REGION, ACCOUNT)),
            ),
        )
        for resource in planned
        if resource["mode"] == "managed"
    )
    state = _test(environment, "apply", providers + overrides)
    return [
        Resource(resource["address"], resource["type"], resource["values"])
        for resource in _resources(state["root_module"])
        if resource["mode"] == "managed"
    ]


def of_type(resources: list[Resource], kind: str) -> list[Resource]:
    """The resources of a type: aws_sqs_queue."""
    return [resource for resource in resources if resource.type == kind]


def by_arn(resources: list[Resource], kind: str) -> dict[str, Resource]:
    """The resources of a type by their ARN."""
    return {resource.values["arn"]: resource for resource in of_type(resources, kind)}


def statements(policy: str | None) -> list[dict[str, Any]]:
    """The statements of a policy.

    Empty for a policy that is not configured, for which the mocked provider returns a random word.
    """
    try:
        found: list[dict[str, Any]] = json.loads(policy or "{}")["Statement"]
    except (ValueError, KeyError):
        return []
    return found


def _test(environment: Path, command: str, text: str) -> dict[str, Any]:
    """Run one test in the environment; returns the resulting plan or state."""
    folder = environment / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "all.tftest.hcl").write_text(f'{text}\nrun "all" {{\n  command = {command}\n}}\n')
    ran = subprocess.run(
        ["terraform", "test", "-json", "-verbose", f"-test-directory={FOLDER}"],
        cwd=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    messages = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]
    if ran.returncode != 0:
        errors = [
            str(m.get("diagnostic") or m["@message"]) for m in messages if m["@level"] == "error"
        ]
        raise RuntimeError(
            f"expected a {command} of {environment.name}, found errors; run make test-infra, which "
            f"initializes it, and see: {' '.join(errors) or ran.stderr}"
        )
    wanted = {"plan": "test_plan", "apply": "test_state"}[command]
    found: dict[str, Any] = next(m[wanted] for m in messages if m["type"] == wanted)
    return found


def _provider(region: str, account: str, alias: str = "") -> str:
    named = f'\n  alias = "{alias}"\n' if alias else ""
    return _PROVIDER.format(alias=named, region=region, account=account)


def _other_places(
    environment: Path,
) -> tuple[dict[str, tuple[str, str]], dict[str, tuple[str, str]]]:
    """Region and account of the environment's further providers by alias, and of the modules that use them.

    A provider without a region, or without a role, is in that of the environment.
    """
    code = "\n".join(path.read_text(encoding="utf-8") for path in sorted(environment.glob("*.tf")))

    def blocks(kind: str, label: str) -> list[tuple[str, ...]]:
        found = re.finditer(_BLOCK.format(kind=kind, label=label), code, re.MULTILINE | re.DOTALL)
        return [each.groups() for each in found]

    def first(pattern: re.Pattern[str], body: str, usual: str) -> str:
        found = pattern.search(body)
        return found[1] if found else usual

    aliases = {
        first(_ALIAS, body, ""): (
            first(_OTHER_REGION, body, REGION),
            first(_OTHER_ACCOUNT, body, ACCOUNT),
        )
        for (body,) in blocks("provider", "aws")
        if _ALIAS.search(body)
    }
    modules = {
        name: aliases[alias]
        for name, body in blocks("module", r"(\w+)")
        if (alias := first(_PROVIDERS, body, "")) in aliases
    }
    return aliases, modules


def _identity(kind: str, change: dict[str, Any], region: str, account: str) -> dict[str, str]:
    """The ARN, and the id or URL, that AWS would derive from the name of a resource."""
    if not change["after_unknown"].get("arn"):
        return {}
    name = change["after"].get("bucket") or change["after"].get("name") or "unnamed"
    service, place = kind.split("_")[1], f"{region}:{account}"
    form = ARNS.get(kind, f"arn:aws:{service}:{{place}}:{kind}/{{name}}")
    arn = form.format(place=place, account=account, name=name)
    if kind == "aws_sqs_queue":
        url = f"https://sqs.{region}.amazonaws.com/{account}/{name}"
        return {"arn": arn, "id": url, "url": url}
    return {"arn": arn, "id": name}


def _override(address: str, values: dict[str, str]) -> str:
    if not values:
        return ""
    return f"override_resource {{\n  target = {address}\n  values = {json.dumps(values)}\n}}\n"


def _resources(module: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from _resources(child)
