"""What an update refuses to overwrite."""

from collections.abc import Collection, Iterable
from pathlib import Path

from gluecast.errors import GluecastError
from gluecast.repository.file import File
from gluecast.repository.work_tree import WorkTree
from gluecast.update.merge import Change, Kind

# For these changes, untracked files are as the template wrote them.
_SAFE = (Kind.CLEAN, Kind.REMOVED)


def refuse_meanwhile(
    planned: WorkTree, tree: WorkTree, paths: Collection[str], command: str
) -> None:
    """Refuse to write what was planned for other files than there are now.

    Raises:
        GluecastError: git's index or an untracked file has changed since.
    """
    changed = [path for path in paths if planned.entry(path) != tree.entry(path)]
    if changed:
        raise GluecastError(
            f"expected {listed(changed)} to stay as it is during the {command}, found that it has "
            f"changed since; start the {command} again"
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
    unwatched = [path for _, path in touched if path in tree.unwatched and not tree.is_sparse(path)]
    if unwatched:
        raise GluecastError(
            f"expected files that git watches where gluecast {command} writes, found "
            f"{listed(unwatched)} with assume-unchanged or skip-worktree; let git look at them: "
            "git update-index --no-assume-unchanged --no-skip-worktree"
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
            f"{listed(refused)}; commit or stash them"
        )


def refuse_saved(tree: WorkTree, path: str, seen: File | None) -> None:
    """Refuse to replace a file that someone has saved since the update looked at it."""
    if tree.raw(path) != seen or _is_filled(tree.folder / path):
        raise GluecastError(
            f"expected {path} to stay as it is during the update, found that it was just saved; "
            "commit or stash it, and update again"
        )


def _is_filled(target: Path) -> bool:
    """Whether there is a folder with files; the empty folders of removed files do not count."""
    if not target.is_dir() or target.is_symlink():
        return False
    return any(file.is_symlink() or not file.is_dir() for file in target.rglob("*"))


def refuse_in_the_way(tree: WorkTree, removed: Iterable[str], written: Iterable[str]) -> None:
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
            if parent.as_posix() not in removed and (above.is_symlink() or above.is_file()):
                raise GluecastError(
                    f"expected a folder for {path}, found the file or link {parent}; move it"
                )


def listed(paths: Iterable[str]) -> str:
    names = sorted(paths)
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more
