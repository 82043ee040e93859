# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Emulate EventBridge Pipes: the messages of a queue start a state machine, many at a time.

Moto stores pipes but moves nothing. A message whose batch cannot start the machine becomes visible
again at once, so that a queue with a redrive policy soon gives it to the dead-letter queue.
"""

import json
import logging
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from emulated_aws.delivery import Aws
from operations.permissions import Role
from operations.pipes import limits, passed, passes

_LOG = logging.getLogger(__name__)

LONGEST_INPUT = 262_144
"""The characters of an input of Step Functions, at which a pipe ends a batch."""

_PAUSE = 0.5
_LONGEST_WINDOW = 2.0
"""The seconds that a pipe waits for messages, however many it would wait on AWS."""
_NAMED = ("Name", "Source", "Target")
_READS = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")


@dataclass
class _Batch:
    """The messages that a pipe has, when it got the first one, and the URL of its queue."""

    messages: list[Mapping[str, Any]] = field(default_factory=list)
    began: float = 0.0
    url: str = ""


def run_pipes(aws: Aws) -> None:
    """Move the messages of all pipes from now on, in a thread."""
    threading.Thread(target=_run, args=(aws,), daemon=True).start()


def _run(aws: Aws) -> None:
    batches: defaultdict[str, _Batch] = defaultdict(_Batch)
    while True:
        time.sleep(_PAUSE)
        try:
            for listed in aws.client("pipes").list_pipes()["Pipes"]:
                batch = batches[listed["Arn"]]
                if listed["DesiredState"] == "RUNNING" and _is_due(aws, listed, batch):
                    _move(aws, listed["Name"], batch)
        except Exception:  # a pipe may be deleted meanwhile, and others go on
            _LOG.exception("emulated pipes")


def _is_due(aws: Aws, listed: Mapping[str, Any], batch: _Batch) -> bool:
    """Whether a pipe has messages, or its queue; most of the time both are empty."""
    if ":sqs:" not in listed["Source"] or ":stateMachine:" not in listed["Target"]:
        _LOG.warning("not emulated: %s from %s to %s", *(listed[name] for name in _NAMED))
        return False
    sqs, name = aws.client("sqs"), "ApproximateNumberOfMessages"
    queue = listed["Source"].rsplit(":", 1)[-1]
    batch.url = batch.url or sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    asked = {"QueueUrl": batch.url, "AttributeNames": [name]}
    return bool(batch.messages) or sqs.get_queue_attributes(**asked)["Attributes"][name] != "0"


def _move(aws: Aws, name: str, batch: _Batch) -> None:
    """Receive messages, and start the target once the batch is full or has waited long enough."""
    pipe, sqs = aws.client("pipes").describe_pipe(Name=name), aws.client("sqs")
    role = Role(aws.client("iam"), pipe["RoleArn"], "pipes.amazonaws.com")
    if not all(role.allows(action, pipe["Source"]) for action in _READS):
        return  # the messages stay in the queue
    url = batch.url
    size, seconds = limits(pipe)
    window = min(seconds, _LONGEST_WINDOW)
    while len(batch.messages) < size:
        most = min(10, size - len(batch.messages))
        asked = {"QueueUrl": url, "MaxNumberOfMessages": most, "WaitTimeSeconds": 0}
        received = sqs.receive_message(**asked).get("Messages", [])
        if not received:
            break
        batch.began = batch.began if batch.messages else time.monotonic()
        for message in received:
            if passes(pipe, message["Body"]):
                batch.messages.append(message)
            else:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    if batch.messages and (len(batch.messages) >= size or time.monotonic() >= batch.began + window):
        messages, batch.messages = batch.messages, []
        may_start = role.allows("states:StartExecution", pipe["Target"])
        for group, text in _inputs(pipe, messages):
            is_started = may_start and _start(aws, pipe["Target"], text)
            for message in group:
                handle = {"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]}
                if is_started:
                    sqs.delete_message(**handle)
                else:
                    sqs.change_message_visibility(**handle, VisibilityTimeout=0)


def _inputs(
    pipe: Mapping[str, Any], messages: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[list[Mapping[str, Any]], str]]:
    """The messages in groups whose inputs are not too long, each with its input."""
    group: list[Mapping[str, Any]] = []
    texts: list[str] = []
    for message in messages:
        text = json.dumps(passed(pipe, message["Body"]), ensure_ascii=False)
        if group and sum(map(len, texts)) + len(texts) + len(text) + 2 > LONGEST_INPUT:
            yield group, f"[{','.join(texts)}]"
            group, texts = [], []
        group.append(message)
        texts.append(text)
    yield group, f"[{','.join(texts)}]"


def _start(aws: Aws, machine: str, text: str) -> bool:
    try:
        aws.client("stepfunctions").start_execution(
            stateMachineArn=machine, name=uuid.uuid4().hex, input=text
        )
    except ClientError as error:
        _LOG.warning("a pipe could not start %s: %s", machine, error)
        return False
    return True
