# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Turn what S3 refuses into one line that names the object and what to do."""

import re

from glue_runtime.errors import JobError, S3AccessError, SourceNotFoundError
from glue_runtime.s3_object import bucket_and_key

_REFUSED = re.compile(r"AccessDeniedException|Amazon ?S3.*Status Code: 403", re.DOTALL)
ARCHIVED = "InvalidObjectState"
"""The code of S3's error for an object in an archive class."""

_NO_BUCKET = re.compile(r"UnknownStoreException|NoSuchBucket")
_NO_LOCAL_BUCKET = "Could not initialize target File System"

# S3A says it as "AccessDeniedException: PLACE: OPERATION on PLACE: ...", where a place may lack its bucket.
_PLACE_AND_OPERATION = re.compile(r"AccessDeniedException: (\S.*?): (\S.*?) on (?:\S.*?): ")

_ALLOWED_BY = {
    "list": "s3:ListBucket",
    "read": "s3:GetObject",
    "write": "s3:PutObject",
    "copy": "s3:PutObject and s3:GetObject",
    "delete": "s3:DeleteObject",
}

_ACTIONS = {
    "list": ("list", "s3list", "innerlist"),
    "write": ("put", "writ", "upload", "complet", "initiat", "create", "mkdir"),
    "copy": ("copy", "rename"),
    "delete": ("delete", "remov"),
}
"""What the names of S3A's operations begin with."""


def s3_error(error: Exception, place: str) -> JobError | None:
    """The error of the run, if S3 refuses access to an object or has no such bucket.

    place: the URI that was being read or written, for errors that do not name it.
    """
    text = str(error)
    if _NO_LOCAL_BUCKET in text:
        return SourceNotFoundError(
            f"expected a bucket of the local lake, found {place}; a run on this machine sees only "
            "the buckets that are folders in .local-lake (or GLUE_LOCAL_LAKE)"
        )
    if _NO_BUCKET.search(text):
        return no_bucket(place)
    if not _REFUSED.search(text) and ARCHIVED not in text:
        return None
    found = _PLACE_AND_OPERATION.search(text)
    uri = _uri(found[1], place) if found else place
    if ARCHIVED in text:
        return archived(uri)
    return refused(_action(found[2] if found else ""), uri)


def no_bucket(place: str) -> SourceNotFoundError:
    """The error of a run that reads or writes in a bucket that does not exist."""
    return SourceNotFoundError(
        f"expected the bucket of {place}, found that S3 has no bucket of this name; check the "
        "bucket, the name of the lake and the environment of the run (--env)"
    )


def archived(uri: str) -> S3AccessError:
    """The error of a run that reads an object in an archive class, which a lifecycle rule may have moved there."""
    return S3AccessError(
        f"expected to read {uri}, found it in an archive class of S3, from which nothing can be read; "
        "restore the object and run the job again, or let the lifecycle rule of the bucket leave the "
        "job's prefix alone"
    )


def refused(action: str, uri: str) -> S3AccessError:
    """The error of a run whose action S3 refuses. action: list, read, write, copy or delete."""
    return S3AccessError(
        f"expected to {'write' if action == 'copy' else action} {uri}, found that S3 refuses it (403); "
        f"allow the job's role {_ALLOWED_BY[action]} there, in its own policy and in that of the "
        "bucket, and the use of the bucket's KMS key"
    )


def refuse_unreachable(error: Exception, place: str) -> None:
    """Raise what `s3_error` finds.

    Raises:
        SourceNotFoundError: there is no such bucket, or the local lake has none.
        S3AccessError: S3 refuses access.
    """
    if found := s3_error(error, place):
        raise found from error


def _uri(named: str, place: str) -> str:
    """The URI of what S3A names: with any scheme, or a key without its bucket."""
    if "://" in named:
        return f"s3://{named.partition('://')[2]}"
    return f"s3://{bucket_and_key(place)[0]}/{named}"


def _action(operation: str) -> str:
    return next(
        (
            action
            for action, beginnings in _ACTIONS.items()
            if operation.lower().startswith(beginnings)
        ),
        "read",
    )
