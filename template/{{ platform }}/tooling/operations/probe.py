# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Files that try a deployed job, what they start, and how all of it is taken away again.

The keys of the files, the names of executions and the inputs of those started here contain a
marker, gluecast-smoke-<id>. Only what contains it is followed, replayed or deleted.
"""

import io
import json
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from operations import replay
from operations.environment import REPOSITORY, Environment, deployed_name
from operations.errors import OperationError
from operations.events import object_created
from operations.executions import Execution, batch_of, executions
from operations.logs import entries
from operations.matching import Rules

ARRIVES = 300.0
"""The seconds after which EventBridge has delivered an event, and a queue has a message."""

ENDS = 3 * 3600.0
"""The seconds after which an execution has ended."""

_HOSTILE = " a+b$c%41'\"&<größe>"
"""What the name of a file contains, all of it valid in a key."""

_ORIGIN = "source_object"
_LONGEST_PAUSE = 15.0
_Found = TypeVar("_Found")


@dataclass(frozen=True)
class Sample:
    """A file of the job's test data. key: its path below tests/test_data/<job>.

    bucket: where its upload starts the job.
    """

    key: str
    content: bytes
    bucket: str

    def named(self, part: str) -> str:
        """A key in the same folder, with `part` before the first dot of its name."""
        folder, slash, name = self.key.rpartition("/")
        stem, dot, suffix = name.partition(".")
        return f"{folder}{slash}{stem} {part}{dot}{suffix}"


def sample_of(environment: Environment, job: str) -> Sample:
    """The first file of the job's test data whose upload starts a run over it; else the first file.

    Raises:
        OperationError: there is no file.
    """
    folder = REPOSITORY / "tests/test_data" / job
    paths = [path for path in sorted(folder.rglob("*.*")) if path.is_file()]
    if not paths:
        raise OperationError(
            f"expected a file in {folder}/<prefix>/, found none; put one there whose rows the job "
            "accepts"
        )
    rules = Rules(environment, environment.machine_arn(job))
    samples = [
        Sample(path.relative_to(folder).as_posix(), path.read_bytes(), bucket)
        for path in paths
        for bucket in rules.buckets or [environment.bucket("bronze")]
    ]
    for sample in samples:
        matched = rules.matching(object_created(sample.bucket, sample.key, size=1))
        if any(match.over in ("object", "batch") for match in matched):
            return sample
    return samples[0]


def schedules(environment: Environment) -> Iterator[tuple[str, str, str]]:
    """The name in the input, the target and the input of each schedule of the environment."""
    scheduler, group = environment.client("scheduler"), environment.group
    for page in scheduler.get_paginator("list_schedules").paginate(GroupName=group):
        for each in page["Schedules"]:
            target = scheduler.get_schedule(Name=each["Name"], GroupName=group)["Target"]
            text = target.get("Input") or "{}"
            yield str(json.loads(text).get("schedule", each["Name"])), target["Arn"], text


class Probe:
    """The files of one try, by their keys. hostile: with characters that links of the chain may change."""

    def __init__(self, environment: Environment, job: str) -> None:
        """Prepare a try, which makes nothing yet.

        Raises:
            OperationError: the job has no sample file, or its upload would start other jobs too.
        """
        self.environment = environment
        self.job = job
        self.sample = sample_of(environment, job)
        self.marker = f"gluecast-smoke-{uuid.uuid4().hex[:10]}"
        self.hostile = self.sample.named(f"{self.marker}-hostile{_HOSTILE}")
        self.broken = self.sample.named(f"{self.marker}-broken")
        self.bucket = self.sample.bucket
        self.machine = environment.machine_arn(job)
        # The clock of this machine may be fast.
        self.since = datetime.now(UTC) - timedelta(minutes=10)
        self._seen: set[str] = set()
        self._awaits = False
        self._check_that_no_other_job_starts()

    def _check_that_no_other_job_starts(self) -> None:
        event = object_created(self.bucket, self.hostile, size=1)
        others = sorted(
            match.glue_job
            for match in Rules(self.environment).matching(event)
            if match.machine != self.machine and match.over not in ("nothing", "")
        )
        if others:
            raise OperationError(
                f"expected uploads like {self.sample.key} to start only {self.job}, found that they "
                f"start {', '.join(others)} too, whose rows would stay; name another job with JOB="
            )

    # --- what is made ---------------------------------------------------------------------------

    def put(self, key: str, content: bytes) -> None:
        """Upload an object."""
        self._awaits = True
        self.environment.client("s3").put_object(Bucket=self.bucket, Key=key, Body=content)

    def put_in_parts(self, key: str, content: bytes) -> str:
        """Upload an object in one part; returns its ETag, which is no checksum of the content."""
        s3, place = self.environment.client("s3"), {"Bucket": self.bucket, "Key": key}
        place["UploadId"] = s3.create_multipart_upload(**place)["UploadId"]
        try:
            part = s3.upload_part(**place, PartNumber=1, Body=content)
            parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
            self._awaits = True
            done = s3.complete_multipart_upload(**place, MultipartUpload=parts)
        except BaseException:
            s3.abort_multipart_upload(**place)
            raise
        return str(done["ETag"]).strip('"')

    def start(self, what: str, given: Any) -> Execution | None:
        """Start the job's machine, and wait for the end of the execution."""
        name, text = f"{self.marker}-{what}", json.dumps(given, ensure_ascii=False)
        states = self.environment.client("stepfunctions")
        states.start_execution(stateMachineArn=self.machine, name=name, input=text)
        return self.execution(name)

    # --- what it starts -------------------------------------------------------------------------

    def executions(self, text: str = "") -> Iterator[Execution]:
        """The executions whose name or input contains the marker and this text, newest first.

        So do those over the manifest that such an execution has written.
        """
        found = list(executions(self.environment, self.job, self.since))
        told = {each.arn: f"{each.arn} {json.dumps(each.given)}" for each in found}
        own = [each for each in found if self.marker in told[each.arn] and text in told[each.arn]]
        batches = {each.batch for each in own if each.batch}
        yield from (each for each in found if each in own or each.batch in batches)

    def execution(self, text: str) -> Execution | None:
        """The next of these executions, when it has ended; None if none starts in time."""
        new = wait(partial(self._first, text, frozenset(self._seen)), ARRIVES)
        self._awaits = False
        if new is None:
            return None
        others = frozenset(self._seen)
        self._seen.add(new.arn)
        return wait(partial(self._first, text, others, ended=True), ENDS) or new

    def _first(self, text: str, seen: frozenset[str], *, ended: bool = False) -> Execution | None:
        found = (each for each in self.executions(text) if each.arn not in seen)
        return next((each for each in found if each.stopped or not ended), None)

    def letters(self) -> Iterator[replay.Start]:
        """The messages of the dead-letter queue that contain the marker."""
        return filter(self.is_own, replay.dead_letters(self.environment, self.job))

    def is_own(self, start: replay.Start) -> bool:
        """Whether this is about a file or an execution of this try."""
        batch = batch_of(start.for_what) if start.for_what.startswith("s3://") else ""
        return self.marker in f"{start.given} {start.for_what}" or (
            bool(batch) and batch in [each.batch for each in self.executions()]
        )

    def table_files(self, key: str, folder: str = "") -> list[dict[str, str]]:
        """Bucket and Key of the files with rows of an object, in the table or in the quarantine."""
        # It imports Spark, which no other command needs.
        from glue_runtime.lineage import source_id

        partition = f"source_id={source_id(f's3://{self.bucket}/{key}')}"
        silver = self.environment.bucket("silver")
        pages = self.environment.client("s3").get_paginator("list_objects_v2")
        where = {"Bucket": silver, "Prefix": f"{folder}{deployed_name(self.job)}/{partition}/"}
        found = [
            each["Key"] for page in pages.paginate(**where) for each in page.get("Contents", [])
        ]
        return [{"Bucket": silver, "Key": each} for each in found]

    def origins(self, files: list[dict[str, str]]) -> list[str] | None:
        """The source object of each row of these files; None without pyarrow."""
        try:
            import pyarrow.parquet as parquet
        except ImportError:
            return None
        s3 = self.environment.client("s3")
        bodies = [io.BytesIO(s3.get_object(**file)["Body"].read()) for file in files]
        return [row for body in bodies for row in parquet.read_table(body)[_ORIGIN].to_pylist()]

    # --- what is taken away ---------------------------------------------------------------------

    def take_away(self) -> list[str]:
        """Delete the objects, their rows and the dead letters; returns what is left."""
        left: list[str] = []
        try:
            for take in (self._take_objects, self._take_rows, self._take_letters):
                try:
                    left += take()
                except (BotoCoreError, ClientError, OperationError) as error:
                    left.append(f"what contains {self.marker}: {error}")
        except KeyboardInterrupt:
            left.append(f"what contains {self.marker}: interrupted again")
        return left

    def _take_objects(self) -> list[str]:
        s3 = self.environment.client("s3")
        where = {"Bucket": self.bucket, "Prefix": self.sample.named(self.marker).partition(".")[0]}
        for page in s3.get_paginator("list_object_versions").paginate(**where):
            for each in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                place = {"Key": each["Key"], "VersionId": each["VersionId"]}
                s3.delete_object(Bucket=self.bucket, **place)
        found = s3.list_objects_v2(**where).get("Contents", [])
        return [f"s3://{self.bucket}/{each['Key']}" for each in found]

    def _take_rows(self) -> list[str]:
        """Remove the rows in runs over the deleted objects, as after late events of theirs."""
        if self._awaits:
            self.execution("")
        wait(lambda: all(each.stopped for each in self.executions()) or None, ENDS)
        deployed, left = Rules(self.environment, self.machine), []
        for number, key in enumerate((self.hostile, self.broken)):
            matched = deployed.matching(object_created(self.bucket, key, size=1))
            sent = [match.sent for match in matched if match.over in ("object", "batch")]
            why = ""
            if sent and self.table_files(key):
                try:
                    self._remove_rows(f"gone-{number}", json.loads(sent[0]), key)
                except (BotoCoreError, ClientError, OperationError) as error:
                    why = f" ({error})"
            files = [*self.table_files(key), *self.table_files(key, "_quarantine/")]
            left += [f"s3://{each['Bucket']}/{each['Key']}{why}" for each in files]
        return left

    def _remove_rows(self, what: str, given: Any, key: str) -> None:
        """Remove the rows of a deleted object in a run, or here if its source keeps them."""
        execution = self.start(what, given)
        files = [*self.table_files(key), *self.table_files(key, "_quarantine/")]
        if not files or execution is None:
            return

        def told() -> str | None:
            lines = entries(self.environment, self.job, execution.run_id)
            gone = (str(each.get("rows")) for each in lines if each.get("event") == "source_gone")
            return next(gone, None)

        if wait(told, ARRIVES) == "kept":
            for file in files:
                self.environment.client("s3").delete_object(**file)

    def _take_letters(self) -> list[str]:
        for letter in self.letters():
            replay.delete_message(self.environment, letter)
        return [f"a message for {letter.for_what}" for letter in self.letters()]


def wait(find: Callable[[], _Found | None], seconds: float) -> _Found | None:
    """What is found within this time, asked again and again; None if nothing is."""
    end, pause = time.monotonic() + seconds, 0.5
    while (found := find()) is None and time.monotonic() < end:
        time.sleep(min(pause, max(end - time.monotonic(), 0)))
        pause = min(1.5 * pause, _LONGEST_PAUSE)
    return found
