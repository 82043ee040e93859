# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Evaluate whether a role or a queue permits an action: the subset of IAM that deployments use.

It supports Allow statements, wildcards and the two kinds of conditions below; a Deny, or a
condition of another kind, counts as denied.
"""

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

_LIKE = ("ArnEquals", "ArnLike", "StringLike")


class Role:
    """A role in the hands of a service, with the policies that it has now."""

    def __init__(self, iam: Any, arn: str, service: str) -> None:
        self.arn = arn
        self._context = {"aws:SourceAccount": arn.split(":")[4]}
        self._policies: list[Mapping[str, Any]] = []
        name = arn.rsplit("/", 1)[-1]
        try:
            trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
        except iam.exceptions.NoSuchEntityException:
            return
        if policy_allows(trust, "sts:AssumeRole", None, service, self._context):
            self._policies = list(_policies(iam, name))

    def allows(self, action: str, resource: str, context: Mapping[str, str] | None = None) -> bool:
        """Whether the service may assume the role, and the role may perform the action.

        context: the condition keys of the request, such as s3:prefix.
        """
        known = {**self._context, **(context or {})}
        return any(
            policy_allows(policy, action, resource, None, known) for policy in self._policies
        )


def role_allows(iam: Any, role_arn: str, service: str, action: str, resource: str) -> bool:
    """Whether the service may assume the role, and the role may perform the action."""
    return Role(iam, role_arn, service).allows(action, resource)


def policy_allows(
    policy: Mapping[str, Any],
    action: str,
    resource: str | None,
    service: str | None,
    context: Mapping[str, str],
) -> bool:
    """Whether a statement of a policy matches all of these; None is not checked."""
    statements = _listed(policy["Statement"])
    return all(statement["Effect"] == "Allow" for statement in statements) and any(
        _fits(statement.get("Action"), action)
        and (resource is None or _fits(statement.get("Resource"), resource))
        and (service is None or service in _listed(_principal(statement)))
        and _conditions_hold(statement.get("Condition", {}), context)
        for statement in statements
    )


def queue_allows(sqs: Any, queue_url: str, service: str, source_arn: str) -> bool:
    """Whether the queue's policy lets a service send a message on behalf of a resource."""
    names = ["Policy", "QueueArn"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)["Attributes"]
    if not attributes.get("Policy"):
        return False
    policy, context = json.loads(attributes["Policy"]), {"aws:SourceArn": source_arn}
    return policy_allows(policy, "sqs:SendMessage", attributes["QueueArn"], service, context)


def bus_allows(events: Any, bus_arn: str, account: str, source: str) -> bool:
    """Whether the policy of an event bus lets another account put events of this source on it."""
    name = bus_arn.rpartition("/")[2]
    statements = json.loads(events.describe_event_bus(Name=name).get("Policy") or "{}")
    senders = (account, f"arn:{bus_arn.split(':')[1]}:iam::{account}:root", "*")
    own = [
        statement
        for statement in _listed(statements.get("Statement"))
        if (principal := statement["Principal"]) == "*"
        or any(each in senders for each in _listed(principal.get("AWS")))
    ]
    context = {"events:source": source}
    return policy_allows({"Statement": own}, "events:PutEvents", bus_arn, None, context)


def _policies(iam: Any, role: str) -> Iterator[Mapping[str, Any]]:
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        yield iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    for attached in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        arn = attached["PolicyArn"]
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        document = iam.get_policy_version(PolicyArn=arn, VersionId=version)
        yield document["PolicyVersion"]["Document"]


def _principal(statement: Mapping[str, Any]) -> Any:
    principal = statement.get("Principal", {})
    return principal.get("Service", []) if isinstance(principal, Mapping) else []


def _fits(patterns: Any, value: str) -> bool:
    return any(fnmatchcase(value, pattern) for pattern in _listed(patterns))


def _conditions_hold(conditions: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    for kind, wanted in conditions.items():
        if kind != "StringEquals" and kind not in _LIKE:
            return False
        for key, patterns in wanted.items():
            if key not in context:
                return False
            if kind == "StringEquals" and context[key] not in _listed(patterns):
                return False
            if kind != "StringEquals" and not _fits(patterns, context[key]):
                return False
    return True


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
