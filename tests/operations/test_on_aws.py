"""The commands on an account that other people use too: foreign rules, odd messages, interruptions."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import botocore.client
import pytest
from moto import mock_aws

from gluecast.template.bundled import TEMPLATE_ROOT
from operations import replay
from operations.cli import main
from operations.doctor import roles_are_allowed_what_they_do, uploads_are_announced
from operations.environment import Environment

REGION, ACCOUNT = "eu-central-1", "123456789012"
TOOLING = TEMPLATE_ROOT / "examples/data-platform/tooling"
MACHINE = {
    "StartAt": "Route",
    "States": {
        "Route": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.object.key", "StringMatches": "*.csv", "Next": "Run"}],
            "Default": "Ignore",
        },
        "Run": {
            "Type": "Task",
            "Resource": "arn:aws:states:::glue:startJobRun.sync",
            "Parameters": {"JobName": "j", "Arguments": {"--object_key.$": "$.object.key"}},
            "End": True,
        },
        "Ignore": {"Type": "Succeed"},
    },
}
TRANSFORMER = {
    "InputPathsMap": {"bucket": "$.detail.bucket", "object": "$.detail.object"},
    "InputTemplate": '{"rule": "sales", "bucket": <bucket>, "object": <object>}',
}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty account."""
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "emulated"),
        ("AWS_SECRET_ACCESS_KEY", "emulated"),
        ("AWS_REGION", REGION),
    ):
        monkeypatch.setenv(name, value)
    with mock_aws():
        yield


def client(service: str) -> Any:
    return boto3.client(service, region_name=REGION)


def rule(name: str, pattern: object, machine: str, **target: Any) -> None:
    events = client("events")
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "t", "Arn": machine, **target}])


@pytest.fixture
def deployed(account: None) -> str:
    """The job sales_etl with its rule, queue and bucket; gives the URL of the queue."""
    s3, states = client("s3"), client("stepfunctions")
    bucket = "data-lake-dev-bronze"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    command = {"Name": "glueetl", "ScriptLocation": "s3://x/y.py"}
    client("glue").create_job(Name="sales-etl-dev", Role="r", Command=command)
    role = f"arn:aws:iam::{ACCOUNT}:role/r"
    made = states.create_state_machine(
        name="sales-etl-dev", definition=json.dumps(MACHINE), roleArn=role
    )
    key = {"key": [{"prefix": "sales/"}]}
    pattern = {"detail": {"bucket": {"name": [bucket]}, "object": key}}
    rule("dev-sales", pattern, made["stateMachineArn"], InputTransformer=TRANSFORMER)
    url = client("sqs").create_queue(QueueName="sales-etl-dev-dead-letters")["QueueUrl"]
    return str(url)


def foreign_rules() -> None:
    theirs = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:theirs"
    rule("dev-new-operator", {"detail": {"object": {"key": [{"sounds-like": "x"}]}}}, theirs)
    rule("dev-dotted", {"detail.object.key": [{"prefix": "sales/"}]}, theirs)
    rule("dev-network", {"detail": {"source-ip-address": [{"cidr": "10.0.0.0/24"}]}}, theirs)


def test_rules_of_others_are_named_and_stop_nothing(
    deployed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    foreign_rules()

    assert main(["matching-rules", "--env", "dev", "--key", "sales/a.csv", "--json"]) == 0
    rows = {row["rule"]: row for row in json.loads(capsys.readouterr().out)}
    assert main(["trace", "--env", "dev", "--key", "sales/a.csv", "--json"]) == 0

    assert rows["dev-sales"]["runs over"] == "object"
    assert "found sounds-like" in rows["dev-new-operator"]["runs over"]
    assert "StateMachineDoesNotExist" in rows["dev-dotted"]["runs over"]
    assert "dev-network" not in rows


def test_a_message_that_cannot_be_replayed_is_named_and_hides_no_other(
    deployed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    foreign_rules()
    sqs = client("sqs")
    other_event = {"detail": {"bucket": {"name": "x"}, "object": {"key": "other/a.csv"}}}
    right = {"rule": "sales", "object": {"key": "sales/a.csv"}, "failure": {"Error": "x"}}
    for body in ("not JSON", "[1]", json.dumps(other_event), '{"detail": 3}', json.dumps(right)):
        sqs.send_message(QueueUrl=deployed, MessageBody=body)
    words = ["replay", "--env", "dev", "--job", "sales_etl", "--failed", "--json", "--rate", "6000"]

    assert main(words) == 0
    rows = json.loads(capsys.readouterr().out)
    waiting = sqs.receive_message(QueueUrl=deployed, MaxNumberOfMessages=10)["Messages"]

    assert [row["for"] for row in rows if row["done"] == "started"] == ["sales/a.csv"]
    told = [row["done"] for row in rows if row["done"] != "started"]
    assert len(told) == 4 and all(each.startswith("stays in the queue: ") for each in told)
    assert "no rule of sales_etl matches this event now" in " ".join(told)
    assert len(waiting) == 4


def test_a_replay_leaves_what_fails_again_for_the_next_one(
    deployed: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    body = json.dumps({"rule": "sales", "object": {"key": "sales/a.csv"}})
    client("sqs").send_message(QueueUrl=deployed, MessageBody=body)
    status = replay._status

    def failing_at_once(*words: Any) -> str:
        client("sqs").send_message(QueueUrl=deployed, MessageBody=body)
        return status(*words)

    monkeypatch.setattr(replay, "_status", failing_at_once)
    words = ["replay", "--env", "dev", "--job", "sales_etl", "--failed", "--json", "--rate", "6000"]

    assert main(words) == 0
    assert [row["done"] for row in json.loads(capsys.readouterr().out)] == ["started"]
    assert len(client("sqs").receive_message(QueueUrl=deployed)["Messages"]) == 1


def uploaded(number: int) -> None:
    for each in range(number):
        client("s3").put_object(Bucket="data-lake-dev-bronze", Key=f"sales/{each}.csv", Body=b"x")


def test_a_bucket_outside_of_the_lake_is_followed_like_the_bronze_one(
    deployed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place = {"LocationConstraint": REGION}
    client("s3").create_bucket(Bucket="acme-landing", CreateBucketConfiguration=place)
    machine = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:sales-etl-dev"
    landed = {"bucket": {"name": ["acme-landing"]}, "object": {"key": [{"prefix": "landed/"}]}}
    rule("dev-landed", {"detail": landed}, machine, InputTransformer=TRANSFORMER)
    keys = {"data-lake-dev-bronze": ("sales/a.csv", "landed/a.csv")}
    keys["acme-landing"] = ("sales/b.csv", "landed/b.csv")
    for bucket, names in keys.items():
        for name in names:
            client("s3").put_object(Bucket=bucket, Key=name, Body=b"x")

    def answered(*words: str) -> list[dict[str, Any]]:
        assert main([words[0], "--env", "dev", "--json", *words[1:]]) == 0
        rows: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
        return rows

    matched = answered("matching-rules", "--key", "s3://acme-landing/landed/b.csv")
    assert [row["rule"] for row in matched] == ["dev-landed"]
    assert not answered("matching-rules", "--key", "landed/b.csv")

    replayed = answered(*("replay", "--job", "sales_etl", "--since", "1d", "--rate", "60000"))
    assert {row["for"]: row["done"] for row in replayed} == {
        "landed/b.csv": "started",
        "sales/a.csv": "started",
    }

    traced = answered("trace", "--key", "s3://acme-landing/landed/b.csv")
    assert [row["what"] for row in traced] == ["object", "rule", "execution"]
    assert "1 bytes in acme-landing" in traced[0]["told"]
    silent = list(uploads_are_announced(Environment("dev"), ["sales_etl"]))
    assert [finding.where for finding in silent] == ["data-lake-dev-bronze", "acme-landing"]
    assert silent[1].mend == "let its owner enable them"
    unreadable = roles_are_allowed_what_they_do(Environment("dev"), ["sales_etl"])
    assert any("acme-landing/landed/" in finding.problem for finding in unreadable)
    elsewhere = answered("trace", "--key", "s3://acme-landing/sales/a.csv")
    assert [row["what"] for row in elsewhere] == ["object", "rule"]
    assert "not in acme-landing" in elsewhere[0]["told"]


REPLAY = ["replay", "--env", "dev", "--job", "sales_etl", "--since", "1d", "--rate", "60000"]


def test_a_replay_reads_each_rule_once(deployed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    foreign_rules()
    uploaded(5)
    calls: list[str] = []
    call = botocore.client.BaseClient._make_api_call

    def counted(self: Any, operation_name: str, api_params: Any) -> Any:
        calls.append(operation_name)
        return call(self, operation_name, api_params)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", counted)

    assert main(REPLAY) == 0

    assert calls.count("StartExecution") == 5
    assert (calls.count("ListRules"), calls.count("DescribeStateMachine")) == (1, 1)
    assert calls.count("ListTargetsByRule") == 4


def test_an_interrupted_replay_has_said_what_it_started(
    deployed: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    uploaded(5)
    status, asked = replay._status, []

    def interrupted(*words: Any) -> str:
        asked.append(words)
        if len(asked) == 3:
            raise KeyboardInterrupt
        return status(*words)

    with monkeypatch.context() as patched:
        patched.setattr(replay, "_status", interrupted)
        assert main(REPLAY) == 130
    printed = capsys.readouterr()

    assert [line.split()[1] for line in printed.out.splitlines() if line.endswith("started")] == [
        "sales/0.csv",
        "sales/1.csv",
    ]
    assert "2 started" in printed.out
    assert "the same command continues" in printed.err
    assert main([*REPLAY, "--json"]) == 0
    assert [row["done"] for row in json.loads(capsys.readouterr().out)] == [
        *["started before: RUNNING"] * 2,
        *["started"] * 3,
    ]


@pytest.mark.parametrize(
    "words",
    [
        ["matching-rules", "--key", "sales/a.csv"],
        ["trace", "--key", "sales/a.csv"],
        ["rule-invocations"],
        ["job-runs"],
        ["doctor"],
        ["replay", "--job", "sales_etl", "--since", "1d"],
        ["replay", "--job", "sales_etl", "--failed"],
        ["smoke"],
    ],
)
def test_an_environment_that_is_not_deployed_is_a_failure_with_the_right_advice(
    account: None, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert main([words[0], "--env", "dev", *words[1:]]) == 2

    told = capsys.readouterr().err
    assert "make deploy-infra ENV=dev ACTION=apply" in told
    assert "get-caller-identity" not in told


@pytest.mark.parametrize(
    ("code", "advised"),
    [
        ("ExpiredToken", "check aws sts get-caller-identity"),
        ("AccessDeniedException", "your role needs the permission for GetJobs"),
        ("ThrottlingException", "wait a minute"),
        ("InternalServiceException", "run the command again"),
    ],
)
def test_an_error_of_aws_has_advice_of_its_kind(
    account: None,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    code: str,
    advised: str,
) -> None:
    def refused(self: Any, operation_name: str, api_params: Any) -> Any:
        error = {"Error": {"Code": code, "Message": "no"}}
        raise botocore.exceptions.ClientError(error, operation_name)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", refused)

    assert main(["doctor", "--env", "dev"]) == 2
    assert advised in capsys.readouterr().err


def test_a_closed_pipe_ends_a_command_without_a_word() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "operations", "cost", "--env", "dev", "--files", "200"]
    ran = subprocess.run(
        command, stdout=writing, stderr=subprocess.PIPE, cwd=TOOLING, text=True, check=False
    )
    os.close(writing)

    assert (ran.returncode, ran.stderr) == (141, "")


def make_with_a_stub(folder: Path, *words: str) -> str:
    """What make gives to Python, its words ended by |."""
    (folder / "Makefile").write_text((TOOLING.parent / "Makefile").read_text())
    environment = folder / ".venv"
    (environment / "bin").mkdir(parents=True)
    python = environment / "bin/python"
    python.write_text('#!/bin/sh\nprintf "%s|" "$@"\n')
    python.chmod(0o755)
    (folder / "pyproject.toml").touch()
    for name in ("ready", "operations"):
        (environment / name).touch()
    command = ["make", "--silent", *words]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_a_key_with_a_dollar_reaches_the_command_as_it_is(tmp_path: Path) -> None:
    key = "sales/a$b $(HOME) $$.csv"

    words = make_with_a_stub(tmp_path, "matching-rules", f"KEY={key}", "ENV=dev")

    assert words == f"-m|operations|matching-rules|--env|dev|--key|{key}|"


def test_further_arguments_reach_a_local_run_as_they_are(tmp_path: Path) -> None:
    given = "--region 'two words' --price $5"

    words = make_with_a_stub(tmp_path, "run-local", "JOB=sales_etl", f"ARGS={given}")

    assert words == f"-m|glue_runtime.local.run|sales_etl|--arguments={given}|"
