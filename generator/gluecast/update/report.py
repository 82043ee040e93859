"""The report of an update: as text, as JSON, and as the body of a pull request."""

from dataclasses import dataclass
from typing import Any

from gluecast.update.merge import MEANING, Change, Kind


@dataclass(frozen=True)
class Report:
    """The changes of an update. `versions` maps each layer to its old and new version."""

    versions: dict[str, tuple[str, str]]
    changes: list[Change]

    @property
    def conflicts(self) -> list[Change]:
        return [change for change in self.changes if change.kind == Kind.CONFLICT]

    def as_json(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {
            "layers": {
                name: {"from": old, "to": new, "conflicts": name in self.held}
                for name, (old, new) in self.versions.items()
            },
            "files": [
                {
                    "path": change.path,
                    "layer": change.layer,
                    "kind": str(change.kind),
                    **({"moved_from": change.moved_from} if change.moved_from else {}),
                    **({"note": change.note} if change.note else {}),
                }
                for change in self.changes
            ],
        }

    @property
    def held(self) -> set[str]:
        """The layers whose answers are updated by `--continue`."""
        return {change.layer for change in self.conflicts}


def described(report: Report, *, every_file: bool) -> str:
    """The report as text; `every_file` also lists files that only the template changed."""
    if not report.versions:
        return "Nothing to do: every layer is at that version."
    lines = [_versions(report)]
    for kind in Kind:
        of_kind = [change for change in report.changes if change.kind == kind]
        if not of_kind:
            continue
        lines.append(f"\n{kind} ({len(of_kind)}): {MEANING[kind]}")
        if every_file or kind not in (Kind.NEW, Kind.CLEAN):
            lines += [f"  {_line(change)}" for change in of_kind]
    return "\n".join(lines)


def as_markdown(report: Report) -> str:
    """The report as the body of a pull request."""
    if not report.versions:
        return "Nothing to do: every layer is at that version.\n"
    lines = ["## Template update", "", *(f"- {line}" for line in _versions(report).splitlines())]
    lines += ["", "| files | kind | |", "|---|---|---|"]
    for kind in Kind:
        count = sum(change.kind == kind for change in report.changes)
        if count:
            lines.append(f"| {count} | {kind} | {MEANING[kind]} |")
    for kind in (Kind.CONFLICT, Kind.RENAMED, Kind.KEPT_DELETED, Kind.MERGED):
        of_kind = [change for change in report.changes if change.kind == kind]
        if of_kind:
            lines += ["", f"### {kind}", "", *(f"- `{_line(change)}`" for change in of_kind)]
    return "\n".join(lines) + "\n"


def _line(change: Change) -> str:
    moved = f"{change.moved_from} -> " if change.moved_from else ""
    return f"{moved}{change.path}" + (f"  ({change.note})" if change.note else "")


def _versions(report: Report) -> str:
    counted: dict[tuple[str, str], int] = {}
    for pair in report.versions.values():
        counted[pair] = counted.get(pair, 0) + 1
    return "\n".join(
        f"{old} -> {new}: {count} layer{'s' if count > 1 else ''}"
        for (old, new), count in sorted(counted.items())
    )
