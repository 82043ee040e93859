# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Rows of files that a function reads whole."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pyarrow as pa

from glue_runtime.input.exact.verdicts import Rows


class FileFaultError(ValueError):
    """A file cannot be read to its end, or has other columns; the message says why."""


@dataclass(frozen=True)
class FileRows:
    """Some rows of a file.

    rows: the rows; `at` is None.
    raws: the text of each invalid row; null for a valid one.
    numbers: the position of each row in its file, from 1.
    """

    rows: Rows
    raws: pa.Array
    numbers: pa.Array


ReadFile = Callable[[bytes], Iterator[FileRows]]
"""Reads a file; raises FileFaultError."""
