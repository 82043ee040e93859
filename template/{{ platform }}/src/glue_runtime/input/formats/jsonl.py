# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""JSON Lines: one record per line."""

from glue_runtime.input.exact.frames import NUMBER, Packing
from glue_runtime.input.formats import json
from glue_runtime.input.formats.interface import POSITION


class Reader(json.Reader):
    """Reads JSON Lines files; all of them form one batch."""

    may_be_empty = True
    takes = json.Reader.takes | {"lineSep"}

    @property
    def whole(self) -> bool:
        """See `TextReader`."""
        return self.unpacks

    @property
    def position(self) -> str:  # type: ignore[override]
        """See `TextReader`."""
        return NUMBER if self.unpacks else POSITION

    @property
    def packing(self) -> Packing:
        """See `json.Reader`."""
        return Packing(self.unpacks, of_lines=True, line_end=self.contract.options.dialect.line_end)
