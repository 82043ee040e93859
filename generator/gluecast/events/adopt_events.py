"""`gluecast adopt --events`: blocks and modules beside the Terraform code, and no other change."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from gluecast.errors import GluecastError
from gluecast.events.blocks import block, head, is_for_one_object, uploads_of
from gluecast.inventory.inventory import Entry, Offer, inventory
from gluecast.inventory.report import described_job
from gluecast.template.copy import platform_files

BLOCKS = "gluecast_events.tf"
HELPER = "event_paths.py"
_MODULES = ("account", "eventbridge")


@dataclass(frozen=True)
class Events:
    """What was written, for which jobs, and what is left to their owner."""

    repository: Path
    jobs: tuple[Entry, ...]
    others: tuple[Entry, ...]
    written: tuple[str, ...]
    notes: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The outcome as JSON values."""
        return {
            "jobs": [entry.as_json() for entry in self.jobs],
            "without_events": [entry.as_json() for entry in self.others],
            "written": list(self.written),
            "notes": list(self.notes),
        }


def adopt_events(
    start: Path,
    *,
    template: str | None = None,
    ref: str | None = None,
    data: Mapping[str, Any],
    dry_run: bool = False,
) -> Events:
    """Let uploads start the Glue jobs below `start`; scripts and Terraform jobs stay as they are.

    Raises:
        GluecastError: no job can be started, or a file is in the way; nothing was changed.
    """
    repository = start.resolve()
    entries = inventory(repository).entries
    startable = [entry for entry in entries if entry.offer in (Offer.HELPER, Offer.WHOLE)]
    jobs = [entry for entry in startable if uploads_of(entry)[0]]
    if not jobs:
        raise GluecastError(
            f"expected Glue jobs with an input in S3 and a Terraform resource below {repository}, "
            "found none; gluecast inventory says why"
        )
    modules = {
        path.removeprefix("infrastructure/modules/"): content
        for path, content in platform_files(
            template, ref, {"project_name": "events", "modules": "modules", "left_out": [], **data}
        ).items()
        if path.startswith(tuple(f"infrastructure/modules/{name}/" for name in _MODULES))
        and "/tests/" not in path
    }
    files: dict[str, bytes] = {}
    for folder, own in _by_folder(jobs).items():
        code = "\n".join([head(own), *(_block(repository, folder, each) for each in own)])
        files[f"{folder}{BLOCKS}"] = code.encode()
        files |= {f"{folder}gluecast/{path}": content for path, content in modules.items()}
    helper = resources.files(__package__).joinpath(HELPER).read_bytes()
    for entry in jobs:
        if entry.script and entry.offer is Offer.HELPER:
            files[f"{entry.script.path.rpartition('/')[0]}/{HELPER}".lstrip("/")] = helper
    _refuse_other(repository, files)
    if not dry_run:
        _write(repository, files)
    return Events(
        repository=repository,
        jobs=tuple(jobs),
        others=tuple(entry for entry in entries if entry not in jobs),
        written=tuple(sorted(files)),
        notes=tuple(_notes(repository, jobs)),
    )


def _by_folder(jobs: Sequence[Entry]) -> dict[str, list[Entry]]:
    """The jobs by the folder of their Terraform code, which ends in / unless it is empty."""
    found: dict[str, list[Entry]] = {}
    for entry in jobs:
        assert entry.job
        folder = entry.job.path.rpartition("/")[0]
        found.setdefault(f"{folder}/" if folder else "", []).append(entry)
    return found


def _block(repository: Path, folder: str, entry: Entry) -> str:
    return block(entry, uploads_of(entry)[0], environment=_environment(repository / folder))


def _environment(folder: Path) -> str:
    """The variable of the environment's name, if the folder declares one."""
    code = "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.tf")))
    for name in ("environment", "env", "stage"):
        if f'variable "{name}"' in code:
            return f"var.{name}"
    return '"main"'


def _refuse_other(repository: Path, files: Mapping[str, bytes]) -> None:
    """Refuse to replace files that somebody may have edited; modules are replaced.

    Raises:
        GluecastError: there is such a file.
    """
    edited = [
        path
        for path, content in files.items()
        if "gluecast/" not in path
        and (repository / path).exists()
        and (repository / path).read_bytes() != content
    ]
    if edited:
        raise GluecastError(
            f"expected no {', '.join(edited)} with other content, found what may be your edits; move "
            "it away to have it written anew, or edit it: each job has one block there"
        )


def _write(repository: Path, files: Mapping[str, bytes]) -> None:
    for path, content in files.items():
        target = repository / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


# --- what is left to the owner ---------------------------------------------------------------------


def _notes(repository: Path, jobs: Sequence[Entry]) -> Iterator[str]:
    code = "\n".join(
        path.read_text(encoding="utf-8", errors="replace")
        for path in repository.rglob("*.tf")
        if ".terraform" not in path.parts and "gluecast" not in path.parts
    )
    buckets = dict.fromkeys(each.bucket for entry in jobs for each in uploads_of(entry)[0])
    for bucket in buckets:
        if "aws_s3_bucket_notification" not in code:
            yield (
                f"let {bucket} report its uploads, once: resource "
                f'"aws_s3_bucket_notification" with bucket = "{bucket}" and eventbridge = true'
            )
        elif "eventbridge" not in code:
            yield f"add eventbridge = true to the aws_s3_bucket_notification of {bucket}"
    yield f"look at the suffix of each rule in {BLOCKS}: only uploads that end in it start a run"
    for entry in jobs:
        yield from _notes_of(entry)


def _notes_of(entry: Entry) -> Iterator[str]:
    script = entry.script
    assert script
    for place in uploads_of(entry)[1]:
        yield f"{entry.name}: a run computes {place}; add a rule for it by hand"
    if is_for_one_object(entry):
        return
    replacing = [each for each in script.writes if each.replaces]
    for write in replacing:
        yield (
            f"{entry.name}: {write.what} in {write.where} is replaced ({write.mode}); a run for one "
            "object would leave the rows of that object alone, so uploads start the whole job"
        )
    if not replacing:
        paths = [each.what for each in script.reads if each.kind == "s3"]
        yield (
            f"{entry.name}: uploads start the whole job. To read the uploaded object alone, give "
            f'event_paths("{paths[0]}") to the reader, name {HELPER} in --extra-py-files, and set '
            "pass_s3_object = true"
        )
    if entry.job and entry.job.bookmarks and script.uses_bookmarks:
        yield (
            f"{entry.name}: its bookmark is on; a run for one object moves it, and a later run leaves "
            "out what it counts as read: turn it off for event runs"
        )


def _why_without(entry: Entry) -> str:
    if entry.offer in (Offer.NOTHING, Offer.ADOPTION):
        return f"{entry.name}: {entry.offer}: {entry.why}"
    computed = uploads_of(entry)[1]
    reason = f"a run computes {computed[0]}" if computed else entry.why
    return f"{entry.name}: {reason}; to start it, add a block of your own with bucket and prefix"


def described(events: Events, *, dry_run: bool) -> str:
    """The outcome as text."""
    lines = ["\n".join(described_job(entry)) + "\n" for entry in events.jobs]
    if events.others:
        lines += ["Without a block:", *(f"  {_why_without(each)}" for each in events.others), ""]
    lines.append("Would be written:" if dry_run else "Written:")
    lines += [f"  {path}" for path in events.written]
    lines += ["", "Manual steps:"]
    lines += [f"  {number}. {note}" for number, note in enumerate(events.notes, start=1)]
    return "\n".join(lines)
