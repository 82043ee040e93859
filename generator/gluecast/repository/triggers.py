"""Read from a repository's Terraform code which uploads and schedules start which job."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from gluecast.repository.terraform_modules import Module, TerraformError, remembered_modules

FOLDER = Path("infrastructure/jobs")
ENVIRONMENTS = Path("infrastructure/environments")


TriggersError = TerraformError


@dataclass(frozen=True)
class Upload:
    """A rule that starts a job for each new object in a bucket, by prefix and suffix.

    `zone` is that of the bucket, or the name of another bucket, with {env} for the environment.
    `name` is the rule's key in the Terraform code, from which its name on AWS derives. `batch` are the
    most files that share a run and the seconds that it waits for them, as in the code; empty without.
    """

    job: str
    zone: str
    prefix: str
    suffix: str
    name: str = field(default="", compare=False)
    batch: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class Schedule:
    """A schedule that starts a job: an EventBridge expression and an IANA time zone."""

    job: str
    expression: str
    timezone: str
    name: str = field(default="", compare=False)


@dataclass(frozen=True)
class After:
    """A successful run of another job, `previous`, that starts a job."""

    job: str
    previous: str
    name: str = field(default="", compare=False)


Trigger = Upload | Schedule | After


def triggers(repository: Path) -> list[Trigger]:
    """All triggers below infrastructure/jobs, by file name; uploads, schedules, then other jobs.

    A value that is not a literal is returned as its expression.

    Raises:
        TriggersError: a file is not valid Terraform code, or lacks a value.
    """
    with remembered_modules(repository, "jobs") as modules:
        return [
            trigger for path in _files(repository) for trigger in _of_modules(path, modules(path))
        ]


def environment_triggers(repository: Path) -> dict[str, list[Trigger]]:
    """The triggers in the code of environments, where older repositories define them.

    They are in modules called eventbridge. The keys are the names of the environments. Raises like
    `triggers`.
    """
    found: dict[str, list[Trigger]] = {}
    with remembered_modules(repository, "environments") as modules:
        for path in sorted((repository / ENVIRONMENTS).glob("*/*.tf")):
            # Parsing a file takes far longer than seeing that there is nothing to find.
            if b"/eventbridge" in path.read_bytes():
                of_events = [
                    module
                    for module in modules(path)
                    if str(module.get("source", "")).endswith("/eventbridge")
                ]
                found.setdefault(path.parent.name, []).extend(_of_modules(path, of_events))
    return found


def all_triggers(repository: Path) -> list[Trigger]:
    """The triggers of infrastructure/jobs, and those in an environment's own code, each once.

    Raises like `triggers`.
    """
    own = environment_triggers(repository).values()
    return list(dict.fromkeys([*triggers(repository), *(one for each in own for one in each)]))


def jobs_with_a_machine(repository: Path) -> set[str]:
    """The jobs that have a state machine, without which no other job can start them.

    Raises like `triggers`.
    """
    with remembered_modules(repository, "jobs") as modules:
        found = [each for path in _files(repository) for each in modules(path)]
    declared = {job for module in found for job in _listed(module, "started_by_others")}
    return declared | {each.job for each in all_triggers(repository) if not isinstance(each, After)}


def plain_uploads(found: Iterable[Trigger]) -> list[Upload]:
    """Uploads with a literal prefix and suffix; an expression cannot be compared."""
    uploads = [each for each in found if isinstance(each, Upload)]
    return [each for each in uploads if "${" not in each.prefix + each.suffix]


def _files(repository: Path) -> list[Path]:
    return sorted((repository / FOLDER).glob("*.tf"))


def _of_modules(path: Path, modules: Sequence[Module]) -> list[Trigger]:
    try:
        return list(_triggers(modules))
    except KeyError as error:
        raise TriggersError(f"expected a value for {error} of each trigger in {path}") from error


def _triggers(modules: Sequence[Module]) -> Iterator[Trigger]:
    for module in modules:
        for name, rule in _entries(module, "s3_event_rules"):
            zone, job = _bucket(rule["bucket_name"]), _key(rule["target_arn"])
            batch = rule.get("batch")
            limits = ("max_files", "max_seconds") if isinstance(batch, Mapping) else ()
            of_batch = tuple(str(batch[limit]) for limit in limits) if batch else ()
            for prefix, suffix in product(_either(rule, "prefix"), _either(rule, "suffix")):
                yield Upload(job, zone, prefix, suffix, name, of_batch)
    for module in modules:
        for name, schedule in _entries(module, "schedules"):
            timezone = schedule.get("timezone", "UTC")
            expression = schedule["schedule_expression"]
            yield Schedule(_key(schedule["target_arn"]), expression, timezone, name)
    for module in modules:
        entries = [*_entries(module, "s3_event_rules"), *_entries(module, "schedules")]
        targets = [_key(entry["target_arn"]) for _, entry in entries]
        for previous in dict.fromkeys([*targets, *_listed(module, "started_by_others")]):
            for job in _listed(module, "then"):
                yield After(job, previous)


def _either(rule: Mapping[str, Any], name: str) -> list[str]:
    """The values of prefixes, or that of prefix; an expression in place of a list stays as it is."""
    listed = rule.get("prefixes" if name == "prefix" else "suffixes")
    if listed is None:
        return [rule[name]]
    return [str(each) for each in listed] if isinstance(listed, list) else [str(listed)]


def _entries(module: Mapping[str, Any], name: str) -> list[tuple[str, Mapping[str, Any]]]:
    entries = module.get(name, {})
    if not isinstance(entries, Mapping):
        return []
    return [(key.strip('"'), entry) for key, entry in entries.items() if isinstance(entry, Mapping)]


def _listed(module: Mapping[str, Any], name: str) -> list[str]:
    """The jobs of a list of ARNs; none if it is an expression."""
    listed = module.get(name, [])
    return [_key(arn) for arn in listed] if isinstance(listed, list) else []


def _bucket(expression: str) -> str:
    """A zone, or acme-{env} of acme-${var.environment}; any other expression stays as it is."""
    return _key(expression).replace("${var.environment}", "{env}")


def _key(expression: str) -> str:
    """bronze of var.s3_buckets["bronze"]; any other expression stays as it is."""
    if not expression.startswith(("${var.", "${module.")) or not expression.endswith("}"):
        return expression
    looked_up = expression[2:-1].replace('["', ".").removesuffix('"]')
    root, *names = looked_up.split(".")
    steps = 2 if root == "var" else 3
    return names[-1] if len(names) == steps and all(map(str.isidentifier, names)) else expression
