# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The executions of state machines, and their inputs."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from operations.environment import Environment


@dataclass(frozen=True)
class Execution:
    """One execution of a job's machine.

    status: RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED. given: the input, an object or, from a
    pipe, a list. run_id: the Glue run of a successful execution, if it started one.
    """

    arn: str
    job: str
    status: str
    started: datetime
    stopped: datetime | None
    given: Any
    run_id: str
    reason: str

    @property
    def key(self) -> str:
        """The key of its only object; empty for a schedule and for a batch."""
        return key_of(self.given)

    @property
    def bucket(self) -> str:
        """The bucket of its only object; empty for a schedule and for a batch."""
        return _field(self.given, "bucket", "name") if self.key else ""

    @property
    def rule(self) -> str:
        """The rule or the schedule that started it, by its name in infrastructure/jobs."""
        first = next(iter(uploads_of(self.given)), {})
        return str(first.get("rule") or first.get("schedule") or "")

    @property
    def batch(self) -> str:
        """What its manifest is called: the execution that wrote it; empty without one."""
        if isinstance(self.given, list):
            return self.arn.rsplit(":", 1)[-1]
        return batch_of(str(self.given.get("manifest", "")))

    def has(self, bucket: str, key: str) -> bool:
        """Whether its input names this object; an input without a bucket is about any."""
        return any(
            key_of(each) == key and _field(each, "bucket", "name") in (bucket, "")
            for each in uploads_of(self.given)
        )


def executions(
    environment: Environment, job: str, since: datetime, status: str | None = None
) -> Iterator[Execution]:
    """The executions of a job's machine since a time, newest first.

    AWS keeps them for 90 days, and limits requests for their input to about 15 per second.
    """
    states = environment.client("stepfunctions")
    asked = {"stateMachineArn": environment.machine_arn(job)}
    asked |= {"statusFilter": status} if status else {}
    try:
        for page in states.get_paginator("list_executions").paginate(**asked):
            for listed in page["executions"]:
                if listed["startDate"] < since:
                    return
                yield _described(
                    states.describe_execution(executionArn=listed["executionArn"]), job
                )
    except states.exceptions.StateMachineDoesNotExist:
        return  # nothing starts this job, so it has no machine


def uploads_of(given: object) -> list[dict[str, Any]]:
    """The objects in a machine's input: one, or those of a batch."""
    return [
        each for each in (given if isinstance(given, list) else [given]) if isinstance(each, dict)
    ]


def key_of(given: object) -> str:
    """The key of the only object in a machine's input, or in an event of S3; empty without one."""
    return _field(given, "object", "key")


def batch_of(manifest: str) -> str:
    """The execution that wrote a manifest: s3://artifacts/manifests/sales-etl-dev/<its name>.json."""
    return manifest.rpartition("/")[2].removesuffix(".json")


def _field(given: object, part: str, name: str) -> str:
    """A field of the bucket or the object in an input about one object, or in an event of S3."""
    match uploads_of(given):
        case [{"detail": dict(found)}] | [found]:
            field = found.get(part)
            return str(field.get(name, "")) if isinstance(field, dict) else ""
    return ""


def _described(found: dict[str, Any], job: str) -> Execution:
    output, given = json.loads(found.get("output") or "{}"), json.loads(found["input"])
    stopped = found.get("stopDate")
    return Execution(
        arn=found["executionArn"],
        job=job,
        status=found["status"],
        started=found["startDate"].astimezone(UTC),
        stopped=stopped.astimezone(UTC) if stopped else None,
        # Somebody may have started the machine by hand, with any input.
        given=given if isinstance(given, dict | list) else {},
        run_id=str(output.get("Id", "")) if isinstance(output, dict) else "",
        reason=": ".join(found[name] for name in ("error", "cause") if found.get(name)),
    )
