# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The AWS prices of a run."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from operations.errors import OperationError

PRICES = Path(__file__).with_name("prices.toml")


@dataclass(frozen=True)
class Prices:
    """The prices that prices.toml explains; amounts of money are floats.

    glue: by the version of Glue, the prices in which it differs.
    """

    as_of: str
    currency: str
    sources: list[str]
    dpu_hour: float
    dpu_hour_flex: float
    minimum_seconds: int
    million_events: float
    million_transitions: float
    million_queue_requests: float
    million_pipe_requests: float
    glue: dict[str, dict[str, Any]]

    def on(self, version: str) -> "Prices":
        """The prices of a version of Glue, such as 6.0."""
        return replace(self, **self.glue.get(version, {}))

    def dpu_hours(self, seconds: float, dpus: float) -> float:
        """The billed DPU-hours of a run; 0 if it never ran."""
        return max(seconds, self.minimum_seconds) * dpus / 3600 if seconds else 0.0

    def of_run(self, dpu_hours: float, *, flex: bool = False) -> float:
        """The price of DPU-hours."""
        return dpu_hours * (self.dpu_hour_flex if flex else self.dpu_hour)

    @property
    def of_event(self) -> float:
        """The price of an upload besides its run: the event, and three state transitions."""
        return (self.million_events + 3 * self.million_transitions) / 1_000_000

    @property
    def of_message(self) -> float:
        """The price of an upload of a batch: the event, its requests to the queue, and the pipe.

        A message is sent alone, and received and deleted with nine others.
        """
        requests = 1.2 * self.million_queue_requests + self.million_pipe_requests
        return (self.million_events + requests) / 1_000_000

    @property
    def of_batch(self) -> float:
        """The price of a batch besides its uploads and its run: four state transitions."""
        return 4 * self.million_transitions / 1_000_000


def _amounts(values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The names and values that must be numbers, also within the versions of Glue."""
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _amounts(value)
        elif name not in ("as_of", "currency", "sources"):
            yield name, value


def read_prices(own: Path | None = None) -> Prices:
    """The prices of prices.toml, overridden by those of the file `own`.

    Raises:
        OperationError: the file does not exist, or has an unknown or a negative price.
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
        for name, price in _amounts(theirs):
            if isinstance(price, bool) or not isinstance(price, int | float) or not price >= 0:
                raise OperationError(f"expected {name} of 0 or more, found {price!r} in {own}")
        glue = {
            version: {**values["glue"].get(version, {}), **prices}
            for version, prices in theirs.pop("glue", {}).items()
        }
        values |= theirs
        values["glue"] |= glue
    return Prices(**values)
