# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Find faults of a deployed environment, and how to fix them."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, product
from typing import Any

from botocore.exceptions import ClientError

from operations.asl_choice import ChoiceError, first_run
from operations.environment import REPOSITORY, Environment, deployed_name
from operations.errors import OperationError
from operations.events import object_created
from operations.keys import keys_of, texts_of
from operations.matching import buckets_of, definition_of, next_machines, rules, sent_input
from operations.patterns import PatternError, matches
from operations.permissions import queue_allows, role_allows
from operations.tables import Row
from operations.transformer import TransformerError


@dataclass(frozen=True)
class Finding:
    """A fault: the resource, the problem, and the fix."""

    where: str
    problem: str
    mend: str


_READS = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")

Check = Callable[[Environment, list[str]], Iterator[Finding]]
"""Checks the parts of the environment that these jobs need."""


def uploads_are_announced(environment: Environment, jobs: list[str]) -> Iterator[Finding]:
    """The bronze bucket, and others that rules are about, send events of uploads to EventBridge."""
    bronze, s3 = environment.bucket("bronze"), environment.client("s3")
    machines = {environment.machine_arn(job) for job in jobs}
    others = {
        name
        for rule, target in rules(environment)
        if target["Arn"] in machines
        for name in buckets_of(rule)
    }
    for bucket in [bronze, *sorted(others - {bronze})]:
        is_ours = bucket == bronze and not environment.is_existing("bronze")
        try:
            found = s3.get_bucket_notification_configuration(Bucket=bucket)
        except ClientError as error:
            mend = (
                _apply(environment) if is_ours else "let its owner allow s3:GetBucketNotification"
            )
            yield Finding(bucket, f"cannot be read: {_reason(error)}", mend)
            continue
        if "EventBridgeConfiguration" in found:
            continue
        mend = "let its owner enable them"
        if is_ours:
            mend = (
                f"{_apply(environment)}; if another Terraform state owns the bucket's notifications, "
                "enable them there"
            )
        elif bucket == bronze:
            mend += (
                "; with manage_bucket_notifications = true this state does, and replaces all other "
                "notifications of the bucket"
            )
        yield Finding(
            bucket, "does not send events to EventBridge: no upload starts anything", mend
        )


def rules_start_runs_over_the_object(
    environment: Environment, jobs: list[str]
) -> Iterator[Finding]:
    """Rules are enabled, and their input makes the machine start a run for the object."""
    machines = {environment.machine_arn(job): job for job in jobs}
    with_a_rule = set()
    for rule, target in rules(environment):
        if target["Arn"] not in machines:
            continue
        with_a_rule.add(machines[target["Arn"]])
        if rule["State"] != "ENABLED":
            problem = "is disabled: uploads start nothing"
            yield Finding(rule["Name"], problem, f"aws events enable-rule --name {rule['Name']}")
        problem = _problem_of_target(environment, rule, target)
        if problem:
            yield Finding(rule["Name"], problem, _apply(environment))
        pipe = target.get("Pipe", {"DesiredState": "RUNNING", "CurrentState": ""})
        state = pipe["DesiredState"]
        if pipe["CurrentState"].endswith("FAILED"):
            state = pipe["CurrentState"]
        if state != "RUNNING":
            problem = f"its pipe is {state}: uploads wait in the queue"
            yield Finding(rule["Name"], problem, f"aws pipes start-pipe --name {pipe['Name']}")
    for job in jobs:
        declared = REPOSITORY / f"infrastructure/jobs/{job}.tf"
        if (
            job not in with_a_rule
            and declared.is_file()
            and "s3_event_rules" in declared.read_text()
        ):
            problem = "no rule starts it, although its .tf file declares one"
            yield Finding(environment.glue_job(job), problem, _apply(environment))


def schedules_are_enabled(environment: Environment, jobs: list[str]) -> Iterator[Finding]:
    """Schedules of these jobs are enabled."""
    machines = {environment.machine_arn(job) for job in jobs}
    scheduler = environment.client("scheduler")
    try:
        pages = list(
            scheduler.get_paginator("list_schedules").paginate(GroupName=environment.group)
        )
    except scheduler.exceptions.ResourceNotFoundException:
        yield Finding(environment.group, "has no schedule group of this name", _apply(environment))
        return
    for page in pages:
        for schedule in page["Schedules"]:
            if schedule["Target"]["Arn"] in machines and schedule["State"] != "ENABLED":
                yield Finding(schedule["Name"], "is disabled", _apply(environment))


def roles_are_allowed_what_they_do(environment: Environment, jobs: list[str]) -> Iterator[Finding]:
    """Rules, pipes and schedules may start the machine, it may start the job, and the job may reach its data."""
    iam = environment.client("iam")
    s3 = f"arn:{environment.partition}:s3:::"
    for job in jobs:
        glue_job, machine = environment.glue_job(job), environment.machine_arn(job)
        queue, run = environment.queue_arn(job), environment.glue_job_arn(job)
        silver = environment.bucket("silver")
        own = _role_of(environment, job)
        needed = [
            (own, "glue", "s3:GetObject", f"{s3}{bucket}/{key}")
            for bucket, key in _objects_that_start(environment, machine)
        ]
        needed += [
            (own, "glue", "s3:PutObject", f"{s3}{silver}/{folder}{table}/x")
            for table in [deployed_name(job)]
            for folder in ("", "_staging/", "_quarantine/", "_quarantine/_staging/")
        ]
        if _exists(environment, machine):
            needed += [
                (f"{glue_job}-rules", "events", "states:StartExecution", machine),
                (f"{glue_job}-schedules", "scheduler", "states:StartExecution", machine),
                (f"{glue_job}-machine", "states", "glue:StartJobRun", run),
                (f"{glue_job}-machine", "states", "glue:GetJobRun", run),
                (f"{glue_job}-machine", "states", "sqs:SendMessage", queue),
            ]
            needed += [
                (f"{glue_job}-machine", "states", "states:StartExecution", next_machine)
                for next_machine in next_machines(definition_of(environment, machine))
            ]
        for pipe in _pipes_that_start(environment, machine):
            role = pipe["RoleArn"].rsplit("/", 1)[-1]
            manifest = f"{s3}{environment.bucket('artifacts')}/manifests/{glue_job}/x.json"
            needed += [
                *((role, "pipes", f"sqs:{each}", pipe["Source"]) for each in _READS),
                (role, "pipes", "states:StartExecution", machine),
                (f"{glue_job}-machine", "states", "s3:PutObject", manifest),
                (own, "glue", "s3:GetObject", manifest),
            ]
        for role, service, action, resource in needed:
            arn = f"arn:{environment.partition}:iam::{environment.account}:role/{role}"
            if not role_allows(iam, arn, f"{service}.amazonaws.com", action, resource):
                problem = f"{service}.amazonaws.com may not use it for {action} on {resource}"
                mend = _apply(environment)
                if role == own != f"{glue_job}-job":
                    mend = "let its owner allow it: docs/existing-account.md lists what it needs"
                yield Finding(role, problem, mend)


def next_jobs_can_be_started(environment: Environment, jobs: list[str]) -> Iterator[Finding]:
    """The machines that start after a successful run exist."""
    for job in jobs:
        machine = environment.machine_arn(job)
        if not _exists(environment, machine):
            continue
        for next_machine in next_machines(definition_of(environment, machine)):
            if not _exists(environment, next_machine):
                problem = f"does not exist, but each successful run of {job} starts it"
                yield Finding(next_machine.rsplit(":", 1)[-1], problem, _apply(environment))


def queues_take_what_failed_and_are_empty(
    environment: Environment, jobs: list[str]
) -> Iterator[Finding]:
    """EventBridge may use the queues of batches and of dead letters, and these are empty."""
    sqs = environment.client("sqs")
    machines = {environment.machine_arn(job) for job in jobs}
    for rule, target in rules(environment):
        if target["Arn"] in machines and "Pipe" in target:
            name = target["Pipe"]["Source"].rsplit(":", 1)[-1]
            url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
            if not queue_allows(sqs, url, "events.amazonaws.com", rule["Arn"]):
                problem = f"does not accept uploads from {rule['Name']}: they start nothing"
                yield Finding(name, problem, _apply(environment))
    for job in jobs:
        if not _exists(environment, environment.machine_arn(job)):
            continue
        name = environment.queue_name(job)
        try:
            url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        except ClientError as error:
            yield Finding(name, f"cannot be read: {_reason(error)}", _apply(environment))
            continue
        place = f"{environment.partition}:events:{environment.region}:{environment.account}"
        source = f"arn:{place}:rule/{environment.group}-x"
        if not queue_allows(sqs, url, "events.amazonaws.com", source):
            problem = "does not accept events from EventBridge: undelivered events are lost"
            yield Finding(name, problem, _apply(environment))
        asked = {"AttributeNames": ["ApproximateNumberOfMessages"]}
        found = sqs.get_queue_attributes(QueueUrl=url, **asked)["Attributes"]
        if waiting := int(found["ApproximateNumberOfMessages"]):
            problem = f"{waiting} failed runs or undelivered events wait"
            mend = f"see make job-runs; then make replay FAILED=1 {_at(environment, job)}"
            yield Finding(name, problem, mend)


def deployed_code_is_this_code(environment: Environment, jobs: list[str]) -> Iterator[Finding]:
    """The runtime and the scripts on AWS are those of this checkout."""
    files = {"runtime/glue_runtime.zip": "build/glue_runtime.zip"}
    files |= {f"scripts/{deployed_name(job)}.py": f"src/jobs/{job}.py" for job in jobs}
    s3, bucket = environment.client("s3"), environment.bucket("artifacts")
    for key, path in files.items():
        where = f"s3://{bucket}/{key}"
        try:
            deployed = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError as error:
            yield Finding(where, f"cannot be read: {_reason(error)}", _apply(environment))
            continue
        if not (REPOSITORY / path).is_file():
            yield Finding(where, f"cannot be compared: there is no {path}", "make build")
        elif _digest(deployed) != _digest((REPOSITORY / path).read_bytes()):
            problem = f"is not the {path} of this checkout"
            mend = f"{_apply(environment)}, or check out what is deployed"
            yield Finding(where, problem, mend)


CHECKS: list[Check] = [
    uploads_are_announced,
    rules_start_runs_over_the_object,
    schedules_are_enabled,
    roles_are_allowed_what_they_do,
    next_jobs_can_be_started,
    queues_take_what_failed_and_are_empty,
    deployed_code_is_this_code,
]


def diagnose(environment: Environment, jobs: list[str]) -> list[Finding]:
    """The findings of all checks."""
    return [finding for check in CHECKS for finding in check(environment, jobs)]


def as_rows(findings: list[Finding]) -> list[Row]:
    """The findings as rows of a table."""
    return [{"where": each.where, "problem": each.problem, "mend": each.mend} for each in findings]


def _problem_of_target(
    environment: Environment, rule: Mapping[str, Any], target: Mapping[str, Any]
) -> str:
    """Why an upload that matches this rule would not start a run for the object."""
    try:
        definition = definition_of(environment, target["Arn"])
    except OperationError as error:
        return f"starts a machine that cannot be read: {error}"
    if "InputTransformer" not in target:
        return (
            "has no input transformer: a run gets no --bucket and no --object_key, and reads all "
            "files (intended after a rollback: pass_s3_object = false)"
        )
    pattern = json.loads(rule["EventPattern"])
    for bucket, key in product(
        buckets_of(rule) or [environment.bucket("bronze")], keys_of(texts_of(pattern, definition))
    ):
        event = object_created(bucket, key, size=1)
        try:
            if not matches(pattern, event):
                continue
            sent = sent_input(target, event)
            if not sent:
                continue
            _, over = first_run(definition, json.loads(sent))
        except PatternError as error:
            return f"has a pattern that EventBridge would reject: {error}"
        except (TransformerError, ChoiceError) as error:
            return f"sends an input that its machine cannot evaluate: {error}"
        if over in ("object", "batch"):
            return ""
    return "sends an input for which its machine does not start a run over the object"


def _pipes_that_start(environment: Environment, machine: str) -> list[Mapping[str, Any]]:
    """The pipes between rules and a machine."""
    return [
        target["Pipe"]
        for _, target in rules(environment)
        if target["Arn"] == machine and "Pipe" in target
    ]


def _objects_that_start(environment: Environment, machine: str) -> Iterator[tuple[str, str]]:
    """The bucket and the key of an object for each rule that starts a machine."""
    for rule, target in rules(environment):
        if target["Arn"] == machine:
            try:
                yield from islice(_matched(environment, rule), 1)
            except PatternError:  # see rules_start_runs_over_the_object
                continue


def _matched(environment: Environment, rule: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Objects that a rule matches, one for each combination of its texts.

    Raises:
        PatternError: EventBridge would reject the pattern.
    """
    pattern = json.loads(rule["EventPattern"])
    for bucket in buckets_of(rule) or [environment.bucket("bronze")]:
        for key in keys_of(texts_of(pattern)):
            if matches(pattern, object_created(bucket, key, size=1)):
                yield bucket, key


def _role_of(environment: Environment, job: str) -> str:
    """The name of the role of a job: the deployed one, which may be one that exists."""
    glue, name = environment.client("glue"), environment.glue_job(job)
    try:
        role = str(glue.get_job(JobName=name)["Job"]["Role"])
    except glue.exceptions.EntityNotFoundException:
        return f"{name}-job"
    return role.rsplit("/", 1)[-1]


def _exists(environment: Environment, machine: str) -> bool:
    states = environment.client("stepfunctions")
    try:
        states.describe_state_machine(stateMachineArn=machine)
    except states.exceptions.StateMachineDoesNotExist:
        return False
    return True


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _reason(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])


def _apply(environment: Environment) -> str:
    return f"make deploy-infra ENV={environment.name} ACTION=apply"


def _at(environment: Environment, job: str) -> str:
    return f"JOB={job} ENV={environment.name}"
