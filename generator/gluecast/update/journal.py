"""The journal of an update: a record in the git directory, written before any file changes."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from gluecast.errors import GluecastError
from gluecast.repository.work_tree import Entry, WorkTree


@dataclass(frozen=True)
class Journal:
    """An unfinished update: files with conflicts, and answers that are not written yet.

    `before` and `after` name the content of each file that the update touches; None if there is no
    file. `untracked` lists the untracked ones among them. `answers` maps answers files to the
    content that `--continue` writes.
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

    @property
    def is_running(self) -> bool:
        """Whether another process is running it."""
        if self.process == os.getpid():
            return False
        try:
            os.kill(self.process, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True


def read(tree: WorkTree) -> Journal | None:
    """The journal of the unfinished update, if there is one."""
    try:
        noted = json.loads(_path(tree).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    sides = {
        side: {path: Entry(*entry) if entry else None for path, entry in noted[side].items()}
        for side in ("before", "after")
    }
    return Journal(**{**noted, **sides})


def begin(tree: WorkTree, journal: Journal) -> None:
    """Write the journal of a new update.

    Raises:
        GluecastError: another update has one.
    """
    tree.state_folder.mkdir(parents=True, exist_ok=True)
    fresh = _written(tree, journal)
    try:
        os.link(fresh, _path(tree))  # only one of two concurrent updates can start
    except FileExistsError as error:
        raise GluecastError("expected no other update here, found a running one") from error
    finally:
        fresh.unlink()


def rewrite(tree: WorkTree, journal: Journal) -> None:
    """Replace the journal with a later state."""
    os.replace(_written(tree, journal), _path(tree))


def close(tree: WorkTree) -> None:
    """Remove the journal: the update is finished, or rolled back."""
    _path(tree).unlink(missing_ok=True)


def _written(tree: WorkTree, journal: Journal) -> Path:
    def plain(entry: Entry) -> list[str]:
        return [entry.mode, entry.oid]

    fresh = tree.state_folder / f"update.{journal.process}"
    fresh.write_text(json.dumps(vars(journal), default=plain), encoding="utf-8")
    return fresh


def _path(tree: WorkTree) -> Path:
    return tree.state_folder / "update.json"
