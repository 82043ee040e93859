# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The Glue runs of a job."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from operations.environment import Environment
from operations.errors import OperationError, not_there
from operations.prices import Prices
from operations.tables import Row

# https://docs.aws.amazon.com/glue/latest/dg/add-job.html
DPUS = {"G.1X": 1, "G.2X": 2, "G.4X": 4, "G.8X": 8, "G.12X": 12, "G.16X": 16}
DPUS |= {"R.1X": 1, "R.2X": 2, "R.4X": 4, "R.8X": 8}


@dataclass(frozen=True)
class Run:
    """One Glue run. seconds: its duration without start-up.

    bucket, key: empty for a scheduled run and for a batch. manifest: only of a batch.
    """

    job: str
    id: str
    state: str
    started: datetime
    trigger: str
    bucket: str
    key: str
    seconds: int
    dpu_hours: float
    cost: float
    error: str
    manifest: str = ""


def runs(environment: Environment, job: str, prices: Prices) -> Iterator[Run]:
    """The runs of a job, newest first. Glue keeps them for 90 days.

    Raises:
        OperationError: the job is not deployed.
    """
    glue, name = environment.client("glue"), environment.glue_job(job)
    try:
        for page in glue.get_paginator("get_job_runs").paginate(JobName=name):
            for found in page["JobRuns"]:
                yield run_of(found, job, prices)
    except glue.exceptions.EntityNotFoundException:
        raise OperationError(
            f"expected the Glue job {name}, found none in {environment.region}: "
            f"{not_there(environment.name)}"
        ) from None


def run_of(found: dict[str, Any], job: str, prices: Prices) -> Run:
    """A run from Glue's record of it."""
    arguments = found.get("Arguments", {})
    key = arguments.get("--object_key", "")
    seconds = int(found.get("ExecutionTime") or 0)
    # If the number of workers changes during a run, Glue reports the DPU seconds.
    if found.get("DPUSeconds"):
        dpu_hours = found["DPUSeconds"] / 3600
    else:
        dpu_hours = prices.dpu_hours(seconds, dpus_of(found))
    flex = found.get("ExecutionClass") == "FLEX"
    return Run(
        job=job,
        id=found["Id"],
        state=found["JobRunState"],
        started=found["StartedOn"].astimezone(UTC),
        trigger="s3_event" if key or arguments.get("--manifest") else "scheduled",
        bucket=arguments.get("--bucket", ""),
        key=key,
        seconds=seconds,
        dpu_hours=dpu_hours,
        cost=prices.on(found.get("GlueVersion", "")).of_run(dpu_hours, flex=flex),
        error=found.get("ErrorMessage", ""),
        manifest=arguments.get("--manifest", ""),
    )


def dpus_of(found: dict[str, Any]) -> float:
    """The DPUs of a run or a job: from its workers, or from its capacity."""
    if found.get("WorkerType") in DPUS and found.get("NumberOfWorkers"):
        return float(DPUS[found["WorkerType"]] * found["NumberOfWorkers"])
    return float(found.get("MaxCapacity") or 0)


def as_rows(found: list[Run]) -> list[Row]:
    """The runs as rows of a table."""
    return [
        {
            "started": run.started,
            "job": run.job,
            "state": run.state,
            "trigger": run.trigger,
            "object": run.key or run.manifest,
            "seconds": run.seconds,
            "DPU-hours": run.dpu_hours,
            "cost": run.cost,
            "run": run.id,
            "error": run.error,
        }
        for run in found
    ]
