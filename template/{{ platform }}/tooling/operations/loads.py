# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""What became of files: the records that runs have written, and those that could write none."""

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from operations.environment import Environment, declaration, deployed_name
from operations.executions import Execution, executions
from operations.tables import Row
from operations.times import point_in_time, shown

WITHOUT_END = RUNNING, KILLED, NOT_STARTED = "running", "killed", "not_started"
"""What became of a file whose run has written no end, or of which no run has written anything."""

LATE = "late"
"""What is said of a prefix from which nothing has come in time."""

_LIVE = ("STARTING", "RUNNING", "STOPPING", "WAITING")
_FAILURES = ("FAILED", "TIMED_OUT", "ABORTED")
_AT_ONCE = 16


@dataclass(frozen=True)
class Load:
    """One file in one run, or, if object is empty, a run as a whole.

    status: what the run has written, or one of this module's.
    """

    began: datetime
    job: str
    object: str
    status: str
    run: str
    told: str = ""
    ended: datetime | None = None
    rows_written: int | None = None
    rows_quarantined: int | None = None


def loads(environment: Environment, job: str, since: datetime) -> list[Load]:
    """What became of the files of a job since a time, in the order in which their runs began."""
    found = list(recorded(environment, job, since))
    known = {load.run for load in found}
    for status in _FAILURES:
        for execution in executions(environment, job, since, status):
            if not _has_recorded(execution, known):
                found.append(_not_started(environment, execution))
    return sorted(found, key=lambda load: load.began)


def recorded(environment: Environment, job: str, since: datetime) -> Iterator[Load]:
    """The loads that a job's runs have recorded since a time."""
    records = _records(environment, job, since)
    ended = {record["run_id"] for record in records if record["state"] == "ended"}
    for record in records:
        if record["state"] == "ended" or record["run_id"] not in ended:
            load = _load(environment, job, record)
            if load.began >= since:
                yield load


def late(environment: Environment, job: str, now: datetime | None = None) -> list[Load]:
    """The prefixes of a job from which nothing was loaded by a run of the last expected period.

    Raises:
        OperationError: the job is not deployed, or an expected period is none.
    """
    now = now or datetime.now(UTC)
    found = []
    for prefix, period in declaration(job).get("expected", {}).items():
        since = point_in_time(period, now)
        place = _shown(environment, prefix)
        if not any(
            load.status == "loaded" and load.object.startswith(place)
            for load in recorded(environment, job, since)
        ):
            told = f"expected every {period}, nothing was loaded since {shown(since)}"
            found.append(Load(now, job, place, LATE, "", told))
    return found


def as_rows(found: Sequence[Load]) -> list[Row]:
    """The loads as rows of a table."""
    return [
        {
            "began": load.began,
            "job": load.job,
            "object": load.object,
            "status": load.status,
            "written": load.rows_written,
            "quarantined": load.rows_quarantined,
            "run": load.run,
            "told": load.told,
        }
        for load in found
    ]


def _records(environment: Environment, job: str, since: datetime) -> list[Mapping[str, Any]]:
    """The lines of a job's records since the day of a time; none if its runs write no records.

    Raises:
        OperationError: the job is not deployed.
    """
    s3, place = environment.client("s3"), environment.arguments(job).get("--load_history", "")
    if not place:
        return []
    bucket, _, folder = place.removeprefix("s3://").partition("/")
    prefix = f"{folder}/{deployed_name(job)}/"
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=prefix, StartAfter=f"{prefix}{since.astimezone(UTC):%Y-%m-%d}"
    )
    keys = [found["Key"] for page in pages for found in page.get("Contents", ())]

    def read(key: str) -> list[Mapping[str, Any]]:
        content = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return [json.loads(line) for line in gzip.decompress(content).splitlines()]

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return [record for records in pool.map(read, keys) for record in records]


def _load(environment: Environment, job: str, record: Mapping[str, Any]) -> Load:
    status, told = record["status"], record["reason"] or ""
    if record["state"] != "ended":
        status, told = _without_end(environment, job, record["run_id"])
    return Load(
        began=_time(record["began_at"]),
        job=job,
        object=_shown(environment, record["source_object"]),
        status=status,
        run=record["run_id"],
        told=told,
        ended=_time(record["ended_at"]) if record["ended_at"] else None,
        rows_written=record["rows_written"],
        rows_quarantined=record["rows_quarantined"],
    )


def _without_end(environment: Environment, job: str, run_id: str) -> tuple[str, str]:
    """What became of a run that has recorded its beginning alone, and what Glue says of it."""
    glue = environment.client("glue")
    try:
        run = glue.get_job_run(JobName=environment.glue_job(job), RunId=run_id)["JobRun"]
    except glue.exceptions.EntityNotFoundException:
        return KILLED, "Glue no longer knows the run"
    state = str(run["JobRunState"])
    return RUNNING if state in _LIVE else KILLED, run.get("ErrorMessage") or f"the run is {state}"


def _has_recorded(execution: Execution, known: set[str]) -> bool:
    """Whether a run of a failed execution has recorded anything: its error names the run."""
    return any(run in execution.reason for run in known)


def _not_started(environment: Environment, execution: Execution) -> Load:
    place = f"s3://{execution.bucket}/{execution.key}" if execution.key else None
    return Load(
        began=execution.started,
        job=execution.job,
        object=_shown(environment, place),
        status=NOT_STARTED,
        run="",
        told=" ".join(execution.reason.split())[:300],
        ended=execution.stopped,
    )


def _shown(environment: Environment, uri: str | None) -> str:
    return environment.shown(*environment.place(uri)) if uri else ""


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
