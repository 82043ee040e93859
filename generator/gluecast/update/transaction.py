"""The transaction of an update: it writes all changes of a merge or none.

It first writes a journal of the planned changes to the git directory. After a conflict, the journal
stays until the user runs `--continue` or `--abort`. If an update is killed, the next command rolls
it back.
"""

import os
from collections.abc import Iterable, Sequence
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
    if found.written:
        raise GluecastError(
            f"expected no unfinished {found.command}, found conflicts in {_list(found.conflicts)}; "
            "resolve them, git add, then gluecast update --continue; or gluecast update --abort"
        )
    if found.is_running:
        raise GluecastError(
            f"expected no other update here, found one running in process {found.process}"
        )
    say("An earlier update was interrupted; its changes are rolled back.")
    _roll_back(tree, found)


def write(tree: WorkTree, changes: Sequence[Change], held: Iterable[str], command: str) -> None:
    """Write all changes, or none. `held` are the answers files that `--continue` will write.

    Raises:
        GluecastError: the update would overwrite an uncommitted file, or a file is in the way.
    """
    held = set(held)
    answers = {change.path: change.after for change in changes if change.path in held}
    changes = [change for change in changes if change.path not in held]
    touched = {path for change in changes for path in change.touched}
    contents = {change.path: change.after for change in changes if change.after}
    conflicts = [change.path for change in changes if change.stages]
    refuse_uncommitted(tree, changes, command)
    _refuse_in_the_way(tree, touched - contents.keys(), contents)
    before = {path: tree.entry(path) for path in sorted(touched.union(conflicts))}
    after = {path: contents[path].entry if path in contents else None for path in touched}
    untracked = [path for path in before if path not in tree.entries]
    noted = Journal(
        command=command,
        head=_head(tree),
        process=os.getpid(),
        written=False,
        before=before,
        after=before | after,
        untracked=untracked,
        conflicts=conflicts,
        answers={path: file.data.decode() for path, file in answers.items() if file},
    )
    for path in untracked:
        if found := tree.on_disk(path):
            index.store(tree, found)
    journal.begin(tree, noted)
    try:
        for path in sorted(touched - contents.keys()):
            remove_file(tree.folder, path)
        for path, file in contents.items():
            replace_file(tree.folder, path, file)
        index.set_unmerged(tree, {each.path: each.stages for each in changes if each.stages})
    except BaseException:
        _roll_back(tree, noted)
        raise
    if noted.conflicts or noted.answers:
        journal.rewrite(tree, replace(noted, written=True))
    else:
        journal.close(tree)


def refuse_uncommitted(tree: WorkTree, changes: Iterable[Change], command: str = "update") -> None:
    """Refuse changes to files whose content git could not restore.

    Raises:
        GluecastError: some are not committed.
    """
    touched = [(change, path) for change in changes for path in change.touched]
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
    clean = [path for path in found.after if path not in found.conflicts]
    undone = [path for path in clean if _is(tree, path, found.before[path])]
    if clean and len(undone) == len(clean):
        raise GluecastError(
            f"expected the files that the update wrote, found {_list(undone)} as before it; "
            "start over: gluecast update --abort"
        )
    for path, text in found.answers.items():
        replace_file(tree.folder, path, File("100644", text.encode()))
    journal.close(tree)
    return found


def abort(tree: WorkTree) -> list[str]:
    """Restore every file as it was before the update.

    Returns the files that were edited since; their content is kept in gluecast/aborted in the git
    directory.

    Raises:
        GluecastError: there is no unfinished update, or there are newer commits.
    """
    found = journal.read(tree)
    if found is None:
        raise GluecastError("expected an unfinished update, found none")
    if found.is_running and not found.written:
        raise GluecastError(
            f"expected no other update here, found one running in process {found.process}"
        )
    if found.head != _head(tree):
        raise GluecastError(
            "expected the commit that the update started from, found a newer one; finish it with "
            "gluecast update --continue, or go back with git reset first"
        )
    return _roll_back(tree, found)


def has_markers(file: File | None) -> bool:
    """Whether a file has conflict markers."""
    if file is None or file.mode == SYMLINK:
        return False
    lines = file.data.splitlines()
    starts = (f"<<<<<<< {LABELS[0]}".encode(), f">>>>>>> {LABELS[2]}".encode())
    return any(line.rstrip() in starts for line in lines)


def _roll_back(tree: WorkTree, noted: Journal) -> list[str]:
    """Undo an update in any state; back up content that exists nowhere else."""
    edited = []
    for path in noted.after:
        (tree.folder / (path + UNFINISHED)).unlink(missing_ok=True)
        if _is(tree, path, noted.before[path]) or _is(tree, path, noted.after[path]):
            continue
        found = tree.on_disk(path)
        if found is not None:
            edited.append(path)
            replace_file(tree.state_folder / "aborted", path, found)
    entries = {}
    for path, entry in noted.before.items():
        known = None if path in noted.untracked else entry
        if path in noted.conflicts or tree.entries.get(path) != known:
            entries[path] = known
    index.set_entries(tree, entries)
    _restore_files(tree, noted)
    journal.close(tree)
    return edited


def _restore_files(tree: WorkTree, noted: Journal) -> None:
    """Restore every file on disk as it was before the update."""
    for path in noted.after:
        if noted.before[path] is None:
            remove_file(tree.folder, path)
    tracked = []
    for path, entry in noted.before.items():
        if entry is None or _is(tree, path, entry):
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
