"""The files of a repository, in git's index and on disk."""

import hashlib
import os
import stat
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from gluecast.errors import GluecastError
from gluecast.repository.git import git

REGULAR, EXECUTABLE, SYMLINK = "100644", "100755", "120000"


@dataclass(frozen=True)
class File:
    """Content and git mode of a file; a symlink's content is its target."""

    mode: str
    data: bytes

    @cached_property
    def oid(self) -> str:
        """The object ID that git gives this content."""
        return hashlib.sha1(b"blob %d\0" % len(self.data) + self.data).hexdigest()

    @property
    def entry(self) -> "Entry":
        return Entry(self.mode, self.oid)


@dataclass(frozen=True)
class Entry:
    """A file's mode and the object ID of its content."""

    mode: str
    oid: str


class WorkTree:
    """The files of a repository, in git's index and on disk.

    Paths are relative to the repository's folder, which may be a subfolder of git's. `unwatched` are the
    tracked files whose changes git ignores (skip-worktree, assume-unchanged).
    """

    def __init__(self, folder: Path) -> None:
        """Read the index.

        Raises:
            GluecastError: the folder is not in a git repository.
        """
        self.folder = folder
        try:
            answer = git(folder, "rev-parse", "--show-object-format", "--show-prefix", "--git-dir")
        except GluecastError as error:
            if "not a git repository" not in str(error):
                raise
            raise GluecastError(
                f"expected a git repository in {folder}, found none; a merge needs one: "
                "git init, git add --all, git commit"
            ) from error
        object_format, self.prefix, git_dir = os.fsdecode(answer).split("\n")[:3]
        if object_format != "sha1":
            raise GluecastError(f"expected a repository of SHA-1 objects, found {object_format}")
        # Each work tree of a repository has its own updates.
        self.state_folder = (folder / git_dir).resolve() / "gluecast"
        self.entries: dict[str, Entry] = {}
        self.unmerged: set[str] = set()
        self.unwatched: set[str] = set()
        for line in git(folder, "ls-files", "--stage", "-v", "-z").split(b"\0")[:-1]:
            head, _, path = line.partition(b"\t")
            tag, mode, oid, stage = head.decode().split(" ")
            if tag == "S" or tag.islower():
                self.unwatched.add(os.fsdecode(path))
            if stage == "0":
                self.entries[os.fsdecode(path)] = Entry(mode, oid)
            else:
                self.unmerged.add(os.fsdecode(path))

    @cached_property
    def uncommitted(self) -> frozenset[str]:
        """Tracked files that differ from the last commit, staged or not."""
        found = set()
        listing = git(
            self.folder, "status", "--porcelain", "-z", "--untracked-files=no", "--no-renames"
        )
        for line in listing.split(b"\0")[:-1]:
            path = os.fsdecode(line[3:])
            if path.startswith(self.prefix):
                found.add(path.removeprefix(self.prefix))
        return frozenset(found)

    def look_again(self) -> None:
        """Forget what was uncommitted: files may have been saved since."""
        self.__dict__.pop("uncommitted", None)

    def entry(self, path: str) -> Entry | None:
        """The file in the index, or else on disk; None if there is none."""
        if path in self.entries:
            return self.entries[path]
        found = self.on_disk(path)
        return found.entry if found else None

    def current(self, path: str) -> Entry | None:
        """The current file, committed or not; None if there is none."""
        if path in self.entries and path not in self.uncommitted:
            return self.entries[path]
        found = self.on_disk(path)
        return found.entry if found else None

    def read(self, path: str) -> File | None:
        """The file that `entry` describes."""
        if path not in self.entries:
            return self.on_disk(path)
        entry = self.entries[path]
        if path not in self.uncommitted:
            found = self.on_disk(path)
            if found and found.entry == entry:
                return found
        return File(entry.mode, git(self.folder, "cat-file", "blob", entry.oid))

    def on_disk(self, path: str) -> File | None:
        """The file on disk; None if there is none, or if it is a folder."""
        target = self.folder / path
        try:
            found = target.lstat()
            if stat.S_ISLNK(found.st_mode):
                return File(SYMLINK, os.fsencode(os.readlink(target)))
            if not stat.S_ISREG(found.st_mode):
                return None
            mode = EXECUTABLE if found.st_mode & stat.S_IXUSR else REGULAR
            return File(mode, target.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return None
