"""What adopting did, or would do, and how that is told."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gluecast.adopt.base_class import Conversion
from gluecast.adopt.job_classes import Job
from gluecast.adopt.python_module import NAME


@dataclass(frozen=True)
class Adoption:
    """What adopting does, or would do.

    `repository` is its folder, `base` the path of its base class, `writes` what is new, `theirs`
    what the platform would write too and stays, `notes` what people have to know or do.
    """

    repository: Path
    base: str = ""
    jobs: Sequence[Job] = ()
    answers: Mapping[str, Any] = field(default_factory=dict)
    conversion: Conversion | None = None
    writes: Sequence[str] = ()
    theirs: Sequence[str] = ()
    notes: Sequence[str] = ()
    already: bool = False

    def as_json(self) -> dict[str, Any]:
        """The report as JSON values."""
        found = self.conversion
        return {
            "already_adopted": self.already,
            "base_class": {
                "path": self.base,
                "converted": found is not None,
                "kept": found.kept if found else [],
                "replaced": found.replaced if found else [],
                "whole_directory": found.whole_directory if found else False,
                "own_load": found.own_load if found else None,
            },
            "jobs": [vars(job) for job in self.jobs],
            "answers": dict(self.answers),
            "new_files": list(self.writes),
            "left_as_they_are": list(self.theirs),
            "notes": list(self.notes),
        }


def described(adoption: Adoption, *, dry_run: bool) -> str:
    """The report as text."""
    if adoption.already:
        return "Nothing to do: the repository stands on the platform; gluecast update updates it."
    jobs = [f"  {job.name}  {job.class_name}, loads {listed(job.sources)}" for job in adoption.jobs]
    lines = [f"{len(jobs)} jobs extend {NAME} of {adoption.base}:", *jobs, ""]
    lines.append("Would be written:" if dry_run else "Written:")
    lines += [f"  {line}" for line in _by_folder(adoption.writes)]
    if adoption.conversion:
        lines += ["", *_conversion_lines(adoption)]
    if adoption.theirs:
        lines += ["", "Yours, and left as they are:", *(f"  {path}" for path in adoption.theirs)]
    lines += [
        "",
        "By hand:",
        *(f"  {number}. {note}" for number, note in _numbered(adoption.notes)),
    ]
    if not dry_run:
        lines += [
            "",
            "Run your tests, look at git diff, commit. To take it back: git stash --include-untracked.",
        ]
    return "\n".join(lines)


def _conversion_lines(adoption: Adoption) -> Iterator[str]:
    conversion = adoption.conversion
    assert conversion
    yield f"{adoption.base} is changed: {NAME} extends the platform's class"
    yield f"  stays yours: {listed(conversion.kept)}"
    yield f"  the platform's: {listed(conversion.replaced)}"
    if conversion.whole_directory:
        yield "  whole_directory = True, for your code overwrites: see the docs before you change it"
    if conversion.own_load:
        yield f'  own_load = "{conversion.own_load}", for that is what your code does'


def _numbered(notes: Sequence[str]) -> Iterator[tuple[int, str]]:
    return iter(enumerate(notes, start=1))


def _by_folder(paths: Sequence[str]) -> Iterator[str]:
    """A line for a folder of several files."""
    counted: dict[str, list[str]] = {}
    for path in paths:
        parts = path.split("/")
        counted.setdefault("/".join(parts[: min(2, len(parts) - 1)]), []).append(path)
    for folder, found in counted.items():
        yield found[0] if len(found) == 1 else f"{folder}/ ({len(found)} files)"


def listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "nothing"
