# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""What AWS asks for a run."""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from operations.errors import OperationError

PRICES = Path(__file__).with_name("prices.toml")


@dataclass(frozen=True)
class Prices:
    """Prices as prices.toml explains them; those of the currency are floats."""

    as_of: str
    currency: str
    sources: list[str]
    dpu_hour: float
    dpu_hour_flex: float
    minimum_seconds: int
    million_events: float
    million_transitions: float

    def dpu_hours(self, seconds: float, dpus: float) -> float:
        """What a run of so many seconds on so many DPUs is billed as; nothing if it never ran."""
        return max(seconds, self.minimum_seconds) * dpus / 3600 if seconds else 0.0

    def of_run(self, dpu_hours: float, *, flex: bool = False) -> float:
        """The price of so many DPU-hours."""
        return dpu_hours * (self.dpu_hour_flex if flex else self.dpu_hour)

    @property
    def of_event(self) -> float:
        """What an upload costs beside its run: the event, and three transitions of the machine."""
        return (self.million_events + 3 * self.million_transitions) / 1_000_000


def read_prices(own: Path | None = None) -> Prices:
    """The prices of prices.toml, and in place of some of them those of a file of one's own.

    Raises:
        OperationError: the file is not there, or names what is no price.
    """
    values = tomllib.loads(PRICES.read_text())
    if own is not None:
        try:
            theirs = tomllib.loads(own.read_text())
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise OperationError(
                f"expected prices as in {PRICES.name}, found {error} in {own}"
            ) from error
        if unknown := theirs.keys() - {field.name for field in fields(Prices)}:
            raise OperationError(
                f"expected prices of {', '.join(values)}, found {', '.join(sorted(unknown))} in {own}"
            )
        values |= theirs
    return Prices(**values)
