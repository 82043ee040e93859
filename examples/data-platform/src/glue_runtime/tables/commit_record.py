# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The record of a commit, so that another run can finish what a killed or failed one has begun."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

SUFFIX, FAILED_SUFFIX = ".commit.json", ".failed.json"
"""The names of the record of a commit that may still go on, and of one that has failed."""

Version = tuple[int, str]

Move = tuple[str, str]
"""The URI of a staged file, and the one that it gets in the table."""


@dataclass(frozen=True)
class CommitRecord:
    """What a commit does.

    version: the version of the new files.
    moves: the files of each partition that gets new rows.
    removed: the URIs of the files of each partition that becomes empty.
    """

    version: Version
    moves: Mapping[str, Sequence[Move]]
    removed: Mapping[str, Sequence[str]]

    def partitions(self) -> list[str]:
        """Every partition that changes."""
        return [*self.moves, *self.removed]

    def can_end_half_way(self, replaced: Mapping[str, int]) -> bool:
        """Whether a part takes more than one step. replaced: the number of its older files."""
        steps = Counter({part: len(moves) for part, moves in self.moves.items()})
        return any(number > 1 for number in (steps + Counter(replaced)).values())

    def to_bytes(self) -> bytes:
        """The record as a file."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> "CommitRecord":
        """The record in a file."""
        found = json.loads(content)
        number, run = found["version"]
        moves = {part: [(old, new) for old, new in each] for part, each in found["moves"].items()}
        return cls((number, run), moves, found["removed"])
