"""Three-way merge of one layer: the old rendering, the new rendering, and the current files.

This module writes nothing. If two of the three sides are equal, no merge is needed; git merges the
other files line by line, as in `copier update`.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from pathlib import Path

from gluecast.repository.git import run_git
from gluecast.repository.index import Stages
from gluecast.repository.work_tree import SYMLINK, File, WorkTree
from gluecast.template.rendering import Rendering

LABELS = ("before updating", "last update", "after updating")
"""Copier's labels in conflict markers: your version, the common base, the template's version."""


class Kind(StrEnum):
    """What an update does to a file."""

    NEW = "new"
    CLEAN = "clean"
    MERGED = "merged"
    RENAMED = "renamed"
    REMOVED = "removed"
    KEPT_DELETED = "kept-deleted"
    SKIPPED = "skipped"
    CONFLICT = "conflict"


MEANING = {
    Kind.NEW: "the template has a new file",
    Kind.CLEAN: "changed by the template alone",
    Kind.MERGED: "changed by you and by the template, in different places",
    Kind.RENAMED: "renamed by the template; your edits moved along",
    Kind.REMOVED: "removed by the template; you had not edited it",
    Kind.KEPT_DELETED: "changed by the template, deleted by you; it stays deleted",
    Kind.SKIPPED: "the template writes it once and leaves it to you",
    Kind.CONFLICT: "changed by you and by the template in the same place",
}


@dataclass(frozen=True)
class Change:
    """The change to one file.

    `after` is the new content of `path`; None removes the file or, for kept-deleted and skipped,
    leaves it unchanged. `moved_from` is removed. `stages` are the base, your version and the
    template's version of a conflict.
    """

    layer: str
    path: str
    kind: Kind
    after: File | None = None
    moved_from: str | None = None
    stages: Stages | None = None
    note: str = ""

    @property
    def writes(self) -> bool:
        return self.after is not None or self.kind == Kind.REMOVED

    @property
    def touched(self) -> list[str]:
        """The paths that are written or removed."""
        return ([self.path] if self.writes else []) + ([self.moved_from] if self.moved_from else [])


def merge_layer(
    layer: str,
    answers_file: str,
    old: Rendering,
    new: Rendering,
    tree: WorkTree,
    moves: Mapping[str, str] | None = None,
) -> list[Change]:
    """The changes to the files of a layer, by path.

    `moves` maps old paths to new ones, where they are known. An edited file that the template no
    longer has otherwise moves to the most similar new file of the template.
    """
    changes: list[Change] = []
    lost: list[str] = []
    for path in sorted(old.files.keys() | new.files.keys()):
        before, after = old.files.get(path), new.files.get(path)
        if before == after:
            continue
        found = tree.entry(path)
        if found == (after.entry if after else None):
            continue
        if path in old.skip | new.skip and found:
            changes.append(Change(layer, path, Kind.SKIPPED))
        elif found == (before.entry if before else None):
            kind = Kind.REMOVED if after is None else Kind.CLEAN if found else Kind.NEW
            changes.append(Change(layer, path, kind, after))
        elif found is None:
            changes.append(Change(layer, path, Kind.KEPT_DELETED))
        elif after is None:
            lost.append(path)
        else:
            changes.append(_merged(layer, path, before, _read(tree, path), after))
    added = [change.path for change in changes if change.kind == Kind.NEW]
    pairs = _pairs(lost, added, old, new) if moves is None else moves
    for path in lost:
        target = pairs.get(path)
        if target is None or target not in added:
            stages = (old.files.get(path), _read(tree, path), None)
            note = "the template no longer has it, and you edited it: git add keeps it, git rm drops it"
            changes.append(Change(layer, path, Kind.CONFLICT, stages=stages, note=note))
            continue
        one = _merged(layer, target, old.files[path], _read(tree, path), new.files[target])
        kind = Kind.RENAMED if one.kind == Kind.MERGED else one.kind
        changes = [change for change in changes if change.path != target]
        changes.append(Change(layer, target, kind, one.after, path, one.stages, one.note))
    return sorted(
        (
            _answers_win(change, new) if change.path == answers_file else change
            for change in changes
        ),
        key=lambda change: change.path,
    )


def merge_lines(ours: bytes, base: bytes, theirs: bytes) -> tuple[bytes, bool] | None:
    """Merge texts by lines; returns the text and whether it has conflicts, None for a binary."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, name) for name in ("ours", "base", "theirs")]
        for path, data in zip(paths, (ours, base, theirs), strict=True):
            path.write_bytes(data)
        labels = [word for label in LABELS for word in ("-L", label)]
        ran = run_git(
            Path(folder), "merge-file", "-p", "-q", *labels, "--", *(path.name for path in paths)
        )
    # Up to 127 is the number of conflicts; above, git could not merge the file as text.
    return (ran.stdout, ran.returncode > 0) if ran.returncode <= 127 else None


def _read(tree: WorkTree, path: str) -> File:
    found = tree.read(path)
    assert found is not None, path
    return found


def _merged(layer: str, path: str, base: File | None, ours: File, theirs: File) -> Change:
    """One file that both sides changed."""
    stages = (base, ours, theirs)
    if base and ours.entry == base.entry:
        return Change(layer, path, Kind.MERGED, theirs)
    if SYMLINK in {side.mode for side in stages if side}:
        note = "a symbolic link on one side: git checkout --ours or --theirs, then git add"
        return Change(layer, path, Kind.CONFLICT, stages=stages, note=note, after=ours)
    mode = theirs.mode if base is None or ours.mode == base.mode else ours.mode
    if ours.data == theirs.data or (base and theirs.data == base.data):
        return Change(layer, path, Kind.MERGED, File(mode, ours.data))
    if base and ours.data == base.data:
        return Change(layer, path, Kind.MERGED, File(mode, theirs.data))
    lines = merge_lines(ours.data, base.data if base else b"", theirs.data)
    if lines is None:
        note = "not a text file: git checkout --ours or --theirs, then git add"
        return Change(layer, path, Kind.CONFLICT, File(mode, ours.data), stages=stages, note=note)
    text, conflicts = lines
    if conflicts:
        return Change(layer, path, Kind.CONFLICT, File(mode, text), stages=stages)
    return Change(layer, path, Kind.MERGED, File(mode, text))


def _answers_win(change: Change, new: Rendering) -> Change:
    """Take the template's answers file: conflict markers would break every later command."""
    if change.kind not in (Kind.CONFLICT, Kind.KEPT_DELETED):
        return change
    return Change(change.layer, change.path, Kind.CLEAN, new.files.get(change.path))


def _pairs(lost: list[str], added: list[str], old: Rendering, new: Rendering) -> dict[str, str]:
    """Pair old files of the template with the most similar new ones, if at least half is equal."""
    scores = sorted(
        (
            (score, path, target)
            for path in lost
            for target in added
            if (score := _similarity(old.files[path], new.files[target])) >= 0.5
        ),
        key=lambda each: (-each[0], each[1:]),
    )
    pairs: dict[str, str] = {}
    for _, path, target in scores:
        if path not in pairs and target not in pairs.values():
            pairs[path] = target
    return pairs


def _similarity(one: File, other: File) -> float:
    if (one.mode == SYMLINK) != (other.mode == SYMLINK):
        return 0.0
    if one.data == other.data:
        return 1.0
    lines = one.data.splitlines(), other.data.splitlines()
    return SequenceMatcher(None, *lines, autojunk=False).ratio()
