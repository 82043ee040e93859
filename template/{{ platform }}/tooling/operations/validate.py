# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Check the files of the lake, in a Glue run of the job that writes nothing."""

import time
from typing import Any

from operations.environment import Environment
from operations.errors import OperationError, not_there
from operations.logs import entries
from operations.tables import Row

_EVERYTHING = "*"
_GOES_ON = ("STARTING", "RUNNING", "STOPPING", "WAITING")
_LONGEST_WAIT = 15.0
"""The longest pause between two checks of the run, in seconds."""


def validate(environment: Environment, job: str, prefix: str) -> tuple[list[Row], str]:
    """What a strict run would refuse and a lenient run would quarantine, and a summary.

    Raises:
        OperationError: the job is not deployed, its runtime is too old, or its run failed.
    """
    glue, name = environment.client("glue"), environment.glue_job(job)
    try:
        started = glue.start_job_run(JobName=name, Arguments={"--validate": prefix or _EVERYTHING})[
            "JobRunId"
        ]
    except glue.exceptions.EntityNotFoundException:
        raise OperationError(
            f"expected the Glue job {name}, found none in {environment.region}: "
            f"{not_there(environment.name)}"
        ) from None
    try:
        run = _ended(glue, name, started)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"the run {started} of {name} goes on; it writes nothing") from None
    if run["JobRunState"] != "SUCCEEDED":
        raise OperationError(
            f"expected the run {started} of {name} to check its files, found {run['JobRunState']}: "
            f"{run.get('ErrorMessage', 'no reason given')}"
        )
    logged = (
        each for each in entries(environment, job, started) if each.get("event") == "validated"
    )
    entry = next(logged, None)
    if entry is None:
        raise OperationError(
            f"expected a line of the event validated in the log of {started}, found none: the deployed "
            f"runtime is older than this command; make deploy-infra ENV={environment.name} ACTION=apply"
        )
    summary = (
        f"{entry['files']} files, {entry['rows']} rows, {entry['invalid_rows']} of them invalid"
    )
    return [_row(finding) for finding in entry["findings"]], f"{summary}; run {started}"


def _ended(glue: Any, name: str, run_id: str) -> dict[str, Any]:
    wait = 1.0
    while True:
        run: dict[str, Any] = glue.get_job_run(JobName=name, RunId=run_id)["JobRun"]
        if run["JobRunState"] not in _GOES_ON:
            return run
        time.sleep(wait)
        wait = min(2 * wait, _LONGEST_WAIT)


def _row(finding: dict[str, Any]) -> Row:
    return {
        "count": finding["count"],
        "kind": finding["kind"],
        "reason": finding["reason"],
        "first places": "; ".join(finding["first"]),
    }
