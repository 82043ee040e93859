"""The transaction of an update: it writes all changes of a merge or none.

It first writes a journal of the planned changes to the git directory. After a conflict, the journal
stays until the user runs `--continue` or `--abort`. If an update is killed, the next command rolls
it back.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from gluecast.errors import GluecastError
from gluecast.repository import index
from gluecast.repository.disk import remove_file, replace_file
from gluecast.repository.file import REGULAR, SYMLINK, Entry, File
from gluecast.repository.git import git, run_git
from gluecast.repository.work_tree import WorkTree
from gluecast.terminal.progress import Say
from gluecast.update import journal
from gluecast.update.answers import answers_changed, with_comments
from gluecast.update.journal import Journal
from gluecast.update.merge import LABELS, Change
from gluecast.update.refusals import (
    listed,
    refuse_in_the_way,
    refuse_meanwhile,
    refuse_saved,
    refuse_uncommitted,
)
from gluecast.update.rollback import roll_back


def ready(folder: Path, say: Say) -> WorkTree:
    """The work tree of a repository, without an unfinished update: a killed one is rolled back.

    Raises:
        GluecastError: an update has conflicts to resolve, or is running.
    """
    tree = WorkTree(folder)
    if journal.read(tree) is None:
        if tree.unmerged:
            raise GluecastError(
                f"expected a repository without unresolved files, found {listed(tree.unmerged)}; "
                "resolve them, and git add"
            )
        return tree
    with _locked(folder) as tree:
        found = journal.read(tree)
        if found is None:
            pass  # it has just ended
        elif _was_undone(tree, found):
            journal.close(tree)
            say(f"The unfinished {found.command} was undone with git; it is forgotten.")
        elif found.written:
            raise GluecastError(
                f"expected no unfinished {found.command}, found conflicts in "
                f"{listed(found.conflicts)}; resolve them, git add, then gluecast update "
                "--continue; or gluecast update --abort"
            )
        else:
            say(_recover(tree, found))
    return WorkTree(folder)


@contextmanager
def _locked(folder: Path) -> Iterator[WorkTree]:
    """The work tree as it is once no other update can change it."""
    with journal.running(WorkTree(folder)):
        yield WorkTree(folder)


def interrupted(tree: WorkTree) -> str | None:
    """What to know about an update that was killed or has conflicts; None if there is none."""
    found = journal.read(tree)
    if found is None or _was_undone(tree, found):
        return None
    if found.written:
        return (
            f"An unfinished {found.command} has conflicts in {listed(found.conflicts)}: resolve them, git add, "
            "then gluecast update --continue; or gluecast update --abort"
        )
    return (
        f"An unfinished {found.command} was interrupted, or is running: the next gluecast update "
        "rolls it back"
    )


def _recover(tree: WorkTree, found: Journal) -> str:
    """Roll back a killed update, but nothing that was committed or edited since; returns a report."""
    if found.head != _head(tree):
        journal.close(tree)
        return (
            f"An earlier {found.command} was interrupted, and there are commits since: nothing is "
            f"rolled back. Compare with git diff {found.head[:12] or 'HEAD'}: {listed(found.after)}"
        )
    edited = [path for path, _ in roll_back(tree, found, keep_edits=True)]
    kept = f" You have changed {listed(edited)} since; that stays as it is." if edited else ""
    return f"An earlier {found.command} was interrupted; its changes are rolled back.{kept}"


def _was_undone(tree: WorkTree, found: Journal) -> bool:
    """Whether the user has undone an update with git, such as with git reset --hard."""
    if not found.written or tree.unmerged:
        return False
    # Without conflicts to resolve, these files stay as the update wrote them, unless someone undoes it.
    clean = [
        path
        for path, entry in found.before.items()
        if entry and entry != found.after[path] and path not in {*found.conflicts, *found.untracked}
    ]
    if clean:
        return not any(tree.holds(path, found.after[path]) for path in clean)
    # git reset --hard leaves new files in place: they do not count.
    older = {path: entry for path, entry in found.before.items() if entry}
    if found.head != _head(tree) or not all(tree.holds(*each) for each in older.items()):
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
    conflicts = {change.path: change.stages for change in changes if change.stages}
    with journal.running(tree):
        if journal.read(tree):
            raise GluecastError("expected no other update here, found one that has just begun")
        index.refuse_locked(tree)
        seen = {path: tree.raw(path) for path in touched}
        now = WorkTree(tree.folder)
        refuse_uncommitted(now, every, command)
        refuse_meanwhile(tree, now, touched.union(conflicts), command)
        refuse_in_the_way(now, touched - contents.keys(), contents)
        for change in every:
            if change.beside:
                replace_file(tree.ignored_folder, change.path, change.beside)
        before = _before(now, touched.union(conflicts))
        after = {path: contents[path].entry if path in contents else None for path in touched}
        noted = Journal(
            command=command,
            head=_head(now),
            written=False,
            before=before,
            after=before | after,
            untracked=[path for path in before if path not in now.entries],
            conflicts=[*conflicts],
            answers={path: file.data.decode() for path, file in answers.items() if file},
            sparse=[path for path in before if now.is_sparse(path)],
        )
        journal.write(now, noted)
        try:
            _apply(now, noted, contents, seen, last)
            index.set_unmerged(now, conflicts)
        except BaseException:
            roll_back(WorkTree(tree.folder), noted, keep_edits=True)
            raise
        if noted.conflicts or noted.answers:
            journal.write(now, replace(noted, written=True))
        else:
            journal.close(now)


def _before(tree: WorkTree, paths: Iterable[str]) -> dict[str, Entry | None]:
    """What `--abort` restores: the entries of git's index, and untracked files, which are stored now."""
    before = {path: tree.entry(path) for path in sorted(paths)}
    for path in before.keys() - tree.entries.keys():
        if found := tree.raw(path):
            before[path] = _stored(tree, found)
    return before


def _apply(
    tree: WorkTree,
    noted: Journal,
    contents: Mapping[str, File],
    seen: Mapping[str, File | None],
    last: Collection[str],
) -> None:
    """Remove and write the files: on disk, or in the index alone where the disk does not have them.

    Raises:
        GluecastError: one of them was saved since it was seen.
    """
    # A conflict is written to the disk, as git merge does it.
    in_index = {*noted.sparse} - {*noted.conflicts}
    on_disk = {path: file for path, file in contents.items() if path not in in_index}
    for path in sorted(seen.keys() - contents.keys()):
        refuse_saved(tree, path, seen[path])
        remove_file(tree.folder, path)
    checked_out = tree.storage.checked_out(on_disk)
    for path, file in sorted(checked_out.items(), key=lambda item: item[0] in last):
        refuse_saved(tree, path, seen[path])
        replace_file(tree.folder, path, file)
    index.set_entries(tree, _only_in_the_index(tree, on_disk))
    index.set_sparse(tree, {path: _stored(tree, contents.get(path)) for path in in_index})


def _stored(tree: WorkTree, file: File | None) -> Entry | None:
    return Entry(file.mode, index.store(tree, file)) if file else None


def _only_in_the_index(tree: WorkTree, contents: Mapping[str, File]) -> dict[str, Entry | None]:
    """Entries whose mode the disk cannot hold: the executable bit, or a symbolic link."""
    found: dict[str, Entry | None] = {}
    for path, file in contents.items():
        known = tree.entries.get(path)
        mode = known.mode if known else REGULAR
        held = tree.storage.links if SYMLINK in (mode, file.mode) else tree.storage.modes
        if mode != file.mode and not held:
            found[path] = _stored(tree, file)
    return found


def resume(folder: Path) -> Journal:
    """Finish an update whose conflicts are resolved: write its answers files.

    Raises:
        GluecastError: there is no unfinished update, or it has unresolved files.
    """
    with _locked(folder) as tree:
        found = journal.read(tree)
        if found is None or not found.written:
            raise GluecastError("expected an update with conflicts to continue, found none")
        index.refuse_locked(tree)
        if _was_undone(tree, found):
            journal.close(tree)
            raise GluecastError(
                f"expected the files that the {found.command} wrote, found that it was undone with "
                "git; start again: gluecast update"
            )
        if tree.unmerged:
            raise GluecastError(
                f"expected resolved files, found {listed(tree.unmerged)} unmerged; "
                "edit them, and git add (or git rm)"
            )
        marked = [
            path
            for path in found.conflicts
            if has_markers(tree.raw(path)) or has_markers(tree.on_disk(path))
        ]
        if marked:
            raise GluecastError(
                f"expected resolved files, found conflict markers in {listed(marked)}; edit them"
            )
        answers = {path: _continued(tree, found, path) for path in found.answers}
        for path, file in tree.storage.checked_out(answers).items():
            replace_file(tree.folder, path, file)
        if answers:
            git(tree.folder, "add", "--", *answers)
        journal.close(tree)
        return found


def _continued(tree: WorkTree, found: Journal, path: str) -> File:
    """The answers file that `--continue` writes, with the comments that it has by now.

    Raises:
        GluecastError: its answers were changed since the update began.
    """
    after = found.answers[path].encode()
    current = tree.on_disk(path)
    if current is None:
        return File(REGULAR, after)
    if answers_changed(after, current.data) is None:
        return current  # a `--continue` that was killed has written it
    before = run_git(tree.folder, "show", f"{found.head}:./{path}")
    if before.returncode == 0 and (changed := answers_changed(before.stdout, current.data)):
        raise GluecastError(
            f"expected the answers in {path} as they were before the {found.command}, found "
            f"another {changed}; change it after the {found.command}: git checkout {found.head[:12]} "
            f"-- {path}"
        )
    return File(current.mode, with_comments(current.data, after))


def abort(folder: Path) -> list[tuple[str, Path]]:
    """Restore every file as it was before the update.

    Returns the files that were edited since, each with the copy that was made of it.

    Raises:
        GluecastError: there is no unfinished update, or there are newer commits.
    """
    with _locked(folder) as tree:
        found = journal.read(tree)
        if found is None:
            raise GluecastError("expected an unfinished update, found none")
        index.refuse_locked(tree)
        if found.head == _head(tree):
            return roll_back(tree, found, keep_edits=False)
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


def _head(tree: WorkTree) -> str:
    return run_git(tree.folder, "rev-parse", "--quiet", "--verify", "HEAD").stdout.decode().strip()
