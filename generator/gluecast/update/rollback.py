"""Undo an update: restore every file as it was, and keep what a person has made of it since."""

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from gluecast.repository import index
from gluecast.repository.disk import remove_file, replace_file, unfinished
from gluecast.repository.file import Entry
from gluecast.repository.git import run_git
from gluecast.repository.work_tree import WorkTree
from gluecast.update import journal
from gluecast.update.journal import Journal


def roll_back(tree: WorkTree, noted: Journal, *, keep_edits: bool) -> list[tuple[str, Path]]:
    """Undo an update in any state.

    keep_edits: whether what was changed since stays as it is; otherwise a copy is made of each file.

    Returns the changed files with their copies, or with themselves.
    """
    # An update that is half undone must not be continued.
    journal.write(tree, replace(noted, written=False))
    for path in noted.after:
        with suppress(OSError):
            unfinished(tree.folder / path).unlink()
    if keep_edits:
        kept, changed = _kept(tree, noted)
    else:
        kept, changed = set(), _copied(tree, noted, _fresh_folder(tree.state_folder / "aborted"))
    _restore_files(tree, noted, kept)
    _restore_index(tree, noted, kept, keep_edits=keep_edits)
    journal.close(tree)
    return sorted(changed.items())


def _kept(tree: WorkTree, noted: Journal) -> tuple[set[str], dict[str, Path]]:
    """The paths that stay as they are, and what a person changed there."""
    kept: set[str] = set()
    changed: set[str] = set()
    for path, before in noted.before.items():
        after = noted.after[path]
        if others := [*_in_the_way(tree, noted, path)]:
            kept.add(path)
            changed.update(others)
        elif not tree.holds(path, before) and not tree.holds(path, after):
            # Edited, or deleted: an update never leaves a file missing that it writes.
            kept.add(path)
            changed.add(path)
    return kept, {path: tree.folder / path for path in changed}


def _copied(tree: WorkTree, noted: Journal, copies: Path) -> dict[str, Path]:
    """Copy what a person changed, and clear the way; returns the copies."""
    changed: dict[str, Path] = {}
    for path, before in noted.before.items():
        after = noted.after[path]
        for other in [*_in_the_way(tree, noted, path)]:
            if found := tree.raw(other):
                replace_file(copies, other, found)
                changed[other] = copies / other
                (tree.folder / other).unlink()
        found = tree.raw(path)
        if found and not tree.holds(path, before) and not tree.holds(path, after):
            replace_file(copies, path, found)
            changed[path] = copies / path
        staged = tree.entries.get(path)
        if staged and staged not in (before, after) and not tree.holds(path, staged):
            replace_file(copies / "staged", path, tree.blobs({path: staged})[path])
            changed[f"{path}, as it was staged,"] = copies / "staged" / path
    return changed


def _in_the_way(tree: WorkTree, noted: Journal, path: str) -> Iterator[str]:
    """The files and links that stand where a file is to be restored, and that the update never wrote."""
    if noted.before[path] is None or tree.holds(path, noted.before[path]):
        return
    target = tree.folder / path
    if target.is_dir() and not target.is_symlink():
        for file in target.rglob("*"):
            name = file.relative_to(tree.folder).as_posix()
            if name not in noted.after and (file.is_symlink() or not file.is_dir()):
                yield name
    for parent in Path(path).parents[:-1]:
        above = tree.folder / parent
        if parent.as_posix() not in noted.after and (above.is_symlink() or above.is_file()):
            yield parent.as_posix()


def _fresh_folder(parent: Path) -> Path:
    """A subfolder that does not exist yet: 1, 2, 3."""
    number = 1
    while (parent / str(number)).exists():
        number += 1
    return parent / str(number)


def _restore_files(tree: WorkTree, noted: Journal, kept: Collection[str]) -> None:
    """Restore every file on disk as it was before the update, but for those to be kept."""
    for path, before in noted.before.items():
        if (before is None or path in noted.sparse) and path not in kept:
            remove_file(tree.folder, path)
    tracked: dict[str, Entry] = {}
    untracked: dict[str, Entry] = {}
    for path, before in noted.before.items():
        if before and path not in {*kept, *noted.sparse} and not tree.holds(path, before):
            (untracked if path in noted.untracked else tracked)[path] = before
    # Untracked files were stored with the bytes that they had on disk.
    files = tree.storage.checked_out(tree.blobs(tracked)) | tree.blobs(untracked)
    for path, file in files.items():
        replace_file(tree.folder, path, file)


def _restore_index(
    tree: WorkTree, noted: Journal, kept: Collection[str], *, keep_edits: bool
) -> None:
    """Restore the entries of git's index; what a person has staged since stays if edits are kept."""
    entries: dict[str, Entry | None] = {}
    for path, before in noted.before.items():
        known = None if path in noted.untracked else before
        found = tree.entries.get(path)
        if keep_edits and found not in (None, before, noted.after[path]):
            continue
        if path in noted.conflicts or found != known:
            entries[path] = known
    index.set_entries(tree, entries)
    index.set_sparse(tree, {path: noted.before[path] for path in noted.sparse if path not in kept})
    run_git(tree.folder, "update-index", "-q", "--refresh")
