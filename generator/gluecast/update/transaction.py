"""The transaction of an update: it writes all changes of a merge or none.

It first writes a journal of the planned changes to the git directory. After a conflict, the journal
stays until the user runs `--continue` or `--abort`. If an update is killed, the next command rolls
it back.
"""

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from gluecast.errors import GluecastError
from gluecast.repository import index
from gluecast.repository.disk import UNFINISHED, remove_file, replace_file
from gluecast.repository.git import git, run_git
from gluecast.repository.work_tree import SYMLINK, Entry, File, WorkTree
from gluecast.terminal.progress import Say
from gluecast.update import journal
from gluecast.update.journal import Journal
from gluecast.update.merge import LABELS, Change, Kind


def refuse_unfinished(tree: WorkTree, say: Say) -> None:
    """Roll back a killed update; refuse to start during another one.

    Raises:
        GluecastError: an update has conflicts to resolve, or is running.
    """
    found = journal.read(tree)
    if found is None:
        if tree.unmerged:
            raise GluecastError(
                f"expected a repository without unresolved files, found {_list(tree.unmerged)}; "
                "resolve them, and git add"
            )
        return
    with journal.running(tree):
        if _was_undone(tree, found):
            journal.close(tree)
            say(f"The unfinished {found.command} was undone with git; it is forgotten.")
        elif found.written:
            raise GluecastError(
                f"expected no unfinished {found.command}, found conflicts in "
                f"{_list(found.conflicts)}; resolve them, git add, then gluecast update "
                "--continue; or gluecast update --abort"
            )
        else:
            say(_recover(tree, found))


def interrupted(tree: WorkTree) -> str | None:
    """What to know about an update that was killed or has conflicts; None if there is none."""
    found = journal.read(tree)
    if found is None or _was_undone(tree, found):
        return None
    if found.written:
        return (
            f"An {found.command} has conflicts in {_list(found.conflicts)}: resolve them, git add, "
            "then gluecast update --continue; or gluecast update --abort"
        )
    return (
        f"An {found.command} was interrupted, or is running: the next gluecast update rolls it back"
    )


def _recover(tree: WorkTree, found: Journal) -> str:
    """Roll back a killed update, but nothing that was committed or edited since; returns a report."""
    if found.head != _head(tree):
        journal.close(tree)
        return (
            f"An earlier {found.command} was interrupted, and there are commits since: nothing is "
            f"rolled back. Compare with git diff {found.head[:12] or 'HEAD'}: {_list(found.after)}"
        )
    edited = [path for path, _ in _roll_back(tree, found, keep_edits=True)]
    kept = f" You have edited {_list(edited)} since; they stay as they are." if edited else ""
    return f"An earlier {found.command} was interrupted; its changes are rolled back.{kept}"


def _was_undone(tree: WorkTree, found: Journal) -> bool:
    """Whether the user has undone an update with git, such as with git reset --hard."""
    if not found.written or tree.unmerged:
        return False
    # git reset --hard leaves new files in place: they do not count.
    older = {path: entry for path, entry in found.before.items() if entry}
    if found.head != _head(tree):
        clean = older.keys() - {*found.conflicts}
        return bool(clean) and all(_is(tree, path, found.before[path]) for path in clean)
    if not all(_is(tree, path, entry) for path, entry in older.items()):
        return False
    # A conflict that was resolved with git add is noted in the index; git reset removes the note.
    return not git(tree.folder, "ls-files", "--resolve-undo", "-z")


def write(
    tree: WorkTree,
    changes: Sequence[Change],
    held: Iterable[str],
    command: str,
    last: Collection[str] = (),
) -> None:
    """Write all changes, or none.

    held: the answers files that `--continue` will write.
    last: files to write after all others. The answers are among them: they say what was written.

    Raises:
        GluecastError: the update would overwrite an uncommitted file, or a file is in the way.
    """
    held = set(held)
    answers = {change.path: change.after for change in changes if change.path in held}
    every, changes = changes, [change for change in changes if change.path not in held]
    touched = {path for change in changes for path in change.touched}
    contents = {change.path: change.after for change in changes if change.after}
    conflicts = [change.path for change in changes if change.stages]
    seen = {path: tree.on_disk(path) for path in touched}
    tree.look_again()
    refuse_uncommitted(tree, every, command)
    _refuse_in_the_way(tree, touched - contents.keys(), contents)
    before = {path: tree.entry(path) for path in sorted(touched.union(conflicts))}
    after = {path: contents[path].entry if path in contents else None for path in touched}
    untracked = [path for path in before if path not in tree.entries]
    noted = Journal(
        command=command,
        head=_head(tree),
        written=False,
        before=before,
        after=before | after,
        untracked=untracked,
        conflicts=conflicts,
        answers={path: file.data.decode() for path, file in answers.items() if file},
    )
    with journal.running(tree):
        if journal.read(tree):
            raise GluecastError("expected no other update here, found one that has just begun")
        index.refuse_locked(tree)
        for path in untracked:
            if found := tree.on_disk(path):
                index.store(tree, found)
        journal.write(tree, noted)
        try:
            for path in sorted(touched - contents.keys()):
                _refuse_changed(tree, path, seen[path])
                remove_file(tree.folder, path)
            for path, file in sorted(contents.items(), key=lambda item: item[0] in last):
                _refuse_changed(tree, path, seen[path])
                replace_file(tree.folder, path, file)
            index.set_unmerged(tree, {each.path: each.stages for each in changes if each.stages})
        except BaseException:
            _roll_back(tree, noted, keep_edits=True)
            raise
        if noted.conflicts or noted.answers:
            journal.write(tree, replace(noted, written=True))
        else:
            journal.close(tree)


def _refuse_changed(tree: WorkTree, path: str, seen: File | None) -> None:
    """Refuse to replace a file that someone has saved since the update looked at it."""
    if tree.on_disk(path) != seen:
        raise GluecastError(
            f"expected {path} to stay as it is during the update, found that it was just saved; "
            "commit or stash it, and update again"
        )


def refuse_uncommitted(tree: WorkTree, changes: Iterable[Change], command: str = "update") -> None:
    """Refuse changes to files whose content git could not restore.

    Raises:
        GluecastError: some are not committed.
    """
    touched = [
        (change, path)
        for change in changes
        for path in {*change.touched, *([change.path] if change.stages else [])}
    ]
    if unwatched := [path for _, path in touched if path in tree.unwatched]:
        raise GluecastError(
            f"expected files that git watches where gluecast {command} writes, found "
            f"{_list(unwatched)} outside the sparse checkout, or with assume-unchanged or "
            "skip-worktree; add them with git sparse-checkout add, or git update-index "
            "--no-assume-unchanged --no-skip-worktree"
        )
    refused = [
        path
        for change, path in touched
        if path in tree.uncommitted
        or (path not in tree.entries and tree.on_disk(path) and change.kind not in _SAFE)
    ]
    if refused:
        raise GluecastError(
            f"expected committed files where gluecast {command} writes, found uncommitted changes in "
            f"{_list(refused)}; commit or stash them"
        )


# For these changes, untracked files are as the template wrote them.
_SAFE = (Kind.CLEAN, Kind.REMOVED)


def resume(tree: WorkTree) -> Journal:
    """Finish an update whose conflicts are resolved: write its answers files.

    Raises:
        GluecastError: there is no unfinished update, or it has unresolved files.
    """
    found = journal.read(tree)
    if found is None or not found.written:
        raise GluecastError("expected an update with conflicts to continue, found none")
    if _was_undone(tree, found):
        journal.close(tree)
        raise GluecastError(
            f"expected the files that the {found.command} wrote, found that it was undone with "
            "git; start again: gluecast update"
        )
    if tree.unmerged:
        raise GluecastError(
            f"expected resolved files, found {_list(tree.unmerged)} unmerged; "
            "edit them, and git add (or git rm)"
        )
    marked = [path for path in found.conflicts if has_markers(tree.on_disk(path))]
    if marked:
        raise GluecastError(
            f"expected resolved files, found conflict markers in {_list(marked)}; edit them"
        )
    for path, text in found.answers.items():
        replace_file(tree.folder, path, File("100644", text.encode()))
    if found.answers:
        run_git(tree.folder, "add", "--", *found.answers)
    journal.close(tree)
    return found


def abort(tree: WorkTree) -> list[tuple[str, Path]]:
    """Restore every file as it was before the update.

    Returns the files that were edited since, each with the copy that was made of it.

    Raises:
        GluecastError: there is no unfinished update, or there are newer commits.
    """
    found = journal.read(tree)
    if found is None:
        raise GluecastError("expected an unfinished update, found none")
    with journal.running(tree):
        if found.head == _head(tree):
            return _roll_back(tree, found, keep_edits=False)
        if _was_undone(tree, found):
            journal.close(tree)
            return []
        if not found.written:
            raise GluecastError(_recover(tree, found))
    raise GluecastError(
        "expected the commit that the update started from, found a newer one; finish it with "
        "gluecast update --continue, or go back with git reset first"
    )


def has_markers(file: File | None) -> bool:
    """Whether a file has conflict markers."""
    if file is None or file.mode == SYMLINK:
        return False
    lines = file.data.splitlines()
    starts = (f"<<<<<<< {LABELS[0]}".encode(), f">>>>>>> {LABELS[2]}".encode())
    return any(line.rstrip() in starts for line in lines)


def _roll_back(tree: WorkTree, noted: Journal, *, keep_edits: bool) -> list[tuple[str, Path]]:
    """Undo an update in any state.

    keep_edits: whether files that were edited since stay as they are; otherwise a copy is made of each.

    Returns the edited files with their copies, or with themselves.
    """
    edited: list[tuple[str, Path]] = []
    copies = _fresh_folder(tree.state_folder / "aborted")
    for path in noted.after:
        with suppress(FileNotFoundError, NotADirectoryError):
            (tree.folder / (path + UNFINISHED)).unlink()
        if _is(tree, path, noted.before[path]) or _is(tree, path, noted.after[path]):
            continue
        found = tree.on_disk(path)
        if found is not None and keep_edits:
            edited.append((path, tree.folder / path))
        elif found is not None:
            replace_file(copies, path, found)
            edited.append((path, copies / path))
    kept = {path for path, _ in edited} if keep_edits else set()
    entries = {}
    for path, entry in noted.before.items():
        known = None if path in noted.untracked else entry
        if path in noted.conflicts or tree.entries.get(path) != known:
            entries[path] = known
    index.set_entries(tree, entries)
    _restore_files(tree, noted, kept)
    journal.close(tree)
    return edited


def _fresh_folder(parent: Path) -> Path:
    """A subfolder that does not exist yet: 1, 2, 3."""
    number = 1
    while (parent / str(number)).exists():
        number += 1
    return parent / str(number)


def _restore_files(tree: WorkTree, noted: Journal, kept: Collection[str]) -> None:
    """Restore every file on disk as it was before the update, but for those to be kept."""
    for path in noted.after:
        if noted.before[path] is None and path not in kept:
            remove_file(tree.folder, path)
    tracked = []
    for path, entry in noted.before.items():
        if entry is None or path in kept or _is(tree, path, entry):
            continue
        if path in noted.untracked:
            replace_file(
                tree.folder, path, File(entry.mode, git(tree.folder, "cat-file", "blob", entry.oid))
            )
        else:
            tracked.append(path)
    if tracked:
        names = "\0".join(tracked).encode("utf-8", "surrogateescape")
        git(tree.folder, "checkout-index", "--force", "-u", "-z", "--stdin", stdin=names)


def _refuse_in_the_way(tree: WorkTree, removed: Iterable[str], written: Iterable[str]) -> None:
    """Refuse to write below a file or a link, or in place of a folder.

    Raises:
        GluecastError: something is in the way.
    """
    removed = set(removed)
    for path in written:
        target = tree.folder / path
        if target.is_dir() and not target.is_symlink():
            left = {
                file.relative_to(tree.folder).as_posix()
                for file in target.rglob("*")
                if not file.is_dir()
            }
            if left - removed:
                raise GluecastError(
                    f"expected a place for the file {path}, found a folder; move it"
                )
        for parent in Path(path).parents[:-1]:
            above = tree.folder / parent
            if above.is_symlink() or (above.is_file() and parent.as_posix() not in removed):
                raise GluecastError(
                    f"expected a folder for {path}, found the file or link {parent}; move it"
                )


def _is(tree: WorkTree, path: str, entry: Entry | None) -> bool:
    found = tree.on_disk(path)
    return (found.entry if found else None) == entry


def _head(tree: WorkTree) -> str:
    return run_git(tree.folder, "rev-parse", "--quiet", "--verify", "HEAD").stdout.decode().strip()


def _list(paths: Iterable[str]) -> str:
    names = sorted(paths)
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more
