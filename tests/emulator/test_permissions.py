"""A policy allows what it says and nothing else."""

import json
from typing import Any

import pytest

from operations.permissions import bus_allows, policy_allows

MACHINE = "arn:aws:states:eu-central-1:123456789012:stateMachine:sales-etl-dev"
CONTEXT = {"aws:SourceAccount": "123456789012"}


def statement(**changes: Any) -> dict[str, Any]:
    allowed = {"Effect": "Allow", "Action": "states:StartExecution", "Resource": MACHINE}
    return {"Version": "2012-10-17", "Statement": [{**allowed, **changes}]}


def starts(policy: dict[str, Any]) -> bool:
    return policy_allows(policy, "states:StartExecution", MACHINE, None, CONTEXT)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"Action": ["states:StopExecution", "states:StartExecution"]},
        {"Action": "states:*"},
        {"Resource": "arn:aws:states:*:*:stateMachine:sales-*"},
        {"Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}}},
        {"Condition": {"ArnLike": {"aws:SourceAccount": "1234*"}}},
    ],
)
def test_what_a_statement_names_is_allowed(changes: dict[str, Any]) -> None:
    assert starts(statement(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"Action": "states:StopExecution"},
        {"Resource": MACHINE.replace("sales", "other")},
        {"Effect": "Deny"},
        {"Condition": {"StringEquals": {"aws:SourceAccount": "999999999999"}}},
        {"Condition": {"StringEquals": {"aws:SourceArn": MACHINE}}},
        {"Condition": {"NumericEquals": {"aws:SourceAccount": "123456789012"}}},
    ],
)
def test_what_no_statement_names_is_not(changes: dict[str, Any]) -> None:
    assert not starts(statement(**changes))


def test_a_role_is_for_the_service_it_trusts() -> None:
    trust = {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole"}}
    trust["Statement"]["Principal"] = {"Service": "events.amazonaws.com"}

    for service, expected in [("events.amazonaws.com", True), ("glue.amazonaws.com", False)]:
        assert policy_allows(trust, "sts:AssumeRole", None, service, {}) is expected


class Bus:
    """A client that knows one bus, with these statements in its policy."""

    def __init__(self, *statements: dict[str, Any]) -> None:
        self._policy = {"Policy": json.dumps({"Statement": statements})} if statements else {}

    def describe_event_bus(self, **_: Any) -> dict[str, Any]:
        return self._policy


BUS = "arn:aws:events:eu-central-1:123456789012:event-bus/default"
PERMITTED = {
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::210987654321:root"},
    "Action": "events:PutEvents",
    "Resource": BUS,
}


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([PERMITTED], True),
        ([PERMITTED | {"Principal": "*"}], True),
        ([PERMITTED | {"Principal": {"AWS": ["999999999999", "210987654321"]}}], True),
        ([PERMITTED | {"Condition": {"StringEquals": {"events:source": "aws.s3"}}}], True),
        ([PERMITTED | {"Condition": {"StringEquals": {"events:source": "acme"}}}], False),
        ([PERMITTED | {"Principal": {"AWS": "arn:aws:iam::999999999999:root"}}], False),
        ([PERMITTED | {"Resource": BUS.replace("default", "own")}], False),
        ([], False),
    ],
)
def test_a_bus_takes_events_of_the_accounts_that_its_policy_permits(
    statements: list[dict[str, Any]], expected: bool
) -> None:
    assert bus_allows(Bus(*statements), BUS, "210987654321", "aws.s3") is expected
