# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""What runs have cost, and what they would cost: by event, or by schedule."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from operations.prices import Prices
from operations.runs import Run
from operations.tables import Row

_DAYS = 30.4
_MOST_FILES = 100_000


@dataclass(frozen=True)
class Load:
    """What a job has to do in a day.

    files: that arrive. days: whose files lie in the folder, all of which a scheduled run reads.
    start_seconds: of a run before its first file; file_seconds: for each file after that. dpus: of a
    run (2 workers of G.1X are 2). schedules: scheduled runs.
    """

    files: int
    days: int = 30
    start_seconds: float = 60
    file_seconds: float = 30
    dpus: float = 2
    schedules: float = 1


def spent(runs: Iterable[Run], prices: Prices) -> list[Row]:
    """A row for each job and trigger: runs, files, DPU-hours, money, and what is paid but not used.

    at the minimum: runs that were shorter than the time they are billed for.
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
    """A day's cost if every file has a run of its own."""
    hours = prices.dpu_hours(load.start_seconds + load.file_seconds, load.dpus)
    return load.files * (prices.of_run(hours) + prices.of_event)


def by_schedule(load: Load, prices: Prices) -> float:
    """A day's cost if every scheduled run reads the whole folder."""
    return load.schedules * prices.of_run(prices.dpu_hours(_folder_seconds(load), load.dpus))


def break_even(load: Load, prices: Prices) -> int | None:
    """The fewest files a day for which schedules are the cheaper way; None if that never happens."""
    for files in range(1, _MOST_FILES + 1):
        one = replace(load, files=files)
        if by_schedule(one, prices) < by_event(one, prices):
            return files
    return None


def forecast(load: Load, prices: Prices) -> list[Row]:
    """The two ways beside each other."""
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
