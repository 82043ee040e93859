"""A rule with batch, deployed by the real provider: many uploads, one run with one manifest."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

import deployment
from deployment import Deployment, prepare
from emulated_aws.server import REGION, EmulatedAws, emulated_aws
from operations.cli import main
from terraform import needs_terraform, repository_with_archive

pytestmark = needs_terraform

JOB, QUEUE, PIPE = (
    "sales-etl-dev",
    "dev-sales-etl-file-trigger-batches",
    "dev-sales-etl-file-trigger",
)
BRONZE, ARTIFACTS = "data-lake-dev-bronze", "data-lake-dev-artifacts"
MAX_FILES, MAX_SECONDS = 5, 2
CONTENT = b"id\n1\n"
RIGHT, WRONG = b"print('done')\n", b"import sys\n\nsys.exit('planted')\n"
"""The script of the job, which says nothing of files here."""


@dataclass
class Lake:
    """The deployed job with its batches."""

    aws: EmulatedAws
    deployed: Deployment

    def script(self, text: bytes) -> None:
        self.aws.client("s3").put_object(Bucket=ARTIFACTS, Key="scripts/sales_etl.py", Body=text)

    def upload(self, *keys: str) -> None:
        """Upload files while the pipe is stopped: a slow machine would take longer than the window."""
        s3, pipes = (self.aws.client(name) for name in ("s3", "pipes"))
        has_pipe = bool(pipes.list_pipes()["Pipes"])
        if has_pipe:
            pipes.stop_pipe(Name=PIPE)
            time.sleep(1)  # what the pipe has begun ends
        for key in keys:
            s3.put_object(Bucket=BRONZE, Key=key, Body=CONTENT)
        if has_pipe:
            pipes.start_pipe(Name=PIPE)

    def executions(self) -> list[dict[str, Any]]:
        """All executions, the oldest first."""
        states = self.aws.client("stepfunctions")
        [machine] = states.list_state_machines()["stateMachines"]
        pages = states.get_paginator("list_executions")
        asked = {"stateMachineArn": machine["stateMachineArn"]}
        found = [one for page in pages.paginate(**asked) for one in page["executions"]]
        arns = [each["executionArn"] for each in sorted(found, key=lambda each: each["startDate"])]
        return [states.describe_execution(executionArn=arn) for arn in arns]

    def new_executions(self, before: int, expected: int) -> list[dict[str, Any]]:
        """The executions after the first ones, when there are as many as expected and all have ended."""

        def ended() -> list[dict[str, Any]] | None:
            found = self.executions()[before:]
            done = all(each["status"] != "RUNNING" for each in found)
            return found if len(found) >= expected and done else None

        wait(ended)
        time.sleep(MAX_SECONDS + 1)  # what comes too much comes within a window
        return self.executions()[before:]

    def run_of(self, execution: dict[str, Any]) -> dict[str, Any]:
        run = json.loads(execution["output"])["Id"]
        found = self.aws.client("glue").get_job_run(JobName=JOB, RunId=run)
        return dict(found["JobRun"])

    def manifest(self, run: dict[str, Any]) -> Any:
        bucket, _, key = run["Arguments"]["--manifest"].removeprefix("s3://").partition("/")
        return json.loads(self.aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())

    def waiting(self, queue: str) -> int:
        """How many messages a queue has, hidden ones included."""
        sqs = self.aws.client("sqs")
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)

    def letters(self, expected: int) -> list[Any]:
        """The bodies in the dead-letter queue, which is then empty."""
        sqs = self.aws.client("sqs")
        url = sqs.get_queue_url(QueueName=f"{JOB}-dead-letters")["QueueUrl"]
        found: list[Any] = []

        def received() -> bool | None:
            for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get(
                "Messages", []
            ):
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                found.append(json.loads(message["Body"]))
            return len(found) >= expected or None

        wait(received)
        return found


def wait(find: Any) -> Any:
    end = time.monotonic() + 60
    while (found := find()) is None:
        assert time.monotonic() < end
        time.sleep(0.2)
    return found


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    folder = tmp_path_factory.mktemp("batches")
    repository = repository_with_archive(folder / "a platform")
    triggers = repository / "infrastructure/jobs/sales_etl.tf"
    suffix = '      suffix      = ".csv"\n'
    batch = f"      batch = {{ max_files = {MAX_FILES}, max_seconds = {MAX_SECONDS} }}\n"
    text = triggers.read_text()
    assert suffix in text
    triggers.write_text(text.replace(suffix, suffix + batch))
    with emulated_aws(tmp_path_factory.mktemp("aws")) as aws, pytest.MonkeyPatch.context() as patch:
        patch.setattr(deployment, "REPOSITORY", repository)
        deployed = prepare(aws, folder / "deployed", ["sales_etl"])
        deployed.apply()
        plan = deployed.plan()
        assert plan.returncode == 0, plan.stdout + plan.stderr
        found = Lake(aws, deployed)
        found.script(RIGHT)
        yield found


def test_uploads_within_the_window_start_one_run_with_one_manifest(lake: Lake) -> None:
    before = len(lake.executions())
    keys = [f'sales/"{number}" a+b%41 größe.csv' for number in range(3)]

    lake.upload(*keys)

    [execution] = lake.new_executions(before, 1)
    assert execution["status"] == "SUCCEEDED", execution
    run, name = lake.run_of(execution), execution["name"]
    place = f"s3://{ARTIFACTS}/manifests/{JOB}/{name}.json"
    assert {"--env": "dev", "--manifest": place}.items() <= run["Arguments"].items()
    assert not {"--bucket", "--object_key", "--uploaded_at"} & set(run["Arguments"])
    uploads = lake.manifest(run)
    assert sorted(each["object"]["key"] for each in uploads) == sorted(keys)
    head = lake.aws.client("s3").head_object(Bucket=BRONZE, Key=keys[0])
    [first] = [each for each in uploads if each["object"]["key"] == keys[0]]
    assert first["rule"] == "sales_etl_file_trigger"
    assert first["bucket"] == {"name": BRONZE}
    assert first["object"]["etag"] == head["ETag"].strip('"')
    assert first["object"]["version-id"] == head["VersionId"]
    assert lake.waiting(QUEUE) == 0


def test_a_burst_of_more_files_makes_several_runs_that_have_each_file_once(lake: Lake) -> None:
    before = len(lake.executions())
    keys = [f"sales/burst-{number}.csv" for number in range(2 * MAX_FILES + 1)]

    lake.upload(*keys)

    executions = lake.new_executions(before, 3)
    found = [lake.manifest(lake.run_of(each)) for each in executions]
    assert [len(each) for each in found] == [MAX_FILES, MAX_FILES, 1]
    assert sorted(each["object"]["key"] for uploads in found for each in uploads) == sorted(keys)


def test_an_upload_of_another_suffix_or_prefix_starts_nothing_and_waits_nowhere(lake: Lake) -> None:
    before = len(lake.executions())

    lake.upload("sales/a.csv.part", "sales/a.json", "other/a.csv")

    wait(lambda: lake.waiting(QUEUE) == 0 or None)
    assert lake.new_executions(before, 0) == []
    assert lake.waiting(f"{JOB}-dead-letters") == 0


def test_a_failed_run_leaves_a_small_message_that_starts_the_same_run_again(lake: Lake) -> None:
    before = len(lake.executions())
    try:
        lake.script(WRONG)
        lake.upload("sales/first.csv", "sales/second.csv")
        [failed] = lake.new_executions(before, 1)
    finally:
        lake.script(RIGHT)

    assert (failed["status"], failed["error"]) == ("FAILED", "JobRunFailed")
    [letter] = lake.letters(1)
    failure = letter.pop("failure")
    assert "planted" in failure["Cause"]
    manifest = f"s3://{ARTIFACTS}/manifests/{JOB}/{failed['name']}.json"
    assert letter == {
        "rule": "sales_etl_file_trigger",
        "manifest": manifest,
        "files": 2,
        "bytes": 2 * len(CONTENT),
    }

    states = lake.aws.client("stepfunctions")
    machine = failed["stateMachineArn"]
    states.start_execution(stateMachineArn=machine, name="again", input=json.dumps(letter))
    [again] = lake.new_executions(before + 1, 1)
    assert again["status"] == "SUCCEEDED", again
    run = lake.run_of(again)
    assert run["Arguments"]["--manifest"] == manifest
    assert len(lake.manifest(run)) == 2


def test_messages_of_a_pipe_that_may_not_start_the_machine_end_in_the_dead_letter_queue(
    lake: Lake,
) -> None:
    iam, before = lake.aws.client("iam"), len(lake.executions())
    name = {"RoleName": f"{JOB}-pipes", "PolicyName": "start-machine"}
    policy = iam.get_role_policy(**name)["PolicyDocument"]
    kept = [one for one in policy["Statement"] if "states:StartExecution" not in one["Action"]]
    assert len(kept) < len(policy["Statement"])
    iam.put_role_policy(**name, PolicyDocument=json.dumps({**policy, "Statement": kept}))
    try:
        lake.upload("sales/kept-1.csv", "sales/kept-2.csv")
        letters = lake.letters(2)
    finally:
        iam.put_role_policy(**name, PolicyDocument=json.dumps(policy))

    assert {each["object"]["key"] for each in letters} == {"sales/kept-1.csv", "sales/kept-2.csv"}
    assert lake.new_executions(before, 0) == []
    states = lake.aws.client("stepfunctions")
    [machine] = states.list_state_machines()["stateMachines"]
    # An upload alone is what a rule without batch would send: it starts a run over the object.
    states.start_execution(
        stateMachineArn=machine["stateMachineArn"], name="alone", input=json.dumps(letters[0])
    )
    [alone] = lake.new_executions(before, 1)
    arguments = lake.run_of(alone)["Arguments"]
    assert arguments["--object_key"] == letters[0]["object"]["key"]
    assert "--manifest" not in arguments


def test_uploads_of_a_manifest_that_cannot_be_written_are_kept(lake: Lake) -> None:
    s3, before = lake.aws.client("s3"), len(lake.executions())
    refusing = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject"}
    refusing["Resource"] = f"arn:aws:s3:::{ARTIFACTS}/manifests/*"
    policy = s3.get_bucket_policy(Bucket=ARTIFACTS)["Policy"]
    s3.put_bucket_policy(Bucket=ARTIFACTS, Policy=json.dumps({"Statement": [refusing]}))
    try:
        lake.upload("sales/unwritten.csv")
        [failed] = lake.new_executions(before, 1)
    finally:
        s3.put_bucket_policy(Bucket=ARTIFACTS, Policy=policy)

    assert failed["status"] == "FAILED"
    [letter] = lake.letters(1)
    assert [each["object"]["key"] for each in letter["uploads"]] == ["sales/unwritten.csv"]
    assert "failure" in letter


Asked = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def asked(lake: Lake, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Asked:
    """Runs a command on the deployment; gives its rows."""
    for name, value in {
        "AWS_ENDPOINT_URL": lake.aws.endpoint,
        "AWS_ACCESS_KEY_ID": "emulated",
        "AWS_SECRET_ACCESS_KEY": "emulated",
        "AWS_REGION": REGION,
    }.items():
        monkeypatch.setenv(name, value)

    def answered(*words: str, code: int = 0) -> list[dict[str, Any]]:
        assert main([words[0], "--env", "dev", "--json", *words[1:]]) == code
        rows: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
        return rows

    return answered


def test_matching_rules_says_that_an_upload_waits_for_others(lake: Lake, asked: Asked) -> None:
    [right] = asked("matching-rules", "--key", "sales/a.csv")
    [wrong] = asked("matching-rules", "--key", "sales/a.json")

    assert right["state"] == "Batch_sales_etl_file_trigger"
    assert right["runs over"] == f"a batch: at most {MAX_FILES} objects of {MAX_SECONDS} s"
    assert wrong["runs over"] == "nothing"


def test_a_trace_follows_an_upload_through_its_batch_and_its_replay(
    lake: Lake, asked: Asked
) -> None:
    def started_by_rule() -> int:
        rows = asked("rule-invocations")
        [found] = [each for each in rows if each["rule or schedule"] == "sales_etl_file_trigger"]
        return int(found["started"])

    earlier = started_by_rule()
    before = len(lake.executions())
    try:
        lake.script(WRONG)
        lake.upload("sales/traced-1.csv", "sales/traced-2.csv")
        lake.new_executions(before, 1)
    finally:
        lake.script(RIGHT)

    [again] = asked("replay", "--job", "sales_etl", "--failed", "--rate", "6000")
    [_, execution] = lake.new_executions(before, 2)
    rows = asked("trace", "--key", "sales/traced-2.csv")

    assert again["done"] == "started"
    assert again["for"].startswith(f"s3://{ARTIFACTS}/manifests/{JOB}/")
    assert execution["status"] == "SUCCEEDED"
    assert [row["what"] for row in rows][:2] == ["object", "rule"]
    runs = [row["told"].split()[1] for row in rows if row["what"] == "run"]
    assert runs == ["FAILED,", "SUCCEEDED,"]
    ends = [row["told"].split()[1] for row in rows if row["what"] == "execution"]
    assert ends == ["started", "FAILED:", "started", "SUCCEEDED"]
    others = asked("trace", "--key", "sales/never.csv")
    assert {row["what"] for row in others} == {"object", "rule"}
    [first, *_] = asked("job-runs", "--job", "sales_etl")
    assert first["object"] == again["for"]
    assert started_by_rule() == earlier + 2


def test_a_replay_of_a_period_starts_batches(lake: Lake, asked: Asked) -> None:
    before = len(lake.executions())
    keys = [f"sales/replayed-{number}.csv" for number in range(MAX_FILES + 1)]
    lake.upload(*keys)
    lake.new_executions(before, 2)

    words = ("replay", "--job", "sales_etl", "--since", "1d", "--prefix", "sales/replayed-")
    rows = asked(*words, "--rate", "6000")

    assert [row["for"].split(" from ")[0] for row in rows] == ["5 objects", "1 objects"]
    executions = lake.new_executions(before + 2, 2)
    found = [lake.manifest(lake.run_of(each)) for each in executions]
    assert sorted(each["object"]["key"] for one in found for each in one) == keys
    assert [row["done"] for row in asked(*words)] == ["started before: SUCCEEDED"] * 2


def test_the_doctor_finds_what_stops_a_batch(lake: Lake, asked: Asked) -> None:
    def found() -> set[str]:
        return {
            f"{row['where']} {row['problem']}"
            for row in asked("doctor", "--job", "sales_etl", code=1)
            if "checkout" not in row["problem"] and "compared" not in row["problem"]
        }

    assert found() == set()
    pipes, sqs, iam = (lake.aws.client(name) for name in ("pipes", "sqs", "iam"))
    pipes.stop_pipe(Name=PIPE)
    pipes.describe_pipe(Name=PIPE)
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    policy = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]
    sqs.set_queue_attributes(
        QueueUrl=url, Attributes={"Policy": policy["Policy"].replace('file-trigger"}}', 'x"}}')}
    )
    name = {"RoleName": f"{JOB}-pipes", "PolicyName": "start-machine"}
    rights = iam.get_role_policy(**name)["PolicyDocument"]
    iam.put_role_policy(
        **name, PolicyDocument=json.dumps(rights).replace("sqs:DeleteMessage", "sqs:SendMessage")
    )
    try:
        problems = found()
    finally:
        pipes.start_pipe(Name=PIPE)
        sqs.set_queue_attributes(QueueUrl=url, Attributes=policy)
        iam.put_role_policy(**name, PolicyDocument=json.dumps(rights))

    told = " ".join(sorted(problems))
    assert len(problems) == 3
    assert f"{PIPE} its pipe is STOPPED: uploads wait in the queue" in told
    assert f"{QUEUE} does not accept uploads from {PIPE}" in told
    assert f"{JOB}-pipes pipes.amazonaws.com may not use it for sqs:DeleteMessage" in told


def test_rolled_back_an_upload_starts_the_machine_without_a_queue(lake: Lake) -> None:
    before = len(lake.executions())
    lake.script(RIGHT)
    lake.deployed.apply("-var=pass_s3_object=false", "-refresh=false")
    try:
        lake.upload("sales/rolled-back.csv")
        [execution] = lake.new_executions(before, 1)
        pipes = lake.aws.client("pipes").list_pipes()["Pipes"]
    finally:
        lake.deployed.apply("-refresh=false")

    arguments = lake.run_of(execution)["Arguments"]
    assert not {"--manifest", "--object_key"} & set(arguments)
    assert pipes == []
