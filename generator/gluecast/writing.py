"""Write the outcome of a merge: all of it or nothing, and undone on request.

What is about to change is noted in git's folder first. A conflict leaves the note until the user
says `--continue` or `--abort`; an update that was killed leaves it too, and the next command puts
everything back.
"""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gluecast.errors import GluecastError
from gluecast.files import EXECUTABLE, SYMLINK, Entry, File, WorkTree
from gluecast.git import git, run_git
from gluecast.merge import LABELS, Change, Kind

_NEW = ".gluecast-new"


@dataclass(frozen=True)
class Pending:
    """An update that waits for the user: files with conflicts, answers that are not written yet.

    `before` and `after` name the content of each file that the update touched, None where there is
    no file; `untracked` are those of them that git did not know. `answers` maps answers files to
    the content that `--continue` writes.
    """

    command: str
    head: str
    process: int
    written: bool
    before: dict[str, Entry | None]
    after: dict[str, Entry | None]
    untracked: list[str]
    conflicts: list[str]
    answers: dict[str, str] = field(default_factory=dict)


def pending(tree: WorkTree) -> Pending | None:
    """The update that was begun here and is not finished, if any."""
    try:
        noted = json.loads(_note(tree).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    sides = {
        side: {path: Entry(*entry) if entry else None for path, entry in noted[side].items()}
        for side in ("before", "after")
    }
    return Pending(**{**noted, **sides})


def refuse_unfinished(tree: WorkTree, say: Any) -> None:
    """Put back what a killed update left.

    Raises:
        GluecastError: an update has conflicts to resolve, or is running.
    """
    found = pending(tree)
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
    if _runs(found.process):
        raise GluecastError(f"expected no other update here, found process {found.process} at work")
    say("An earlier update was cut off; its files are put back.")
    _put_back(tree, found)


def write(tree: WorkTree, changes: Sequence[Change], held: Iterable[str], command: str) -> None:
    """Write all changes, or none. `held` are the answers files that wait for `--continue`.

    Raises:
        GluecastError: a file would be overwritten that is not committed, or is in the way.
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
    note = Pending(
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
            _store(tree, found)
    _begin(tree, note)
    try:
        for path in sorted(touched - contents.keys()):
            _remove(tree, path)
        for path, file in contents.items():
            _replace(tree.folder, path, file)
        _mark_unmerged(tree, [change for change in changes if change.stages])
    except BaseException:
        _put_back(tree, note)
        raise
    if note.conflicts or note.answers:
        _note_down(tree, replace(note, written=True))
    else:
        _forget(tree)


def refuse_uncommitted(tree: WorkTree, changes: Iterable[Change], command: str = "update") -> None:
    """Refuse changes to files whose content git could not give back.

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


# Of files that git does not know, these are as the template wrote them.
_SAFE = (Kind.CLEAN, Kind.REMOVED)


def resume(tree: WorkTree) -> Pending:
    """Finish an update whose conflicts are resolved: its answers move to the new version.

    Raises:
        GluecastError: nothing is unfinished, or something is unresolved.
    """
    found = pending(tree)
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
            f"expected what the update wrote, found {_list(undone)} as before it; "
            "start over: gluecast update --abort"
        )
    for path, text in found.answers.items():
        _replace(tree.folder, path, File("100644", text.encode()))
    _forget(tree)
    return found


def abort(tree: WorkTree) -> list[str]:
    """Put every file back as it was before the update.

    Gives the files that were edited since; their content is kept in git's folder, below
    gluecast/aborted.

    Raises:
        GluecastError: nothing is unfinished, or commits were made since.
    """
    found = pending(tree)
    if found is None:
        raise GluecastError("expected an unfinished update, found none")
    if _runs(found.process) and not found.written:
        raise GluecastError(f"expected no other update here, found process {found.process} at work")
    if found.head != _head(tree):
        raise GluecastError(
            "expected the commit that the update began from, found a newer one; finish it with "
            "gluecast update --continue, or go back with git reset first"
        )
    return _put_back(tree, found)


def has_markers(file: File | None) -> bool:
    """Whether a file holds conflict markers, git's or ours."""
    if file is None or file.mode == SYMLINK:
        return False
    lines = file.data.splitlines()
    starts = (f"<<<<<<< {LABELS[0]}".encode(), f">>>>>>> {LABELS[2]}".encode())
    return any(line.rstrip() in starts for line in lines)


def _put_back(tree: WorkTree, note: Pending) -> list[str]:
    """Undo what was written, in any state of it; content that nobody else has is kept aside."""
    edited = []
    for path in note.after:
        (tree.folder / (path + _NEW)).unlink(missing_ok=True)
        if _is(tree, path, note.before[path]) or _is(tree, path, note.after[path]):
            continue
        found = tree.on_disk(path)
        if found is not None:
            edited.append(path)
            _replace(tree.state_folder / "aborted", path, found)
    lines = []
    for path, entry in note.before.items():
        known = None if path in note.untracked else entry
        if path not in note.conflicts and tree.entries.get(path) == known:
            continue
        lines.append(f"0 {'0' * 40}\t{tree.prefix}{path}")
        if known:
            lines.append(f"{known.mode} {known.oid} 0\t{tree.prefix}{path}")
    _index(tree, lines)
    for path in note.after:
        if note.before[path] is None:
            _remove(tree, path)
    tracked = []
    for path, entry in note.before.items():
        if entry is None or _is(tree, path, entry):
            continue
        if path in note.untracked:
            _replace(
                tree.folder, path, File(entry.mode, git(tree.folder, "cat-file", "blob", entry.oid))
            )
        else:
            tracked.append(path)
    if tracked:
        names = "\0".join(tracked).encode("utf-8", "surrogateescape")
        git(tree.folder, "checkout-index", "--force", "-u", "-z", "--stdin", stdin=names)
    _forget(tree)
    return edited


def _mark_unmerged(tree: WorkTree, conflicts: Sequence[Change]) -> None:
    """Give git the three sides of each conflict, as a merge of its own would."""
    lines = []
    for change in conflicts:
        path = f"{tree.prefix}{change.path}"
        lines.append(f"0 {'0' * 40}\t{path}")
        for stage, file in enumerate(change.stages or (), start=1):
            if file is not None:
                lines.append(f"{file.mode} {_store(tree, file)} {stage}\t{path}")
    _index(tree, lines)


def _index(tree: WorkTree, lines: Sequence[str]) -> None:
    if lines:
        listing = "".join(f"{line}\0" for line in lines).encode("utf-8", "surrogateescape")
        git(tree.folder, "update-index", "-z", "--index-info", stdin=listing)


def _store(tree: WorkTree, file: File) -> str:
    return git(tree.folder, "hash-object", "-w", "--stdin", stdin=file.data).decode().strip()


def _refuse_in_the_way(tree: WorkTree, removed: Iterable[str], written: Iterable[str]) -> None:
    """Refuse to write below a file or a link, or where a folder stays.

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


def _replace(folder: Path, path: str, file: File) -> None:
    """Write a file in one step: whoever looks sees the old one or the new one."""
    target = folder / path
    if target.is_dir() and not target.is_symlink():
        _remove_empty(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = folder / (path + _NEW)
    fresh.unlink(missing_ok=True)
    if file.mode == SYMLINK:
        fresh.symlink_to(os.fsdecode(file.data))
    else:
        fresh.write_bytes(file.data)
        allowed = target.stat().st_mode if target.is_file() else fresh.stat().st_mode
        readable = allowed & 0o444
        fresh.chmod(allowed & ~0o111 | (readable >> 2 if file.mode == EXECUTABLE else 0))
    os.replace(fresh, target)


def _remove(tree: WorkTree, path: str) -> None:
    target = tree.folder / path
    target.unlink(missing_ok=True)
    for parent in target.parents:
        if parent == tree.folder:
            break
        try:
            parent.rmdir()
        except OSError:
            break


def _remove_empty(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir()
    folder.rmdir()


def _is(tree: WorkTree, path: str, entry: Entry | None) -> bool:
    found = tree.on_disk(path)
    return (found.entry if found else None) == entry


def _head(tree: WorkTree) -> str:
    return run_git(tree.folder, "rev-parse", "--quiet", "--verify", "HEAD").stdout.decode().strip()


def _note(tree: WorkTree) -> Path:
    return tree.state_folder / "update.json"


def _begin(tree: WorkTree, note: Pending) -> None:
    tree.state_folder.mkdir(parents=True, exist_ok=True)
    fresh = tree.state_folder / f"update.{note.process}"
    fresh.write_text(_serialised(note), encoding="utf-8")
    try:
        os.link(fresh, _note(tree))  # of two updates at once, one begins
    except FileExistsError as error:
        raise GluecastError("expected no other update here, found one at work") from error
    finally:
        fresh.unlink()


def _note_down(tree: WorkTree, note: Pending) -> None:
    fresh = tree.state_folder / f"update.{note.process}"
    fresh.write_text(_serialised(note), encoding="utf-8")
    os.replace(fresh, _note(tree))


def _serialised(note: Pending) -> str:
    def plain(entry: Entry) -> list[str]:
        return [entry.mode, entry.oid]

    return json.dumps(vars(note), default=plain)


def _forget(tree: WorkTree) -> None:
    _note(tree).unlink(missing_ok=True)


def _runs(process: int) -> bool:
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _list(paths: Iterable[str]) -> str:
    names = sorted(paths)
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more
