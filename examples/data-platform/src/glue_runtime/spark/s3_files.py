# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Access objects in S3 with AWS's client.

Spark reads and writes the rows through the file system that Glue has for S3 (EMRFS or S3A, by its
version). What a run does besides, it does with this client: a request for each step, where a file
system makes several to treat S3 like folders, and an ETag for each object, which EMRFS lacks.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from glue_runtime.errors import S3AccessError
from glue_runtime.s3_object import bucket_and_key
from glue_runtime.spark.files import Files, StorageError, StoredFile
from glue_runtime.spark.s3_errors import ARCHIVED, archived, no_bucket, refused

CONNECTIONS = 16
"""The number of connections that are kept open."""

ATTEMPTS = 8
"""How often a request is made that S3 does not answer, or for which it is too busy."""

_READS = 3
"""How often a part of an object is requested whose connection breaks."""

_DELETED_AT_ONCE = 1000
"""S3 deletes as many objects in one request."""


class S3Files(Files):
    """The objects of S3, by ``s3://bucket/key`` with the literal key. client: boto3's."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def listed(self, uri: str) -> Iterator[StoredFile]:
        """See `Files`; keys that end in a slash are folders."""
        for found in self._objects(uri):
            if not found.uri.endswith("/"):
                yield found

    def file(self, uri: str) -> StoredFile | None:
        """See `Files`."""
        bucket, key = bucket_and_key(uri)
        with _explained("read", uri):
            try:
                found = self._client.head_object(Bucket=bucket, Key=key)
            except ClientError as error:
                if _status(error) != 404:
                    raise
                # The answer to a HEAD does not say what is missing, the object or the bucket.
                self._client.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)
                return None
        return _stored(uri, found["ContentLength"], found)

    def read(self, uri: str, start: int, size: int) -> bytes:
        """See `Files`."""
        if size < 1:  # S3 ignores such a range and sends the whole object
            return b""
        bucket, key = bucket_and_key(uri)
        part = f"bytes={start}-{start + size - 1}"
        for attempt in range(_READS):
            with _explained("read", uri):
                try:
                    found = self._client.get_object(Bucket=bucket, Key=key, Range=part)
                    return bytes(found["Body"].read())
                except ClientError as error:
                    if _status(error) == 416:  # nothing lies at or after `start`
                        return b""
                    raise
                except BotoCoreError:
                    if attempt == _READS - 1:
                        raise
        raise AssertionError("unreachable")

    def move(self, source: str, target: str) -> None:
        """See `Files`."""
        try:
            self._copy(source, target)
        except FileNotFoundError:
            return
        with suppress(StorageError, S3AccessError):
            self.delete(source)

    def write(self, uri: str, content: bytes) -> None:
        """See `Files`."""
        bucket, key = bucket_and_key(uri)
        with _explained("write", uri):
            self._client.put_object(Bucket=bucket, Key=key, Body=content)

    def delete(self, uri: str) -> None:
        """See `Files`."""
        bucket, key = bucket_and_key(uri)
        with _explained("delete", uri):
            self._client.delete_object(Bucket=bucket, Key=key)

    def delete_folder(self, uri: str) -> None:
        """See `Files`."""
        bucket, _ = bucket_and_key(uri)
        keys = [bucket_and_key(each.uri)[1] for each in self._objects(uri)]
        for first in range(0, len(keys), _DELETED_AT_ONCE):
            some = [{"Key": key} for key in keys[first : first + _DELETED_AT_ONCE]]
            with _explained("delete", uri):
                answer = self._client.delete_objects(
                    Bucket=bucket, Delete={"Objects": some, "Quiet": True}
                )
            _refuse_failures(answer.get("Errors", ()), uri)

    def _objects(self, uri: str) -> Iterator[StoredFile]:
        bucket, key = bucket_and_key(uri.rstrip("/"))
        pages = self._client.get_paginator("list_objects_v2")
        with _explained("list", uri):
            for page in pages.paginate(Bucket=bucket, Prefix=f"{key}/" if key else ""):
                for each in page.get("Contents", ()):
                    there = f"{uri.partition('://')[0]}://{bucket}/{each['Key']}"
                    yield _stored(there, each["Size"], each)

    def _copy(self, source: str, target: str) -> None:
        """Copy an object within S3.

        Raises:
            FileNotFoundError: there is no such object.
        """
        origin = dict(zip(("Bucket", "Key"), bucket_and_key(source), strict=True))
        bucket, key = bucket_and_key(target)
        with _explained("copy", target):
            try:
                self._client.copy_object(CopySource=origin, Bucket=bucket, Key=key)
            except ClientError as error:
                if error.response["Error"].get("Code") != "InvalidRequest":
                    raise
                # One request copies 5 GB at most.
                self._client.copy(origin, bucket, key)


def client_of(configuration: Any) -> Any:
    """The client for the place, and with the keys, that Spark's S3A has in Hadoop's configuration.

    On Glue these are at most a region: the role of the job has the keys.
    """
    names = ("endpoint", "endpoint.region", "access.key", "secret.key")
    return _client(*(configuration.get(f"fs.s3a.{name}") or None for name in names))


@lru_cache
def _client(endpoint: str | None, region: str | None, key: str | None, secret: str | None) -> Any:
    """A client takes longer to make than all requests of a run."""
    if endpoint and "://" not in endpoint:
        endpoint = f"https://{endpoint}"
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(
            max_pool_connections=CONNECTIONS,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        ),
    )


@contextmanager
def _explained(action: str, uri: str) -> Iterator[None]:
    """Explain the errors of the client.

    Raises:
        S3AccessError: S3 refuses the action.
        SourceNotFoundError: there is no such bucket.
        FileNotFoundError: there is no such object.
        StorageError: S3 gives no answer, or another one.
    """
    try:
        yield
    except ClientError as error:
        code = error.response["Error"].get("Code", "")
        if code == "NoSuchBucket":
            raise no_bucket(uri) from error
        if code == ARCHIVED:
            raise archived(uri) from error
        if _status(error) == 403:
            raise refused(action, uri) from error
        if _status(error) == 404:
            raise FileNotFoundError(uri) from error
        raise StorageError(f"expected to {action} {uri}, found that S3 answers {error}") from error
    except BotoCoreError as error:
        raise StorageError(f"expected to {action} {uri}, found no answer of S3: {error}") from error


def _refuse_failures(failures: Iterable[dict[str, str]], uri: str) -> None:
    for each in failures:
        if each.get("Code") == "AccessDenied":
            raise refused("delete", uri)
        raise StorageError(
            f"expected to delete {each.get('Key')}, found that S3 answers {each.get('Code')}: "
            f"{each.get('Message')}"
        )


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _stored(uri: str, size: int, described: dict[str, Any]) -> StoredFile:
    modified = described["LastModified"].timestamp()
    return StoredFile(uri, size, modified, f"{described['ETag']}/{modified}/{size}")
