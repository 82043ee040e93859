"""Uploads to buckets of another region and another account start the jobs of an environment.

The Terraform code is that of the page, deployed by the real provider to an emulated AWS.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import deployer
import deployment
from cloud import Cloud
from deployment import Deployment, prepare
from emulated_aws.server import ACCOUNT, DEPLOYER, PLANNER, REGION, EmulatedAws, emulated_aws
from infrastructure_checks import CHECKS
from infrastructure_checks.resources import resources_of
from tasks.examples import RENDERED
from terraform import initialise, needs_terraform, repository_with_archive

pytestmark = needs_terraform

PAGE = (RENDERED / "docs/other-regions.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```hcl\n# (infrastructure/\S+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
OTHER_REGION, OTHER_ACCOUNT = "eu-west-1", "210987654321"
LANDING, PARTNER = "acme-landing-dev", "partner-exports"

STATEMENT = """
output "statement" {
  value = module.partner_events.event_bus_policy_statement
}
"""
RULES = """
    landed_trigger = {
      bucket_name = "acme-landing-${var.environment}"
      prefix      = "sales/"
      suffix      = ".csv"
      target_arn  = var.glue_job_arns["sales_etl"]
    }
    partner_trigger = {
      bucket_name = "partner-exports"
      prefix      = "sales/"
      suffix      = ".csv"
      target_arn  = var.glue_job_arns["sales_etl"]
    }
  }

  schedules ="""


def repository_of_the_page(folder: Path) -> Path:
    """A repository with the blocks of the page, and with rules for both buckets."""
    repository = repository_with_archive(folder)
    for path, code in BLOCKS:
        (repository / path).write_text(code)
    jobs = repository / "infrastructure/jobs"
    (repository / "infrastructure/environments/dev/statement.tf").write_text(STATEMENT)
    triggers = (jobs / "sales_etl.tf").read_text()
    assert "  }\n\n  schedules =" in triggers
    triggers = triggers.replace("  }\n\n  schedules =", RULES.lstrip("\n"), 1)
    (jobs / "sales_etl.tf").write_text(triggers)
    declared = json.loads((jobs / "sales_etl.json").read_text())
    elsewhere = {"s3://acme-landing-{env}": ["sales/"], "s3://partner-exports": ["sales/"]}
    reads = {**declared["reads"], **elsewhere}
    [settings] = [
        json.loads(block)
        for block in re.findall(r"^```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
        if "default_arguments" in block
    ]
    (jobs / "sales_etl.json").write_text(json.dumps({**declared, "reads": reads, **settings}))
    return repository


@dataclass(frozen=True)
class Elsewhere:
    """A deployment with the code of the page, and the buckets of the page."""

    aws: EmulatedAws
    deployed: Deployment
    cloud: Cloud

    def at(self, bucket: str) -> EmulatedAws:
        """The emulated AWS in the region and the account of a bucket."""
        place = (OTHER_REGION, ACCOUNT) if bucket == LANDING else (REGION, OTHER_ACCOUNT)
        return self.aws.at(*place)

    def upload(self, bucket: str, key: str) -> list[Mapping[str, Any]]:
        """The executions that an upload there has started, finished."""
        s3 = self.at(bucket).client("s3")
        return self.cloud.started_by(lambda: s3.put_object(Bucket=bucket, Key=key, Body=b"id\n1\n"))

    def waiting(self, bucket: str) -> list[Mapping[str, Any]]:
        """The events in the dead-letter queue of the module, which are taken out."""
        sqs = self.at(bucket).client("sqs")
        name = "landing" if bucket == LANDING else "partner"
        queue = sqs.get_queue_url(QueueName=f"{name}-forwarded-dev-dead-letters")["QueueUrl"]
        found: list[Mapping[str, Any]] = sqs.receive_message(
            QueueUrl=queue, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages", [])
        for message in found:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return found


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "aws").mkdir()
    with emulated_aws(folder / "aws") as aws, pytest.MonkeyPatch.context() as patch:
        for bucket, there in {
            LANDING: aws.at(OTHER_REGION, ACCOUNT),
            PARTNER: aws.at(REGION, OTHER_ACCOUNT),
        }.items():
            place = {"LocationConstraint": there.region}
            s3 = there.client("s3")
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
            s3.put_bucket_notification_configuration(
                Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
            )
        # What somebody else has permitted on the environment's bus.
        aws.client("events").put_permission(
            Action="events:PutEvents", Principal="999999999999", StatementId="somebody-else"
        )
        patch.setattr(deployment, "REPOSITORY", repository_of_the_page(folder / "a platform"))
        deployed = prepare(aws, folder / "deployed", ["sales_etl"])
        environment = deployed.folder / "infrastructure/environments/dev"
        override = environment / "emulated_override.tf"
        usual = override.read_text()
        named = [
            usual.replace("{", f'{{\n  alias = "{name}"', 1) for name in ("landing", "partner")
        ]
        override.write_text("".join([usual, *named]))
        deployed.apply()
        yield Elsewhere(aws, deployed, Cloud(aws, deployed.outputs()))


@pytest.mark.parametrize("bucket", [LANDING, PARTNER])
def test_an_upload_elsewhere_starts_a_run_over_that_object(
    elsewhere: Elsewhere, bucket: str
) -> None:
    before = len(elsewhere.cloud.runs("sales_etl"))

    [execution] = elsewhere.upload(bucket, "sales/a day.csv")

    assert f":{REGION}:{ACCOUNT}:execution:sales-etl-dev:" in execution["executionArn"]
    given = json.loads(execution["input"])
    assert (given["bucket"]["name"], given["object"]["key"]) == (bucket, "sales/a day.csv")
    run, *others = elsewhere.cloud.runs("sales_etl")
    assert len(others) == before
    assert run["Arguments"]["--bucket"] == bucket
    assert run["Arguments"]["--object_key"] == "sales/a day.csv"
    assert elsewhere.waiting(bucket) == []


@pytest.mark.parametrize("bucket", [LANDING, PARTNER])
def test_other_uploads_there_are_not_sent_on(elsewhere: Elsewhere, bucket: str) -> None:
    assert elsewhere.upload(bucket, "other/a.csv") == []
    assert elsewhere.upload(bucket, "sales/a.txt") != []  # the machine refuses it by its suffix
    assert elsewhere.waiting(bucket) == []


def test_a_role_without_the_right_leaves_the_event_in_the_queue_there(
    elsewhere: Elsewhere,
) -> None:
    iam, role = elsewhere.aws.client("iam"), "landing-forwarded-dev-rules"
    policy = iam.get_role_policy(RoleName=role, PolicyName="put-events")["PolicyDocument"]
    iam.delete_role_policy(RoleName=role, PolicyName="put-events")
    try:
        assert elsewhere.upload(LANDING, "sales/a.csv") == []
    finally:
        iam.put_role_policy(
            RoleName=role, PolicyName="put-events", PolicyDocument=json.dumps(policy)
        )

    [message] = elsewhere.waiting(LANDING)
    assert json.loads(message["Body"])["detail"]["object"]["key"] == "sales/a.csv"
    assert "may put events on" in message["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"]


def test_a_bus_that_does_not_permit_the_account_gets_no_event(elsewhere: Elsewhere) -> None:
    events = elsewhere.aws.client("events")
    events.remove_permission(StatementId="dev-partner-forwarded")
    try:
        assert elsewhere.upload(PARTNER, "sales/a.csv") == []
    finally:
        events.put_permission(
            Action="events:PutEvents",
            Principal=OTHER_ACCOUNT,
            StatementId="dev-partner-forwarded",
        )

    [message] = elsewhere.waiting(PARTNER)
    reason = message["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"]
    assert f"permits {OTHER_ACCOUNT}" in reason
    assert len(elsewhere.upload(PARTNER, "sales/a.csv")) == 1


def test_a_policy_of_the_bus_in_one_document_takes_the_statement_of_the_module(
    elsewhere: Elsewhere,
) -> None:
    events = elsewhere.aws.client("events")
    before = json.loads(events.describe_event_bus()["Policy"])
    statement = elsewhere.cloud.outputs["statement"]
    assert statement["Resource"] == f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
    for each in before["Statement"]:
        events.remove_permission(StatementId=each["Sid"])
    try:
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        events.put_permission(Policy=json.dumps(policy))
        assert len(elsewhere.upload(PARTNER, "sales/a.csv")) == 1

        statement["Condition"] = {"StringEquals": {"events:source": "acme.orders"}}
        events.remove_permission(RemoveAllPermissions=True)
        events.put_permission(Policy=json.dumps(policy))
        assert elsewhere.upload(PARTNER, "sales/a.csv") == []
        assert len(elsewhere.waiting(PARTNER)) == 1
    finally:
        events.remove_permission(RemoveAllPermissions=True)
        events.put_permission(Policy=json.dumps(before))


def test_a_second_plan_is_empty_and_the_settings_reach_spark(elsewhere: Elsewhere) -> None:
    planned = elsewhere.deployed.plan()

    assert planned.returncode == 0, planned.stdout
    job = elsewhere.aws.client("glue").get_job(JobName="sales-etl-dev")["Job"]
    settings = job["DefaultArguments"]["--conf"].split(" --conf ")
    assert settings == [
        f"spark.hadoop.fs.s3a.endpoint.region={REGION}",
        f"spark.hadoop.fs.s3a.bucket.{LANDING}.endpoint.region={OTHER_REGION}",
    ]


def test_the_deployer_needs_what_the_page_says(elsewhere: Elsewhere) -> None:
    elsewhere.deployed.plan()
    asked = {
        *elsewhere.aws.asked_by(DEPLOYER),
        *elsewhere.aws.asked_by(PLANNER),
    }
    there = [
        json.loads(json.dumps(each).replace(f":{REGION}:", f":{OTHER_REGION}:"))
        for each in deployer.statements()
        if each["Sid"] in re.findall(r"`((?:Read|Change|Later)[A-Z]\w+)`", PAGE)
    ]
    bus = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
    further = [
        {"Effect": "Allow", "Action": actions, "Resource": resource}
        for actions, resource in [
            (re.findall(r"`(sts:AssumeRole)`", PAGE), f"arn:aws:iam::{OTHER_ACCOUNT}:role/*"),
            (re.findall(r"`(events:[A-Z]\w+)`", PAGE), bus),
        ]
    ]

    refused = deployer.refused(asked, [*deployer.statements(), *there, *further])
    without = deployer.refused(asked, deployer.statements())

    assert refused == []
    assert [each for each in without if OTHER_REGION in each]
    assert [each for each in without if each.startswith("events:PutPermission")]


def test_the_end_of_the_deployment_leaves_what_others_have_on_the_bus(
    elsewhere: Elsewhere,
) -> None:
    events, module = elsewhere.aws.client("events"), "aws_cloudwatch_event_permission.partner"
    policy = json.loads(events.describe_event_bus()["Policy"])
    assert {each["Sid"] for each in policy["Statement"]} == {
        "somebody-else",
        "dev-partner-forwarded",
    }
    [permitted] = [each for each in policy["Statement"] if each["Sid"] != "somebody-else"]
    assert permitted["Principal"] == {"AWS": f"arn:aws:iam::{OTHER_ACCOUNT}:root"}

    elsewhere.deployed.terraform("destroy", "-no-color", "-auto-approve", f"-target={module}")

    policy = json.loads(events.describe_event_bus()["Policy"])
    elsewhere.deployed.apply()
    assert [each["Sid"] for each in policy["Statement"]] == ["somebody-else"]


def test_the_checks_of_a_repository_know_other_places(tmp_path: Path) -> None:
    repository = repository_of_the_page(tmp_path / "a platform")
    environment = repository / "infrastructure/environments/dev"
    initialise(environment)

    resources = resources_of(environment)

    assert [finding for check in CHECKS for finding in check(resources)] == []
    [rule] = [
        each
        for each in resources
        if each.address == "module.landing_events.aws_cloudwatch_event_rule.this"
    ]
    assert f":{OTHER_REGION}:{ACCOUNT}:" in rule.values["arn"]
    [target] = [
        each
        for each in resources
        if each.address == "module.partner_events.aws_cloudwatch_event_target.this"
    ]
    target.values["dead_letter_config"][0]["arn"] = "arn:aws:sqs:eu-central-1:123456789012:none"
    assert [finding for check in CHECKS for finding in check(resources)] == [
        f"expected a dead-letter queue, found none in {target.address}"
    ]
