"""Which uploads and schedules start which job, read from a repository's Terraform code."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hcl2
from lark.exceptions import LarkError

from gluecast.errors import GluecastError

FOLDER = Path("infrastructure/jobs")


class TriggersError(GluecastError):
    """A file of infrastructure/jobs cannot be read; the message says which, and why."""


@dataclass(frozen=True)
class Upload:
    """An object in the bucket of a zone (bronze) that starts a job, by its prefix and suffix.

    `name` is the key of the rule, which names it on AWS.
    """

    job: str
    zone: str
    prefix: str
    suffix: str
    name: str = field(default="", compare=False)


@dataclass(frozen=True)
class Schedule:
    """A point in time that starts a job: an EventBridge expression and an IANA time zone."""

    job: str
    expression: str
    timezone: str
    name: str = field(default="", compare=False)


Trigger = Upload | Schedule


def triggers(repository: Path) -> list[Trigger]:
    """Every trigger below infrastructure/jobs, by file name; uploads before schedules.

    Values that are no plain text are given as the expression that stands there.

    Raises:
        TriggersError: a file is no Terraform code, or lacks a value.
    """
    found: list[Trigger] = []
    for path in sorted((repository / FOLDER).glob("*.tf")):
        try:
            found += _of_file(path)
        except (LarkError, OSError, UnicodeDecodeError) as error:
            reason = str(error).splitlines()[0]
            raise TriggersError(f"expected Terraform code in {path}, found {reason}") from error
        except KeyError as error:
            raise TriggersError(
                f"expected a value for {error} of each trigger in {path}"
            ) from error
    return found


def _of_file(path: Path) -> Iterator[Trigger]:
    options = hcl2.SerializationOptions(with_comments=False, strip_string_quotes=True)
    with path.open(encoding="utf-8") as file:
        code = hcl2.load(file, serialization_options=options)
    modules = [body for block in code.get("module", []) for body in block.values()]
    for module in modules:
        for name, rule in _entries(module, "s3_event_rules"):
            zone, job = _key(rule["bucket_name"]), _key(rule["target_arn"])
            yield Upload(job, zone, rule["prefix"], rule["suffix"], name)
    for module in modules:
        for name, schedule in _entries(module, "schedules"):
            timezone = schedule.get("timezone", "UTC")
            expression = schedule["schedule_expression"]
            yield Schedule(_key(schedule["target_arn"]), expression, timezone, name)


def _entries(module: Mapping[str, Any], name: str) -> list[tuple[str, Mapping[str, Any]]]:
    entries = module.get(name, {})
    if not isinstance(entries, Mapping):
        return []
    return [(key.strip('"'), entry) for key, entry in entries.items() if isinstance(entry, Mapping)]


def _key(expression: str) -> str:
    """bronze of var.s3_buckets["bronze"]; what is no such lookup stays as it is."""
    found = re.fullmatch(r'\$\{var\.\w+(?:\["(\w+)"\]|\.(\w+))\}', expression)
    return (found[1] or found[2]) if found else expression
