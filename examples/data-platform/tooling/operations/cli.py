# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The command line of operations. make help lists the commands as make targets."""

import argparse
import math
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from itertools import islice, takewhile
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from operations import cost, doctor, loads, replay, runs, smoke
from operations.environment import Environment, chosen_jobs, deployed_jobs, environment
from operations.errors import OperationError, advice
from operations.events import object_created
from operations.invocations import rule_invocations
from operations.matching import Rules, as_rows
from operations.prices import read_prices
from operations.settings import GLUE_VERSIONS
from operations.tables import Row, as_json, as_line, as_table
from operations.times import point_in_time
from operations.trace import trace
from operations.validate import validate

Options = argparse.Namespace
Summary = str | Callable[[Sequence[Row]], str]
Answer = tuple[Iterable[Row], Summary, int]
"""The rows that a command prints, a summary below them, and the exit code. Rows that are not in a
sequence are printed as they come, and their summary is computed from those printed."""

_INTERRUPTED = 130
_CLOSED_PIPE = 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command. Returns 0, 1 if there are findings, or 2 if the command failed.

    As in a shell, 130 says that it was interrupted, and 141 that nobody reads its output.
    """
    options = _parser().parse_args(argv)
    try:
        rows, summary, code = options.command(environment(options.env), options)
        return _print(rows, summary, options) or int(code)
    except KeyboardInterrupt as error:
        print(f"interrupted: {error}" if str(error) else "interrupted", file=sys.stderr)
        return _INTERRUPTED
    except BrokenPipeError:
        # Python would report the closed pipe again when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _CLOSED_PIPE
    except OperationError as error:
        print(error, file=sys.stderr)
        return 2
    except (BotoCoreError, ClientError) as error:
        print(f"expected a response from AWS, found: {error}", file=sys.stderr)
        print(advice(error, options.env), file=sys.stderr)
        return 2


def _print(rows: Iterable[Row], summary: Summary, options: Options) -> int:
    """Print the rows and the summary; returns 0, or 130 after an interruption."""
    printed: list[Row] = []
    as_they_come, code = not isinstance(rows, Sequence), 0
    try:
        for row in rows:
            printed.append(row)
            if as_they_come and not options.json:
                print(as_line(row), flush=True)
    except KeyboardInterrupt:
        print("interrupted; the same command continues", file=sys.stderr)
        code = _INTERRUPTED
    if options.json:
        print(as_json(printed), flush=True)
        return code
    below = summary(printed) if callable(summary) else summary
    table = "" if as_they_come else as_table(printed, _width())
    print("\n\n".join(text for text in (table, below) if text), flush=True)
    return code


def _width() -> int | None:
    """The width of the terminal, or of COLUMNS; None if the output goes elsewhere."""
    if os.environ.get("COLUMNS", "").isdecimal() or sys.stdout.isatty():
        return shutil.get_terminal_size().columns
    return None


def _job_runs(asked: Environment, options: Options) -> Answer:
    prices, jobs = read_prices(options.prices), _jobs(asked, options)
    found = [run for job in jobs for run in islice(runs.runs(asked, job, prices), options.limit)]
    found.sort(key=lambda run: run.started, reverse=True)
    summary = f"cost in {prices.currency}, list prices of {prices.as_of}" if found else "no runs"
    return runs.as_rows(found[: options.limit]), summary, 0


def _trace(asked: Environment, options: Options) -> Answer:
    since = point_in_time(options.since or "90d")
    deployed_jobs(asked, chosen_jobs(None))
    return trace(asked, options.key, since, read_prices(options.prices)), "", 0


def _loads(asked: Environment, options: Options) -> Answer:
    since = point_in_time(options.since or "1d")
    jobs = _jobs(asked, options)
    found = [each for job in jobs for each in loads.loads(asked, job, since)]
    found += [each for job in jobs for each in loads.late(asked, job)]
    rows = [each for each in found if options.status in ("", each.status)]
    counts = Counter(each.status for each in rows)
    summary = ", ".join(f"{number} {status}" for status, number in counts.most_common())
    return loads.as_rows(rows), summary or f"no loads since {since:%Y-%m-%d %H:%M}", 0


def _matching_rules(asked: Environment, options: Options) -> Answer:
    deployed_jobs(asked, chosen_jobs(None))
    event = object_created(*asked.place(options.key), options.size)
    matched = Rules(asked).matching(event)
    summary = "" if matched else f"no rule of {asked.name} matches {options.key}"
    return as_rows(matched), summary, 0


def _rule_invocations(asked: Environment, options: Options) -> Answer:
    since = point_in_time(options.since or "1h")
    rows = rule_invocations(asked, _jobs(asked, options), since)
    return rows, "" if rows else "no rules, and nothing was started", 0


def _doctor(asked: Environment, options: Options) -> Answer:
    jobs = _jobs(asked, options)
    missing = [job for job in chosen_jobs(options.job) if job not in jobs]
    findings = doctor.diagnose(asked, jobs)
    summary = f"{len(doctor.CHECKS)} checks of {asked.name}: "
    summary += f"{len(findings)} findings" if findings else "nothing is wrong"
    summary += f"; not deployed: {', '.join(missing)}" if missing else ""
    return doctor.as_rows(findings), summary, 1 if findings else 0


def _cost(asked: Environment, options: Options) -> Answer:
    prices = read_prices(options.prices)
    listed = f"list prices of {prices.as_of}"
    if options.files is not None:
        prices = prices.on(options.glue or GLUE_VERSIONS[asked.name])
        load = cost.Load(
            options.files,
            options.days,
            options.start_seconds,
            options.file_seconds,
            options.dpus,
            options.schedules,
            options.batch,
        )
        summary = (
            f"cheapest with {load.files} files a day: {cost.cheapest(load, prices)}; "
            "cheaper from: files a day, against event"
        )
        return cost.forecast(load, prices), f"{summary}; {listed}", 0
    since, jobs = point_in_time(options.since or "30d"), _jobs(asked, options)
    found = [
        run
        for job in jobs
        for run in takewhile(lambda run: run.started >= since, runs.runs(asked, job, prices))
    ]
    summary = listed if found else f"no runs since {since:%Y-%m-%d %H:%M}; FILES=200 forecasts"
    return cost.spent(found, prices), summary, 0


def _replay(asked: Environment, options: Options) -> Answer:
    [job] = chosen_jobs(options.job)
    since = point_in_time(options.since or "14d")
    if options.failed:
        starts = replay.failed(asked, job, since)
    elif options.since:
        until = point_in_time(options.until) if options.until else None
        words = (options.since, options.until or "", options.prefix)
        name = options.name or " ".join(words)
        starts = replay.uploads(asked, job, since, until, options.prefix, name)
    else:
        raise OperationError(
            "expected SINCE=2024-01-15, or FAILED=1 for what failed, found neither"
        )
    rows = replay.run_again(asked, starts, per_minute=options.rate, dry_run=options.dry_run)
    return rows, _replayed, 0


def _replayed(rows: Sequence[Row]) -> str:
    started = sum(row["done"] == "started" for row in rows)
    now = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    return f"{started} started, {len(rows) - started} not; {now}" if rows else "nothing to replay"


def _smoke(asked: Environment, options: Options) -> Answer:
    jobs = deployed_jobs(asked, chosen_jobs(options.job))
    job = next((job for job in jobs if options.job or Rules(asked, asked.machine_arn(job))), None)
    if job is None:
        raise OperationError(
            f"expected a deployed job that uploads start, found none of {', '.join(jobs)}; "
            f"make doctor ENV={asked.name} says why, or name one with JOB="
        )
    rows, marker = smoke.smoke(asked, job, read_prices(options.prices))
    right = sum(row["result"] == smoke.OK for row in rows)
    summary = f"{job} in {asked.name}: {right} of {len(rows)} as expected; {marker}"
    return rows, summary, 0 if right == len(rows) else 1


def _jobs(asked: Environment, options: Options) -> list[str]:
    """The job of the command line, which must be deployed, or all jobs that are deployed."""
    jobs = chosen_jobs(options.job)
    return jobs if options.job else deployed_jobs(asked, jobs)


def _validate(asked: Environment, options: Options) -> Answer:
    [job] = chosen_jobs(options.job)
    rows, summary = validate(asked, job, options.prefix)
    return rows, summary, 1 if rows else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m operations", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, does: Callable[[Environment, Options], Answer], purpose: str) -> None:
        added = commands.add_parser(name, help=purpose, description=purpose)
        added.set_defaults(command=does)
        added.add_argument("--env", required=True, help="environment: dev")
        added.add_argument(
            "--job", required=name in ("replay", "validate"), help="module in src/jobs"
        )
        added.add_argument("--json", action="store_true", help="print JSON, not a table")
        added.add_argument("--prices", type=Path, help="file of prices, in the form of prices.toml")
        for option in _OPTIONS[name]:
            added.add_argument(option, **_ARGUMENTS[option])

    command("job-runs", _job_runs, "recent runs, and what they cost")
    command("loads", _loads, "what became of files: loaded, failed, started and never ended")
    command("trace", _trace, "what happened to an uploaded object")
    command("matching-rules", _matching_rules, "what an upload of this key would start")
    command("rule-invocations", _rule_invocations, "what the rules have started")
    command("doctor", _doctor, "faults of the deployment, and how to fix them")
    command("cost", _cost, "what runs cost, or would cost with --files")
    command("replay", _replay, "start runs again")
    command("smoke", _smoke, "try the deployment with files of its own, and take them away")
    command("validate", _validate, "check the files of a job, in a run that writes nothing")
    return parser


_OPTIONS = {
    "job-runs": ["--limit"],
    "loads": ["--since", "--status"],
    "trace": ["--key", "--since"],
    "matching-rules": ["--key", "--size"],
    "rule-invocations": ["--since"],
    "doctor": [],
    "cost": [
        "--since",
        "--files",
        "--days",
        "--start-seconds",
        "--file-seconds",
        "--dpus",
        "--schedules",
        "--batch",
        "--glue",
    ],
    "replay": ["--since", "--until", "--prefix", "--failed", "--name", "--rate", "--dry-run"],
    "smoke": [],
    "validate": ["--prefix"],
}


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"expected a number above 0, found {text}")
    return number


def _whole(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"expected a whole number of 0 or more, found {text}")
    return number


def _at_least_one(text: str) -> int:
    if not (number := _whole(text)):
        raise argparse.ArgumentTypeError(f"expected a whole number of 1 or more, found {text}")
    return number


_ARGUMENTS: dict[str, dict[str, Any]] = {
    "--limit": {"type": _whole, "default": 20, "help": "how many runs"},
    "--key": {
        "required": True,
        "help": "key of an object in the bronze bucket, or s3://bucket/key",
    },
    "--size": {
        "type": _whole,
        "default": 1,
        "help": "size of the object in bytes; rules ignore empty objects",
    },
    "--since": {"help": "2h, 7d, 2024-01-15 or 2024-01-15T10:30, UTC"},
    "--status": {
        "default": "",
        "choices": (
            "loaded",
            "quarantined",
            "gone",
            "failed",
            "nothing_new",
            *loads.WITHOUT_END,
            loads.LATE,
        ),
        "help": "only these loads",
    },
    "--until": {"help": "end of the period, in the same form as --since"},
    "--files": {"type": _whole, "help": "forecast: files per day"},
    "--days": {"type": _whole, "default": 30, "help": "forecast: days of files in the folder"},
    "--start-seconds": {
        "type": _positive,
        "default": 60.0,
        "help": "forecast: seconds of a run before its first file",
    },
    "--file-seconds": {"type": _positive, "default": 30.0, "help": "forecast: seconds per file"},
    "--dpus": {"type": _positive, "default": 2.0, "help": "forecast: DPUs of a run"},
    "--schedules": {"type": _positive, "default": 1.0, "help": "forecast: scheduled runs per day"},
    "--batch": {"type": _at_least_one, "default": 100, "help": "forecast: files of a batch"},
    "--glue": {"help": "forecast: Glue version, if not the environment's"},
    "--prefix": {"default": "", "help": "only keys with this prefix"},
    "--failed": {
        "action": "store_true",
        "help": "replay failures: dead letters, timed-out executions",
    },
    "--name": {"help": "a new name runs the same objects again"},
    "--rate": {"type": _positive, "default": 20.0, "help": "starts per minute"},
    "--dry-run": {"action": "store_true", "help": "only print what would be started"},
}
