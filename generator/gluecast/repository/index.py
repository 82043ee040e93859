"""Write to git's index and object store."""

from collections.abc import Mapping, Sequence

from gluecast.errors import GluecastError
from gluecast.repository.file import Entry, File
from gluecast.repository.git import git
from gluecast.repository.work_tree import WorkTree

Stages = tuple[File | None, File | None, File | None]
"""The base, your version and the template's version of a conflict."""

_ABSENT = f"0 {'0' * 40}"


def refuse_locked(tree: WorkTree) -> None:
    """Refuse to start while another git command writes the index.

    Raises:
        GluecastError: there is a lock.
    """
    lock = tree.state_folder.parent / "index.lock"
    if lock.exists():
        raise GluecastError(
            f"expected no other git command here, found {lock}; wait for it to end, or remove the "
            "lock if it was killed"
        )


def store(tree: WorkTree, file: File) -> str:
    """Write a file's content to git's object store; returns its object ID."""
    return git(tree.folder, "hash-object", "-w", "--stdin", stdin=file.data).decode().strip()


def set_entries(tree: WorkTree, entries: Mapping[str, Entry | None]) -> None:
    """Set entries of the index, as resolved; None removes a path."""
    lines = []
    for path, entry in entries.items():
        lines.append(f"{_ABSENT}\t{tree.prefix}{path}")
        if entry:
            lines.append(f"{entry.mode} {entry.oid} 0\t{tree.prefix}{path}")
    _write(tree, lines)


def set_sparse(tree: WorkTree, entries: Mapping[str, Entry | None]) -> None:
    """Set entries of files that a sparse checkout leaves out; they stay out."""
    set_entries(tree, entries)
    names = "".join(f"{path}\0" for path, entry in entries.items() if entry)
    if names:
        listing = names.encode("utf-8", "surrogateescape")
        git(tree.folder, "update-index", "--skip-worktree", "-z", "--stdin", stdin=listing)


def set_unmerged(tree: WorkTree, conflicts: Mapping[str, Stages]) -> None:
    """Record the three sides of each conflict in the index, as git merge does."""
    lines = []
    for path, stages in conflicts.items():
        lines.append(f"{_ABSENT}\t{tree.prefix}{path}")
        for number, file in enumerate(stages, start=1):
            if file is not None:
                lines.append(f"{file.mode} {store(tree, file)} {number}\t{tree.prefix}{path}")
    _write(tree, lines)


def _write(tree: WorkTree, lines: Sequence[str]) -> None:
    if lines:
        listing = "".join(f"{line}\0" for line in lines).encode("utf-8", "surrogateescape")
        git(tree.folder, "update-index", "-z", "--index-info", stdin=listing)
