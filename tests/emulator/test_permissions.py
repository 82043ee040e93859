"""A policy allows what it says and nothing else."""

from typing import Any

import pytest

from operations.permissions import policy_allows

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
