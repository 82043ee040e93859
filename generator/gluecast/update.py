"""Update all layers of a repository at once: plan, render, merge, write."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gluecast.errors import GluecastError
from gluecast.files import Rendering, WorkTree
from gluecast.memory import Memory
from gluecast.merge import MEANING, Change, Kind, merge_layer
from gluecast.progress import Counting, uncounted
from gluecast.repository import Layer, find_repository, read_layer, read_layers, select
from gluecast.templates import Templates, templates
from gluecast.writing import abort, refuse_uncommitted, refuse_unfinished, resume, write

Say = Callable[[str], None]
"""Where progress goes, a line at a time."""


@dataclass(frozen=True)
class Step:
    """What is to be done with one layer: from one commit of its template to another."""

    layer: Layer
    old: str
    new: str


@dataclass(frozen=True)
class Report:
    """What an update does, or would do. `versions` maps each layer to its old and new version."""

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
        """The layers whose answers wait for `--continue`."""
        return {change.layer for change in self.conflicts}


def update(
    start: Path,
    *,
    to: str | None = None,
    only: Sequence[str] = (),
    dry_run: bool = False,
    say: Say = print,
    counting: Counting = uncounted,
) -> Report:
    """Bring the layers of the repository around `start` to a version of their template.

    `to` is a release, branch or commit; the newest release when it is None. With `dry_run` nothing
    is written. `say` and `counting` tell the user how it goes.

    Raises:
        GluecastError: the update cannot begin; nothing was changed.
    """
    repository = find_repository(start)
    tree = WorkTree(repository)
    refuse_unfinished(tree, say)
    memory = Memory(tree.state_folder)
    with templates(repository) as of:
        steps = plan(read_layers(repository), to, only, of)
        if not steps:
            return Report({}, [])
        report = merge(counting("layers", steps), tree, of, memory)
    if dry_run:
        refuse_uncommitted(tree, report.changes)
        return report
    answers = {step.layer.answers_file for step in steps if step.layer.name in report.held}
    write(tree, report.changes, answers, "update")
    memory.save()
    return report


def plan(layers: Sequence[Layer], to: str | None, only: Sequence[str], of: Templates) -> list[Step]:
    """The layers that are at another commit than they should be.

    Raises:
        GluecastError: a version is unknown, or older than what is there.
    """
    steps = []
    for layer in select(layers, only):
        source = of.source(layer)
        target = to or source.latest()
        step = Step(layer, source.resolve(layer.version), source.resolve(target))
        older = source.is_older(target, layer.version)
        if older and to:
            raise GluecastError(
                f"expected a newer version than {layer.version} of {layer.name}, found {target}"
            )
        if step.old != step.new and not older:
            steps.append(step)
    _refuse_skew(layers, steps, to, of)
    return steps


def merge(steps: Iterable[Step], tree: WorkTree, of: Templates, memory: Memory) -> Report:
    """Render both states of each layer and merge them with what is there.

    Raises:
        GluecastError: a layer cannot be rendered, or two layers write the same file.
    """
    changes: list[Change] = []
    versions = {}
    owners: dict[str, str] = {}
    for step in steps:
        layer = step.layer
        after = of.renderer(layer, step.new)
        new = after.render(layer, tree.folder, strict=False)
        old = _unedited(layer, new, tree, memory)
        if old is None:
            # What the new version excludes is not its business: it is not taken for removed.
            exclude = tuple(after.template.exclude)
            before = of.renderer(layer, step.old)
            old = before.render(layer, of.nowhere, strict=True, exclude=exclude)
        for path in new.files:
            if owners.setdefault(path, layer.name) != layer.name:
                raise GluecastError(
                    f"expected one layer to write {path}, found {owners[path]} and "
                    f"{layer.name}; the template must give each its own"
                )
        versions[layer.name] = (old.version, new.version)
        merged = merge_layer(layer.name, layer.answers_file, old, new, tree)
        changes += merged
        recorded = new.files.get(layer.answers_file)
        if recorded and not any(change.stages for change in merged):
            memory.remember(read_layer(layer.name, recorded.data), new)
    return Report(versions, sorted(changes, key=lambda change: change.path))


def _unedited(layer: Layer, new: Rendering, tree: WorkTree, memory: Memory) -> Rendering | None:
    """What the template wrote, taken from the repository, when it is known to stand there as it was
    and the template still has all of it.
    """
    written = memory.recall(layer)
    if written is None or not written.keys() <= new.files.keys():
        return None
    if any(tree.entry(path) != each.entry for path, each in written.items()):
        return None
    found = {path: tree.read(path) for path in (*written, layer.answers_file)}
    return Rendering(
        version=layer.version,
        files={path: file for path, file in found.items() if file},
        sources={},
        answers={},
        skip=frozenset(path for path, each in written.items() if each.once),
    )


def continue_update(start: Path) -> list[str]:
    """Finish an update whose conflicts are resolved; gives the answers files that moved on.

    Raises:
        GluecastError: nothing is unfinished, or something is unresolved.
    """
    return sorted(resume(WorkTree(find_repository(start))).answers)


def abort_update(start: Path) -> list[str]:
    """Put every file back as it was before the update; gives the files that were edited since.

    Raises:
        GluecastError: nothing is unfinished.
    """
    return abort(WorkTree(find_repository(start)))


def described(report: Report, *, every_file: bool) -> str:
    """The report as text; `every_file` also lists the files that the template alone changed."""
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


def _refuse_skew(
    layers: Sequence[Layer], steps: Sequence[Step], to: str | None, of: Templates
) -> None:
    """A job must not be newer than the platform it stands on."""
    moved = {step.layer.name for step in steps}
    jobs = [step for step in steps if not step.layer.is_platform]
    for layer in layers:
        if not layer.is_platform or layer.name in moved or not jobs:
            continue
        source = of.source(layer)
        if source.is_older(layer.version, to or source.latest()):
            raise GluecastError(
                f"expected the platform ({layer.version}) to be updated with its jobs, found "
                f"--only {jobs[0].layer.name}; add {layer.name}"
            )
