# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The deployment as its users see it, for the tests."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from deployment import ENVIRONMENT, REPOSITORY
from emulated_aws.server import EmulatedAws
from glue_runtime.input.source import bucket_for
from glue_runtime.local.run import find_job
from glue_runtime.s3_object import S3Object


@dataclass(frozen=True)
class Cloud:
    """The deployment as its users see it."""

    aws: EmulatedAws
    outputs: Mapping[str, Any]

    def bucket_of(self, job: str) -> str:
        """The bucket in which uploads start the job."""
        declared = bucket_for(find_job(job).sources, ENVIRONMENT, next(iter(samples(job))))
        return declared or str(self.outputs["s3_buckets"]["bronze"])

    def upload(
        self, job: str, key: str, content: bytes, bucket: str = ""
    ) -> list[Mapping[str, Any]]:
        """Upload an object to a job's bucket, or another one.

        Returns the executions that it started, finished.
        """
        name = bucket or self.bucket_of(job)
        return self.started_by(
            lambda: self.aws.client("s3").put_object(Bucket=name, Key=key, Body=content)
        )

    def started_by(self, action: Callable[[], object]) -> list[Mapping[str, Any]]:
        """The executions that an action started, in any state machine, after they have ended."""
        before = self._executions()
        action()
        self._wait_for_pipes()
        started = [arn for arn in self._executions() if arn not in before]
        return [self._ended(arn) for arn in started]

    def runs(self, job: str) -> list[Mapping[str, Any]]:
        """All runs of a job."""
        name = self.outputs["glue_job_arns"][job].split("/")[-1]
        runs: list[Mapping[str, Any]] = self.aws.client("glue").get_job_runs(JobName=name)[
            "JobRuns"
        ]
        return runs

    def run_of(self, job: str, execution: Mapping[str, Any]) -> Mapping[str, Any]:
        """The run that a succeeded execution waited for."""
        run_id = json.loads(execution["output"])["Id"]
        return next(run for run in self.runs(job) if run["Id"] == run_id)

    def objects_of(self, given: Any) -> list[str]:
        """The URIs of the objects in an input, in a message, or in the arguments of a run.

        If these name a manifest, they are those in it.
        """
        if isinstance(given, dict) and (
            manifest := given.get("manifest") or given.get("--manifest")
        ):
            bucket, _, key = manifest.removeprefix("s3://").partition("/")
            content = self.aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
            return self.objects_of(json.loads(content))
        if isinstance(given, dict) and "--object_key" in given:
            return [f"s3://{given['--bucket']}/{given['--object_key']}"]
        uploads = given if isinstance(given, list) else [given]
        return [
            f"s3://{each['bucket']['name']}/{each['object']['key']}"
            for each in uploads
            if "object" in each
        ]

    def log(self, run: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The log of a run, from the log group of its job."""
        group = f"{run['Arguments']['--custom-logGroup-prefix']}/output"
        logs = self.aws.client("logs")
        lines = logs.get_log_events(logGroupName=group, logStreamName=run["Id"])["events"]
        return [json.loads(line["message"]) for line in lines]

    def _wait_for_pipes(self) -> None:
        """Until all pipes have moved the messages of their queues."""
        sqs, deadline = self.aws.client("sqs"), time.monotonic() + 60
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        for pipe in self.aws.client("pipes").list_pipes()["Pipes"]:
            url = sqs.get_queue_url(QueueName=pipe["Source"].rsplit(":", 1)[-1])["QueueUrl"]
            while any(
                int(waiting)
                for waiting in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)[
                    "Attributes"
                ].values()
            ):
                if time.monotonic() > deadline:
                    raise TimeoutError(f"expected {pipe['Name']} to move its messages within 60 s")
                time.sleep(0.2)

    def _executions(self) -> list[str]:
        states = self.aws.client("stepfunctions")
        machines = states.list_state_machines()["stateMachines"]
        return [
            execution["executionArn"]
            for machine in machines
            for page in states.get_paginator("list_executions").paginate(
                stateMachineArn=machine["stateMachineArn"]
            )
            for execution in page["executions"]
        ]

    def _ended(self, arn: str) -> Mapping[str, Any]:
        states, deadline = self.aws.client("stepfunctions"), time.monotonic() + 300
        while time.monotonic() < deadline:
            execution: Mapping[str, Any] = states.describe_execution(executionArn=arn)
            if execution["status"] != "RUNNING":
                return execution
            time.sleep(0.2)
        raise TimeoutError(f"expected {arn} to end within 300 seconds")


def samples(job: str) -> dict[str, bytes]:
    """The job's test data whose upload should start it, by key."""
    folder, sources = REPOSITORY / "tests/test_data" / job, find_job(job).sources
    files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*.*"))}
    return {
        key: path.read_bytes()
        for key, path in files.items()
        if not sources or any(source.owns(S3Object("any", key)) for source in sources)
    }


def renamed(key: str, part: str) -> str:
    """A key in the same folder, with `part` before the first dot of its name."""
    folder, _, name = key.rpartition("/")
    return f"{folder}/{part}{name[name.index('.') :]}"
