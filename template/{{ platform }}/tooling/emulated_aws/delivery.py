# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Emulate EventBridge and its Scheduler: an event or a schedule starts a target.

Moto stores rules, targets and schedules but starts nothing. This module reads them from the API at
the time of the event.
"""

import json
import logging
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from operations.patterns import matches
from operations.permissions import bus_allows, queue_allows, role_allows
from operations.transformer import TransformerError, transform

_LOG = logging.getLogger(__name__)


class Aws(Protocol):
    """A client factory for the API."""

    def client(self, service: str) -> Any:
        """A boto3 client of this service."""

    def at(self, region: str, account: str) -> "Aws":
        """The factory for another region or account."""


def deliver(aws: Aws, event: Mapping[str, Any]) -> None:
    """Start every target of every enabled rule on a default bus that the event matches.

    The bus is that of the region and the account of `aws`.
    """
    events = aws.client("events")
    for rule in matching_rules(aws, event):
        for target in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]:
            try:
                if ":event-bus/" in target["Arn"]:
                    _send_on(aws, target, rule["Arn"], event)
                    continue
                text = _input(event, target)
            except TransformerError as error:
                _keep(
                    aws, target, "events.amazonaws.com", rule["Arn"], json.dumps(event), str(error)
                )
            else:
                _start(aws, target, "events.amazonaws.com", rule["Arn"], text)


def fire(aws: Aws, schedule_name: str, group: str = "default") -> None:
    """Start the target of a schedule, as at its time; a disabled one does nothing."""
    schedule = aws.client("scheduler").get_schedule(Name=schedule_name, GroupName=group)
    if schedule["State"] == "ENABLED":
        target = schedule["Target"]
        _start(aws, target, "scheduler.amazonaws.com", schedule["Arn"], target["Input"])


def matching_rules(aws: Aws, event: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The enabled rules on the default bus whose pattern matches the event."""
    for page in aws.client("events").get_paginator("list_rules").paginate():
        for rule in page["Rules"]:
            pattern = rule.get("EventPattern")
            if rule["State"] == "ENABLED" and pattern and matches(json.loads(pattern), event):
                yield rule


def _input(event: Mapping[str, Any], target: Mapping[str, Any]) -> str:
    if "InputPath" in target:
        raise TransformerError(f"expected no InputPath: not emulated, found {target['InputPath']}")
    transformer = target.get("InputTransformer")
    if transformer:
        paths = transformer.get("InputPathsMap", {})
        return transform(event, paths, transformer["InputTemplate"])
    return str(target.get("Input") or json.dumps(event, ensure_ascii=False))


def _start(aws: Aws, target: Mapping[str, Any], service: str, source: str, text: str) -> None:
    """Start the target if its role permits it, or send the input to the dead-letter queue.

    A target may be a queue, whose policy permits it. Targets of other kinds receive nothing here,
    which must not stop an upload or other targets.
    """
    arn, role = target["Arn"], target.get("RoleArn", "")
    if ":sqs:" in arn:
        sqs = aws.client("sqs")
        url = sqs.get_queue_url(QueueName=arn.rsplit(":", 1)[-1])["QueueUrl"]
        if queue_allows(sqs, url, service, source):
            sqs.send_message(QueueUrl=url, MessageBody=text)
        else:
            reason = f"expected a queue that takes messages of {source}, found {arn}"
            _keep(aws, target, service, source, text, reason)
        return
    if ":stateMachine:" not in arn and ":job/" not in arn:
        _LOG.warning("not emulated: %s sends an event to %s", source, arn)
        return
    if ":stateMachine:" not in arn:
        reason = f"expected a state machine as target, found {arn}, which EventBridge refuses"
    elif not role or not role_allows(
        aws.client("iam"), role, service, "states:StartExecution", arn
    ):
        reason = f"expected a role that {service} may start {arn} with, found {role or 'none'}"
    else:
        states = aws.client("stepfunctions")
        states.start_execution(stateMachineArn=arn, name=uuid.uuid4().hex, input=text)
        return
    _keep(aws, target, service, source, text, reason)


def _send_on(aws: Aws, target: Mapping[str, Any], rule: str, event: Mapping[str, Any]) -> None:
    """Deliver an event to the bus of another region or account, unchanged, if that is permitted.

    The rule's role must permit it, and the policy of a bus in another account too.
    """
    arn, role, service = target["Arn"], target.get("RoleArn", ""), "events.amazonaws.com"
    region, account = arn.split(":")[3:5]
    there, sender = aws.at(region, account), rule.split(":")[4]
    if not role or not role_allows(aws.client("iam"), role, service, "events:PutEvents", arn):
        reason = f"expected a role that may put events on {arn}, found {role or 'none'}"
    elif account != sender and not bus_allows(
        there.client("events"), arn, sender, str(event["source"])
    ):
        reason = f"expected a policy of {arn} that permits {sender}, found none"
    else:
        deliver(there, event)
        return
    _keep(aws, target, service, rule, json.dumps(event), reason)


def _keep(
    aws: Aws, target: Mapping[str, Any], service: str, source: str, text: str, reason: str
) -> None:
    """Send an undelivered input to the target's dead-letter queue, if that is permitted.

    EventBridge needs permission in the queue's policy, the Scheduler in its role's.

    Raises:
        RuntimeError: there is no such queue; AWS would drop the event silently.
    """
    queue_arn = target.get("DeadLetterConfig", {}).get("Arn", "")
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName=queue_arn.rsplit(":", 1)[-1])["QueueUrl"] if queue_arn else ""
    if service == "scheduler.amazonaws.com":
        iam, role = aws.client("iam"), target.get("RoleArn", "")
        allowed = url and role_allows(iam, role, service, "sqs:SendMessage", queue_arn)
    else:
        allowed = url and queue_allows(sqs, url, service, source)
    if not allowed:
        raise RuntimeError(f"{source} lost an event: {reason}; there is no dead-letter queue")
    attributes = {"ERROR_MESSAGE": {"DataType": "String", "StringValue": reason}}
    sqs.send_message(QueueUrl=url, MessageBody=text, MessageAttributes=attributes)
