# Owned by gluecast: `gluecast adopt --events` writes this file, and needs nothing else of gluecast.
"""The paths that a run reads: the uploaded object that started it, or else the whole directory.

spark.read.csv(event_paths("s3://shop-raw/orders/"))
glueContext.create_dynamic_frame.from_options("s3", {"paths": event_paths("s3://shop-raw/clicks/")}, ...)
"""

import re
import sys
from collections.abc import Sequence

_PATTERN_CHARACTERS = frozenset("\\*?[]{}")


def event_paths(directory: str, argv: Sequence[str] | None = None) -> list[str]:
    """The object of the event that started this run, if it lies in `directory`, else `directory`.

    directory: ``s3://bucket/prefix/``. A run that no upload started, and an input that the upload is
        not about, such as a lookup, get the directory.
    argv: the arguments of the run; by default those of this process.

    Raises:
        ValueError: `directory` has another form; or Spark would read something else than the object
            under its key, or silently nothing.
    """
    place = re.fullmatch(r"s3[an]?://([^/]+)/(.*)", directory)
    if place is None:
        raise ValueError(f"expected s3://bucket/prefix/, found {directory!r}")
    words = sys.argv[1:] if argv is None else argv
    bucket, key = _object(words)
    prefix = place[2] if place[2].endswith("/") or not place[2] else f"{place[2]}/"
    if bucket != place[1] or not key.startswith(prefix):
        return [directory]
    if reason := _why_not_addressable(key):
        raise ValueError(
            f"expected an object that Spark can read by its exact key, found {key!r} in bucket "
            f"{bucket}: {reason}; copy the object to a plain key to process it"
        )
    # Spark interprets every path as a pattern.
    literal = "".join(f"\\{each}" if each in _PATTERN_CHARACTERS else each for each in key)
    return [f"{directory[: place.start(1)]}{bucket}/{literal}"]


def _object(words: Sequence[str]) -> tuple[str, str]:
    """Bucket and key of the event; empty texts without one.

    A script that has a --bucket or an --object_key of its own gets those of the event by names that
    begin with event_, which therefore count first.
    """
    key = _value(words, "event_object_key") or _value(words, "object_key")
    bucket = _value(words, "event_bucket") or _value(words, "bucket")
    return (bucket, key) if bucket and key else ("", "")


def _value(words: Sequence[str], name: str) -> str:
    """The value after ``--name``, whatever it looks like; the last one counts."""
    found = ""
    following = iter(words)
    for word in following:
        if word == f"--{name}":
            found = next(following, "")
        elif word.startswith(f"--{name}="):
            found = word.partition("=")[2]
    return found


def _why_not_addressable(key: str) -> str:
    """Why Spark cannot read the object of this key: what Hadoop resolves, and what listings omit."""
    folders = key.split("/")
    hidden = [
        name
        for name in folders
        if name.startswith(".")
        or (name.startswith("_") and "=" not in name)
        or name.endswith("._COPYING_")
    ]
    if key.endswith("/"):
        return "it names a folder, not a file"
    if "" in folders:
        return "it has an empty folder name (//, or / at the start)"
    if "." in folders or ".." in folders:
        return "it has a folder called . or .., which Hadoop resolves to another key"
    if hidden:
        return f"Spark treats {hidden[0]!r} as hidden and would read zero rows"
    if "\0" in key or any("\ud800" <= character <= "\udfff" for character in key):
        return "it contains a character that no path can have"
    return ""
