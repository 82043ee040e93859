"""What the page about deploying says of accounts, regions and override files, in real plans."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import parliament
import pytest
import yaml

import deployer
import deployment
from deployment import Deployment, prepare
from emulated_aws.server import EmulatedAws, emulated_aws
from tasks.examples import RENDERED
from terraform import needs_terraform, repository_with_archive

PAGE = (RENDERED / "docs/deploying.md").read_text(encoding="utf-8")
ACCOUNT, LAKE = re.findall(r"^```hcl\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
"""The override files of the page: for the account, and for what no variable sets."""

WITHOUT_RESOURCE = {
    "kms:CreateKey",  # its condition names the tags
    "logs:DeleteQueryDefinition",
    "logs:DeleteResourcePolicy",
    "logs:DescribeLogGroups",
    "logs:DescribeQueryDefinitions",
    "logs:DescribeResourcePolicies",
    "logs:PutQueryDefinition",
    "logs:PutResourcePolicy",
    "sns:GetSubscriptionAttributes",
    "sns:Unsubscribe",
    "states:ValidateStateMachineDefinition",
}
"""Actions that AWS knows no resource for, or checks before there is one."""

WORKFLOWS = sorted((RENDERED / ".github/workflows").glob("*.yml"))


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedAws]:
    with emulated_aws(tmp_path_factory.mktemp("aws")) as started:
        yield started


@pytest.fixture(scope="module")
def prepared(aws: EmulatedAws, tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """The environment dev with one job, initialised."""
    folder = tmp_path_factory.mktemp("deploying")
    repository = repository_with_archive(folder / "a platform")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deployment, "REPOSITORY", repository)
        return prepare(aws, folder / "deployed", ["sales_etl"])


@pytest.fixture
def environment(prepared: Deployment) -> Iterator[Path]:
    """Its folder; a test's own files go away."""
    folder = prepared.folder / "infrastructure/environments/dev"
    before = set(folder.iterdir())
    yield folder
    for path in set(folder.iterdir()) - before:
        path.unlink()


def planned(deployed: Deployment, *options: str) -> dict[str, Any]:
    """The resources of a plan by address."""
    deployed.terraform("plan", "-input=false", "-no-color", "-out=planned", *options)
    shown = json.loads(deployed.terraform("show", "-json", "planned").stdout)
    return {change["address"]: change["change"]["after"] for change in shown["resource_changes"]}


@needs_terraform
def test_an_override_file_changes_arguments_and_blocks_of_one_environment(
    prepared: Deployment, environment: Path
) -> None:
    (environment / "lake_override.tf").write_text(LAKE)

    plan = planned(prepared)

    logs = plan['module.data_platform.aws_cloudwatch_log_group.jobs["output"]']
    assert logs["retention_in_days"] == 7
    assert logs["tags_all"] == {
        "project": "data-platform",
        "environment": "dev",
        "cost_center": "4711",
    }
    # What the files do not name stays.
    assert plan['module.data_platform.aws_s3_bucket.this["bronze"]']["bucket"] == (
        "data-lake-dev-bronze"
    )


@needs_terraform
def test_a_plan_in_another_account_than_the_named_one_is_refused(
    prepared: Deployment, environment: Path
) -> None:
    file = environment / "account_override.tf"
    file.write_text(ACCOUNT)
    planned(prepared)
    file.write_text(ACCOUNT.replace("123456789012", "999999999999"))

    with pytest.raises(RuntimeError, match="AWS account ID not allowed: 123456789012"):
        planned(prepared)


@needs_terraform
def test_the_region_of_an_environment_is_in_its_variables(
    prepared: Deployment, environment: Path
) -> None:
    [said] = re.findall(r'`(region = "[a-z0-9-]+")` in `terraform.tfvars`', PAGE)
    (environment / "terraform.tfvars").write_text(f"{said}\n")

    plan = planned(prepared)

    region = said.split('"')[1]
    [job] = [each for address, each in plan.items() if ".aws_glue_job." in address]
    assert job["default_arguments"]["--conf"].endswith(f"={region}")


@needs_terraform
def test_an_administrator_creates_the_roles_as_the_page_says(
    aws: EmulatedAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = repository_with_archive(tmp_path / "a platform")
    (repository / "infrastructure/deployer/emulated_override.tf").write_text(
        'provider "aws" {\n  skip_credentials_validation = true\n}\n'
    )
    mirror = os.environ.get("TF_PROVIDER_MIRROR")
    for name, value in {
        "AWS_ENDPOINT_URL": aws.endpoint,
        "AWS_ACCESS_KEY_ID": "emulated",
        "AWS_SECRET_ACCESS_KEY": "emulated",
        "TF_CLI_ARGS_init": f"-plugin-dir={mirror}" if mirror else "",
        "TF_CLI_ARGS_apply": "-auto-approve -input=false",
    }.items():
        monkeypatch.setenv(name, value)

    def terraform(*words: str) -> str:
        command = ["terraform", "-chdir=infrastructure/deployer", *words]
        ran = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    terraform("init")
    names = ("-var=github_repository=acme/data-platform", "-var=state_bucket=states-of-acme")
    terraform("apply", *names)

    roles = json.loads(terraform("output", "-json", "github_variables"))
    assert set(roles) == {
        f"AWS_{what}_ROLE_{name}" for what in ("PLAN", "DEPLOY") for name in ("DEV", "PROD")
    }
    iam = aws.client("iam")
    deploy = roles["AWS_DEPLOY_ROLE_PROD"].rpartition("/")[2]
    [trust] = iam.get_role(RoleName=deploy)["Role"]["AssumeRolePolicyDocument"]["Statement"]
    subject = trust["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"]
    assert subject == ["repo:acme/data-platform:environment:prod"]
    assert (
        f"`{subject[0].replace('acme/data-platform', '<owner>/<name>').replace('prod', '<env>')}`"
        in PAGE
    )
    attached = iam.list_attached_role_policies(RoleName=deploy)["AttachedPolicies"]
    assert len(attached) == 4
    plan = roles["AWS_PLAN_ROLE_PROD"].rpartition("/")[2]
    assert len(iam.list_attached_role_policies(RoleName=plan)["AttachedPolicies"]) == 1


def test_the_policies_are_valid_and_fit_with_the_longest_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lake, environment = "l" * 39, "e" * 10
    longest = {
        "partition": "aws-us-gov",
        "region": "us-gov-west-1",
        "project": "p" * 32,
        "lake": f"{lake}-{environment}",
        "database": f"{lake}_{environment}_silver",
        "environment": environment,
        "prefix": "m" * 10 + "-",
        "state_bucket": "b" * 63,
        "state_key": f"{'p' * 32}/{environment}/terraform.tfstate",
    }
    for name, value in longest.items():
        monkeypatch.setitem(deployer.NAMES, name, value)

    for part in ("Read", "Change", "Later", "Roles"):
        statements = [
            {name: value for name, value in each.items() if name != "//"}
            for each in deployer.statements(part)
        ]
        policy = json.dumps(
            {"Version": "2012-10-17", "Statement": statements}, separators=(",", ":")
        )
        assert len(policy) <= 6144
        found = [
            f"{each.issue} {each.detail}"
            for each in parliament.analyze_policy_string(policy).findings
            # Who deploys the buckets writes their policies, so the page says what that means.
            if each.issue != "RESOURCE_POLICY_PRIVILEGE_ESCALATION"
        ]
        assert found == []
        for statement in statements:
            assert not [action for action in statement["Action"] if "*" in action]
            named = {action for action in statement["Action"] if statement["Resource"] == "*"}
            assert named <= WITHOUT_RESOURCE


def test_every_action_has_one_commit_in_all_workflows() -> None:
    used = {
        found
        for path in WORKFLOWS
        for found in re.findall(r"uses: ([\w./-]+)@(\w{40}) # (v[\d.]+)$", path.read_text(), re.M)
    }
    lines = [
        line for path in WORKFLOWS for line in path.read_text().splitlines() if "uses: " in line
    ]

    assert len(used) == len({action for action, _, _ in used}) >= 6
    assert all(re.search(r"@\w{40} # v|uses: \./", line) for line in lines)


def test_nothing_is_deployed_before_its_variables_are_set() -> None:
    deploy = yaml.safe_load((RENDERED / ".github/workflows/deploy.yml").read_text())
    steps = yaml.safe_load((RENDERED / ".github/workflows/deploy-environment.yml").read_text())

    assert [*deploy["jobs"]] == ["dev", "prod"]
    for name, job in deploy["jobs"].items():
        assert job["if"].startswith(f"vars.AWS_PLAN_ROLE_{name.upper()} != '' && ")
        assert job["with"]["deploy_role"] == f"${{{{ vars.AWS_DEPLOY_ROLE_{name.upper()} }}}}"
        assert job["concurrency"]["group"].startswith(f"deploy-{name}-")
    assert deploy["jobs"]["prod"]["needs"] == "dev"
    apply = steps["jobs"]["apply"]
    assert apply["environment"] == "${{ inputs.environment }}"
    for condition in ("'pull_request'", "refs/heads/main", "inputs.deploy_role != ''"):
        assert condition in apply["if"]
    assert deploy["permissions"] == steps["permissions"] == {}


def test_the_page_names_the_variables_of_every_environment() -> None:
    assert "AWS_PLAN_ROLE_DEV" in PAGE
    assert "AWS_DEPLOY_ROLE_DEV" in PAGE
