# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Start runs again, through the same machines and with the input that a rule would send.

The name of an execution is derived from its purpose, and AWS accepts a name only once. So if a
replay is interrupted, running the same command again continues it.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from operations.environment import Environment
from operations.events import object_created
from operations.executions import executions
from operations.matching import matching
from operations.tables import Row

# Without long polling, a queue returns only some of its messages. A received message is hidden from
# other readers for this many seconds, or until it is put back.
_HIDDEN = 1800


@dataclass(frozen=True)
class Start:
    """An execution to start. for_what: a key or a schedule. receipt: its message's handle."""

    job: str
    name: str
    given: str
    for_what: str
    receipt: str = ""


def uploads(
    environment: Environment,
    job: str,
    since: datetime,
    until: datetime | None,
    prefix: str,
    replay: str,
) -> Iterator[Start]:
    """The objects that arrived in the period and match a rule of this job, one run each.

    replay: a name; the same objects can be started once per name.
    """
    bucket, machine = environment.bucket("bronze"), environment.machine_arn(job)
    pages = environment.client("s3").get_paginator("list_objects_v2")
    for page in pages.paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", []):
            arrived = entry["LastModified"].astimezone(UTC)
            if arrived < since or (until and arrived >= until):
                continue
            etag = entry["ETag"].strip('"')
            event = object_created(bucket, entry["Key"], entry["Size"], etag, arrived)
            for match in matching(environment, event):
                if match.machine == machine and match.over == "object":
                    name = _name(replay, entry["Key"], etag)
                    yield Start(job, name, match.sent, entry["Key"])


def failed(environment: Environment, job: str, since: datetime) -> Iterator[Start]:
    """Messages in the job's dead-letter queue, and failed executions that did not reach it."""
    yield from _dead_letters(environment, job)
    for status in ("TIMED_OUT", "ABORTED"):
        for execution in executions(environment, job, since, status):
            what = execution.key or execution.rule
            given = json.dumps(execution.given, ensure_ascii=False)
            yield Start(job, _name("failed", execution.arn), given, what)


def run_again(
    environment: Environment,
    starts: Iterable[Start],
    *,
    per_minute: float,
    dry_run: bool,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Row]:
    """Start executions at a limited rate; yields a row with the outcome of each.

    A message is deleted from the queue after its execution has been started.
    """
    states = environment.client("stepfunctions")
    for start in starts:
        machine = environment.machine_arn(start.job)
        status = _status(states, machine, start.name)
        if status:
            done = f"started before: {status}"
        elif dry_run:
            done = "would start"
        else:
            states.start_execution(stateMachineArn=machine, name=start.name, input=start.given)
            done = "started"
            sleep(60 / per_minute)
        if start.receipt and not dry_run:
            sqs, url = _queue(environment, start.job)
            sqs.delete_message(QueueUrl=url, ReceiptHandle=start.receipt)
        yield {"job": start.job, "for": start.for_what, "execution": start.name, "done": done}


def _dead_letters(environment: Environment, job: str) -> Iterator[Start]:
    """The messages of the queue; those not deleted meanwhile are put back at the end."""
    sqs, url = _queue(environment, job)
    receipts = []
    try:
        while True:
            received = sqs.receive_message(
                QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=_HIDDEN, WaitTimeSeconds=1
            )
            messages = received.get("Messages", [])
            for message in messages:
                receipts.append(message["ReceiptHandle"])
                yield from _start_of(environment, job, message)
            if not messages:
                return
    finally:
        for receipt in receipts:
            _put_back(sqs, url, receipt)


def _start_of(environment: Environment, job: str, message: dict[str, Any]) -> Iterator[Start]:
    """The executions for a message: an undelivered event, or the input of a failed run."""
    given = json.loads(message["Body"])
    given.pop("failure", None)
    name, receipt = _name("message", message["MessageId"]), message["ReceiptHandle"]
    if "detail" not in given:
        what = given.get("object", {}).get("key") or given.get("schedule", "")
        text = json.dumps(given, ensure_ascii=False)
        yield Start(job, name, text, what, receipt)
        return
    machine = environment.machine_arn(job)
    for match in matching(environment, given):
        if match.machine == machine:
            yield Start(job, name, match.sent, given["detail"]["object"]["key"], receipt)


def _put_back(sqs: Any, url: str, receipt: str) -> None:
    """Make a message visible again, unless it was deleted."""
    try:
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=receipt, VisibilityTimeout=0)
    except sqs.exceptions.ClientError:
        return


def _queue(environment: Environment, job: str) -> tuple[Any, str]:
    sqs = environment.client("sqs")
    return sqs, sqs.get_queue_url(QueueName=environment.queue_name(job))["QueueUrl"]


def _status(states: Any, machine: str, name: str) -> str:
    """The status of the execution of this name; empty if there is none."""
    arn = f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
    try:
        return str(states.describe_execution(executionArn=arn)["status"])
    except states.exceptions.ExecutionDoesNotExist:
        return ""


def _name(*parts: str) -> str:
    return f"replay-{hashlib.sha256('|'.join(parts).encode()).hexdigest()[:40]}"
