# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Buckets are private, encrypted, versioned, TLS-only, and have one owner of notifications."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

from infrastructure_checks.resources import Resource, of_type, statements

BLOCKS = (
    "block_public_acls",
    "block_public_policy",
    "ignore_public_acls",
    "restrict_public_buckets",
)


def buckets_are_protected(resources: list[Resource]) -> list[str]:
    """Every bucket has a public access block, encryption and versions, and denies plain HTTP."""
    protections = {
        "a complete public access block": _names(
            resources,
            "aws_s3_bucket_public_access_block",
            lambda values: all(values[block] for block in BLOCKS),
        ),
        "encryption": _names(
            resources,
            "aws_s3_bucket_server_side_encryption_configuration",
            lambda values: bool(values["rule"][0]["apply_server_side_encryption_by_default"]),
        ),
        "versions": _names(
            resources,
            "aws_s3_bucket_versioning",
            lambda values: values["versioning_configuration"][0]["status"] == "Enabled",
        ),
    }
    policies = {
        policy.values["bucket"]: policy.values["policy"]
        for policy in of_type(resources, "aws_s3_bucket_policy")
    }
    findings = []
    for bucket in of_type(resources, "aws_s3_bucket"):
        name = bucket.values["bucket"]
        lacking = [what for what, names in protections.items() if name not in names]
        if not _refuses_plain_http(policies.get(name), bucket.values["arn"]):
            lacking.append("a policy that denies connections without TLS")
        findings += [f"expected {what}, found none in {bucket.address}" for what in lacking]
    return findings


def notifications_have_one_owner(resources: list[Resource]) -> list[str]:
    """A bucket has one notification resource: a second one would overwrite the first."""
    notifications = of_type(resources, "aws_s3_bucket_notification")
    counted = Counter(notification.values["bucket"] for notification in notifications)
    findings = [
        f"expected one aws_s3_bucket_notification, found {count} for bucket {bucket} in "
        f"{[n.address for n in notifications if n.values['bucket'] == bucket]}"
        for bucket, count in counted.items()
        if count > 1
    ]
    heard = {
        name
        for rule in of_type(resources, "aws_cloudwatch_event_rule")
        for name in json.loads(rule.values["event_pattern"] or "{}")
        .get("detail", {})
        .get("bucket", {})
        .get("name", [])
    }
    findings += [
        f"expected eventbridge = true, because rules need it, found false in {n.address}"
        for n in notifications
        if n.values["bucket"] in heard and not n.values["eventbridge"]
    ]
    return findings


def _names(
    resources: list[Resource], kind: str, holds: Callable[[dict[str, Any]], bool]
) -> set[str]:
    """The buckets that a resource of this type protects."""
    return {r.values["bucket"] for r in of_type(resources, kind) if holds(r.values)}


def _refuses_plain_http(policy: str | None, arn: str) -> bool:
    return any(
        statement["Effect"] == "Deny"
        and statement["Principal"] == "*"
        and statement["Action"] == "s3:*"
        and set(statement["Resource"]) == {arn, f"{arn}/*"}
        and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
        for statement in statements(policy)
    )
