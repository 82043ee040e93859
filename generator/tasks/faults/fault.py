"""What a fault is, and how it is found again after its file has moved or its lines have shifted."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Fault:
    """One change of meaning in one line of one file.

    file: its path in the project. line: the text of the line, without its indentation. number: which
    of the places in such lines of the file it is, from 0. change: an operator's name, or `old -> new`.
    """

    file: str
    line: str
    number: int
    change: str

    @property
    def name(self) -> str:
        """What a report calls it."""
        again = f" #{self.number}" if self.number else ""
        return f"{self.file}: {self.line!r}{again}: {self.change}"


class GoneError(Exception):
    """The text that a fault changes is not in the project any more."""


Plant = Callable[[str], str]
"""Gives the text of a file with the fault in it."""


def located(root: Path, fault: Fault) -> Path:
    """The file of a fault: where it was, or the only one of that name that has its line.

    Raises:
        GoneError: no file has it.
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
