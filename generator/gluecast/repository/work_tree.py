"""The files of a repository, in git's index and on disk."""

import os
import stat
from collections.abc import Collection
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

from gluecast.errors import GluecastError
from gluecast.repository.file import EXECUTABLE, REGULAR, SYMLINK, Entry, File
from gluecast.repository.git import git, run_git
from gluecast.repository.storage import Storage


def state_folder(git_dir: Path, prefix: str) -> Path:
    """Where gluecast keeps its state in a git directory: one folder for each rendered repository.

    `prefix` is the repository's folder below git's, with a slash at its end, or nothing.
    """
    return git_dir / "-".join(["gluecast", *([quote(prefix[:-1], safe="")] if prefix else [])])


class WorkTree:
    """The files of a repository, in git's index and on disk.

    Paths are relative to the repository's folder, which may be a subfolder of git's. Every `File` is as
    git stores it, whatever line ends, encoding or filter the file on disk has. `unwatched` are the
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
        self.state_folder = state_folder((folder / git_dir).resolve(), self.prefix)
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
        self._untracked: dict[str, Entry | None] = {}
        self.storage = Storage(folder, self.prefix, self.entries)

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

    @property
    def ignored_folder(self) -> Path:
        """Where the template's versions of edited files lie that git ignores."""
        return self.state_folder / "ignored"

    def ignored(self, paths: Collection[str]) -> set[str]:
        """The untracked paths among these that git ignores."""
        asked = [path for path in paths if path not in self.entries]
        if not asked:
            return set()
        names = b"".join(os.fsencode(path) + b"\0" for path in asked)
        # It exits with 1 where nothing is ignored.
        found = run_git(self.folder, "check-ignore", "-z", "--stdin", stdin=names).stdout
        return {*os.fsdecode(found).split("\0")[:-1]}

    def entry(self, path: str) -> Entry | None:
        """The file in the index, or else on disk when first asked for; None if there is none."""
        if path in self.entries:
            return self.entries[path]
        if path not in self._untracked:
            found = self.on_disk(path)
            self._untracked[path] = found.entry if found else None
        return self._untracked[path]

    def current(self, path: str) -> Entry | None:
        """The current file, committed or not; None if there is none."""
        if path in self.entries and path not in self.uncommitted:
            return self.entries[path]
        found = self.on_disk(path)
        return found.entry if found else None

    def read(self, path: str) -> File | None:
        """The file that `entry` describes."""
        return self.read_all([path]).get(path)

    def read_all(self, paths: Collection[str]) -> dict[str, File]:
        """The files that `entry` describes, by path, where there are any."""
        found: dict[str, File] = {}
        blobs: dict[str, Entry] = {}
        for path in paths:
            entry = self.entries.get(path)
            if entry is None or path not in self.uncommitted:
                file = self.raw(path) if entry else self.on_disk(path)
                if file and entry in (None, file.entry):
                    found[path] = file
                    continue
            if entry:
                blobs[path] = entry
        return found | self.blobs(blobs)

    def blobs(self, entries: dict[str, Entry]) -> dict[str, File]:
        """The content that git has stored for entries."""
        if not entries:
            return {}
        names = "".join(f"{entry.oid}\n" for entry in entries.values()).encode()
        answer = git(self.folder, "cat-file", "--batch", stdin=names)
        found = {}
        start = 0
        for path, entry in entries.items():
            end = answer.index(b"\n", start)
            if answer[start:end].endswith(b" missing"):
                raise GluecastError(f"expected the content of {path} in git, found none; git fsck")
            size = int(answer[start:end].split()[-1])
            start = end + 1
            found[path] = File(entry.mode, answer[start : start + size])
            start += size + 1
        return found

    def on_disk(self, path: str) -> File | None:
        """The file on disk, as git would store it; None if there is none, or if it is a folder."""
        found = self.raw(path)
        return self.storage.stored(path, found) if found else None

    def raw(self, path: str) -> File | None:
        """The file on disk with its own bytes; None if there is none, or if it is a folder."""
        target = self.folder / path
        known = self.entries.get(path)
        if known is None and any(
            (self.folder / above).is_symlink() for above in Path(path).parents
        ):
            return None  # git sees no files beyond a link
        try:
            found = target.lstat()
            if stat.S_ISLNK(found.st_mode):
                return File(SYMLINK, os.fsencode(os.readlink(target)))
            if not stat.S_ISREG(found.st_mode):
                return None
            mode = EXECUTABLE if found.st_mode & stat.S_IXUSR else REGULAR
            if known and (known.mode == SYMLINK) and not self.storage.links:
                mode = SYMLINK
            elif not self.storage.modes:
                mode = known.mode if known and known.mode != SYMLINK else REGULAR
            return File(mode, target.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return None

    def is_sparse(self, path: str) -> bool:
        """Whether a tracked file is not on disk because of a sparse checkout."""
        return path in self.unwatched and not os.path.lexists(self.folder / path)

    def holds(self, path: str, entry: Entry | None) -> bool:
        """Whether the disk has a file as in an entry; None stands for no file."""
        if self.is_sparse(path):
            return self.entries[path] == entry
        found = self.raw(path)
        if found is None or entry is None:
            return found is None and entry is None
        if not self.storage.modes and SYMLINK not in (found.mode, entry.mode):
            found = File(entry.mode, found.data)
        return found.entry == entry or self.storage.stored(path, found).entry == entry
