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

    status: RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED. given: the input. run_id: the Glue run
    of a successful execution, if it started one.
    """

    arn: str
    job: str
    status: str
    started: datetime
    stopped: datetime | None
    given: dict[str, Any]
    run_id: str
    reason: str

    @property
    def key(self) -> str:
        """The key of its object; empty for a schedule."""
        return key_of(self.given)

    @property
    def bucket(self) -> str:
        """The bucket of its object; empty for a schedule."""
        detail = self.given.get("detail")
        named = self.given.get("bucket") or (
            detail.get("bucket") if isinstance(detail, dict) else None
        )
        return str(named.get("name", "")) if isinstance(named, dict) else ""

    @property
    def rule(self) -> str:
        """The rule or the schedule that started it, by its name in infrastructure/jobs."""
        return str(self.given.get("rule") or self.given.get("schedule") or "")


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


def key_of(given: object) -> str:
    """The key of the object in a machine's input, or in an event of S3; empty without one."""
    if not isinstance(given, dict):
        return ""
    detail = given.get("detail")
    uploaded = given.get("object") or (detail.get("object") if isinstance(detail, dict) else None)
    return str(uploaded.get("key", "")) if isinstance(uploaded, dict) else ""


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
        given=given if isinstance(given, dict) else {},
        run_id=str(output.get("Id", "")) if isinstance(output, dict) else "",
        reason=": ".join(found[name] for name in ("error", "cause") if found.get(name)),
    )
