# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Try a deployed environment: what its links do with files, beside what is expected of them."""

import json
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from operations import doctor, probe, replay
from operations.environment import REPOSITORY, Environment
from operations.errors import OperationError, advice
from operations.events import object_created
from operations.executions import Execution, batch_of, executions, key_of, uploads_of
from operations.logs import entries
from operations.matching import Match, Rules
from operations.prices import Prices
from operations.probe import Probe, schedules, wait
from operations.runs import Run, runs
from operations.settings import LAKE_PREFIX
from operations.tables import Row

OK, WRONG, UNSEEN = "ok", "not as expected", "could not be seen"

_BROKEN = b"\xff\xfe\x00 broken on purpose\n" * 3

_COMMITTER = re.compile(r"ParquetOutputCommitter|EmrOptimizedSparkSqlParquetOutputCommitter")
_FILE_SYSTEM = re.compile(r"S3AFileSystem|EmrFileSystem")
"""Those that the runtime is made for."""

_LAST_EVENTS = {"job_completed_successfully", "job_failed"}

Step = Callable[[], Iterator[Row]]
Log = list[dict[str, Any]]


def smoke(environment: Environment, job: str, prices: Prices) -> tuple[list[Row], str]:
    """What was seen beside what is expected, and the marker of all that was made and taken away.

    Raises:
        OperationError: the job has no sample file, or its upload would start other jobs too.
        KeyboardInterrupt: interrupted; the message says what is left.
    """
    trial = Trial(Probe(environment, job), prices)
    try:
        trial.take(trial.deployment, trial.upload, trial.schedule, trial.failure)
    except BaseException as error:
        print("taking away what was made; interrupt again to leave it", file=sys.stderr)
        left = trial.probe.take_away()
        told = f"left behind: {'; '.join(left)}" if left else "everything is taken away"
        if isinstance(error, KeyboardInterrupt):
            raise KeyboardInterrupt(told) from None
        print(told, file=sys.stderr)
        raise
    trial.take(trial.cleaning, trial.log_group, trial.alarms, trial.queue, trial.cost)
    return trial.rows, trial.probe.marker


class Trial:
    """The steps of one try. rows: what was seen so far."""

    def __init__(self, probe: Probe, prices: Prices) -> None:
        self.probe = probe
        self.rows: list[Row] = []
        self._environment = probe.environment
        self._job = probe.job
        self._prices = prices

    def take(self, *steps: Step) -> None:
        """Take the steps; what one cannot see stops no other."""
        for step in steps:
            print(f"{self.probe.marker}: {_words(step.__name__)}", file=sys.stderr)
            try:
                for row in step():
                    self.rows.append(row)
            except (BotoCoreError, ClientError) as error:
                found = f"{error}; {advice(error, self._environment.name)}"
                self.rows.append(_row(_words(step.__name__), UNSEEN, "an answer of AWS", found))
            except OperationError as error:
                self.rows.append(
                    _row(_words(step.__name__), UNSEEN, "an answer of AWS", str(error))
                )

    # --- the steps ------------------------------------------------------------------------------

    def deployment(self) -> Iterator[Row]:
        """The findings of make doctor, in a row for each of its checks."""
        for check in doctor.CHECKS:
            found = [
                f"{each.where} {each.problem}; {each.mend}"
                for each in check(self._environment, [self._job])
            ]
            expected = (check.__doc__ or "").strip().rstrip(".")
            yield _judged(
                _words(check.__name__), not found, expected, "; ".join(found) or "no fault"
            )

    def upload(self) -> Iterator[Row]:
        """A file of a hostile key, uploaded in parts, is followed to its rows."""
        yield self._rule()
        key = self.probe.hostile
        etag = self.probe.put_in_parts(key, self.probe.sample.content)
        execution = self.probe.execution("-hostile")
        yield self._ended("upload", execution, "SUCCEEDED")
        if execution is None:
            return
        run = self._run(execution)
        log = self._log(run)
        yield self._key(execution, run, log)
        [sent] = uploads_of(execution.given)
        delivered = str(sent.get("object", {}).get("etag", ""))
        yield _judged("ETag of the parts", delivered == etag, etag, delivered or "none")
        yield self._times(execution, run, log)
        yield from self._access(log)
        yield self._written("rows", key, log)

    def schedule(self) -> Iterator[Row]:
        """What the schedule of the job would start now."""
        path = REPOSITORY / f"infrastructure/jobs/{self._job}.tf"
        declared = path.read_text(encoding="utf-8") if path.is_file() else ""
        found = [
            (name, arn, text)
            for name, arn, text in schedules(self._environment)
            if arn == self.probe.machine or re.search(rf"\b{re.escape(name)}\s*=", declared)
        ]
        apply = f"make deploy-infra ENV={self._environment.name} ACTION=apply"
        expected = f"starts {self.probe.machine}"
        wrong = [f"{name} starts {arn}" for name, arn, _ in found if arn != self.probe.machine]
        if wrong:
            yield _row("schedule", WRONG, expected, f"{'; '.join(wrong)}; {apply}")
        elif found:
            given = {**json.loads(found[0][2]), "for": self.probe.marker}
            execution = self.probe.start("schedule", given)
            yield self._ended("schedule", execution, "SUCCEEDED")
            if run := self._run(execution):
                yield _judged(
                    "run of the schedule", not run.key, "the directory", run.key or "the directory"
                )
        elif re.search(r"\bschedules\s*=", declared):
            yield _row("schedule", WRONG, expected, f"none; {apply}")
        else:
            yield _row("schedule", OK, "none, as in the .tf file of the job", "none")

    def failure(self) -> Iterator[Row]:
        """A broken file fails, waits in the queue, and is replayed when it is mended."""
        key = self.probe.broken
        self.probe.put(key, _BROKEN)
        execution = self.probe.execution("-broken")
        yield self._ended("broken file", execution, "FAILED")
        if execution is None:
            return
        letter = wait(lambda: next(self.probe.letters(), None), probe.ARRIVES)
        found = letter.for_what if letter else "no message; make doctor"
        expected = f"the manifest {execution.batch}.json" if execution.batch else key
        is_right = batch_of(found) == execution.batch if execution.batch else found == key
        yield _judged("dead letter", is_right, expected, found)
        self.probe.put(key, self.probe.sample.content)
        yield self._ended("mended file", self.probe.execution("-broken"), "SUCCEEDED")
        failed = filter(
            self.probe.is_own, replay.failed(self._environment, self._job, self.probe.since)
        )
        done = [
            str(row["done"])
            for row in replay.run_again(self._environment, failed, per_minute=60, dry_run=False)
        ]
        yield _judged(
            "replay", done == ["started"], "started", ", ".join(done) or "nothing to replay"
        )
        replayed = self.probe.execution("-broken") if "started" in done else None
        if replayed:
            yield self._ended("replay", replayed, "SUCCEEDED")
            yield self._written("rows of the replay", key, self._log(self._run(replayed)))

    def cleaning(self) -> Iterator[Row]:
        """Nothing is left of what was made."""
        left, nothing = self.probe.take_away(), "nothing is left"
        yield _judged("taken away", not left, nothing, "; ".join(left) or nothing)

    def log_group(self) -> Iterator[Row]:
        """The log group of the runs exists."""
        group = self._environment.log_group(self._job)
        found = self._environment.client("logs").describe_log_groups(logGroupNamePrefix=group)
        is_there = group in [each["logGroupName"] for each in found["logGroups"]]
        none = f"none; make deploy-infra ENV={self._environment.name} ACTION=apply"
        yield _judged("log group", is_there, group, group if is_there else none)

    def alarms(self) -> Iterator[Row]:
        """No alarm has gone off but those of failures, which the broken file may set off."""
        prefix = f"{LAKE_PREFIX}-{self._environment.name}-"
        own = ("failed-executions", "dead-letters")
        pages = self._environment.client("cloudwatch").get_paginator("describe_alarms")
        found = {
            each["AlarmName"].removeprefix(prefix): each["StateValue"]
            for page in pages.paginate(AlarmNamePrefix=prefix)
            for each in page["MetricAlarms"]
        }
        told = ", ".join(f"{name} {state}" for name, state in sorted(found.items()))
        wrong = [
            name for name, state in found.items() if state == "ALARM" and not name.startswith(own)
        ]
        result = WRONG if wrong else OK if found else UNSEEN
        expected = f"no ALARM, but of {' and '.join(own)}"
        yield _row("alarms", result, expected, told or f"none; {prefix}* needs alarms = true")

    def queue(self) -> Iterator[Row]:
        """The dead-letter queue is empty again."""
        sqs, name = self._environment.client("sqs"), self._environment.queue_name(self._job)
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        asked = {"QueueUrl": sqs.get_queue_url(QueueName=name)["QueueUrl"], "AttributeNames": names}

        def waiting() -> int:
            found = sqs.get_queue_attributes(**asked)["Attributes"]
            return sum(int(found[each]) for each in names)

        # SQS counts a deleted message for up to a minute.
        is_empty = wait(lambda: None if waiting() else True, min(90.0, probe.ARRIVES))
        found = "empty" if is_empty else f"{waiting()} messages; make doctor"
        yield _judged("queue", bool(is_empty), "empty", found)

    def cost(self) -> Iterator[Row]:
        """What the runs of the try have cost."""
        own = [run for each in self.probe.executions() if (run := self._run(each))]
        amount = f"{sum(run.cost for run in own):.4f} {self._prices.currency}"
        told = f"{len(own)} runs, {sum(run.seconds for run in own)} s, "
        told += f"{sum(run.dpu_hours for run in own):.4f} DPU-hours, {amount}"
        expected = f"what runs are billed, at list prices of {self._prices.as_of}"
        yield _row("cost", OK if own else UNSEEN, expected, told)

    # --- what is seen ---------------------------------------------------------------------------

    def _rule(self) -> Row:
        event = object_created(self.probe.bucket, self.probe.hostile, size=1)
        right = "one rule starts a run over the object"
        matched = Rules(self._environment, self.probe.machine).matching(event)
        found = [self._fault(match) or right for match in matched]
        told = "; ".join(found) or f"no rule matches {self.probe.hostile}; make matching-rules"
        return _judged("rule", found == [right], right, told)

    def _fault(self, match: Match) -> str:
        """What would keep a rule from starting a run over the object."""
        if match.problem or not match.enabled:
            return f"{match.rule} {match.problem or 'is disabled'}; make doctor"
        sent = key_of(json.loads(match.sent))
        if match.over in ("object", "batch") and sent == self.probe.hostile:
            return ""
        return (
            f"{match.rule} sends the key {sent!r} and starts a run over {match.told}; make doctor"
        )

    def _ended(self, what: str, execution: Execution | None, status: str) -> Row:
        what = f"execution: {what}"
        if execution is None:
            since = executions(self._environment, self._job, self.probe.since)
            others = ", ".join(each.key or each.rule for each in since) or "none"
            told = f"none in {probe.ARRIVES:.0f} s (others: {others[:300]}); make doctor"
            return _row(what, WRONG, status, told)
        found = (
            execution.status
            if execution.run_id or execution.reason
            else f"{execution.status} without a run"
        )
        if found == status:
            return _row(what, OK, status, status)
        run = self._run(execution)  # the cause of the execution has its error far inside
        reason = (run.error if run else "") or execution.reason
        told = f"{found}: {' '.join(reason.split())[:500]}"
        traced = shlex.quote(self._environment.shown(execution.bucket, execution.key))
        return _row(what, WRONG, status, f"{told}; make trace KEY={traced}")

    def _key(self, execution: Execution, run: Run | None, log: Log) -> Row:
        """The key, byte for byte, at each link."""
        key, field = self.probe.hostile, "source_object_key"
        logged = next((each[field] for each in log if field in each), None)
        keys = {"input": execution.key, "--object_key": run and run.key, "log": logged}
        if run and run.manifest:
            del keys["--object_key"]
        wrong = [f"{link} has {found}" for link, found in keys.items() if found not in (None, key)]
        unseen = [f"not in {link}" for link, found in keys.items() if found is None]
        result = WRONG if wrong else UNSEEN if unseen else OK
        return _row("key", result, key, "; ".join(wrong or unseen) or key)

    def _times(self, execution: Execution, run: Run | None, log: Log) -> Row:
        head = {"Bucket": self.probe.bucket, "Key": self.probe.hostile}
        uploaded = self._environment.client("s3").head_object(**head)["LastModified"]
        written = next(
            (each["timestamp"] for each in log if each.get("event") == "data_written"), None
        )
        points = {
            "execution": execution.started,
            "run": run.started if run else None,
            "rows": datetime.fromisoformat(written) if written else None,
        }
        told = ", ".join(
            f"{name} {(point - uploaded).total_seconds():.0f} s"
            for name, point in points.items()
            if point
        )
        result = OK if all(points.values()) else UNSEEN
        return _row("time since the upload", result, "execution, run and rows", told)

    def _access(self, log: Log) -> Iterator[Row]:
        """How the run reached S3."""
        events = ("loading_event_file", "loading_event_files")
        entry = next((each for each in log if each.get("event") in events), {})
        for name, expected, fits in (
            ("file_system", "S3A, or EMRFS before Glue 5.1", _FILE_SYSTEM.search),
            ("committer", "one of Parquet files", _COMMITTER.search),
            ("region", self._environment.region, re.compile(self._environment.region).fullmatch),
        ):
            found = str(entry.get(name) or "")
            result = UNSEEN if not found else OK if fits(found) else WRONG
            yield _row(
                _words(name), result, expected, found or "not in the log of the run; make trace"
            )

    def _written(self, what: str, key: str, log: Log) -> Row:
        logged = sum(each["rows_written"] for each in log if each.get("event") == "data_written")
        files, uri = self.probe.table_files(key), f"s3://{self.probe.bucket}/{key}"
        expected = f"{logged} rows, as in the log, of {uri}"
        rows = self.probe.origins(files)
        if rows is None:
            told = f"{len(files)} files; install pyarrow to count their rows"
            return _row(what, OK if files and logged else UNSEEN, expected, told)
        told = f"{len(rows)} rows in {len(files)} files"
        told += "".join(f", of {each}" for each in sorted({*rows} - {uri}))
        return _judged(what, rows == [uri] * logged and logged > 0, expected, told)

    def _run(self, execution: Execution | None) -> Run | None:
        """The run of an execution; the cause of a failed one names it."""
        if execution is None:
            return None
        for run in runs(self._environment, self._job, self._prices):
            if run.started < self.probe.since:
                break
            if run.id == execution.run_id or run.id in execution.reason:
                return run
        return None

    def _log(self, run: Run | None) -> Log:
        """The log of a run; CloudWatch may have its last line some time after the run."""

        def found(*, whole: bool = True) -> Log | None:
            lines = list(entries(self._environment, self._job, run.id)) if run else []
            events = {each.get("event") for each in lines}
            return lines if not whole or events & _LAST_EVENTS else None

        return (wait(found, probe.ARRIVES) if run else None) or found(whole=False) or []


def _words(name: str) -> str:
    return name.replace("_", " ")


def _judged(what: str, is_right: bool, expected: str, found: str) -> Row:
    return _row(what, OK if is_right else WRONG, expected, found)


def _row(what: str, result: str, expected: str, found: str) -> Row:
    return {"what": what, "result": result, "expected": expected, "found": found}
