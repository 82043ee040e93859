"""A fault, and how to locate it after its file was moved or edited."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Fault:
    """One semantic change in one line of a file.

    file: the path in the project. line: the text of the line, without indentation. number: the
    index of the place among such lines of the file. change: an operator's name, or `old -> new`.
    """

    file: str
    line: str
    number: int
    change: str

    @property
    def name(self) -> str:
        """The name of the fault in reports."""
        again = f" #{self.number}" if self.number else ""
        return f"{self.file}: {self.line!r}{again}: {self.change}"


class GoneError(Exception):
    """The project no longer has the text that a fault changes."""


Plant = Callable[[str], str]
"""Returns the text of a file with the fault in it."""


def located(root: Path, fault: Fault) -> Path:
    """The file of a fault: at the same path, or the only file of that name with its line.

    Raises:
        GoneError: no file has the line.
    """
    there = root / fault.file
    if there.is_file() and fault.line in there.read_text(encoding="utf-8"):
        return there
    for top in ("generator", "template"):
        found = [
            path
            for path in sorted((root / top).rglob(there.name))
            if fault.line in path.read_text(encoding="utf-8")
        ]
        if len(found) == 1:
            return found[0]
    raise GoneError(fault.name)
