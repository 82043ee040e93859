# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Hold what a Glue run asks of S3, of the logs and of the Data Catalog against the policies of its role, as IAM does.

The requests of a run carry its id as their access key. Those without such a key are a deployer's or
a test's, and are not restricted.
"""

import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, unquote
from xml.etree import ElementTree

from emulated_aws.delivery import Aws
from operations.permissions import Role

Wanted = tuple[str, str, Mapping[str, str]]
"""An action, the resource it is for, and the condition keys of the request."""

_KEY = re.compile(r"Credential=([^/,]+)/")

_OF_AN_OBJECT = {
    "GET": "s3:GetObject",
    "HEAD": "s3:GetObject",
    "PUT": "s3:PutObject",
    "POST": "s3:PutObject",
    "DELETE": "s3:DeleteObject",
}
_WRITTEN = ("PUT", "POST")


class Rights:
    """Moto's application, for runs with the rights of their roles."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self._application = application
        self._roles: dict[str, Role] = {}
        self._s3: Any = None
        self._keys: dict[str, list[str]] = {}

    def begin(self, aws: Aws, run_id: str, role: str) -> None:
        """From now on, hold the requests of this run against the policies that the role has now.

        So it is with the keys of the buckets: they are those that the buckets have when a run begins.
        """
        self._s3 = self._s3 or aws.client("s3")
        self._keys.clear()
        self._roles[run_id] = Role(aws.client("iam"), role, "glue.amazonaws.com")

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a request, or refuse it."""
        found = _KEY.search(environ.get("HTTP_AUTHORIZATION", ""))
        role = self._roles.get(found[1]) if found else None
        if role and (refusal := self._refusal(environ, role)):
            return _refuse(environ, start_response, refusal)
        return self._application(environ, start_response)

    def _refusal(self, environ: dict[str, Any], role: Role) -> str:
        for action, resource, context in self._wanted(environ, role):
            if not role.allows(action, resource, context):
                return f"{role.arn} is not authorized to perform: {action} on resource: {resource}"
        return ""

    def _wanted(self, environ: dict[str, Any], role: Role) -> Iterator[Wanted]:
        if "HTTP_X_AMZ_TARGET" in environ:
            yield from _of_a_target(environ, role.arn.split(":")[4])
            return
        bucket, key = _place(environ)
        if not key:
            yield from _of_a_bucket(environ, bucket)
            return
        method, query = environ["REQUEST_METHOD"], _query(environ)
        action = _OF_AN_OBJECT[method]
        if "uploadId" in query and method == "DELETE":
            action = "s3:AbortMultipartUpload"
        yield action, _arn(bucket, key), {}
        source = unquote(environ.get("HTTP_X_AMZ_COPY_SOURCE", "")).removeprefix("/")
        if source:
            yield "s3:GetObject", _arn(*source.partition("?")[0].split("/", 1)), {}
            yield from self._of_the_key(source.partition("/")[0], "kms:Decrypt")
        if method in _WRITTEN:
            yield from self._of_the_key(bucket, "kms:GenerateDataKey")
        elif method in ("GET", "HEAD"):
            yield from self._of_the_key(bucket, "kms:Decrypt")

    def _of_the_key(self, bucket: str, action: str) -> Iterator[Wanted]:
        """What the key of a bucket is used for, if it has one."""
        keys = self._keys.get(bucket)
        if keys is None:  # another run may begin meanwhile
            keys = self._keys[bucket] = list(_keys_of(self._s3, bucket))
        for key in keys:
            yield action, key, {}


def _keys_of(s3: Any, bucket: str) -> Iterator[str]:
    try:
        found = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    except s3.exceptions.ClientError:
        return
    for rule in found["Rules"]:
        if key := rule.get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID"):
            yield key


def _of_a_bucket(environ: dict[str, Any], bucket: str) -> Iterator[Wanted]:
    query = _query(environ)
    if "delete" in query:
        for key in _deleted(environ):
            yield "s3:DeleteObject", _arn(bucket, key), {}
        return
    of_query = {"uploads": "s3:ListBucketMultipartUploads", "location": "s3:GetBucketLocation"}
    action = next((of_query[name] for name in query if name in of_query), "s3:ListBucket")
    yield action, _arn(bucket), {"s3:prefix": query.get("prefix", [""])[0]}


def _deleted(environ: dict[str, Any]) -> list[str]:
    root = ElementTree.fromstring(_body(environ))
    return [each.text or "" for each in root.iter() if each.tag.rpartition("}")[2] == "Key"]


def _of_a_target(environ: dict[str, Any], account: str) -> Iterator[Wanted]:
    """What a request for the logs or the Data Catalog needs. Glue looks at each level above a table."""
    action = environ["HTTP_X_AMZ_TARGET"].rpartition(".")[2]
    asked = json.loads(_body(environ))
    scope = environ["HTTP_AUTHORIZATION"].partition("Credential=")[2].split("/")
    region, service = scope[2], scope[3]
    if service == "glue":
        resources = _in_the_catalog(asked)
    else:
        resources = [f"log-group:{asked['logGroupName']}:log-stream:{asked['logStreamName']}"]
    for resource in resources:
        yield f"{service}:{action}", f"arn:aws:{service}:{region}:{account}:{resource}", {}


def _in_the_catalog(asked: Mapping[str, Any]) -> list[str]:
    """The levels of the Data Catalog that a request is for."""
    database = asked.get("DatabaseName")
    named = asked.get("TableInput", asked).get("Name")
    if database is None:
        return ["catalog", *([f"database/{named}"] if named else [])]
    return ["catalog", f"database/{database}", f"table/{database}/{named or '*'}"]


def _body(environ: dict[str, Any]) -> bytes:
    """The body of a request, which stays readable."""
    content: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(content)
    return content


def _place(environ: dict[str, Any]) -> tuple[str, str]:
    path = unquote(environ.get("RAW_URI", environ["PATH_INFO"]).partition("?")[0])
    bucket, _, key = path.removeprefix("/").partition("/")
    return bucket, key


def _query(environ: dict[str, Any]) -> dict[str, list[str]]:
    return parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)


def _arn(bucket: str, key: str | None = None) -> str:
    return f"arn:aws:s3:::{bucket}" + ("" if key is None else f"/{key}")


def _refuse(environ: dict[str, Any], start_response: Any, message: str) -> list[bytes]:
    if "HTTP_X_AMZ_TARGET" in environ:
        kind, body = "application/x-amz-json-1.1", {"__type": "AccessDeniedException"}
        text = json.dumps({**body, "message": message})
    else:
        kind, error = "application/xml", ElementTree.Element("Error")
        ElementTree.SubElement(error, "Code").text = "AccessDenied"
        ElementTree.SubElement(error, "Message").text = message
        text = ElementTree.tostring(error, encoding="unicode")
    # A client that sends a body expects it to be read.
    _body(environ)
    start_response("403 Forbidden", [("Content-Type", kind)])
    return [b"" if environ["REQUEST_METHOD"] == "HEAD" else text.encode()]
