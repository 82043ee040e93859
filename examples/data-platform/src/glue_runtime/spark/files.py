# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The interface of a place of files, which a module for each kind of place implements.

Every method takes a literal URI.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass


class StorageError(Exception):
    """S3 has given no answer, or one that says nothing about the object."""


@dataclass(frozen=True)
class StoredFile:
    """A file at the time of its listing.

    size: the size in bytes.
    modified: the time of modification in seconds since 1970.
    version: differs between two contents of one URI: the ETag, if the place has it, with the time
        (in S3, in whole seconds) and the size.
    """

    uri: str
    size: int
    modified: float
    version: str


class Files(ABC):
    """A place of files.

    Raises, in every method:
        SourceNotFoundError, S3AccessError: there is no such bucket, or no access to it.
        StorageError: S3 gives no answer.
    """

    @abstractmethod
    def listed(self, uri: str) -> Iterator[StoredFile]:
        """All files below a folder, at any depth and with any name; none if there is no folder."""

    @abstractmethod
    def file(self, uri: str) -> StoredFile | None:
        """The file of this URI, if it exists."""

    @abstractmethod
    def read(self, uri: str, start: int, size: int) -> bytes:
        """At most `size` bytes of a file from `start` on.

        Raises:
            FileNotFoundError: there is no such file.
        """

    @abstractmethod
    def move(self, source: str, target: str) -> None:
        """Move a file to a new URI, and create its folder, unless another run has moved it.

        On S3, this copies the object and deletes the original; if only the latter fails, the file
        has moved.
        """

    @abstractmethod
    def write(self, uri: str, content: bytes) -> None:
        """Write a small file, in place of one with this URI."""

    @abstractmethod
    def delete(self, uri: str) -> None:
        """Delete a file, if it exists."""

    @abstractmethod
    def delete_folder(self, uri: str) -> None:
        """Delete all files below a folder, if it exists."""
