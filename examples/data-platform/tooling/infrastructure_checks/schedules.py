# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Schedules have a valid time, and start state machines."""

import json
import re
import zoneinfo

from aws_cron_expression_validator.validator import (
    AWSCronExpressionError,
    AWSCronExpressionValidator,
)

from infrastructure_checks.resources import Resource, by_arn, of_type
from infrastructure_checks.uploads import dead_letter_queue

RATE = re.compile(r"rate\((1 (minute|hour|day)|([2-9]|[1-9][0-9]+) (minutes|hours|days))\)")


def schedules_start_machines(resources: list[Resource]) -> list[str]:
    """Every schedule starts a state machine, with a role and a dead-letter queue."""
    machines = by_arn(resources, "aws_sfn_state_machine")
    roles = by_arn(resources, "aws_iam_role")
    queues = by_arn(resources, "aws_sqs_queue")
    findings = []
    for schedule in of_type(resources, "aws_scheduler_schedule"):
        for target in schedule.values["target"]:
            if target["arn"] not in machines:
                findings.append(
                    f"expected a state machine, found {target['arn']} in {schedule.address}"
                )
            if target["role_arn"] not in roles:
                findings.append(
                    f"expected a role, found {target['role_arn']} in {schedule.address}"
                )
            if dead_letter_queue(target) not in queues:
                findings.append(f"expected a dead-letter queue, found none in {schedule.address}")
            if not isinstance(json.loads(target["input"] or "null"), dict):
                findings.append(
                    f"expected a JSON object as input, found {target['input']} in {schedule.address}"
                )
    return findings


def schedules_have_a_time(resources: list[Resource]) -> list[str]:
    """Expressions and time zones are valid for EventBridge Scheduler."""
    findings = []
    for schedule in of_type(resources, "aws_scheduler_schedule"):
        expression = schedule.values["schedule_expression"]
        zone = schedule.values["schedule_expression_timezone"]
        if problem := _expression_problem(expression):
            findings.append(f"expected {problem}, found {expression} in {schedule.address}")
        if zone not in zoneinfo.available_timezones():
            findings.append(f"expected an IANA time zone, found {zone} in {schedule.address}")
    return findings


def _expression_problem(expression: str) -> str:
    if not expression.startswith("cron("):
        return "" if RATE.fullmatch(expression) else "cron(...) or rate(2 hours)"
    try:
        AWSCronExpressionValidator.validate(expression.removeprefix("cron(").removesuffix(")"))
    except AWSCronExpressionError as error:
        return f"a valid cron expression ({error})"
    return ""
