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
from operations.errors import OperationError, not_there
from operations.events import Event, object_created
from operations.executions import executions, key_of
from operations.matching import Rules
from operations.tables import Row

# Without long polling, a queue returns only some of its messages. A received message is hidden from
# other readers for this many seconds, or until it is put back.
_HIDDEN = 1800


@dataclass(frozen=True)
class Start:
    """An execution to start. for_what: a key or a schedule. receipt: its message's handle.

    problem: why a message cannot be replayed, which then stays in the queue; else empty.
    """

    job: str
    name: str
    given: str
    for_what: str
    receipt: str = ""
    problem: str = ""


def uploads(
    environment: Environment,
    job: str,
    since: datetime,
    until: datetime | None,
    prefix: str,
    replay: str,
) -> Iterator[Start]:
    """The objects that arrived in the period and match a rule of this job: one run each, or one for
    as many as a batch of the rule has.

    replay: a name; the same objects can be started once per name.

    Raises:
        OperationError: no rule starts this job, or one of its rules cannot be evaluated.
    """
    deployed = Rules(environment, environment.machine_arn(job))
    if not deployed:
        raise OperationError(
            f"expected a rule that starts {environment.glue_job(job)}, found none: "
            f"{not_there(environment.name)}"
        )
    bronze = environment.bucket("bronze")
    batches: dict[str, list[tuple[str, Any]]] = {}
    for bucket in deployed.buckets or [bronze]:
        for event in _arrived(environment, bucket, prefix, since, until):
            key, etag = event["detail"]["object"]["key"], event["detail"]["object"]["etag"]
            for match in deployed.matching(event):
                if match.problem:
                    raise OperationError(f"expected a rule to evaluate, found {match.problem}")
                where = [] if bucket == bronze else [bucket]
                if match.over == "object":
                    yield Start(job, _name(replay, *where, key, etag), match.sent, key)
                elif match.over == "batch":
                    batch = batches.setdefault(match.rule, [])
                    batch.append((_name(*where, key, etag), *json.loads(match.sent)))
                    if len(batch) == match.most:
                        yield _start_of_batch(job, replay, batches.pop(match.rule))
    for batch in batches.values():
        yield _start_of_batch(job, replay, batch)


def _start_of_batch(job: str, replay: str, batch: list[tuple[str, Any]]) -> Start:
    names, given = zip(*batch, strict=True)
    what = f"{len(batch)} objects from {key_of(given[0])}"
    return Start(job, _name(replay, *names), _text(given), what)


def _arrived(
    environment: Environment, bucket: str, prefix: str, since: datetime, until: datetime | None
) -> Iterator[Event]:
    """Events as S3 sent them for the objects of a bucket that are still there."""
    pages = environment.client("s3").get_paginator("list_objects_v2")
    for page in pages.paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", []):
            arrived = entry["LastModified"].astimezone(UTC)
            if arrived >= since and not (until and arrived >= until):
                etag = entry["ETag"].strip('"')
                yield object_created(bucket, entry["Key"], entry["Size"], etag, arrived)


def failed(environment: Environment, job: str, since: datetime) -> Iterator[Start]:
    """Messages in the job's dead-letter queue, and failed executions that did not reach it."""
    yield from dead_letters(environment, job)
    for status in ("TIMED_OUT", "ABORTED"):
        for execution in executions(environment, job, since, status):
            what = execution.key or execution.rule
            yield Start(job, _name("failed", execution.arn), _text(execution.given), what)


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
    states, pause = environment.client("stepfunctions"), 0.0
    for start in starts:
        machine = environment.machine_arn(start.job)
        status = "" if start.problem else _status(states, machine, start.name)
        if start.problem:
            done = start.problem
        elif status:
            done = f"started before: {status}"
        elif dry_run:
            done = "would start"
        else:
            sleep(pause)  # before a start, so that an interruption finds each start reported
            states.start_execution(stateMachineArn=machine, name=start.name, input=start.given)
            done, pause = "started", 60 / per_minute
        if start.receipt and not start.problem and not dry_run:
            delete_message(environment, start)
        yield {"job": start.job, "for": start.for_what, "execution": start.name, "done": done}


def delete_message(environment: Environment, start: Start) -> None:
    """Delete the message of a start from the dead-letter queue."""
    sqs, url = _queue(environment, start.job)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=start.receipt)


def dead_letters(environment: Environment, job: str) -> Iterator[Start]:
    """The messages of the queue; those not deleted meanwhile are put back at the end."""
    sqs, url = _queue(environment, job)
    deployed = Rules(environment, environment.machine_arn(job))
    messages: list[dict[str, Any]] = []
    try:
        # All are read before the first is yielded: a run that fails at once leaves another message.
        while received := sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=_HIDDEN, WaitTimeSeconds=1
        ).get("Messages", []):
            messages += received
        for message in messages:
            yield _start_of(deployed, job, message)
    finally:
        for message in messages:
            _put_back(sqs, url, message["ReceiptHandle"])


def _start_of(deployed: Rules, job: str, message: dict[str, Any]) -> Start:
    """The execution for a message: an undelivered event, or the input of a failed run."""
    name, receipt = _name("message", message["MessageId"]), message["ReceiptHandle"]
    given = _json(message["Body"])
    if not isinstance(given, dict):
        problem = "stays in the queue: expected a JSON object as message, found another text"
        return Start(job, name, "", f"message {message['MessageId']}", receipt, problem)
    for written_by_machine in ("failure", "repeated"):
        given.pop(written_by_machine, None)
    if "uploads" in given:  # those of a batch whose manifest could not be written
        what = f"{len(given['uploads'])} objects from {key_of(given['uploads'][:1])}"
        return Start(job, name, _text(given["uploads"]), what, receipt)
    what = key_of(given) or str(given.get("manifest") or given.get("schedule", ""))
    text = _text(given)
    if "detail" not in given:
        return Start(job, name, text, what, receipt)
    matched = deployed.matching(given)
    if not matched or matched[0].problem:
        why = matched[0].problem if matched else f"no rule of {job} matches this event now"
        return Start(job, name, "", what, receipt, f"stays in the queue: {why}")
    return Start(job, name, matched[0].sent, what, receipt)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _text(given: Any) -> str:
    return json.dumps(given, ensure_ascii=False)


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
