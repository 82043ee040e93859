# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""IAM policies are valid, and roles have exactly the permissions that their users need."""

import json
import re
from collections import defaultdict
from typing import Any

import parliament

from infrastructure_checks.machines import api_call, tasks
from infrastructure_checks.resources import PLACE, Resource, by_arn, of_type, statements
from infrastructure_checks.uploads import dead_letter_queue, is_event_bus

Right = tuple[str, str]
"""An action and its resource: sqs:SendMessage, arn:aws:sqs:..."""

# The calls of Step Functions for a task. With .sync it polls a Glue run, and stops it on a timeout.
RIGHTS_OF_TASKS = {
    "glue:startJobRun.sync": (
        *("glue:StartJobRun", "glue:GetJobRun"),
        *("glue:GetJobRuns", "glue:BatchStopJobRun"),
    ),
    "glue:startJobRun": ("glue:StartJobRun",),
    "sqs:sendMessage": ("sqs:SendMessage",),
    "states:startExecution": ("states:StartExecution",),
    "aws-sdk:s3:putObject": ("s3:PutObject",),
}


def policies_are_valid(resources: list[Resource]) -> list[str]:
    """Actions exist and match their resources; no action contains *, and no resource is *.

    EC2 knows no resources for what it describes.
    """
    findings = []
    for resource in resources:
        if resource.type not in ("aws_iam_role_policy", "aws_iam_policy"):
            continue
        policy = resource.values["policy"]
        problems = [
            f"expected a valid policy, found {finding.issue} {finding.detail}"
            for finding in parliament.analyze_policy_string(policy).findings
        ]
        for statement in statements(policy):
            if any("*" in action for action in _list(statement.get("Action"))):
                problems.append(f"expected named actions, found {statement.get('Action')}")
            actions = _list(statement.get("Action"))
            describes = all(action.startswith("ec2:Describe") for action in actions)
            if "*" in _list(statement.get("Resource")) and not describes:
                problems.append(f"expected named resources, found * for {statement.get('Action')}")
        findings += [f"{problem} in {resource.address}" for problem in problems]
    return findings


def nothing_is_open_to_everyone(resources: list[Resource]) -> list[str]:
    """No policy of a bucket, a queue or a role allows anything to every principal."""
    findings = []
    for resource in resources:
        for attribute in ("policy", "assume_role_policy"):
            for statement in statements(resource.values.get(attribute)):
                principal = statement.get("Principal")
                if statement["Effect"] == "Allow" and principal in ("*", {"AWS": "*"}):
                    findings.append(
                        f"expected a principal, found {json.dumps(principal)} in {resource.address}"
                    )
    return findings


def roles_are_trusted_by_their_users(resources: list[Resource]) -> list[str]:
    """Only the service that uses a role can assume it, and only for this account."""
    roles = by_arn(resources, "aws_iam_role")
    findings = []
    for arn, service in _users(resources):
        if arn not in roles:
            continue
        role = roles[arn]
        found = statements(role.values["assume_role_policy"])
        right = [
            statement
            for statement in found
            if statement.get("Principal") == {"Service": service}
            and "aws:SourceAccount" in statement.get("Condition", {}).get("StringEquals", {})
        ]
        if not found or right != found:
            findings.append(
                f"expected trust in {service} for this account, found "
                f"{role.values['assume_role_policy']} in {role.address}"
            )
    return findings


def roles_may_do_what_is_needed(resources: list[Resource]) -> list[str]:
    """Roles of rules, pipes, schedules and machines have exactly the permissions they need."""
    roles = by_arn(resources, "aws_iam_role")
    findings = []
    for arn, needed in _needed(resources).items():
        if arn in roles and needed is not None:
            granted = _granted(resources, roles[arn])
            for problem, rights in (("missing", needed - granted), ("too much", granted - needed)):
                if rights:
                    findings.append(
                        f"expected the rights that are needed, found {problem}: "
                        f"{sorted(rights)} in {roles[arn].address}"
                    )
    return findings


def roles_are_all_bounded(resources: list[Resource]) -> list[str]:
    """If one role has a permissions boundary, all have one: an account may allow no others."""
    roles = of_type(resources, "aws_iam_role")
    bounds = sorted({str(each.values["permissions_boundary"]) for each in roles} - {"None"})
    return [
        f"expected a permissions boundary, because other roles have {bounds[0]}, found none in "
        f"{role.address}; add settings = var.settings to the job's block in infrastructure/jobs"
        for role in roles
        if bounds and not role.values["permissions_boundary"]
    ]


def _users(resources: list[Resource]) -> list[tuple[str, str]]:
    """The ARNs of roles, each with the service that uses it."""
    uses = {
        "aws_cloudwatch_event_target": "events.amazonaws.com",
        "aws_glue_job": "glue.amazonaws.com",
        "aws_pipes_pipe": "pipes.amazonaws.com",
        "aws_sfn_state_machine": "states.amazonaws.com",
    }
    users = [
        (resource.values["role_arn"], service)
        for kind, service in uses.items()
        for resource in of_type(resources, kind)
    ]
    return users + [
        (target["role_arn"], "scheduler.amazonaws.com")
        for schedule in of_type(resources, "aws_scheduler_schedule")
        for target in schedule.values["target"]
    ]


def _needed(resources: list[Resource]) -> dict[str, set[Right] | None]:
    """The permissions that roles need; None for a machine with unknown tasks."""
    needed: dict[str, set[Right] | None] = defaultdict(set)

    def add(role: str, rights: set[Right] | None) -> None:
        known = needed[role]
        needed[role] = None if known is None or rights is None else known | rights

    for target in of_type(resources, "aws_cloudwatch_event_target"):
        arn = target.values["arn"]
        action = "events:PutEvents" if is_event_bus(arn) else "states:StartExecution"
        if ":sqs:" not in arn:
            add(target.values["role_arn"], {(action, arn)})
    for pipe in of_type(resources, "aws_pipes_pipe"):
        reads = {
            f"sqs:{each}" for each in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
        }
        add(
            pipe.values["role_arn"],
            {(read, pipe.values["source"]) for read in reads}
            | {("states:StartExecution", pipe.values["target"])},
        )
    for schedule in of_type(resources, "aws_scheduler_schedule"):
        for target_of_schedule in schedule.values["target"]:
            add(
                target_of_schedule["role_arn"],
                {
                    ("states:StartExecution", target_of_schedule["arn"]),
                    ("sqs:SendMessage", dead_letter_queue(target_of_schedule)),
                },
            )
    queues = {q.values["url"]: q.values["arn"] for q in of_type(resources, "aws_sqs_queue")}
    keys = {
        q.values["arn"]: str(q.values["kms_master_key_id"])
        for q in of_type(resources, "aws_sqs_queue")
        if q.values["kms_master_key_id"]
    }
    for machine in of_type(resources, "aws_sfn_state_machine"):
        for _, task in tasks(machine):
            add(machine.values["role_arn"], _rights_of_task(task, queues))
    # Who sends to a queue with a key of its own encrypts the message, and who receives it decrypts it.
    uses = {"sqs:SendMessage": ("Decrypt", "GenerateDataKey"), "sqs:ReceiveMessage": ("Decrypt",)}
    for role, rights in list(needed.items()):
        for action, resource in rights or ():
            if resource in keys:
                add(role, {(f"kms:{each}", keys[resource]) for each in uses.get(action, ())})
            if action == "s3:PutObject":
                add(role, _rights_of_key(resources, resource.split(":::")[1].partition("/")[0]))
    return needed


def _rights_of_key(resources: list[Resource], bucket: str) -> set[Right] | None:
    """What writing to a bucket needs of its key; None for a bucket of others, whose key is not known."""
    for found in of_type(resources, "aws_s3_bucket_server_side_encryption_configuration"):
        if found.values["bucket"] == bucket:
            [rule] = found.values["rule"]
            [default] = rule["apply_server_side_encryption_by_default"]
            key = default["kms_master_key_id"]
            return {("kms:GenerateDataKey", key)} if key else set()
    return None


def _rights_of_task(task: dict[str, Any], queues: dict[str, str]) -> set[Right] | None:
    call = task["Resource"].partition(":states:::")[2]
    parameters = task.get("Parameters", {})
    if call not in RIGHTS_OF_TASKS or api_call(task["Resource"]) is None:
        return None
    if call.startswith("glue:"):
        resource = f"arn:aws:glue:{PLACE}:job/{parameters.get('JobName')}"
    elif call.startswith("aws-sdk:s3:"):
        [key] = re.findall(r"'([^']+)'", parameters["Key.$"])
        resource = f"arn:aws:s3:::{parameters['Bucket']}/{key.partition('{}')[0]}*"
    elif call.startswith("states:"):
        resource = str(parameters.get("StateMachineArn"))
    else:
        resource = queues.get(parameters.get("QueueUrl", ""), "no queue")
    return {(action, resource) for action in RIGHTS_OF_TASKS[call]}


def _granted(resources: list[Resource], role: Resource) -> set[Right]:
    return {
        (action, resource)
        for policy in of_type(resources, "aws_iam_role_policy")
        if policy.values["role"] == role.values["id"]
        for statement in statements(policy.values["policy"])
        if statement["Effect"] == "Allow"
        for action in _list(statement.get("Action"))
        for resource in _list(statement.get("Resource"))
    }


def _list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
