"""The Glue jobs of a repository: script, Terraform job, and what gluecast can do for them."""

import ast
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from gluecast.errors import GluecastError
from gluecast.inventory.script import Script, parsed, read_script, with_base
from gluecast.inventory.terraform import GlueJob, read_jobs
from gluecast.repository.job_start import starts_job

_SKIPPED = ("node_modules", "site-packages", "tests", "test", "venv")
_BASE_CLASS = "BaseGlueJob"
_EVENT_ARGUMENTS = ("bucket", "object_key", "uploaded_at", "env")


class Offer(StrEnum):
    """What gluecast can do for a job."""

    ADOPTION = "adoption"
    HELPER = "events with the helper"
    WHOLE = "events that start the whole job"
    NOTHING = "nothing yet"


@dataclass(frozen=True)
class Entry:
    """A script with its Terraform job, if both were found; `why` is the reason of the offer."""

    name: str
    script: Script | None
    job: GlueJob | None
    offer: Offer
    why: str

    def as_json(self) -> dict[str, Any]:
        """The entry as JSON values."""
        script, job = self.script, self.job
        return {
            "name": self.name,
            "script": script.path if script else None,
            "terraform": {"address": job.address, "file": job.path} if job else None,
            "glue_version": job.glue_version if job else None,
            "reads": [vars(each) for each in script.reads] if script else [],
            "writes": [vars(each) for each in script.writes] if script else [],
            "arguments": list(script.arguments) if script else [],
            "bookmarks": bool(job and job.bookmarks),
            "started_by": [vars(each) for each in job.starts] if job else [],
            "event_arguments": renamed_arguments(script, job) if script else {},
            "offer": str(self.offer),
            "why": self.why,
        }


@dataclass(frozen=True)
class Inventory:
    """All jobs of a repository by name, and the files that could not be read."""

    entries: tuple[Entry, ...]
    unread: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The inventory as JSON values."""
        return {"jobs": [each.as_json() for each in self.entries], "unread": list(self.unread)}


def inventory(start: Path) -> Inventory:
    """Every Glue script and job below `start`; changes nothing.

    Raises:
        GluecastError: there is no such folder.
    """
    folder = start.resolve()
    if not folder.is_dir():
        raise GluecastError(f"expected a folder, found none at {folder}")
    jobs, unread = read_jobs(folder, sorted(_files(folder, "*.tf")))
    found: dict[str, Script] = {}
    codes = {path: _code(folder / path) for path in sorted(_files(folder, "*.py"))}
    classes = {name: path for path, code in codes.items() for name in _classes(code)}
    for path, code in codes.items():
        if _is_script(path, code, classes, jobs):
            script = read_script(path, code)
            home = classes.get(script.base, path)
            found[path] = (
                script if home == path else with_base(script, read_script(home, codes[home]))
            )
    bases = {name for name, path in classes.items() if "def extract(" in codes[path]}
    return Inventory(tuple(_entries(found, jobs, bases)), tuple(unread))


def _files(folder: Path, pattern: str) -> Iterator[str]:
    for path in folder.rglob(pattern):
        parts = path.relative_to(folder).parts
        if not any(part in _SKIPPED or part.startswith(".") for part in parts[:-1]):
            yield "/".join(parts)


def _code(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _classes(code: str) -> Iterator[str]:
    for line in code.splitlines():
        if line.startswith("class "):
            yield line.removeprefix("class ").partition("(")[0].partition(":")[0].strip()


def _is_script(path: str, code: str, classes: Mapping[str, str], jobs: Sequence[GlueJob]) -> bool:
    if path.endswith("__init__.py"):
        return False
    if any("*" not in job.script.rpartition("/")[2] and _is_of(path, job) for job in jobs):
        return True
    try:
        tree = parsed(code)
    except (SyntaxError, ValueError):
        return "awsglue" in code
    if "awsglue" in code and _runs(tree):
        return True
    return starts_job(tree) and ("awsglue" in code or read_script(path, code).base in classes)


def _runs(tree: ast.Module) -> bool:
    """Whether the code of the module's own level is a Glue script, and not a library for some."""
    own = {each.name for each in tree.body if isinstance(each, ast.FunctionDef)}
    calls = (
        ast.unparse(node.func).rpartition(".")[2]
        for statement in tree.body
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        for node in ast.walk(statement)
        if isinstance(node, ast.Call)
    )
    return any(name in {"getResolvedOptions", "GlueContext", *own} for name in calls)


def _is_of(path: str, job: GlueJob) -> bool:
    name = job.script.rpartition("/")[2]
    return name.endswith(".py") and fnmatch(path.rpartition("/")[2], name)


def _entries(
    scripts: dict[str, Script], jobs: Sequence[GlueJob], bases: Set[str]
) -> Iterator[Entry]:
    used: set[str] = set()
    # A job whose script is computed takes what no other job has.
    for job in sorted(jobs, key=lambda job: "*" in job.script.rpartition("/")[2]):
        computed = "*" in job.script.rpartition("/")[2]
        own: list[Script | None] = [
            each
            for path, each in scripts.items()
            if _is_of(path, job) and not (computed and path in used)
        ]
        used |= {script.path for script in own if script}
        for script in own or [None]:
            name = Path(script.path).stem if script and len(own) > 1 else job.name
            yield _entry(name, script, job, bases)
    for path, script in scripts.items():
        if path not in used:
            yield _entry(Path(path).stem, script, None, bases)


def _entry(name: str, script: Script | None, job: GlueJob | None, bases: Set[str]) -> Entry:
    offer, why = _offer(script, job)
    if script and script.base in bases - {_BASE_CLASS}:
        why += (
            f"; gluecast adopt --base-class {script.base} --dry-run says whether its class can move"
        )
    return Entry(name, script, job, offer, why)


# --- what gluecast can do --------------------------------------------------------------------------


def _offer(script: Script | None, job: GlueJob | None) -> tuple[Offer, str]:
    if reason := _obstacle(script, job):
        return Offer.NOTHING, reason
    if script is None:
        return (
            Offer.WHOLE,
            "its script is not in this repository, so nothing is known of its writes",
        )
    if script.base == _BASE_CLASS:
        return Offer.ADOPTION, f"its class extends {_BASE_CLASS} of the repository"
    replacing = [each for each in script.writes if each.replaces]
    files = [each for each in script.reads if each.kind == "s3"]
    if not files:
        read = (
            ", ".join(dict.fromkeys(each.kind for each in script.reads)) or "nothing that is known"
        )
        return Offer.WHOLE, f"it reads {read}, and no path of S3 that one object could take"
    if script.has_helper and script.writes and not replacing:
        return Offer.HELPER, "it calls the helper, and no write replaces its target"
    if not script.writes:
        return Offer.WHOLE, "none of its writes is known, and one of them may replace its target"
    if replacing:
        lines = ", ".join(f"{each.what} in {each.where} ({each.mode})" for each in replacing)
        return Offer.WHOLE, f"a run for one object would replace {lines} by the rows of that object"
    return Offer.HELPER, "it reads paths of S3, and no write replaces its target"


def _obstacle(script: Script | None, job: GlueJob | None) -> str:
    if script and script.error:
        return script.error
    if job is None:
        return "no Glue job in the Terraform code runs it, so there is no ARN to start"
    if job.command == "pythonshell":
        return "it is a Python shell job, without Spark"
    if job.command == "gluestreaming" or (script and any(r.kind == "stream" for r in script.reads)):
        return "it is a streaming job, which runs all the time"
    return ""


def renamed_arguments(script: Script, job: GlueJob | None) -> dict[str, str]:
    """Other names for the arguments of an event that the job has for something of its own."""
    taken = {
        *script.arguments,
        *(name.removeprefix("--") for name in (job.arguments if job else ())),
    }
    return {name: f"event_{name}" for name in _EVENT_ARGUMENTS if name in taken}
