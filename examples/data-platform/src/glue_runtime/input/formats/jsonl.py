# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""JSON Lines: one record per line."""

from glue_runtime.input.formats import json
from glue_runtime.input.formats.interface import POSITION


class Reader(json.Reader):
    """Reads JSON Lines files; all of them form one batch."""

    position = POSITION
    takes = json.Reader.takes | {"lineSep"}

    @property
    def whole(self) -> bool:
        """See `TextReader`."""
        return False
