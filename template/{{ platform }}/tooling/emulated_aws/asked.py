# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Note what Terraform asks of AWS, as IAM sees it: an action, and the resource that it is for.

Requests with the access keys below are noted, and are answered like all others.
"""

import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qs

from moto.core.request import Request
from moto.core.routing import get_service_router

from emulated_aws.server import ACCOUNT, DEPLOYER, PLANNER

Asked = tuple[str, str]
"""An action and a resource: glue:CreateJob, arn:aws:glue:...; * if IAM knows no resource for it."""

PATH = "/asked-by/"

# What IAM calls a request that has another name in the API.
_OTHER_NAMES = {
    "s3:DeleteBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:DeleteBucketLifecycle": "s3:PutLifecycleConfiguration",
    "s3:DeleteBucketTagging": "s3:PutBucketTagging",
    "s3:DeleteObjects": "s3:DeleteObject",
    "s3:DeletePublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3:GetBucketAccelerateConfiguration": "s3:GetAccelerateConfiguration",
    "s3:GetBucketCors": "s3:GetBucketCORS",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:GetBucketNotificationConfiguration": "s3:GetBucketNotification",
    "s3:GetBucketReplication": "s3:GetReplicationConfiguration",
    "s3:GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "s3:ListObjects": "s3:ListBucket",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "s3:PutBucketNotificationConfiguration": "s3:PutBucketNotification",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
}

# What a request with tags needs as well.
_TAGGING = {
    "cloudwatch": "cloudwatch:TagResource",
    "events": "events:TagResource",
    "glue": "glue:TagResource",
    "iam": "iam:TagRole",
    "kms": "kms:TagResource",
    "logs": "logs:TagResource",
    "pipes": "pipes:TagResource",
    "scheduler": "scheduler:TagResource",
    "sns": "sns:TagResource",
    "sqs": "sqs:TagQueue",
    "states": "states:TagResource",
}

# The services that a role in a request is passed to.
_PASSED_TO = {"events", "glue", "pipes", "scheduler", "states"}

# IAM knows no resource for these.
_WITHOUT_RESOURCE = {
    *("iam:GetUser", "kms:CreateKey", "logs:DeleteQueryDefinition", "logs:DeleteResourcePolicy"),
    *("logs:DescribeLogGroups", "logs:DescribeQueryDefinitions", "logs:DescribeResourcePolicies"),
    *("logs:PutQueryDefinition", "logs:PutResourcePolicy", "sts:GetCallerIdentity"),
    "states:ValidateStateMachineDefinition",
}

# The parameters that name the resource of a service's requests, and where that name is in the ARN after the account.
# A parameter may also have the whole ARN, or the URL of a queue.
_NAMED = {
    "cloudwatch": ("alarm:", ["AlarmName", "AlarmNames.member.1", "ResourceARN"]),
    "events": ("rule/", ["Rule", "Name", "ResourceARN"]),
    "glue": ("job/", ["JobName", "Name", "ResourceArn"]),
    "iam": ("role/", ["RoleName"]),
    "kms": ("key/", ["KeyId"]),
    "logs": ("log-group:", ["logGroupName", "resourceArn"]),
    "sns": ("", ["TopicArn", "ResourceArn", "Name"]),
    "sqs": ("", ["QueueName", "QueueUrl"]),
    "states": ("stateMachine:", ["stateMachineArn", "resourceArn", "name"]),
    "sts": ("role/", ["RoleArn"]),
}
_ROLE = re.compile(r"arn:[\w-]+:iam::\d+:role/[\w+=,.@/-]+")


class Notes:
    """Moto's application, with notes of what Terraform asks."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self._application = application
        self._asked: dict[str, set[Asked]] = {DEPLOYER: set(), PLANNER: set()}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a request, or say what has been asked with the access key that the path names."""
        if environ["PATH_INFO"].startswith(PATH):
            found = sorted(self._asked[environ["PATH_INFO"].removeprefix(PATH)])
            start_response("200 OK", [("Content-Type", "application/json")])
            return [json.dumps(found).encode()]
        signed = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].split("/")
        if signed[0] in self._asked:
            self._asked[signed[0]].update(_asked(environ, signed[2], signed[3]))
        return self._application(environ, start_response)


def _asked(environ: dict[str, Any], region: str, signed_for: str) -> Iterator[Asked]:
    service = {"monitoring": "cloudwatch"}.get(signed_for, signed_for)
    text = _body(environ)
    operation, parameters = _request(environ, service, text)
    action = _OTHER_NAMES.get(f"{service}:{operation}", f"{service}:{operation}")
    resource = _resource(service, action, region, parameters)
    yield action, resource
    if service == "glue" and (":database/" in resource or ":table/" in resource):
        for further in _around_in_the_catalog(action, resource):
            yield action, further
    if service == "s3" and "HTTP_X_AMZ_TAGGING" in environ:
        yield "s3:PutObjectTagging", resource
    if service in _TAGGING and any(name.lower().startswith("tags") for name in parameters):
        created = (
            resource if action != "kms:CreateKey" else f"arn:aws:kms:{region}:{ACCOUNT}:key/new"
        )
        yield _TAGGING[service], created
    if service in _PASSED_TO and operation.startswith(("Create", "Update", "Put")):
        for role in set(_ROLE.findall(text.decode())):
            yield "iam:PassRole", role


def _body(environ: dict[str, Any]) -> bytes:
    """The body of a request, which stays readable; not that of an object."""
    if environ.get("HTTP_X_AMZ_CONTENT_SHA256", "").startswith("STREAMING"):
        return b""
    content: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(content)
    return content


def _request(environ: dict[str, Any], service: str, text: bytes) -> tuple[str, dict[str, Any]]:
    """The name of a request in the API, and its parameters."""
    if service in ("pipes", "s3", "scheduler"):
        operation, parameters = _router(service).match(Request(environ))
        query = parse_qs(environ.get("QUERY_STRING", ""))
        group = query.get("groupName", [None])[0]
        content = json.loads(text or b"{}") if service != "s3" else {}
        return operation.name, {"GroupName": group, **content, **parameters}
    if "HTTP_X_AMZ_TARGET" in environ:
        return environ["HTTP_X_AMZ_TARGET"].rpartition(".")[2], json.loads(text or b"{}")
    form = {name: values[0] for name, values in parse_qs(text.decode()).items()}
    return form["Action"], form


def _resource(service: str, action: str, region: str, parameters: Mapping[str, Any]) -> str:
    if action in _WITHOUT_RESOURCE:
        return "*"
    if service == "s3":
        key = parameters.get("Key")
        return f"arn:aws:s3:::{parameters['Bucket']}" + (f"/{key}" if key else "")
    if service == "scheduler":
        if "ResourceArn" in parameters:
            return str(parameters["ResourceArn"])
        name = parameters["Name"]
        kind = (
            f"schedule-group/{name}"
            if "Group" in action
            else f"schedule/{parameters['GroupName']}/{name}"
        )
        return f"arn:aws:scheduler:{region}:{ACCOUNT}:{kind}"
    if service == "pipes":
        name = parameters.get("resourceArn") or parameters["Name"]
        return name if name.startswith("arn:") else f"arn:aws:pipes:{region}:{ACCOUNT}:pipe/{name}"
    if "Dashboard" in action:
        name = parameters.get("DashboardName") or parameters["DashboardNames.member.1"]
        return f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/{name}"
    if service == "glue" and "Connection" in action:
        asked = parameters.get("ConnectionInput", parameters)
        name = asked.get("Name") or asked["ConnectionName"]
        return f"arn:aws:glue:{region}:{ACCOUNT}:connection/{name}"
    if service == "glue" and "Database" in action:
        asked = parameters if action != "glue:CreateDatabase" else parameters["DatabaseInput"]
        return f"arn:aws:glue:{region}:{ACCOUNT}:database/{asked['Name']}"
    if service == "glue" and ("Table" in action or "Partition" in action):
        asked = parameters.get("TableInput", parameters)
        name = f"{parameters['DatabaseName']}/{asked.get('Name') or asked['TableName']}"
        return f"arn:aws:glue:{region}:{ACCOUNT}:table/{name}"
    if action.startswith("events:") and action.endswith(("EventBus", "Permission")):
        name = parameters.get("EventBusName") or parameters.get("Name") or "default"
        return f"arn:aws:events:{region}:{ACCOUNT}:event-bus/{name}"
    kind, names = _NAMED[service]
    name = str(next(parameters[name] for name in names if parameters.get(name)))
    if name.startswith("arn:"):
        return name
    place = ":" if service == "iam" else f"{region}:"
    return f"arn:aws:{service}:{place}{ACCOUNT}:{kind}{name.rpartition('/')[2] if service == 'sqs' else name}"


def _around_in_the_catalog(action: str, resource: str) -> Iterator[str]:
    """What a request for a database or a table of the Data Catalog also needs the action for."""
    place, _, path = resource.rpartition(":")
    kind, name, *_ = path.split("/")
    yield f"{place}:catalog"
    if kind == "table":
        yield f"{place}:database/{name}"
    if action == "glue:DeleteDatabase":
        yield from (f"{place}:{kind}/{name}/*" for kind in ("table", "userDefinedFunction"))


@cache
def _router(service: str) -> Any:
    return get_service_router(service)
