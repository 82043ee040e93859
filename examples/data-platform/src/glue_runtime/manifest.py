# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Read a manifest: the list of uploads that start a single run.

It is a JSON array. Each element is an upload as the rule's input transformer passes it:
``{"time": "2024-01-15T10:30:00Z", "bucket": {"name": "..."}, "object": {"key": "..."}}``; or a message
of a queue, with such an object, or its text, as ``body``. S3's API writes a body that is a string as a
JSON string, so the whole array may be the text of one.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from glue_runtime.errors import ArgumentError
from glue_runtime.s3_object import is_bucket


@dataclass(frozen=True)
class Manifest:
    """The uploads of a run.

    uris: their objects, each once, in the order of the manifest.
    uploaded_at: the time of the first upload, if there are times.
    repeated: how many further times the manifest names an object.
    """

    uris: tuple[str, ...]
    uploaded_at: str | None
    repeated: int


def parse_manifest(content: bytes, where: str) -> Manifest:
    """The uploads in a manifest. where: its URI, for messages.

    Raises:
        ArgumentError: it is no such array, or it is empty.
    """
    try:
        uploads = [*_uploads(content.decode())]
        named = [_uri(each["bucket"]["name"], each["object"]["key"]) for each in uploads]
        times = [str(each["time"]) for each in uploads if each.get("time")]
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ArgumentError(
            'expected a JSON array of uploads ({"bucket": {"name": ...}, "object": {"key": ...}}) in '
            f"{where}, found another content ({type(error).__name__}: {error}); "
            "write it so, or start the run with --bucket and --object_key"
        ) from error
    if not named:
        raise ArgumentError(f"expected an upload in {where}, found an empty array; name one")
    uris = tuple(dict.fromkeys(named))
    return Manifest(uris, min(times, default=None), len(named) - len(uris))


def _uploads(text: str) -> Iterator[dict[str, Any]]:
    found = json.loads(text)
    if isinstance(found, str):
        found = json.loads(found)
    if not isinstance(found, list):
        raise TypeError(f"a JSON {type(found).__name__}")
    for each in found:
        upload = each.get("body", each)
        yield json.loads(upload) if isinstance(upload, str) else upload


def _uri(bucket: str, key: str) -> str:
    if not is_bucket(bucket) or not isinstance(key, str) or not key:
        raise ValueError(f"no object has the bucket {bucket!r} and the key {key!r}")
    return f"s3://{bucket}/{key}"
