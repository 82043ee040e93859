"""Compare what the role of a job may read and write in S3 with what the job's code does there.

A role is narrow if ``reads`` in infrastructure/jobs/<job>.json names the prefixes that it may read;
it then writes only the job's own tables. Without ``reads`` it is wide, as all roles once were.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gluecast.errors import GluecastError
from gluecast.inventory.script import read_script
from gluecast.jobs.names_on_aws import JobNames, Naming
from gluecast.repository.buckets import key_of_reads, lake_prefix, zone_of
from gluecast.repository.job_module import JobModule, read_module
from gluecast.repository.triggers import Trigger, plain_uploads

_ZONE = "bronze"
"""The zone that load_data() reads."""

_READ_IN_S3 = ("s3", "catalogue")
_WRITTEN_IN_S3 = ("files", "frame", "table", "delete")


@dataclass(frozen=True)
class WideRole:
    """A job whose role reads all of bronze, and reads and writes all of silver and gold.

    `narrow` is what infrastructure/jobs/<job>.json would have to declare, as far as the code shows;
    `breaks` is what the code does beyond it, or may do, and a narrow role may not.
    """

    narrow: Mapping[str, Any]
    breaks: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The finding as JSON values."""
        return {"narrow": self.narrow, "breaks": list(self.breaks)}

    def described(self, job: str) -> str:
        """The finding as a line of text."""
        declared = json.dumps(self.narrow)[1:-1]
        may = (
            f"may break {'; '.join(self.breaks)}"
            if self.breaks
            else "breaks nothing that its code shows"
        )
        return f"{job}: add {declared} to infrastructure/jobs/{job}.json; this {may}"


def wide_roles(names: JobNames, found: Sequence[Trigger]) -> dict[str, WideRole]:
    """The jobs whose roles are wide, where the repository's Terraform code can narrow them."""
    wide, lake = {}, lake_prefix(names.repository)
    for job, declared in _declarations(names):
        module = _module(names, job)
        if "reads" in declared or module is None:
            continue
        narrow: dict[str, Any] = {"reads": _by_zone(_places(job, module, found, lake))}
        if "deployed_name" not in declared:
            narrow = {"deployed_name": names.deployed()[job], **narrow}
        code = (names.repository / f"src/jobs/{job}.py").read_text(encoding="utf-8")
        breaks = [*_unclear(module), *_beyond(code, module), *_of_arguments(declared)]
        wide[job] = WideRole(narrow, tuple(breaks))
    return wide


def narrow_role_problems(names: JobNames, found: Sequence[Trigger]) -> Iterator[str]:
    """What jobs with a narrow role read that it may not."""
    lake = lake_prefix(names.repository)
    for job, declared in _declarations(names):
        module = _module(names, job)
        reads = declared.get("reads")
        if not isinstance(reads, Mapping) or module is None or _has_further_rights(declared):
            continue
        places = _places(job, module, found, lake)
        refused = sorted(
            (zone, prefix)
            for zone, prefix in places
            if not prefix.startswith(tuple(map(str, reads.get(zone, ()))))
        )
        if refused:
            allowed = {(zone, str(prefix)) for zone, listed in reads.items() for prefix in listed}
            needed = {"reads": {**reads, **_by_zone({*allowed, *refused})}}
            where = sorted({places[each] for each in refused})
            shown = [prefix if zone == _ZONE else f"{zone}:{prefix}" for zone, prefix in refused]
            yield (
                f"expected what {job} reads in reads of infrastructure/jobs/{job}.json, found that its "
                f"role may not read {', '.join(shown)}, which {' and '.join(where)} names; write "
                f"{json.dumps(needed)[1:-1]}"
            )


def _declarations(names: JobNames) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The jobs with what their JSON files declare, if the platform's Terraform code knows ``reads``."""
    if names.naming is Naming.OWN or '"reads"' not in (names.terraform or ""):
        return
    for path in names.modules:
        declaration = names.repository / f"infrastructure/jobs/{path.stem}.json"
        try:
            declared = json.loads(declaration.read_text(encoding="utf-8"))
        except FileNotFoundError:
            declared = {}
        except (OSError, ValueError):
            continue  # JobNames reports it
        if isinstance(declared, Mapping):
            yield path.stem, declared


def _module(names: JobNames, job: str) -> JobModule | None:
    """What the module of a job declares; None if it is no job, or no Python code."""
    try:
        module = read_module(names.repository / f"src/jobs/{job}.py")
    except GluecastError:
        return None
    return module if module.is_started else None


def _places(
    job: str, module: JobModule, found: Sequence[Trigger], lake: str
) -> dict[tuple[str, str], str]:
    """The prefixes that a job reads, by zone or bucket, as far as they are literal, each with its file."""
    code, rules = f"src/jobs/{job}.py", f"infrastructure/jobs/{job}.tf"
    known = [each for each in module.sources if not each.computes_bucket]
    zones = {each.prefix: key_of_reads(zone_of(each, lake)) for each in known}
    places = {
        (key_of_reads(each.zone), each.prefix[: each.prefix.rfind("/") + 1]): rules
        for each in plain_uploads(found)
        if each.job == job and key_of_reads(each.zone) in {_ZONE, *zones.values()}
    }
    for name in (f"{name.strip('/')}/" for name in module.loads if name.strip("/")):
        places[zones.get(name, _ZONE), name] = code
    places |= {(zone, prefix): code for prefix, zone in zones.items() if _is_literal(prefix)}
    return {place: where for place, where in places.items() if place[1] != "/"}


def _by_zone(places: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for zone, prefix in sorted(places):
        found.setdefault(zone, []).append(prefix)
    return found


def _is_literal(prefix: str) -> bool:
    """Whether this is a prefix, and not the code that computes one."""
    return prefix.endswith("/")


def _unclear(module: JobModule) -> Iterator[str]:
    if module.computed:
        yield "sources that a run computes"
    for source in module.sources:
        if not _is_literal(source.prefix):
            yield f"a source whose prefix a run computes ({source.prefix})"
        if source.computes_bucket:
            yield f"a source whose bucket a run computes ({source.bucket})"
    if not module.standard:
        yield "what its base class in another module reads and writes"


def _beyond(code: str, module: JobModule) -> Iterator[str]:
    """What the code reads and writes in S3 besides load_data() and the runtime's load()."""
    script = read_script("", code)
    for read in script.reads:
        if read.kind in _READ_IN_S3:
            yield f"the read of {read.what} ({read.where})"
    writes = [each for each in script.writes if each.kind in _WRITTEN_IN_S3]
    for write in writes:
        yield f"the write of {write.what} ({write.where})"
    if "load" in module.hooks and not writes:
        yield "its own load(), unless it writes the job's own table"


def _of_arguments(declared: Mapping[str, Any]) -> Iterator[str]:
    given = declared.get("default_arguments")
    for name, value in given.items() if isinstance(given, Mapping) else ():
        if str(value).startswith("s3://"):
            yield f"{name} {value}"


def _has_further_rights(declared: Mapping[str, Any]) -> bool:
    """Whether policy_statements may allow what reads does not."""
    return "s3:" in json.dumps(declared.get("policy_statements", ""))
