"""make smoke against the emulated AWS: what a right deployment shows, and each planted fault in its row.

The Glue job of these tests is a script of a few lines in the place of Spark: it writes the rows of its
object, removes them when the object is gone, and fails on a broken one, as the runtime does. No test runs
make smoke with the real job.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import deployment
from deployment import Deployment, prepare
from emulated_aws.server import REGION, EmulatedAws, emulated_aws
from operations import doctor, environment, probe, smoke
from operations.cli import main
from operations.errors import OperationError
from terraform import needs_terraform, repository_with_archive

pytestmark = needs_terraform

ACCOUNT = "123456789012"
JOB, GLUE_JOB, RULE = "sales_etl", "sales-etl-dev", "dev-sales-etl-file-trigger"
BRONZE, SILVER, ARTIFACTS = (f"data-lake-dev-{zone}" for zone in ("bronze", "silver", "artifacts"))
MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{GLUE_JOB}"

SCRIPT = """
import argparse, hashlib, io, json, os, sys
from datetime import datetime, UTC
from urllib.parse import urlsplit

import boto3
import pyarrow
import pyarrow.parquet

parser = argparse.ArgumentParser()
parser.add_argument("--bucket")
parser.add_argument("--object_key")
parser.add_argument("--manifest")
given, _ = parser.parse_known_args()
place = urlsplit(os.environ["GLUE_LOCAL_S3"])
s3 = boto3.client(
    "s3",
    endpoint_url=f"http://{place.hostname}:{place.port}",
    aws_access_key_id=place.username,
    aws_secret_access_key="emulated",
)
SILVER = "data-lake-dev-silver"
if given.manifest:
    bucket, _, key = given.manifest.removeprefix("s3://").partition("/")
    [upload] = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    given.bucket, given.object_key = upload["bucket"]["name"], upload["object"]["key"]
bound = {"source_object_key": given.object_key} if given.object_key else {}


def log(event, **fields):
    time = datetime.now(UTC).isoformat()
    print(json.dumps({"timestamp": time, "event": event, **bound, **fields}), flush=True)


def content(bucket, key):
    found = s3.list_objects_v2(Bucket=bucket, Prefix=key).get("Contents", [])
    if key in [each["Key"] for each in found]:
        return s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def process(bucket, key):
    uri = f"s3://{bucket}/{key}"
    source, digest = content(bucket, key), hashlib.sha256(uri.encode()).hexdigest()[:24]
    target = {"Bucket": SILVER, "Key": f"sales_etl/source_id=k{digest}/part.parquet"}
    if source is None:
        if content(SILVER, target["Key"]) is None:
            sys.exit(f"expected {uri}, found nothing")
        s3.delete_object(**target)
        return log("source_gone")
    lines = source.splitlines()[1:]
    if b"broken" in source:
        log("job_failed", error="broken")
        sys.exit(f"expected rows in {uri}, found a broken one")
    written = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table({"source_object": [uri] * len(lines)}), written)
    s3.put_object(**target, Body=written.getvalue())
    log("data_written", rows_written=len(lines))


log("job_started")
if given.object_key:
    access = {"file_system": "S3AFileSystem", "committer": "ParquetOutputCommitter"}
    log("loading_event_file", region=os.environ["AWS_REGION"], **access)
    process(given.bucket, given.object_key)
log("job_completed_successfully")
"""


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedAws]:
    with emulated_aws(tmp_path_factory.mktemp("emulated_aws")) as started:
        yield started


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, whose job is the script above."""
    folder = repository_with_archive(tmp_path_factory.mktemp("repository") / "platform")
    (folder / f"src/jobs/{JOB}.py").write_text(SCRIPT)
    return folder


@pytest.fixture(scope="module")
def deployed(
    aws: EmulatedAws, repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> Deployment:
    """The job, with an object of others and its dead letter."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(deployment, "REPOSITORY", repository)
        applied = prepare(aws, tmp_path_factory.mktemp("deployed"), [JOB])
    applied.apply("-refresh=false")
    return applied


Smoke = Callable[..., dict[str, dict[str, str]]]


@pytest.fixture
def reached(aws: EmulatedAws, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands reach the emulated AWS, which delivers an event before an upload returns."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "emulated")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "emulated")
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.setattr(probe, "ARRIVES", 1.0)
    for module in (doctor, environment, probe, smoke):
        monkeypatch.setattr(module, "REPOSITORY", repository)


@pytest.fixture
def run(reached: None, deployed: Deployment, capsys: pytest.CaptureFixture[str]) -> Smoke:
    """Runs make smoke; gives its rows by what they are about."""

    def smoked(code: int) -> dict[str, dict[str, str]]:
        found = main(["smoke", "--env", "dev", "--json"])
        printed = capsys.readouterr()
        rows = {row["what"]: row for row in json.loads(printed.out)}
        assert found == code, "\n".join(map(str, rows.values())) + printed.err
        return rows

    return smoked


def made(aws: EmulatedAws) -> list[str]:
    """The objects, versions, rows and messages that are there."""
    s3, sqs = aws.client("s3"), aws.client("sqs")
    versions = s3.list_object_versions(Bucket=BRONZE)
    found = [
        each["Key"] for kind in ("Versions", "DeleteMarkers") for each in versions.get(kind, [])
    ]
    found += [each["Key"] for each in s3.list_objects_v2(Bucket=SILVER).get("Contents", [])]
    for queue in sqs.list_queues().get("QueueUrls", []):
        asked = {"QueueUrl": queue, "MaxNumberOfMessages": 10, "VisibilityTimeout": 0}
        found += [each["Body"] for each in sqs.receive_message(**asked).get("Messages", [])]
    return found


def deploy(aws: EmulatedAws, repository: Path, script: str) -> None:
    """Put another script in the place of the job's."""
    (repository / f"src/jobs/{JOB}.py").write_text(script)
    place = {"Bucket": ARTIFACTS, "Key": f"scripts/{JOB}.py"}
    aws.client("s3").put_object(**place, Body=script.encode())


def empty(aws: EmulatedAws) -> None:
    """Delete what the next test must not find."""
    s3, sqs = aws.client("s3"), aws.client("sqs")
    for bucket in (BRONZE, SILVER):
        for kind in ("Versions", "DeleteMarkers"):
            for each in s3.list_object_versions(Bucket=bucket).get(kind, []):
                s3.delete_object(Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"])
    for queue in sqs.list_queues().get("QueueUrls", []):
        for each in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=each["ReceiptHandle"])


def test_a_right_deployment_is_as_expected_and_nothing_stays_of_the_try(
    run: Smoke, aws: EmulatedAws
) -> None:
    """What make smoke JOB=sales_etl ENV=dev does."""
    rows = run(0)

    assert {row["result"] for row in rows.values()} == {smoke.OK}
    assert {"rule", "key", "committer", "region", "rows", "replay", "cost"} <= rows.keys()
    assert made(aws) == []


@pytest.fixture
def batched(deployed: Deployment) -> Iterator[None]:
    """The rule of the job has batch, for one test."""
    path = deployed.folder / f"infrastructure/jobs/{JOB}.tf"
    before, suffix = path.read_text(), '      suffix      = ".csv"\n'
    assert suffix in before
    batch = "      batch       = { max_files = 200, max_seconds = 60 }\n"
    path.write_text(before.replace(suffix, suffix + batch))
    deployed.apply("-refresh=false")
    yield
    path.write_text(before)
    deployed.apply("-refresh=false")


def test_a_job_with_batch_is_tried_like_others(
    run: Smoke, aws: EmulatedAws, batched: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "ARRIVES", 10.0)

    rows = run(0)

    assert {row["result"] for row in rows.values()} == {smoke.OK}
    assert "the manifest " in rows["dead letter"]["expected"]
    assert "batches" not in "".join(made(aws))
    assert made(aws) == []


def test_rows_that_the_source_of_the_job_keeps_are_taken_away_too(
    run: Smoke, aws: EmulatedAws, repository: Path
) -> None:
    removes = 's3.delete_object(**target)\n        return log("source_gone")'
    assert removes in SCRIPT
    deploy(aws, repository, SCRIPT.replace(removes, 'return log("source_gone", rows="kept")'))
    try:
        rows = run(0)
    finally:
        deploy(aws, repository, SCRIPT)

    assert rows["taken away"]["result"] == smoke.OK
    assert made(aws) == []


def test_what_belongs_to_others_stays(run: Smoke, aws: EmulatedAws) -> None:
    s3, sqs = aws.client("s3"), aws.client("sqs")
    s3.put_object(Bucket=SILVER, Key=f"{JOB}/source_id=k0/theirs.parquet", Body=b"x")
    queue = sqs.get_queue_url(QueueName=f"{GLUE_JOB}-dead-letters")["QueueUrl"]
    body = json.dumps({"rule": "r", "object": {"key": "sales/theirs gluecast-smoke.csv"}})
    sqs.send_message(QueueUrl=queue, MessageBody=body)
    s3.put_object(Bucket=BRONZE, Key="sales_of_others gluecast-smoke.csv", Body=b"x")
    before = made(aws)

    rows, after = run(1), made(aws)
    empty(aws)

    assert after == before and len(before) == 3
    wrong = {what for what, row in rows.items() if row["result"] != smoke.OK}
    assert wrong == {"queue", "queues take what failed and are empty"}
    assert rows["queue"]["found"].startswith("1 messages")


@pytest.mark.parametrize("refused", [False, True])
def test_an_interruption_takes_away_what_was_made_or_names_what_is_left(
    reached: None,
    deployed: Deployment,
    aws: EmulatedAws,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    refused: bool,
) -> None:
    def interrupted(self: object) -> Iterator[Any]:
        raise KeyboardInterrupt

    def no_start(self: object, *words: object) -> None:
        raise OperationError("refused")

    monkeypatch.setattr(smoke.Trial, "schedule", interrupted)
    with monkeypatch.context() as patched:
        if refused:
            patched.setattr(probe.Probe, "start", no_start)
        assert main(["smoke", "--env", "dev", "--job", JOB]) == 130

    told, left = capsys.readouterr().err, made(aws)
    empty(aws)
    if not refused:
        assert "everything is taken away" in told
        assert left == []
        return
    [file] = left
    assert f"left behind: s3://{SILVER}/{file} (refused)" in told


# --- faults, each with its repair --------------------------------------------------------------------

Mend = Callable[[], object]


def target(aws: EmulatedAws) -> dict[str, Any]:
    [found] = aws.client("events").list_targets_by_rule(Rule=RULE)["Targets"]
    return dict(found)


def disabled_rule(aws: EmulatedAws) -> Mend:
    events = aws.client("events")
    events.disable_rule(Name=RULE)
    return lambda: events.enable_rule(Name=RULE)


def another_prefix(aws: EmulatedAws) -> Mend:
    events = aws.client("events")
    right = events.describe_rule(Name=RULE)["EventPattern"]
    events.put_rule(Name=RULE, EventPattern=right.replace("sales/", "sale/"))
    return lambda: events.put_rule(Name=RULE, EventPattern=right)


def another_field_as_key(aws: EmulatedAws) -> Mend:
    events, right = aws.client("events"), target(aws)
    paths = {**right["InputTransformer"]["InputPathsMap"], "etag": "$.detail.object.etag"}
    template = '{"rule": "sales_etl_file_trigger", "object": {"key": <etag>}}'
    transformer = {"InputPathsMap": paths, "InputTemplate": template}
    events.put_targets(Rule=RULE, Targets=[{**right, "InputTransformer": transformer}])
    return lambda: events.put_targets(Rule=RULE, Targets=[right])


def changed_key(aws: EmulatedAws) -> Mend:
    """The key reaches the machine as it is, and the run without what follows a +."""
    states = aws.client("stepfunctions")
    right = states.describe_state_machine(stateMachineArn=MACHINE)["definition"]
    definition = json.loads(right)
    [arguments] = [
        state["Parameters"]["Arguments"]
        for name, state in definition["States"].items()
        if name.startswith("RunForObject")
    ]
    arguments["--object_key.$"] = "States.ArrayGetItem(States.StringSplit($.object.key, '+'), 0)"
    states.update_state_machine(stateMachineArn=MACHINE, definition=json.dumps(definition))
    return lambda: states.update_state_machine(stateMachineArn=MACHINE, definition=right)


def role_that_may_not_write(aws: EmulatedAws) -> Mend:
    iam, place = aws.client("iam"), {"RoleName": f"{GLUE_JOB}-job", "PolicyName": "data-and-logs"}
    right = json.dumps(iam.get_role_policy(**place)["PolicyDocument"])
    iam.put_role_policy(**place, PolicyDocument=right.replace("s3:PutObject", "s3:HeadObject"))
    return lambda: iam.put_role_policy(**place, PolicyDocument=right)


def schedule_of_another_job(aws: EmulatedAws) -> Mend:
    scheduler, place = (
        aws.client("scheduler"),
        {"GroupName": "dev", "Name": "dev-sales-etl-schedule"},
    )
    found = scheduler.get_schedule(**place)
    names = ("ScheduleExpression", "FlexibleTimeWindow", "State")
    settings = {**place, **{name: found[name] for name in names}}
    wrong = {**found["Target"], "Arn": MACHINE.replace("sales-etl", "customer-import")}
    scheduler.update_schedule(**settings, Target=wrong)
    return lambda: scheduler.update_schedule(**settings, Target=found["Target"])


def missing_queue(aws: EmulatedAws) -> Mend:
    sqs, name = aws.client("sqs"), f"{GLUE_JOB}-dead-letters"
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]
    sqs.delete_queue(QueueUrl=url)
    return lambda: sqs.create_queue(QueueName=name, Attributes=found)


def failing_script(aws: EmulatedAws) -> Mend:
    s3, place = aws.client("s3"), {"Bucket": ARTIFACTS, "Key": f"scripts/{JOB}.py"}
    s3.put_object(**place, Body=b"raise SystemExit('planted')")
    return lambda: s3.put_object(**place, Body=SCRIPT.encode())


def job_without_a_region(aws: EmulatedAws) -> Mend:
    """S3A takes us-east-2 then, on Glue 5.1."""
    glue = aws.client("glue")
    found = glue.get_job(JobName=GLUE_JOB)["Job"]
    names = ("Name", "Role", "Command", "GlueVersion", "ExecutionProperty", "JobRunQueuingEnabled")
    kept = {name: found[name] for name in names}
    right = found["DefaultArguments"]

    def put(arguments: dict[str, str]) -> None:
        glue.delete_job(JobName=GLUE_JOB)
        glue.create_job(**kept, DefaultArguments=arguments)

    put({name: value for name, value in right.items() if name != "--conf"})
    return lambda: put(right)


def missing_log_group(aws: EmulatedAws) -> Mend:
    logs, name = aws.client("logs"), "/aws-glue/data-lake-dev/output"
    logs.delete_log_group(logGroupName=name)
    return lambda: logs.create_log_group(logGroupName=name)


FAULTS: dict[Callable[[EmulatedAws], Mend], tuple[str, str]] = {
    disabled_rule: ("rule", f"{RULE} is disabled"),
    another_prefix: ("rule", "no rule matches sales/"),
    another_field_as_key: ("rule", f"{RULE} sends the key ''"),
    changed_key: ("key", "--object_key has sales/"),
    role_that_may_not_write: (
        "roles are allowed what they do",
        f"s3:PutObject on arn:aws:s3:::{SILVER}",
    ),
    schedule_of_another_job: ("schedule", "starts arn:aws:states:eu-central-1"),
    missing_queue: (
        "queues take what failed and are empty",
        f"{GLUE_JOB}-dead-letters cannot be read",
    ),
    failing_script: ("execution: upload", "planted"),
    job_without_a_region: ("region", "us-east-2"),
    missing_log_group: ("log group", "none"),
}
"""What is planted: the row that tells it, and what the row has found."""


@pytest.mark.parametrize("plant", FAULTS, ids=lambda plant: plant.__name__)
def test_a_planted_fault_is_told_by_its_row_and_nothing_stays_of_the_try(
    run: Smoke,
    aws: EmulatedAws,
    monkeypatch: pytest.MonkeyPatch,
    plant: Callable[[EmulatedAws], Mend],
) -> None:
    what, found = FAULTS[plant]
    if plant != missing_queue:  # a broken file tells the others nothing, and takes four executions
        monkeypatch.setattr(smoke.Trial, "failure", lambda self: iter(()))
    mend = plant(aws)
    try:
        rows = run(1)
    finally:
        mend()

    left = made(aws)
    empty(aws)
    assert rows[what]["result"] == smoke.WRONG
    assert found in rows[what]["found"]
    assert left == []
