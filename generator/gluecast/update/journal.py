"""The journal of an update: a record in the git directory, written before any file changes."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gluecast.errors import GluecastError
from gluecast.repository.file import Entry
from gluecast.repository.work_tree import WorkTree


@dataclass(frozen=True)
class Journal:
    """An unfinished update: files with conflicts, and answers that are not written yet.

    `before` and `after` name the content of each file that the update touches; None if there is no
    file. `untracked` lists the untracked ones among them, and `sparse` those that are in the index alone,
    because a sparse checkout leaves them out. `answers` maps answers files to the
    content that `--continue` writes.
    """

    command: str
    head: str
    written: bool
    before: dict[str, Entry | None]
    after: dict[str, Entry | None]
    untracked: list[str]
    conflicts: list[str]
    answers: dict[str, str] = field(default_factory=dict)
    sparse: list[str] = field(default_factory=list)


@contextmanager
def running(tree: WorkTree) -> Iterator[None]:
    """Hold the lock of this work tree's updates; the system releases it when the process ends.

    Raises:
        GluecastError: another update holds it.
    """
    tree.state_folder.mkdir(parents=True, exist_ok=True)
    with (tree.state_folder / "lock").open("a") as file:
        try:
            _lock(file.fileno())
        except (BlockingIOError, PermissionError) as error:
            raise GluecastError("expected no other update here, found a running one") from error
        yield


def _lock(file: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def read(tree: WorkTree) -> Journal | None:
    """The journal of the unfinished update, if there is one."""
    try:
        noted = json.loads(_path(tree).read_text(encoding="utf-8"))
        noted.pop("process", None)  # of an older gluecast
        sides = {
            side: {path: Entry(*entry) if entry else None for path, entry in noted[side].items()}
            for side in ("before", "after")
        }
        return Journal(**{**noted, **sides})
    except FileNotFoundError:
        return None
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise GluecastError(
            f"expected the record of an unfinished update in {_path(tree)}, found a damaged file; "
            "compare your files with git status, then delete it"
        ) from error


def write(tree: WorkTree, journal: Journal) -> None:
    """Write the journal of a new update, or a later state of it."""
    os.replace(_written(tree, journal), _path(tree))


def close(tree: WorkTree) -> None:
    """Remove the journal: the update is finished, or rolled back."""
    _path(tree).unlink(missing_ok=True)


def _written(tree: WorkTree, journal: Journal) -> Path:
    def plain(entry: Entry) -> list[str]:
        return [entry.mode, entry.oid]

    fresh = tree.state_folder / "update.new"
    with fresh.open("w", encoding="utf-8") as file:
        file.write(json.dumps(vars(journal), default=plain))
        file.flush()
        os.fsync(file.fileno())
    return fresh


def _path(tree: WorkTree) -> Path:
    return tree.state_folder / "update.json"
