# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Compute what runs have cost, and forecast the cost of each way to start them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from operations.prices import Prices
from operations.runs import Run
from operations.tables import Row

_DAYS = 30.4
_MOST_FILES = 100_000


@dataclass(frozen=True)
class Load:
    """The daily load of a job, for a forecast.

    files: files per day. days: days of files in the folder, all of which a scheduled run reads.
    start_seconds: seconds of a run before its first file. file_seconds: seconds per file. dpus:
    DPUs of a run (2 workers of G.1X are 2). schedules: scheduled runs per day. batch: the most
    files of a batch; the files of a day are one burst.
    """

    files: int
    days: int = 30
    start_seconds: float = 60
    file_seconds: float = 30
    dpus: float = 2
    schedules: float = 1
    batch: int = 100


def spent(runs: Iterable[Run], prices: Prices) -> list[Row]:
    """One row per job and trigger: runs, files, DPU-hours, cost, runs below the billing minimum.

    at the minimum: runs that were shorter than the minimum billed time.
    """
    groups: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        groups.setdefault((run.job, run.trigger), []).append(run)
    return [
        {
            "job": job,
            "trigger": trigger,
            "runs": len(found),
            "files": len({run.key for run in found if run.key}) or None,
            "failed": sum(run.state not in ("SUCCEEDED", "RUNNING", "STARTING") for run in found),
            "mean seconds": round(sum(run.seconds for run in found) / len(found), 1),
            "at the minimum": sum(0 < run.seconds < prices.minimum_seconds for run in found),
            "DPU-hours": sum(run.dpu_hours for run in found),
            f"cost ({prices.currency})": sum(run.cost for run in found),
        }
        for (job, trigger), found in sorted(groups.items())
    ]


Runs = list[tuple[float, float]]
"""Runs per day, by how many files each of them reads: 2 runs over 100 files are (2, 100)."""


def _batches(load: Load) -> Runs:
    full, rest = divmod(load.files, load.batch)
    return [(full, load.batch), (1, rest)] if rest else [(full, load.batch)]


_WAYS: dict[str, Callable[[Load], Runs]] = {
    "event": lambda load: [(load.files, 1)],
    "batch": _batches,
    "schedule": lambda load: [(load.schedules, load.files * load.days)],
    "changed": lambda load: [(load.schedules, load.files / load.schedules)],
}
"""The ways to start runs: one per file, one per batch of files, a schedule over the directory, and
a schedule over what has changed since its last run."""


def per_day(way: str, load: Load, prices: Prices) -> float:
    """What a way to start runs costs per day."""
    return prices.of_run(_dpu_hours(way, load, prices)) + {
        "event": load.files * prices.of_event,
        "batch": load.files * prices.of_message + _number(_batches(load)) * prices.of_batch,
    }.get(way, 0.0)


def break_even(way: str, load: Load, prices: Prices) -> int | None:
    """The number of files per day from which a way costs less than one run per file.

    None if it never does.
    """
    for files in range(1, _MOST_FILES + 1):
        one = replace(load, files=files)
        if per_day(way, one, prices) < per_day("event", one, prices):
            return files
    return None


def forecast(load: Load, prices: Prices) -> list[Row]:
    """One row per way to start runs; seconds are the mean of its runs."""
    return [
        {
            "way": way,
            "runs": float(_number(runs(load))),
            "seconds": _seconds(runs(load), load) / max(_number(runs(load)), 1),
            "DPU-hours": _dpu_hours(way, load, prices),
            f"a day ({prices.currency})": per_day(way, load, prices),
            f"a month ({prices.currency})": per_day(way, load, prices) * _DAYS,
            "cheaper from": None if way == "event" else break_even(way, load, prices),
        }
        for way, runs in _WAYS.items()
    ]


def cheapest(load: Load, prices: Prices) -> str:
    """The way to start runs that costs the least."""
    return min(_WAYS, key=lambda way: per_day(way, load, prices))


def _dpu_hours(way: str, load: Load, prices: Prices) -> float:
    return sum(
        number * prices.dpu_hours(load.start_seconds + files * load.file_seconds, load.dpus)
        for number, files in _WAYS[way](load)
    )


def _number(runs: Runs) -> float:
    return sum(number for number, _ in runs)


def _seconds(runs: Runs, load: Load) -> float:
    return sum(number * (load.start_seconds + files * load.file_seconds) for number, files in runs)
