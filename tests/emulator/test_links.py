"""The links between moto's services, tried on resources made by hand.

Each test would see moto's own behaviour if the link or the repair were not there.
"""

import io
import json
import time
import uuid
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from emulated_aws.delivery import fire
from emulated_aws.server import DEPLOYER, REGION, EmulatedAws, emulated_aws

ACCOUNT = "123456789012"
DEFINITION = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedAws]:
    with emulated_aws(tmp_path_factory.mktemp("emulated_aws")) as started:
        yield started


@dataclass
class Chain:
    """A bucket, a rule for it, a machine, and a queue; with names of their own."""

    aws: EmulatedAws
    name: str

    def role(self, service: str, *actions: str) -> str:
        """A role for a service that may do these actions to everything."""
        iam, name = self.aws.client("iam"), f"{self.name}-{uuid.uuid4().hex[:6]}"
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]
        if actions:
            allowed = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
            policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
            iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy)
        return str(role["Arn"])

    def machine(self, definition: object = DEFINITION) -> str:
        states = self.aws.client("stepfunctions")
        role = self.role("states.amazonaws.com")
        text = json.dumps(definition)
        made = states.create_state_machine(name=self.name, definition=text, roleArn=role)
        return str(made["stateMachineArn"])

    def queue(self, *, open_to_events: bool = True) -> str:
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{self.name}"
        sender = {"Service": "events.amazonaws.com"}
        allowed = {"Effect": "Allow", "Action": "sqs:SendMessage", "Principal": sender}
        policy = json.dumps({"Statement": [{**allowed, "Resource": arn}]})
        attributes = {"Policy": policy} if open_to_events else {}
        self.aws.client("sqs").create_queue(QueueName=self.name, Attributes=attributes)
        return arn

    def rule(self, **target: Any) -> None:
        """A bucket that talks to EventBridge, and a rule for its objects with this target."""
        s3, events = self.aws.client("s3"), self.aws.client("events")
        place = {"LocationConstraint": REGION}
        s3.create_bucket(Bucket=self.name, CreateBucketConfiguration=place)
        s3.put_bucket_notification_configuration(
            Bucket=self.name, NotificationConfiguration={"EventBridgeConfiguration": {}}
        )
        pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": [self.name]}}}
        events.put_rule(Name=self.name, EventPattern=json.dumps(pattern))
        events.put_targets(Rule=self.name, Targets=[{"Id": "t", **target}])

    def upload(self, key: str = "sales/a.csv", content: bytes = b"x") -> None:
        self.aws.client("s3").put_object(Bucket=self.name, Key=key, Body=content)

    def inputs(self, machine: str) -> list[Any]:
        """What the machine was started with."""
        states = self.aws.client("stepfunctions")
        found = states.list_executions(stateMachineArn=machine)["executions"]
        arns = [execution["executionArn"] for execution in found]
        return [json.loads(states.describe_execution(executionArn=arn)["input"]) for arn in arns]

    def kept(self) -> list[Any]:
        """The messages in the queue: their reason, and their body."""
        sqs = self.aws.client("sqs")
        url = sqs.get_queue_url(QueueName=self.name)["QueueUrl"]
        asked = {"MessageAttributeNames": ["All"], "MaxNumberOfMessages": 10}
        messages = sqs.receive_message(QueueUrl=url, **asked).get("Messages", [])
        return [
            (each["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"], json.loads(each["Body"]))
            for each in messages
        ]


@pytest.fixture
def chain(aws: EmulatedAws) -> Chain:
    return Chain(aws, f"chain-{uuid.uuid4().hex[:8]}")


@pytest.fixture
def starter(chain: Chain) -> str:
    """A role that rules may start machines with."""
    return chain.role("events.amazonaws.com", "states:StartExecution")


def test_an_object_starts_the_target_with_the_event_as_s3_sends_it(
    chain: Chain, starter: str
) -> None:
    machine = chain.machine()
    chain.rule(Arn=machine, RoleArn=starter)

    chain.upload("sales/a b+c%20.csv", b"123")

    [event] = chain.inputs(machine)
    assert (event["source"], event["detail-type"]) == ("aws.s3", "Object Created")
    assert event["resources"] == [f"arn:aws:s3:::{chain.name}"]
    assert event["detail"]["reason"] == "PutObject"
    described = event["detail"]["object"]
    assert (described["key"], described["size"]) == ("sales/a b+c%20.csv", 3)
    assert {"etag", "sequencer"} <= set(described)
    assert "version-id" not in described


def test_the_transformer_makes_the_input(chain: Chain, starter: str) -> None:
    machine = chain.machine()
    paths = {"object": "$.detail.object"}
    template = '{"rule": "r", "object": <object>}'
    transformer = {"InputPathsMap": paths, "InputTemplate": template}
    chain.rule(Arn=machine, RoleArn=starter, InputTransformer=transformer)

    chain.upload('sales/"quoted".csv')

    [sent] = chain.inputs(machine)
    assert (sent["rule"], sent["object"]["key"]) == ("r", 'sales/"quoted".csv')


def test_a_multipart_upload_is_announced_once(chain: Chain, starter: str) -> None:
    machine, s3 = chain.machine(), chain.aws.client("s3")
    chain.rule(Arn=machine, RoleArn=starter)
    place = {"Bucket": chain.name, "Key": "sales/big.csv"}

    upload = {**place, "UploadId": s3.create_multipart_upload(**place)["UploadId"]}
    part = s3.upload_part(**upload, PartNumber=1, Body=b"x")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(**upload, MultipartUpload=parts)

    [event] = chain.inputs(machine)
    assert event["detail"]["reason"] == "CompleteMultipartUpload"


def test_a_deleted_object_is_not_announced_as_created(chain: Chain, starter: str) -> None:
    machine = chain.machine()
    chain.rule(Arn=machine, RoleArn=starter)
    chain.upload()

    chain.aws.client("s3").delete_object(Bucket=chain.name, Key="sales/a.csv")

    assert len(chain.inputs(machine)) == 1


def test_a_bucket_that_does_not_talk_to_eventbridge_starts_nothing(
    chain: Chain, starter: str
) -> None:
    machine, s3 = chain.machine(), chain.aws.client("s3")
    chain.rule(Arn=machine, RoleArn=starter)
    s3.put_bucket_notification_configuration(Bucket=chain.name, NotificationConfiguration={})

    chain.upload()

    assert chain.inputs(machine) == []


def test_a_disabled_rule_starts_nothing(chain: Chain, starter: str) -> None:
    machine = chain.machine()
    chain.rule(Arn=machine, RoleArn=starter)
    chain.aws.client("events").disable_rule(Name=chain.name)

    chain.upload()

    assert chain.inputs(machine) == []


@pytest.mark.parametrize(
    ("service", "action"),
    [("states.amazonaws.com", "states:StartExecution"), ("events.amazonaws.com", "states:Stop")],
)
def test_a_role_that_may_not_start_the_machine_leaves_the_event_in_the_queue(
    chain: Chain, service: str, action: str
) -> None:
    machine, role = chain.machine(), chain.role(service, action)
    chain.rule(Arn=machine, RoleArn=role, DeadLetterConfig={"Arn": chain.queue()})

    chain.upload("sales/kept.csv")

    assert chain.inputs(machine) == []
    [(reason, event)] = chain.kept()
    assert "expected a role that events.amazonaws.com may start" in reason
    assert event["detail"]["object"]["key"] == "sales/kept.csv"


def test_a_glue_job_is_no_target(chain: Chain, starter: str) -> None:
    job = f"arn:aws:glue:{REGION}:{ACCOUNT}:job/sales"
    chain.rule(Arn=job, RoleArn=starter, DeadLetterConfig={"Arn": chain.queue()})

    chain.upload()

    [(reason, _)] = chain.kept()
    assert "expected a state machine as target" in reason


def test_a_target_of_another_kind_stops_neither_the_upload_nor_other_targets(
    chain: Chain, starter: str
) -> None:
    machine, events = chain.machine(), chain.aws.client("events")
    chain.rule(Arn=f"arn:aws:sns:{REGION}:{ACCOUNT}:topic")
    others = [
        {"Id": "a-log", "Arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/events/x"},
        {"Id": "z", "Arn": machine, "RoleArn": starter},
    ]
    events.put_targets(Rule=chain.name, Targets=others)

    chain.upload()

    assert len(chain.inputs(machine)) == 1


@pytest.mark.parametrize("pattern", ['{"detail": {"key": [{"sufix": "x"}]}}', "[", "{}"])
def test_a_pattern_that_eventbridge_refuses_makes_no_rule(chain: Chain, pattern: str) -> None:
    events = chain.aws.client("events")

    with pytest.raises(events.exceptions.InvalidEventPatternException, match=r"expected|Expecting"):
        events.put_rule(Name=chain.name, EventPattern=pattern)


@pytest.mark.parametrize("queue", ["none", "closed"])
def test_an_event_that_would_be_lost_is_an_error(chain: Chain, queue: str) -> None:
    role = chain.role("events.amazonaws.com")
    letters = {"DeadLetterConfig": {"Arn": chain.queue(open_to_events=False)}}
    chain.rule(Arn=chain.machine(), RoleArn=role, **(letters if queue == "closed" else {}))

    with pytest.raises(Exception, match="500"):
        chain.upload()


@pytest.mark.parametrize("state", ["ENABLED", "DISABLED"])
def test_a_schedule_that_is_enabled_starts_its_target(chain: Chain, state: str) -> None:
    machine = chain.machine()
    role = chain.role("scheduler.amazonaws.com", "states:StartExecution")
    chain.aws.client("scheduler").create_schedule(
        Name=chain.name,
        ScheduleExpression="rate(1 day)",
        FlexibleTimeWindow={"Mode": "OFF"},
        State=state,
        Target={"Arn": machine, "RoleArn": role, "Input": '{"schedule": "s"}'},
    )

    fire(chain.aws, chain.name)

    assert chain.inputs(machine) == ([{"schedule": "s"}] if state == "ENABLED" else [])


def job(
    chain: Chain,
    script: str,
    rights: Sequence[tuple[str, str]] = (("s3:*", ""), ("s3:*", "/*")),
    *,
    logs: bool = True,
) -> str:
    """A Glue job with this script and an archive that it imports; gives its name.

    rights: of its role: actions, each with a path of the bucket, or with an ARN.
    """
    s3, archive = chain.aws.client("s3"), io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("own_runtime.py", "WORD = 'from the archive'\n")
    place = {"LocationConstraint": REGION}
    s3.create_bucket(Bucket=chain.name, CreateBucketConfiguration=place)
    s3.put_object(Bucket=chain.name, Key="scripts/job.py", Body=script.encode())
    s3.put_object(Bucket=chain.name, Key="runtime.zip", Body=archive.getvalue())
    chain.aws.client("logs").create_log_group(logGroupName=f"/{chain.name}/output")
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/{chain.name}/output:*"
    of_logs = [("logs:CreateLogStream", group), ("logs:PutLogEvents", group)]
    statements = [
        {
            "Effect": "Allow",
            "Action": action,
            "Resource": where if ":" in where else f"arn:aws:s3:::{chain.name}{where}",
        }
        for action, where in [*rights, *(of_logs if logs else ())]
    ]
    role = chain.role("glue.amazonaws.com")
    chain.aws.client("iam").put_role_policy(
        RoleName=role.rsplit("/", 1)[-1],
        PolicyName="run",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}),
    )
    chain.aws.client("glue").create_job(
        Name=chain.name,
        Role=role,
        Command={"Name": "glueetl", "ScriptLocation": f"s3://{chain.name}/scripts/job.py"},
        DefaultArguments={
            "--env": "dev",
            "--extra-py-files": f"s3://{chain.name}/runtime.zip",
            "--custom-logGroup-prefix": f"/{chain.name}",
        },
        JobRunQueuingEnabled=True,
    )
    return chain.name


def execution_of(chain: Chain, name: str, arguments: dict[str, str]) -> dict[str, Any]:
    """Start the job through a machine that waits for it; gives the ended execution."""
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::glue:startJobRun.sync",
        "Parameters": {"JobName": name, "Arguments": arguments},
        "End": True,
    }
    machine = chain.machine({"StartAt": "Run", "States": {"Run": task}})
    states = chain.aws.client("stepfunctions")
    arn = states.start_execution(stateMachineArn=machine, input="{}")["executionArn"]
    deadline = time.monotonic() + 60
    while (found := states.describe_execution(executionArn=arn))["status"] == "RUNNING":
        assert time.monotonic() < deadline, "the execution does not end"
        time.sleep(0.1)
    return dict(found)


SCRIPT = """
import json, os, sys
import boto3
from own_runtime import WORD
print(json.dumps([WORD, sys.argv[1:]]), flush=True)
scheme, _, place = os.environ["GLUE_LOCAL_S3"].partition("://")
key, _, host = place.partition("@")
s3 = boto3.client("s3", endpoint_url=f"{scheme}://{host}", region_name="eu-central-1",
                  aws_access_key_id=key, aws_secret_access_key="emulated")
bucket = sys.argv[sys.argv.index("--lake") + 1]
"""


def test_a_run_is_the_deployed_script_with_its_merged_arguments(chain: Chain) -> None:
    does = """
s3.put_object(Bucket=bucket, Key="out/rows", Body=b"written")
s3.delete_object(Bucket=bucket, Key="gone")
"""
    name, s3 = job(chain, SCRIPT + does), chain.aws.client("s3")
    s3.put_object(Bucket=chain.name, Key="gone", Body=b"x")

    arguments = {"--object_key": "--a b", "--env": "test", "--lake": chain.name}
    execution = execution_of(chain, name, arguments)

    assert execution["status"] == "SUCCEEDED", execution
    run = json.loads(execution["output"])
    place = {"logGroupName": f"/{chain.name}/output", "logStreamName": run["Id"]}
    [line] = chain.aws.client("logs").get_log_events(**place)["events"]
    word, argv = json.loads(line["message"])
    assert word == "from the archive"
    pairs = dict(zip(argv[::2], argv[1::2], strict=True))
    assert pairs["--JOB_RUN_ID"] == run["Id"]
    assert (pairs["--object_key"], pairs["--env"]) == ("--a b", "test")
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=chain.name)["Contents"]]
    assert keys == ["out/rows", "runtime.zip", "scripts/job.py"]


READ_CODE = [("s3:GetObject", "/scripts/*"), ("s3:GetObject", "/runtime.zip")]
"""What each run needs: Glue reads the code with the rights of the role."""

CALLS = [
    ("s3:ListBucket", "", "s3.list_objects_v2(Bucket=bucket, Prefix='sales/')"),
    ("s3:ListBucketMultipartUploads", "", "s3.list_multipart_uploads(Bucket=bucket)"),
    ("s3:GetObject", "/sales/*", "s3.get_object(Bucket=bucket, Key='sales/a//b')"),
    ("s3:GetObject", "/sales/*", "s3.head_object(Bucket=bucket, Key='sales/a//b')"),
    ("s3:PutObject", "/out/*", "s3.put_object(Bucket=bucket, Key='out/a b+c', Body=b'x')"),
    ("s3:PutObject", "/out/*", "s3.create_multipart_upload(Bucket=bucket, Key='out/a')"),
    ("s3:DeleteObject", "/sales/*", "s3.delete_object(Bucket=bucket, Key='sales/a//b')"),
    (
        "s3:DeleteObject",
        "/sales/*",
        "s3.delete_objects(Bucket=bucket, Delete={'Objects': [{'Key': 'sales/a//b'}]})",
    ),
]


@pytest.mark.parametrize(("action", "where", "call"), CALLS)
def test_a_run_may_do_what_its_role_allows_and_nothing_else(
    chain: Chain, action: str, where: str, call: str
) -> None:
    code = SCRIPT + call
    ended = []
    for granted in ([(action, where)], [("s3:GetObjectTagging", "/*"), (action, "/others/*")]):
        own = Chain(chain.aws, f"{chain.name}-{len(ended)}")
        name = job(own, code, [*READ_CODE, *granted])
        chain.aws.client("s3").put_object(Bucket=name, Key="sales/a//b", Body=b"x")
        ended.append(execution_of(own, name, {"--lake": name}))

    assert ended[0]["status"] == "SUCCEEDED", ended[0]
    assert ended[1]["status"] == "FAILED"
    cause = json.loads(ended[1]["cause"])["ErrorMessage"]
    assert action in cause or "403" in cause


def test_a_copy_needs_the_right_to_read_its_source(chain: Chain) -> None:
    copy = (
        "s3.copy_object(Bucket=bucket, Key='out/a', CopySource={'Bucket': bucket, 'Key': 'in/a'})"
    )
    for sources, status in (("/in/*", "SUCCEEDED"), ("/other/*", "FAILED")):
        own = Chain(chain.aws, f"{chain.name}-{status.lower()}")
        granted = [*READ_CODE, ("s3:PutObject", "/out/*"), ("s3:GetObject", sources)]
        name = job(own, SCRIPT + copy, granted)
        chain.aws.client("s3").put_object(Bucket=name, Key="in/a", Body=b"x")

        assert execution_of(own, name, {"--lake": name})["status"] == status


def test_what_is_in_an_encrypted_bucket_needs_the_rights_of_its_key(chain: Chain) -> None:
    key = chain.aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    put = "s3.put_object(Bucket=bucket, Key='out/a', Body=b'x')"
    by_key = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    for rights, status in (((), "FAILED"), (("kms:Decrypt", "kms:GenerateDataKey"), "SUCCEEDED")):
        own = Chain(chain.aws, f"{chain.name}-{status.lower()}")
        name = job(own, SCRIPT + put, [("s3:*", "/*"), *((right, key) for right in rights)])
        chain.aws.client("s3").put_bucket_encryption(
            Bucket=name,
            ServerSideEncryptionConfiguration={
                "Rules": [{"ApplyServerSideEncryptionByDefault": by_key}]
            },
        )

        assert execution_of(own, name, {"--lake": name})["status"] == status


TABLES = """
glue = boto3.client("glue", region_name="eu-central-1")
table = {"DatabaseName": bucket, "TableInput": {"Name": "sales_etl"}}
glue.create_table(**table)
glue.update_table(**table)
print(glue.get_table(DatabaseName=bucket, Name="sales_etl")["Table"]["Name"])
"""


@pytest.mark.parametrize(
    ("left_out", "refused"),
    [
        (None, ""),
        ("glue:CreateTable", "CreateTable"),
        ("glue:UpdateTable", "UpdateTable"),
        ("glue:GetTable", "GetTable"),
        (":catalog", "CreateTable"),
        (":database/", "CreateTable"),
        (":table/", "CreateTable"),
    ],
)
def test_a_run_registers_tables_with_the_rights_for_each_level_of_the_catalog(
    chain: Chain, left_out: str | None, refused: str
) -> None:
    catalog = f"arn:aws:glue:{REGION}:{ACCOUNT}"
    rights = [
        (f"glue:{action}Table", f"{catalog}:{where}")
        for action in ("Get", "Create", "Update")
        for where in ("catalog", f"database/{chain.name}", f"table/{chain.name}/sales_etl")
    ]
    granted = [each for each in rights if left_out is None or left_out not in " ".join(each)]
    assert len(rights) - len(granted) == (0 if left_out is None else 3)
    name = job(chain, SCRIPT + TABLES, [*READ_CODE, *granted])
    chain.aws.client("glue").create_database(DatabaseInput={"Name": chain.name})

    execution = execution_of(chain, name, {"--lake": name})

    assert execution["status"] == ("FAILED" if refused else "SUCCEEDED"), execution
    if refused:
        assert f"glue:{refused}" in json.loads(execution["cause"])["ErrorMessage"]


def test_what_is_asked_for_a_database_is_asked_for_each_level(aws: EmulatedAws) -> None:
    glue = replace(aws, access_key=DEPLOYER).client("glue")
    glue.create_database(DatabaseInput={"Name": "lake"}, Tags={"project": "lake"})
    glue.get_database(Name="lake")
    glue.update_database(Name="lake", DatabaseInput={"Name": "lake"})
    glue.delete_database(Name="lake")

    place = f"arn:aws:glue:{REGION}:{ACCOUNT}:"
    asked = {
        (action.removeprefix("glue:"), resource.removeprefix(place))
        for action, resource in aws.asked_by(DEPLOYER)
        if resource.endswith((":catalog", "/lake", "/lake/*"))
    }
    assert asked == {
        *(
            (f"{action}Database", where)
            for action in ("Create", "Get", "Update", "Delete")
            for where in ("catalog", "database/lake")
        ),
        ("TagResource", "database/lake"),
        ("DeleteDatabase", "table/lake/*"),
        ("DeleteDatabase", "userDefinedFunction/lake/*"),
    }


def test_a_run_whose_role_may_not_write_logs_has_none(chain: Chain) -> None:
    name = job(chain, "print('{}')", READ_CODE, logs=False)

    execution = execution_of(chain, name, {})

    assert execution["status"] == "SUCCEEDED"
    group = {"logGroupName": f"/{chain.name}/output"}
    assert chain.aws.client("logs").describe_log_streams(**group)["logStreams"] == []


def test_a_run_whose_role_may_not_read_the_code_fails(chain: Chain) -> None:
    name = job(chain, "print('{}')", READ_CODE[:1])

    execution = execution_of(chain, name, {})

    assert "runtime.zip" in json.loads(execution["cause"])["ErrorMessage"]


def test_runs_are_listed_newest_first_and_their_lines_found_by_a_prefix(chain: Chain) -> None:
    name, glue, logs = job(chain, "print('{}')"), chain.aws.client("glue"), chain.aws.client("logs")
    started: list[str] = []
    for _ in range(3):
        started.append(glue.start_job_run(JobName=name)["JobRunId"])
        while glue.get_job_run(JobName=name, RunId=started[-1])["JobRun"]["JobRunState"] not in (
            "SUCCEEDED",
            "FAILED",
        ):
            time.sleep(0.05)
    group = {"logGroupName": f"/{chain.name}/output"}
    for stream in ("one", "other"):
        logs.create_log_stream(**group, logStreamName=stream)
        lines = [{"timestamp": int(time.time() * 1000), "message": stream}]
        logs.put_log_events(**group, logStreamName=stream, logEvents=lines)

    pages = glue.get_paginator("get_job_runs").paginate(JobName=name, MaxResults=2)
    assert [run["Id"] for page in pages for run in page["JobRuns"]] == started[::-1]
    for prefix, lines in (("one", ["one"]), ("o", ["one", "other"]), ("none", [])):
        found = logs.filter_log_events(**group, logStreamNamePrefix=prefix)["events"]
        assert [line["message"] for line in found] == lines


def test_a_script_that_fails_fails_the_run_and_the_execution(chain: Chain) -> None:
    name = job(chain, "import sys; sys.exit('expected more, found less')")

    execution = execution_of(chain, name, {})

    assert (execution["status"], execution["error"]) == ("FAILED", "States.TaskFailed")
    run = json.loads(execution["cause"])
    assert (run["JobRunState"], run["ErrorMessage"]) == ("FAILED", "expected more, found less")


def test_what_terraform_reads_back_is_what_it_put(chain: Chain) -> None:
    chain.rule(Arn=chain.machine(), RoleArn=chain.role("events.amazonaws.com"))
    other = Chain(chain.aws, f"{chain.name}-job")

    notifications = chain.aws.client("s3").get_bucket_notification_configuration(Bucket=chain.name)
    described = chain.aws.client("glue").get_job(JobName=job(other, ""))["Job"]

    assert notifications["EventBridgeConfiguration"] == {}
    assert described["JobRunQueuingEnabled"] is True


@pytest.mark.parametrize(
    ("definition", "result"), [(DEFINITION, "OK"), ({"StartAt": "Nowhere"}, "FAIL")]
)
def test_a_definition_is_validated(aws: EmulatedAws, definition: object, result: str) -> None:
    states = aws.client("stepfunctions")

    answer = states.validate_state_machine_definition(definition=json.dumps(definition))

    assert answer["result"] == result


@pytest.mark.parametrize(("condition", "allowed"), [("aws:SecureTransport", True), (None, False)])
def test_a_policy_that_asks_for_encryption_alone_denies_nothing(
    chain: Chain, condition: str | None, allowed: bool
) -> None:
    s3, place = chain.aws.client("s3"), {"LocationConstraint": REGION}
    s3.create_bucket(Bucket=chain.name, CreateBucketConfiguration=place)
    chain.upload()
    denied = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    if condition:
        denied["Condition"] = {"Bool": {condition: "false"}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [denied]})
    s3.put_bucket_policy(Bucket=chain.name, Policy=policy)

    try:
        s3.get_object(Bucket=chain.name, Key="sales/a.csv")
        assert allowed
    except s3.exceptions.ClientError:
        assert not allowed
    finally:
        s3.delete_bucket_policy(Bucket=chain.name)  # else every run here would meet it


def test_saved_queries_are_kept_until_they_are_deleted(chain: Chain) -> None:
    logs = chain.aws.client("logs")
    asked = {"name": f"{chain.name}/q", "queryString": "fields @timestamp", "logGroupNames": ["/x"]}

    number = logs.put_query_definition(**asked)["queryDefinitionId"]
    logs.put_query_definition(
        **{**asked, "queryString": "fields @message"}, queryDefinitionId=number
    )
    [kept] = logs.describe_query_definitions(queryDefinitionNamePrefix=chain.name)[
        "queryDefinitions"
    ]
    assert kept == {**asked, "queryString": "fields @message", "queryDefinitionId": number}

    assert logs.delete_query_definition(queryDefinitionId=number)["success"]
    found = logs.describe_query_definitions(queryDefinitionNamePrefix=chain.name)
    assert found["queryDefinitions"] == []
