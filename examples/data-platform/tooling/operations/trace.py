# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Trace an uploaded object: event, execution, run, rows."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from botocore.exceptions import ClientError

from operations.environment import Environment, all_jobs
from operations.events import object_created
from operations.executions import Execution, batch_of, executions
from operations.loads import recorded
from operations.logs import entries
from operations.matching import Rules, definition_of, next_machines
from operations.prices import Prices
from operations.runs import Run, runs
from operations.tables import Row

_LOGGED_EVENTS = (
    "loading_event_file",
    "loading_event_files",
    "data_written",
    "quarantined",
    "source_gone",
    "rows_of_other_buckets",
    "job_failed",
    "job_completed_successfully",
)
_LEFT_OUT = {
    *("timestamp", "level", "job_name", "job_run_id", "trigger_type", "environment", "event"),
    *("source_bucket", "source_object_key", "manifest", "schema", "_aws"),
}


def trace(environment: Environment, key: str, since: datetime, prices: Prices) -> list[Row]:
    """The history of an object, in order; a row has the columns time, what, job and told.

    key: its key in the bronze bucket, or s3://bucket/key.
    """
    bucket, key = environment.place(key)
    uploaded, size = _uploaded(environment, bucket, key)
    rows = [uploaded]
    event = object_created(bucket, key, size=max(size, 1))
    matched = Rules(environment).matching(event)
    jobs = {environment.glue_job(job): job for job in all_jobs()}
    for match in matched:
        details = f"{match.rule} starts {match.state}, over {match.told}"
        if match.problem:
            details = f"{match.rule} may match: {match.problem}"
        details += "" if match.enabled else "; the rule is disabled"
        rows.append(_row(None, "rule", jobs.get(match.glue_job, match.glue_job), details))
    if not matched:
        rows.append(_row(None, "rule", "", "no rule matches: make matching-rules"))
    happened: list[Row] = []
    started_by_it = sorted({jobs[match.glue_job] for match in matched if match.glue_job in jobs})
    for job in started_by_it:
        started = list(executions(environment, job, since))
        found = [each for each in started if each.has(bucket, key)]
        # A batch that was replayed names its manifest, which the first execution has written.
        batches = {each.batch for each in found if each.batch}
        found += [each for each in started if each.batch in batches and each not in found]
        happened += [row for execution in found for row in _executed(execution)]
        happened += [row for execution in found for row in _next(environment, execution, jobs)]
        for run in runs(environment, job, prices):
            if run.started < since:
                break
            if (run.bucket, run.key) == (bucket, key) or batch_of(run.manifest) in batches:
                happened += [_ran(run), *_logged(environment, run)]
    # Logs, runs and executions expire, and records do not.
    if not any(row["what"] in _LOGGED_EVENTS for row in happened):
        first = max(since, uploaded["time"] or since)
        happened += [*_recorded(environment, bucket, key, first, started_by_it)]
    return rows + sorted(happened, key=lambda row: row["time"] or datetime.max.replace(tzinfo=UTC))


def _uploaded(environment: Environment, bucket: str, key: str) -> tuple[Row, int]:
    """What is said of an object, and its size in bytes; 0 if it is not there."""
    try:
        found = environment.client("s3").head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("404", "NoSuchKey", "NotFound"):
            raise
        told = f"not in {bucket}: never uploaded, deleted, or another key"
        return _row(None, "object", "", told), 0
    size = int(found["ContentLength"])
    details = f"{size} bytes in {bucket}{'' if size else '; rules ignore empty objects'}"
    return _row(found["LastModified"], "object", "", details), size


def _executed(execution: Execution) -> Iterator[Row]:
    name = execution.arn.rsplit(":", 1)[-1]
    yield _row(execution.started, "execution", execution.job, f"{name} started")
    if execution.stopped:
        details = f"{name} {execution.status}"
        if execution.status == "SUCCEEDED" and not execution.run_id:
            details += ", and ran nothing"
        if execution.reason:
            details += f": {_one_line(execution.reason)}"
        yield _row(execution.stopped, "execution", execution.job, details)


def _next(environment: Environment, execution: Execution, jobs: Mapping[str, str]) -> Iterator[Row]:
    """What its run started: an execution of each next job, with the run's id as its name."""
    if not execution.run_id:
        return
    states = environment.client("stepfunctions")
    machine = environment.machine_arn(execution.job)
    for following in next_machines(definition_of(environment, machine)):
        glue_job = following.rsplit(":", 1)[-1]
        job = jobs.get(glue_job, glue_job)
        arn = f"{following.replace(':stateMachine:', ':execution:')}:{execution.run_id}"
        try:
            found = states.describe_execution(executionArn=arn)
        except states.exceptions.ExecutionDoesNotExist:
            yield _row(None, "next job", job, f"was not started after {execution.run_id}")
        else:
            details = f"{found['status']}, started after {execution.run_id}"
            yield _row(found["startDate"].astimezone(UTC), "next job", job, details)


def _ran(run: Run) -> Row:
    details = (
        f"{run.id} {run.state}, {run.seconds} s, {run.dpu_hours:.4f} DPU-hours, {run.cost:.4f}"
    )
    details += f": {_one_line(run.error)}" if run.error else ""
    return _row(run.started, "run", run.job, details)


def _logged(environment: Environment, run: Run) -> Iterator[Row]:
    for entry in entries(environment, run.job, run.id):
        if entry.get("event") in _LOGGED_EVENTS:
            details = [f"{name}={value}" for name, value in entry.items() if name not in _LEFT_OUT]
            time = datetime.fromisoformat(entry["timestamp"])
            yield _row(time, str(entry["event"]), run.job, _one_line(" ".join(details)))


def _recorded(
    environment: Environment, bucket: str, key: str, since: datetime, jobs: Iterable[str]
) -> Iterator[Row]:
    """What runs have recorded of an object."""
    for job in jobs:
        for load in recorded(environment, job, since):
            if environment.place(load.object) == (bucket, key):
                counts = (
                    f"rows_written={load.rows_written} rows_quarantined={load.rows_quarantined}"
                )
                told = f"{load.run}: {load.told or counts}"
                yield _row(load.ended or load.began, load.status, job, _one_line(told))


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 300 else f"{line[:297]}..."


def _row(time: datetime | None, what: str, job: str, details: str) -> Row:
    return {"time": time, "what": what, "job": job, "told": details}
