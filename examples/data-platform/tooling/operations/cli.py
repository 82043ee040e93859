# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The command line of operations. make help lists the commands as make targets."""

import argparse
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import islice, takewhile
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from operations import cost, doctor, replay, runs
from operations.environment import Environment, chosen_jobs, environment
from operations.errors import OperationError
from operations.events import object_created
from operations.invocations import rule_invocations
from operations.matching import as_rows, matching
from operations.prices import read_prices
from operations.settings import GLUE_VERSIONS
from operations.tables import Row, as_json, as_table
from operations.times import point_in_time
from operations.trace import trace
from operations.validate import validate

Options = argparse.Namespace
Answer = tuple[Sequence[Row], str, int]
"""The rows that a command prints, a summary below them, and the exit code."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command. Returns 0, 1 if there are findings, or 2 if the command failed."""
    options = _parser().parse_args(argv)
    try:
        rows, summary, code = options.command(environment(options.env), options)
    except OperationError as error:
        print(error, file=sys.stderr)
        return 2
    except (BotoCoreError, ClientError) as error:
        print(
            f"expected a response from AWS, found: {error}\n"
            "check aws sts get-caller-identity, AWS_PROFILE and AWS_REGION",
            file=sys.stderr,
        )
        return 2
    if options.json:
        print(as_json(rows))
    else:
        print("\n\n".join(text for text in (as_table(rows), summary) if text))
    return int(code)


def _job_runs(asked: Environment, options: Options) -> Answer:
    prices, jobs = read_prices(options.prices), chosen_jobs(options.job)
    found = [run for job in jobs for run in islice(runs.runs(asked, job, prices), options.limit)]
    found.sort(key=lambda run: run.started, reverse=True)
    summary = f"cost in {prices.currency}, list prices of {prices.as_of}" if found else "no runs"
    return runs.as_rows(found[: options.limit]), summary, 0


def _trace(asked: Environment, options: Options) -> Answer:
    since = point_in_time(options.since or "90d")
    return trace(asked, options.key, since, read_prices(options.prices)), "", 0


def _matching_rules(asked: Environment, options: Options) -> Answer:
    matched = matching(asked, object_created(asked.bucket("bronze"), options.key, options.size))
    summary = "" if matched else f"no rule of {asked.name} matches {options.key}"
    return as_rows(matched), summary, 0


def _rule_invocations(asked: Environment, options: Options) -> Answer:
    since = point_in_time(options.since or "1h")
    rows = rule_invocations(asked, chosen_jobs(options.job), since)
    return rows, "" if rows else "no rules, and nothing was started", 0


def _doctor(asked: Environment, options: Options) -> Answer:
    jobs = chosen_jobs(options.job)
    # A job given by name must be deployed; without a name, some jobs may not be deployed yet.
    missing = [] if options.job else doctor.not_deployed(asked, jobs)
    findings = doctor.diagnose(asked, [job for job in jobs if job not in missing])
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
        )
        files = cost.break_even(load, prices)
        summary = (
            f"a schedule is cheaper from {files} files a day on" if files else "events are cheaper"
        )
        return cost.forecast(load, prices), f"{summary}; {listed}", 0
    since, jobs = point_in_time(options.since or "30d"), chosen_jobs(options.job)
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
    rows = list(replay.run_again(asked, starts, per_minute=options.rate, dry_run=options.dry_run))
    started = sum(row["done"] == "started" for row in rows)
    summary = (
        f"{started} started, {len(rows) - started} not; {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    )
    return rows, summary if rows else "nothing to replay", 0


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
    command("trace", _trace, "what happened to an uploaded object")
    command("matching-rules", _matching_rules, "what an upload of this key would start")
    command("rule-invocations", _rule_invocations, "what the rules have started")
    command("doctor", _doctor, "faults of the deployment, and how to fix them")
    command("cost", _cost, "what runs cost, or would cost with --files")
    command("replay", _replay, "start runs again")
    command("validate", _validate, "check the files of a job, in a run that writes nothing")
    return parser


_OPTIONS = {
    "job-runs": ["--limit"],
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
        "--glue",
    ],
    "replay": ["--since", "--until", "--prefix", "--failed", "--name", "--rate", "--dry-run"],
    "validate": ["--prefix"],
}


def _positive(text: str) -> float:
    number = float(text)
    if not number > 0:
        raise argparse.ArgumentTypeError(f"expected a number above 0, found {text}")
    return number


_ARGUMENTS: dict[str, dict[str, Any]] = {
    "--limit": {"type": int, "default": 20, "help": "how many runs"},
    "--key": {"required": True, "help": "key of an object in the bronze bucket"},
    "--size": {
        "type": int,
        "default": 1,
        "help": "size of the object in bytes; rules ignore empty objects",
    },
    "--since": {"help": "2h, 7d, 2024-01-15 or 2024-01-15T10:30, UTC"},
    "--until": {"help": "end of the period, in the same form as --since"},
    "--files": {"type": int, "help": "forecast: files per day"},
    "--days": {"type": int, "default": 30, "help": "forecast: days of files in the folder"},
    "--start-seconds": {
        "type": _positive,
        "default": 60.0,
        "help": "forecast: seconds of a run before its first file",
    },
    "--file-seconds": {"type": _positive, "default": 30.0, "help": "forecast: seconds per file"},
    "--dpus": {"type": _positive, "default": 2.0, "help": "forecast: DPUs of a run"},
    "--schedules": {"type": _positive, "default": 1.0, "help": "forecast: scheduled runs per day"},
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
