# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Count what rules and schedules have started."""

from collections import Counter
from datetime import UTC, datetime
from math import ceil

from operations.environment import Environment
from operations.executions import Execution, executions
from operations.matching import rules
from operations.tables import Row


def rule_invocations(environment: Environment, jobs: list[str], since: datetime) -> list[Row]:
    """One row per rule and schedule of these jobs: how often it started the machine, how these
    executions ended, and how often EventBridge could not start it, from CloudWatch."""
    started: dict[tuple[str, str], Counter[str]] = {}
    latest: dict[tuple[str, str], Execution] = {}
    for job in jobs:
        for execution in executions(environment, job, since):
            who = (job, execution.rule)
            latest.setdefault(who, execution)
            started.setdefault(who, Counter())[_end(execution)] += 1
    machines = {environment.machine_arn(job): job for job in jobs}
    prefix = f"{environment.group}-"
    undelivered = {}
    for rule, target in rules(environment):
        if target["Arn"] in machines:
            name = rule["Name"].removeprefix(prefix).replace("-", "_")
            who = (machines[target["Arn"]], name)
            started.setdefault(who, Counter())
            undelivered[who] = _undelivered(environment, rule["Name"], since)
    return [
        {
            "job": who[0],
            "rule or schedule": who[1] or "(by hand)",
            "started": counts.total(),
            **{end: counts[end] for end in ("succeeded", "failed", "running", "ignored")},
            "undelivered": undelivered.get(who),
            "last": latest[who].started if who in latest else None,
        }
        for who, counts in sorted(started.items())
    ]


def _end(execution: Execution) -> str:
    """How an execution ended; if the machine ran nothing, it ignored its input."""
    if execution.status == "SUCCEEDED":
        return "succeeded" if execution.run_id else "ignored"
    return "running" if execution.status == "RUNNING" else "failed"


def _undelivered(environment: Environment, rule: str, since: datetime) -> int:
    now = datetime.now(UTC)
    # CloudWatch returns at most 1440 points.
    hours = ceil((now - since).total_seconds() / 3600 / 1440) or 1
    found = environment.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Events",
        MetricName="FailedInvocations",
        Dimensions=[{"Name": "RuleName", "Value": rule}],
        StartTime=since,
        EndTime=now,
        Period=3600 * hours,
        Statistics=["Sum"],
    )
    return int(sum(point["Sum"] for point in found["Datapoints"]))
