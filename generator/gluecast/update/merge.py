"""Three-way merge of one layer: the old rendering, the new rendering, and the current files.

This module writes nothing. If two of the three sides are equal, no merge is needed; git merges the
other files line by line, as in `copier update`.
"""

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from gluecast.repository.file import SYMLINK, Entry, File
from gluecast.repository.git import run_git
from gluecast.repository.index import Stages
from gluecast.repository.storage import Storage
from gluecast.repository.work_tree import WorkTree
from gluecast.template.rendering import Rendering
from gluecast.update.answers import with_comments

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
    IGNORED = "ignored"
    CONFLICT = "conflict"


MEANING = {
    Kind.NEW: "the template has a new file",
    Kind.CLEAN: "changed by the template alone",
    Kind.MERGED: "changed by you and by the template, in different places",
    Kind.RENAMED: "renamed by the template; your edits moved along",
    Kind.REMOVED: "removed by the template; you had not edited it",
    Kind.KEPT_DELETED: "changed by the template, deleted by you; it stays deleted",
    Kind.SKIPPED: "the template writes it once and leaves it to you",
    Kind.IGNORED: "edited by you, and ignored by git, which could not bring it back; it stays",
    Kind.CONFLICT: "changed by you and by the template in the same place",
}


@dataclass(frozen=True)
class Change:
    """The change to one file.

    `after` is the new content of `path`; None removes the file or, for kept-deleted, skipped and
    ignored, leaves it unchanged. `moved_from` is removed. `stages` are the base, your version and the
    template's version of a conflict. `beside` is the template's version of an ignored file.
    """

    layer: str
    path: str
    kind: Kind
    after: File | None = None
    moved_from: str | None = None
    stages: Stages | None = None
    beside: File | None = None
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
    sides = _Sides(layer, old, new, tree)
    changes = {path: change for path in sides.paths if (change := sides.in_place(path))}
    added = {path for path, change in changes.items() if change.kind is Kind.NEW}
    if moves is None:
        moves = _pairs(added, old, new) if sides.edited or sides.deleted else {}
    for path in sides.deleted:
        if (target := moves.get(path)) in added:
            note = f"the template renamed {path}, which you deleted"
            changes[target] = Change(layer, target, Kind.KEPT_DELETED, note=note)
    for path in sides.edited:
        if (target := moves.get(path)) in added:
            changes[target] = sides.moved(path, target)
        else:
            changes[path] = sides.without_a_place(path)
    if answers_file in changes:
        changes[answers_file] = _answers_win(changes[answers_file], new, tree)
    return sorted(changes.values(), key=lambda change: change.path)


@dataclass
class _Sides:
    """The three sides of a layer.

    `edited` and `deleted` are the files that the template no longer has, and the user edited or deleted.
    """

    layer: str
    old: Rendering
    new: Rendering
    tree: WorkTree
    edited: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)

    @cached_property
    def paths(self) -> list[str]:
        return sorted(self.old.files.keys() | self.new.files.keys())

    @cached_property
    def _ignored(self) -> set[str]:
        untracked = (path for path in self.paths if path not in self.tree.entries)
        return self.tree.ignored([path for path in untracked if self.tree.entry(path)])

    def in_place(self, path: str) -> Change | None:
        """The change to a file that the template does not rename; None leaves it alone."""
        before, after = self.old.files.get(path), self.new.files.get(path)
        kind = _kind(before, after, self.tree.entry(path))
        if kind is None:
            return None
        if path in self.old.skip | self.new.skip and self.tree.entry(path):
            return Change(self.layer, path, Kind.SKIPPED)
        if kind is Kind.CONFLICT and path in self._ignored:
            place = os.path.relpath(self.tree.ignored_folder / path, self.tree.folder)
            note = f"the template's version: {place}" if after else "the template no longer has it"
            return Change(self.layer, path, Kind.IGNORED, beside=after, note=note)
        if after is None and kind is not Kind.REMOVED:
            (self.edited if kind is Kind.CONFLICT else self.deleted).append(path)
            return None
        if kind is Kind.CONFLICT and after:
            return _merged(self.layer, path, before, self._read(path), after, self.tree.storage)
        return Change(self.layer, path, kind, None if kind is Kind.KEPT_DELETED else after)

    def moved(self, path: str, target: str) -> Change:
        """The change to an edited file that the template renamed."""
        base, theirs = self.old.files[path], self.new.files[target]
        one = _merged(self.layer, target, base, self._read(path), theirs, self.tree.storage)
        kind = Kind.RENAMED if one.kind is Kind.MERGED else one.kind
        return replace(one, kind=kind, moved_from=path)

    def without_a_place(self, path: str) -> Change:
        """The conflict of an edited file that the template dropped."""
        stages = (self.old.files.get(path), self._read(path), None)
        note = "the template no longer has it, and you edited it: git add keeps it, git rm drops it"
        return Change(self.layer, path, Kind.CONFLICT, stages=stages, note=note)

    def _read(self, path: str) -> File:
        found = self.tree.read(path)
        assert found is not None, path
        return found


def _kind(before: File | None, after: File | None, found: Entry | None) -> Kind | None:
    """What to do with a file by its three sides; both kinds of edits are a conflict until merged."""
    old, new = (file.entry if file else None for file in (before, after))
    if old == new or (found == new and found):
        return None
    if found == old:
        return Kind.REMOVED if after is None else Kind.CLEAN if found else Kind.NEW
    return Kind.KEPT_DELETED if found is None else Kind.CONFLICT


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


def _merged(
    layer: str, path: str, base: File | None, ours: File, theirs: File, storage: Storage
) -> Change:
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
    lines = None
    if storage.is_merged_as_text(path):
        lines = merge_lines(ours.data, base.data if base else b"", theirs.data)
    if lines is None:
        note = "not a text file: git checkout --ours or --theirs, then git add"
        return Change(layer, path, Kind.CONFLICT, File(mode, ours.data), stages=stages, note=note)
    text, conflicts = lines
    if conflicts:
        return Change(layer, path, Kind.CONFLICT, File(mode, text), stages=stages)
    return Change(layer, path, Kind.MERGED, File(mode, text))


def _answers_win(change: Change, new: Rendering, tree: WorkTree) -> Change:
    """Take the template's answers file: conflict markers would break every later command.

    It has the user's answers already; the user's comments are added.
    """
    if change.kind not in (Kind.CONFLICT, Kind.KEPT_DELETED, Kind.IGNORED):
        return change
    after, ours = new.files.get(change.path), tree.read(change.path)
    if after and ours:
        after = File(after.mode, with_comments(ours.data, after.data))
    return Change(change.layer, change.path, Kind.CLEAN, after)


def _pairs(added: set[str], old: Rendering, new: Rendering) -> dict[str, str]:
    """Pair old files of the template with the most similar new ones, if at least half is equal.

    The files that the user did not touch take part too: a new file may be one of theirs, renamed.
    """
    scores = sorted(
        (
            (score, path, target)
            for path in old.files.keys() - new.files.keys()
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
