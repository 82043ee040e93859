# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""One object in S3, addressed so that Spark reads exactly this object."""

import re
from dataclasses import dataclass

from glue_runtime.errors import ObjectKeyError

_PATTERN_CHARACTERS = frozenset("\\*?[]{}")


@dataclass(frozen=True)
class S3Object:
    """An object by the literal bucket and key of its event (never URL-decoded).

    Raises:
        ObjectKeyError: Spark would read another object under this key, or silently nothing.
            Hadoop normalises ``//``, ``.`` and ``..`` away; file listings leave out names that begin
            with ``_`` or ``.`` or end in ``._COPYING_``.
    """

    bucket: str
    key: str

    def __post_init__(self) -> None:
        if not is_bucket(self.bucket):
            raise ObjectKeyError(f"expected the name of an S3 bucket, found {self.bucket!r}")
        reason = why_not_addressable(self.key)
        if reason:
            raise ObjectKeyError(
                f"expected an object that Spark can read by its exact key, found {self.key!r} in "
                f"bucket {self.bucket}: {reason}; copy the object to a plain key to process it"
            )

    @classmethod
    def of_uri(cls, uri: str) -> "S3Object":
        """The object of a literal ``s3://bucket/key``."""
        return cls(*bucket_and_key(uri))

    @property
    def uri(self) -> str:
        """The literal ``s3://bucket/key``, for messages and for lineage."""
        return f"s3://{self.bucket}/{self.key}"

    @property
    def spark_path(self) -> str:
        """The path for ``spark.read``."""
        return literal_path(self.uri)


def bucket_and_key(uri: str) -> tuple[str, str]:
    """The parts of a literal ``s3://bucket/key``, or of one of another scheme."""
    bucket, _, key = uri.partition("://")[2].partition("/")
    return bucket, key


def is_bucket(name: str) -> bool:
    """Whether a bucket can have this name."""
    return re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", name) is not None


def literal_path(path: str) -> str:
    """Escape a path, since Spark interprets every path as a glob pattern."""
    return "".join("\\" + c if c in _PATTERN_CHARACTERS else c for c in path)


def is_hidden(name: str) -> bool:
    """Whether Spark omits a file or folder of this name from listings."""
    return (
        name.startswith(".")
        or (name.startswith("_") and "=" not in name)
        or name.endswith("._COPYING_")
    )


def why_not_addressable(key: str) -> str | None:
    """Why Spark would read another object under this key, or silently nothing; None if it does not."""
    folders = key.split("/")
    if not key:
        return "the key is empty"
    if key.endswith("/"):
        return "it names a folder, not a file"
    if "" in folders:
        return "it has an empty folder name (//, or / at the start)"
    if "." in folders or ".." in folders:
        return "it has a folder called . or .., which Hadoop resolves to another key"
    hidden = next((name for name in folders if is_hidden(name)), None)
    if hidden:
        return f"Spark treats {hidden!r} as hidden and would read zero rows"
    if "\0" in key:
        return "it contains a NUL character"
    if any("\ud800" <= character <= "\udfff" for character in key):
        return "it is not valid UTF-8"
    return None
