"""One file: its content and git mode, and the entry that names both."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

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
