# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Compute what runs have cost, and forecast costs by event or by schedule."""

from collections.abc import Iterable
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
    DPUs of a run (2 workers of G.1X are 2). schedules: scheduled runs per day.
    """

    files: int
    days: int = 30
    start_seconds: float = 60
    file_seconds: float = 30
    dpus: float = 2
    schedules: float = 1


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


def by_event(load: Load, prices: Prices) -> float:
    """The cost per day with one run per file."""
    hours = prices.dpu_hours(load.start_seconds + load.file_seconds, load.dpus)
    return load.files * (prices.of_run(hours) + prices.of_event)


def by_schedule(load: Load, prices: Prices) -> float:
    """The cost per day if every scheduled run reads the whole folder."""
    return load.schedules * prices.of_run(prices.dpu_hours(_folder_seconds(load), load.dpus))


def break_even(load: Load, prices: Prices) -> int | None:
    """The number of files per day from which schedules are cheaper; None if they never are."""
    for files in range(1, _MOST_FILES + 1):
        one = replace(load, files=files)
        if by_schedule(one, prices) < by_event(one, prices):
            return files
    return None


def forecast(load: Load, prices: Prices) -> list[Row]:
    """The costs by event and by schedule."""
    one_file = load.start_seconds + load.file_seconds
    return [
        {
            "way": way,
            "runs a day": runs,
            "seconds a run": seconds,
            "DPU-hours a day": runs * prices.dpu_hours(seconds, load.dpus),
            f"a day ({prices.currency})": day,
            f"a month ({prices.currency})": day * _DAYS,
        }
        for way, runs, seconds, day in (
            ("by event", float(load.files), one_file, by_event(load, prices)),
            ("by schedule", load.schedules, _folder_seconds(load), by_schedule(load, prices)),
        )
    ]


def _folder_seconds(load: Load) -> float:
    return load.start_seconds + load.files * load.days * load.file_seconds
