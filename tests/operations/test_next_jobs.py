"""What doctor and trace say of the jobs that a successful run starts."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from emulated_aws.repairs import start_executions_of_other_machines
from operations.doctor import next_jobs_can_be_started, roles_are_allowed_what_they_do
from operations.environment import Environment
from operations.prices import read_prices
from operations.trace import trace

REGION, ACCOUNT = "eu-central-1", "123456789012"
BUCKET = "data-lake-dev-bronze"
NEXT = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:customer-import-dev"
FIRST = {
    "StartAt": "Route",
    "States": {
        "Route": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.object.key", "StringMatches": "*.csv", "Next": "Run"}],
            "Default": "Ignore",
        },
        # A result of Glue.
        "Run": {
            "Type": "Pass",
            "Result": {"Id": "jr_1"},
            "ResultPath": "$.run",
            "Next": "Start",
        },
        "Start": {
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution",
            "Parameters": {
                "StateMachineArn": NEXT,
                "Name.$": "$.run.Id",
                "Input": {"schedule": "after sales-etl-dev"},
            },
            "ResultPath": None,
            "Next": "Started",
        },
        "Started": {"Type": "Succeed", "OutputPath": "$.run"},
        "Ignore": {"Type": "Succeed"},
    },
}
SECOND = {"StartAt": "Run", "States": {"Run": {"Type": "Pass", "End": True}}}


def client(service: str) -> Any:
    return boto3.client(service, region_name=REGION)


def machine(name: str, definition: object) -> str:
    role = f"arn:aws:iam::{ACCOUNT}:role/sales-etl-dev-machine"
    made = client("stepfunctions").create_state_machine(
        name=name, definition=json.dumps(definition), roleArn=role
    )
    return str(made["stateMachineArn"])


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[Environment]:
    """An environment with the job sales_etl, whose runs start customer_import."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "emulated")
    monkeypatch.setenv("AWS_REGION", REGION)
    start_executions_of_other_machines()
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        place = {"LocationConstraint": REGION}
        client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=place)
        command = {"Name": "glueetl", "ScriptLocation": "s3://x/y.py"}
        client("glue").create_job(Name="sales-etl-dev", Role="r", Command=command)
        first = machine("sales-etl-dev", FIRST)
        pattern = {
            "source": ["aws.s3"],
            "detail": {"bucket": {"name": [BUCKET]}, "object": {"key": [{"prefix": "sales/"}]}},
        }
        events = client("events")
        events.put_rule(Name="dev-sales", EventPattern=json.dumps(pattern))
        transformer = {
            "InputPathsMap": {"object": "$.detail.object"},
            "InputTemplate": '{"rule": "sales", "object": <object>}',
        }
        target = {"Id": "t", "Arn": first, "InputTransformer": transformer}
        events.put_targets(Rule="dev-sales", Targets=[target])
        yield Environment("dev")


def execute(name: str, given: object) -> str:
    """The status of an execution, after its end."""
    states = client("stepfunctions")
    arn = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{name}"
    started = states.start_execution(stateMachineArn=arn, input=json.dumps(given))
    deadline = time.monotonic() + 30
    while True:
        found = states.describe_execution(executionArn=started["executionArn"])
        if found["status"] != "RUNNING":
            return str(found["status"])
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_doctor_finds_a_next_job_without_a_machine(environment: Environment) -> None:
    [finding] = next_jobs_can_be_started(environment, ["sales_etl"])

    assert finding.where == "customer-import-dev"
    assert "each successful run of sales_etl starts it" in finding.problem

    machine("customer-import-dev", SECOND)

    assert not list(next_jobs_can_be_started(environment, ["sales_etl", "customer_import"]))


def test_the_doctor_finds_a_role_that_may_not_start_the_next_job(environment: Environment) -> None:
    found = roles_are_allowed_what_they_do(environment, ["sales_etl"])

    problems = [each.problem for each in found if each.where == "sales-etl-dev-machine"]
    assert f"states.amazonaws.com may not use it for states:StartExecution on {NEXT}" in problems


@pytest.mark.parametrize("is_there", [True, False])
def test_a_trace_shows_what_the_run_of_a_file_started(
    environment: Environment, is_there: bool
) -> None:
    machine("customer-import-dev", SECOND)
    client("s3").put_object(Bucket=BUCKET, Key="sales/a.csv", Body=b"id\n1\n")
    assert execute("sales-etl-dev", {"object": {"key": "sales/a.csv"}}) == "SUCCEEDED"
    if not is_there:
        states = client("stepfunctions")
        states.delete_state_machine(stateMachineArn=NEXT)
        machine("customer-import-dev", SECOND)

    since = datetime.now(UTC) - timedelta(hours=1)
    rows = trace(environment, "sales/a.csv", since, read_prices(None))

    [row] = [row for row in rows if row["what"] == "next job"]
    assert row["job"] == "customer_import"
    assert row["told"] == (
        "SUCCEEDED, started after jr_1" if is_there else "was not started after jr_1"
    )
