"""The rendered Terraform code in an account that is not empty, and before anything is built."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

import deployment
import landscape
from deployment import Deployment, prepare
from emulated_aws.server import EmulatedAws, emulated_aws
from glue_runtime.arguments import parse_buckets
from operations.permissions import Role
from tasks.examples import RENDERED
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


# --- what others own -------------------------------------------------------------------------------


def settings_of_buckets(aws: EmulatedAws) -> dict[str, Any]:
    """What is set of each bucket of the landscape, and its objects."""
    s3, found = aws.client("s3"), {}
    for bucket in landscape.BUCKETS.values():
        for ask in (
            *("get_bucket_versioning", "get_bucket_encryption", "get_bucket_policy"),
            *("get_bucket_lifecycle_configuration", "get_public_access_block"),
            *("get_bucket_notification_configuration", "get_bucket_tagging", "list_objects_v2"),
        ):
            try:
                answer = getattr(s3, ask)(Bucket=bucket)
            except ClientError as error:
                answer = {"Error": error.response["Error"]["Code"]}
            answer.pop("ResponseMetadata", None)
            found[bucket, ask] = answer
    return found


@pytest.fixture
def jobs_of_the_landscape(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a job that has a path and a connection of its own."""
    repository = repository_with_archive(tmp_path / "a platform")
    catalog = repository / "infrastructure/jobs/product_catalog.json"
    own = {"role_path": "/acme/catalog/", "connections": ["acme-warehouse", landscape.CONNECTION]}
    catalog.write_text(json.dumps({**json.loads(catalog.read_text()), **own}))
    for module in (deployment, landscape):
        monkeypatch.setattr(module, "REPOSITORY", repository)
    return repository


def test_nothing_that_exists_is_created_or_deleted(
    aws: EmulatedAws, tmp_path: Path, jobs_of_the_landscape: Path
) -> None:
    variables = landscape.make(aws, ["sales_etl"])
    before, buckets = landscape.inventory(aws), settings_of_buckets(aws)
    deployed = prepare(aws, tmp_path / "deployed", ["sales_etl", "product_catalog"], variables)

    ran = deployed.plan("-out=planned")

    assert ran.returncode == 2, ran.stdout + ran.stderr
    shown = json.loads(deployed.terraform("show", "-json", "planned").stdout)
    created = {change["type"] for change in shown["resource_changes"]}
    assert not {
        kind for kind in created if kind.startswith(("aws_s3_bucket", "aws_kms", "aws_sns"))
    }
    assert not created & {"aws_cloudwatch_log_group", "aws_glue_connection"}
    assert "aws_glue_catalog_database" not in created
    assert {"aws_s3_object", "aws_glue_job", "aws_cloudwatch_metric_alarm"} <= created
    deployed.terraform("apply", "-no-color", "-input=false", "planned")

    roles = {role["RoleName"]: role for role in aws.client("iam").list_roles()["Roles"]}
    made = roles.keys() - {role["RoleName"] for role in before["roles"]}
    assert "sales-etl-dev-job" not in made
    assert len(made) == 2 * 4 - 1
    for name in made:
        own = name == "product-catalog-dev-job"
        assert roles[name]["Path"] == ("/acme/catalog/" if own else "/acme/")
        described = aws.client("iam").get_role(RoleName=name)["Role"]
        bound = described["PermissionsBoundary"]["PermissionsBoundaryArn"]
        assert bound == variables["permissions_boundary"]
    glue, names = aws.client("glue"), landscape.BUCKETS
    jobs = {name: glue.get_job(JobName=name)["Job"] for name in glue.list_jobs()["JobNames"]}
    assert jobs["sales-etl-dev"]["Role"] == variables["glue_jobs"]["sales_etl"]["role_arn"]
    for name, job in jobs.items():
        arguments = job["DefaultArguments"]
        assert parse_buckets(arguments["--lake_buckets"]) == names
        assert arguments["--catalog_database"] == landscape.DATABASE
        assert arguments["--custom-logGroup-prefix"] == "/acme/glue"
        assert arguments["--TempDir"] == f"s3://{names['artifacts']}/temporary/{name}/"
        own = ["acme-warehouse"] if name == "product-catalog-dev" else []
        assert job["Connections"]["Connections"] == [landscape.CONNECTION, *own]
    made_role = Role(
        aws.client("iam"), roles["product-catalog-dev-job"]["Arn"], "glue.amazonaws.com"
    )
    s3 = "arn:aws:s3:::"
    assert made_role.allows("s3:GetObject", f"{s3}{names['bronze']}/products/a.json")
    assert made_role.allows("s3:PutObject", f"{s3}{names['silver']}/product_catalog/a")
    assert not made_role.allows("s3:GetObject", f"{s3}data-lake-dev-bronze/products/a.json")
    tables = f"arn:aws:glue:eu-central-1:123456789012:table/{landscape.DATABASE}/"
    for table, may in [("product_catalog", True), ("sales_etl", False)]:
        assert made_role.allows("glue:UpdateTable", f"{tables}{table}") is may
    for key in {variables["kms_key_arns"][zone] for zone in names}:
        assert made_role.allows("kms:Decrypt", key)
    rule = aws.client("events").describe_rule(Name="dev-sales-etl-file-trigger")
    assert json.loads(rule["EventPattern"])["detail"]["bucket"] == {"name": [names["bronze"]]}
    sqs = aws.client("sqs")
    queue = sqs.get_queue_url(QueueName="sales-etl-dev-dead-letters")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert attributes["KmsMasterKeyId"] == variables["kms_key_arns"]["queues"]
    alarms = aws.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert {action for alarm in alarms for action in alarm["AlarmActions"]} == {
        variables["alarm_topic_arn"]
    }
    while_deployed = settings_of_buckets(aws)
    artifacts = (names["artifacts"], "list_objects_v2")
    assert {key for key in buckets if buckets[key] != while_deployed[key]} == {artifacts}

    deployed.destroy(aws)

    assert landscape.inventory(aws) == before
    assert settings_of_buckets(aws) == buckets


def test_the_page_shows_every_variable_for_what_exists() -> None:
    page = (RENDERED / "docs/existing-account.md").read_text(encoding="utf-8")
    code = (RENDERED / "infrastructure/environments/dev/variables.tf").read_text(encoding="utf-8")
    blocks = re.findall(r"^```hcl\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    shown = {name for block in blocks for name in re.findall(r"^(\w+) += ", block, re.MULTILINE)}
    variables = re.findall(r'^variable "(\w+)"', code.partition("what exists in")[2], re.MULTILINE)

    assert shown == {*variables, "glue_jobs"}


def test_the_page_asks_for_the_rights_of_the_roles_that_runs_are_tried_with() -> None:
    page = (RENDERED / "docs/existing-account.md").read_text(encoding="utf-8")
    statements = landscape.rights("sales_etl", [])
    silver = f"arn:aws:s3:::{landscape.BUCKETS['silver']}/"

    actions = {action for each in statements for action in each["Action"]}
    folders = {
        re.sub(r"(/\*?|_\$folder\$)$", "", resource.removeprefix(silver))
        for each in statements
        for resource in each["Resource"]
        if resource.startswith(silver)
    }

    assert "_loads/sales_etl" in folders
    assert [action for action in actions if f"`{action}`" not in page] == []
    assert [
        each for each in folders if f"`{each.replace('sales_etl', '<table>')}`" not in page
    ] == []
