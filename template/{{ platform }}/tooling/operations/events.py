# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The event that S3 sends for an object."""

from datetime import UTC, datetime
from typing import Any

Event = dict[str, Any]


def object_created(
    bucket: str, key: str, size: int, etag: str = "", time: datetime | None = None
) -> Event:
    """S3's Object Created event, with the fields that this repository's rules and transformers use.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
    """
    return {
        "version": "0",
        "source": "aws.s3",
        "detail-type": "Object Created",
        "time": f"{(time or datetime.now(UTC)).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "resources": [f"arn:aws:s3:::{bucket}"],
        "detail": {
            "version": "0",
            "bucket": {"name": bucket},
            "object": {"key": key, "size": size, "etag": etag},
            "reason": "PutObject",
        },
    }
