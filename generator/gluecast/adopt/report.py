"""The report of a migration: as text and as JSON."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gluecast.adopt.base_class import Conversion
from gluecast.adopt.job_classes import Job

_PLACES = 3
"""The places of overwriting that the text names."""


@dataclass(frozen=True)
class Adoption:
    """The changes of a migration.

    `repository` is the folder, `base` the path of `base_class`, `writes` the new files, `theirs`
    files of the repository that the platform does not overwrite, `notes` the manual steps.
    """

    repository: Path
    base: str = ""
    base_class: str = ""
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
                "name": self.base_class,
                "path": self.base,
                "converted": found is not None,
                "kept": found.kept if found else [],
                "replaced": found.replaced if found else [],
                "whole_directory": found.whole_directory if found else False,
                "overwriting": found.overwriting if found else [],
                "own_load": found.own_load if found else None,
                "lost": found.lost if found else [],
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
        return "Nothing to do: the repository is already on the platform; use gluecast update."
    jobs = [f"  {job.name}  {job.class_name}, loads {listed(job.sources)}" for job in adoption.jobs]
    lines = [f"{len(jobs)} jobs extend {adoption.base_class} of {adoption.base}:", *jobs, ""]
    lines.append("Would be written:" if dry_run else "Written:")
    lines += [f"  {line}" for line in _by_folder(adoption.writes)]
    if adoption.conversion:
        lines += ["", *_conversion_lines(adoption)]
    if adoption.theirs:
        lines += ["", "Yours, left unchanged:", *(f"  {path}" for path in adoption.theirs)]
    lines += [
        "",
        "Manual steps:",
        *(f"  {number}. {note}" for number, note in _numbered(adoption.notes)),
    ]
    if not dry_run:
        lines += [
            "",
            "Run your tests, review git diff, and commit. To undo: git stash --include-untracked.",
        ]
    return "\n".join(lines)


def _conversion_lines(adoption: Adoption) -> Iterator[str]:
    conversion = adoption.conversion
    assert conversion
    yield f"{adoption.base} is changed: {adoption.base_class} extends the platform's class"
    yield f"  kept: {listed(conversion.kept)}"
    yield f"  replaced: {listed(conversion.replaced)}"
    if conversion.whole_directory:
        places = conversion.overwriting[:_PLACES]
        more = len(conversion.overwriting) - len(places)
        yield (
            f"  whole_directory = True, as your code overwrites ({listed(places)}"
            f"{f' and {more} more' if more else ''}): see the docs before you change it"
        )
    if conversion.own_load:
        yield f'  own_load = "{conversion.own_load}", as in your code'
    if conversion.lost:
        yield "  lost, as the platform's run() does not do it:"
        yield from (f"    {each}" for each in conversion.lost)


def _numbered(notes: Sequence[str]) -> Iterator[tuple[int, str]]:
    return iter(enumerate(notes, start=1))


def _by_folder(paths: Sequence[str]) -> Iterator[str]:
    """One line per file, or per folder of several files."""
    counted: dict[str, list[str]] = {}
    for path in paths:
        parts = path.split("/")
        counted.setdefault("/".join(parts[: min(2, len(parts) - 1)]), []).append(path)
    for folder, found in counted.items():
        yield found[0] if len(found) == 1 else f"{folder}/ ({len(found)} files)"


def listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "nothing"
