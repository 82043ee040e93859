# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""JSON Lines: one record per line."""

from glue_runtime.input.exact.dialect import is_wide
from glue_runtime.input.exact.frames import NUMBER
from glue_runtime.input.exact.packing import Packing
from glue_runtime.input.formats import json
from glue_runtime.input.formats.interface import POSITION
from glue_runtime.input.formats.options import Options


class Reader(json.Reader):
    """Reads JSON Lines files; all of them form one batch."""

    may_be_empty = True
    takes = json.Reader.takes | {"lineSep"}

    @classmethod
    def objection(cls, options: Options) -> str | None:
        """See `FormatReader`: the bytes of a line end are not alone in wide encodings."""
        if not is_wide(options.dialect.encoding):
            return None
        return (
            f"an encoding of JSON Lines whose characters may have one byte, found "
            f"{options.dialect.encoding}; write the files in UTF-8, or as one array (json)"
        )

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
