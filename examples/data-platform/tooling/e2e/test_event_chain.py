# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""From an upload or a schedule to rows in a table, on an emulated AWS with the real Terraform code.

The tests use one deployment, in this order. emulated_aws/__init__.py describes what is emulated and
what is not; the links between services act on what the API returns for the deployed resources.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from io import BytesIO
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pyarrow import parquet

from cloud import Cloud, renamed, samples
from deployer import refused, statements
from deployment import ENVIRONMENT, REPOSITORY, Deployment, chosen_jobs
from emulated_aws.delivery import fire
from emulated_aws.server import DEPLOYER, PLANNER, EmulatedAws
from glue_runtime.tables.catalog_entry import entry_name
from landscape import inventory
from operations.environment import Environment, deployed_name

NAMES = {
    "blanks, quotes and signs": 'a file  of "today\'s" 1+1%20=2 x[1]{2}*?\\',
    "leading hyphens, letters and placeholders": "--object_key-größe-日本-😀-<bucket>&<object>",
}
"""Parts of file names that some link of the chain might misread."""


def rows(aws: EmulatedAws, uri: str) -> list[dict[str, Any]]:
    """The rows of a job's output, as pyarrow reads them."""
    s3, (bucket, _, prefix) = aws.client("s3"), uri.removeprefix("s3://").partition("/")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/")
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
    tables = [
        parquet.read_table(BytesIO(s3.get_object(Bucket=bucket, Key=key)["Body"].read()))
        for key in keys
        if key.endswith(".parquet")
    ]
    return [row for table in tables for row in table.to_pylist()]


def test_a_second_plan_changes_nothing(deployment: Deployment) -> None:
    plan = deployment.plan()

    assert plan.returncode == 0, plan.stdout + plan.stderr


@pytest.mark.parametrize("job", chosen_jobs())
def test_an_upload_ends_as_the_rows_of_that_file(cloud: Cloud, job: str) -> None:
    key, content = next(iter(samples(job).items()))

    [execution] = cloud.upload(job, key, content)

    assert execution["status"] == "SUCCEEDED", execution
    run = cloud.run_of(job, execution)
    bucket = cloud.bucket_of(job)
    assert run["Arguments"]["--env"] == ENVIRONMENT
    assert cloud.objects_of(run["Arguments"]) == [f"s3://{bucket}/{key}"]
    log = cloud.log(run)
    assert log[-1]["event"] == "job_completed_successfully"
    assert log[-1]["lag_seconds"] >= log[-1]["duration_seconds"]
    assert "_aws" in log[-1]
    written = next(entry for entry in log if entry["event"] == "data_written")
    table = rows(cloud.aws, written["output"])
    of_file = [row for row in table if row["source_object"] == f"s3://{bucket}/{key}"]
    assert len(of_file) == written["row_count"] > 0
    assert not [entry for entry in log if entry["event"].endswith("_failed")]
    entry = cloud.aws.client("glue").get_table(
        DatabaseName=cloud.outputs["catalog_database"], Name=entry_name(deployed_name(job))
    )["Table"]
    assert entry["StorageDescriptor"]["Location"] == written["output"]
    columns = {column["Name"] for column in entry["StorageDescriptor"]["Columns"]}
    assert {name.lower() for name in of_file[0]} == columns


@pytest.mark.parametrize("job", chosen_jobs())
def test_the_table_of_another_job_is_out_of_reach_of_a_narrow_role(cloud: Cloud, job: str) -> None:
    declared = REPOSITORY / f"infrastructure/jobs/{job}.json"
    text = declared.read_text(encoding="utf-8") if declared.is_file() else "{}"
    is_narrow = "reads" in json.loads(text)
    bronze, silver = (cloud.outputs["s3_buckets"][zone] for zone in ("bronze", "silver"))
    theirs = [(silver, "another_job/rows"), (bronze, "another_source/file")]
    for bucket, key in theirs:
        cloud.aws.client("s3").put_object(Bucket=bucket, Key=key, Body=b"theirs")
    # The requests of a run carry its id as their access key.
    s3 = replace(cloud.aws, access_key=cloud.runs(job)[0]["Id"]).client("s3")
    mine = {"Bucket": silver, "Key": f"{deployed_name(job)}/source_id=0/tried"}

    assert status(s3.put_object, **mine, Body=b"mine") == 200
    assert status(s3.delete_object, **mine) == 204
    for bucket, key in theirs:
        place = {"Bucket": bucket, "Key": key}
        assert status(s3.get_object, **place) == (403 if is_narrow else 200)
        if is_narrow:
            assert status(s3.put_object, **place, Body=b"mine") == 403
            assert status(s3.delete_object, **place) == 403
            assert status(s3.copy_object, **mine, CopySource=place) == 403


def status(request: Callable[..., Mapping[str, Any]], **place: Any) -> int:
    """The status of the answer of S3 to a request."""
    try:
        return int(request(**place)["ResponseMetadata"]["HTTPStatusCode"])
    except ClientError as error:
        return int(error.response["ResponseMetadata"]["HTTPStatusCode"])


@pytest.fixture(scope="module")
def runs_of_strange_names(cloud: Cloud) -> dict[str, Mapping[str, Any]]:
    """The executions for all strange names, by URI; they run concurrently."""
    job = chosen_jobs()[0]
    s3, bucket = cloud.aws.client("s3"), cloud.bucket_of(job)
    key, content = next(iter(samples(job).items()))

    def upload_all() -> None:
        for part in NAMES.values():
            s3.put_object(Bucket=bucket, Key=renamed(key, part), Body=content)

    executions = cloud.started_by(upload_all)
    return {uri: each for each in executions for uri in cloud.objects_of(json.loads(each["input"]))}


@pytest.mark.parametrize("kind", NAMES)
def test_a_file_of_any_name_arrives_byte_for_byte(
    cloud: Cloud, runs_of_strange_names: dict[str, Mapping[str, Any]], kind: str
) -> None:
    job = chosen_jobs()[0]
    key = renamed(next(iter(samples(job))), NAMES[kind])

    uri = f"s3://{cloud.bucket_of(job)}/{key}"
    execution = runs_of_strange_names[uri]

    assert execution["status"] == "SUCCEEDED", execution
    run = cloud.run_of(job, execution)
    assert uri in cloud.objects_of(run["Arguments"])
    [written] = [each for each in cloud.log(run) if each["event"] == "data_written"]
    assert uri in {row["source_object"] for row in rows(cloud.aws, written["output"])}


@pytest.mark.parametrize("job", chosen_jobs())
@pytest.mark.parametrize("wrong", ["prefix", "suffix", "bucket", "size"])
def test_other_uploads_start_no_run(cloud: Cloud, job: str, wrong: str) -> None:
    key, content = next(iter(samples(job).items()))
    bucket = cloud.outputs["s3_buckets"]["silver"] if wrong == "bucket" else ""
    if wrong == "prefix":
        key = f"another/{key}"
    elif wrong == "suffix":
        key = f"{key}.part"
    elif wrong == "size":
        key, content = renamed(key, "empty"), b""
    before = len(cloud.runs(job))

    executions = cloud.upload(job, key, content, bucket)

    assert all(each["status"] == "SUCCEEDED" for each in executions)
    assert len(cloud.runs(job)) == before


def test_every_schedule_starts_its_job_over_the_directory(cloud: Cloud) -> None:
    schedules = cloud.aws.client("scheduler").list_schedules()["Schedules"]
    for schedule in schedules:
        before = {run["Id"] for job in chosen_jobs() for run in cloud.runs(job)}

        group = Environment(ENVIRONMENT).group
        [execution] = cloud.started_by(partial(fire, cloud.aws, schedule["Name"], group))

        assert execution["status"] == "SUCCEEDED", execution
        [run] = [run for job in chosen_jobs() for run in cloud.runs(job) if run["Id"] not in before]
        assert cloud.objects_of(run["Arguments"]) == []
        completed = cloud.log(run)[-1]
        assert completed["event"] == "job_completed_successfully"
        assert completed["trigger_type"] == "scheduled"


@pytest.mark.parametrize("job", chosen_jobs())
def test_a_failed_run_is_seen_in_the_machine_and_kept_in_the_queue(cloud: Cloud, job: str) -> None:
    # Spark ignores files of such names, so the runtime fails the run.
    key, content = next(iter(samples(job).items()))
    hidden = renamed(key, "_hidden")

    [execution] = cloud.upload(job, hidden, content)

    assert (execution["status"], execution["error"]) == ("FAILED", "JobRunFailed")
    assert hidden in execution["cause"]
    sqs = cloud.aws.client("sqs")
    queue = sqs.get_queue_url(
        QueueName=f"{execution['stateMachineArn'].split(':')[-1]}-dead-letters"
    )
    messages = sqs.receive_message(QueueUrl=queue["QueueUrl"], MaxNumberOfMessages=10)["Messages"]
    bodies = [json.loads(message["Body"]) for message in messages]
    uri = f"s3://{cloud.bucket_of(job)}/{hidden}"
    [kept] = [body for body in bodies if cloud.objects_of(body) == [uri]]
    assert "FAILED" in kept["failure"]["Cause"]


def test_a_run_that_failed_in_its_commit_is_repeated_once(cloud: Cloud) -> None:
    job = chosen_jobs()[0]
    key, content = next(iter(samples(job).items()))
    name = cloud.outputs["glue_job_arns"][job].split("/")[-1]
    deployed = cloud.aws.client("glue").get_job(JobName=name)["Job"]["Command"]["ScriptLocation"]
    bucket, _, path = deployed.removeprefix("s3://").partition("/")
    script = cloud.aws.client("s3").get_object(Bucket=bucket, Key=path)["Body"].read()
    failing = b"import sys\n\nsys.exit('glue_runtime.errors.CommitError: planted')\n"
    before = len(cloud.runs(job))
    try:
        cloud.aws.client("s3").put_object(Bucket=bucket, Key=path, Body=failing)
        [execution] = cloud.upload(job, renamed(key, "repeated"), content)
    finally:
        cloud.aws.client("s3").put_object(Bucket=bucket, Key=path, Body=script)

    assert (execution["status"], execution["error"]) == ("FAILED", "JobRunFailed")
    runs = sorted(cloud.runs(job), key=lambda run: run["StartedOn"])[before:]
    assert [run["JobRunState"] for run in runs] == ["FAILED", "FAILED"]
    assert runs[0]["Arguments"] == runs[1]["Arguments"]


def test_rolled_back_an_upload_starts_a_run_over_the_directory(
    cloud: Cloud, deployment: Deployment
) -> None:
    deployment.apply("-var=pass_s3_object=false", "-refresh=false")
    job = chosen_jobs()[0]
    key, content = next(iter(samples(job).items()))

    [execution] = cloud.upload(job, key, content)

    assert execution["status"] == "SUCCEEDED", execution
    run = cloud.run_of(job, execution)
    assert cloud.objects_of(run["Arguments"]) == []
    assert cloud.log(run)[-1]["trigger_type"] == "scheduled"


def test_destroyed_what_existed_is_left_and_nothing_else(
    aws: EmulatedAws, deployment: Deployment, existing: Mapping[str, Any]
) -> None:
    deployment.destroy(aws)

    assert inventory(aws) == existing
    for bucket in deployment.variables.get("existing_buckets", {}).values():
        theirs = aws.client("s3").get_object(Bucket=bucket, Key="theirs")
        assert theirs["Body"].read() == b"theirs"


def test_the_deployer_may_do_all_that_terraform_has_asked_for(
    aws: EmulatedAws, pytestconfig: pytest.Config
) -> None:
    applied, planned = aws.asked_by(DEPLOYER), aws.asked_by(PLANNER)

    assert not refused(applied, statements())
    assert not refused(planned, statements("Read"))
    assert {"glue:CreateJob", "iam:PassRole"} <= {action for action, _ in applied}
    # .pytest_cache/v/deployer keeps them, for those who want to know what nobody needs.
    pytestconfig.cache.set("deployer/asked", sorted({action for action, _ in applied | planned}))
