"""The links from a rule to a queue and from a pipe to a machine, tried on resources made by hand."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from emulated_aws.pipes import LONGEST_INPUT
from emulated_aws.server import REGION, EmulatedAws, emulated_aws

ACCOUNT = "123456789012"
DEFINITION = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}
ALL = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "states:StartExecution")


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedAws]:
    with emulated_aws(tmp_path_factory.mktemp("emulated_aws")) as started:
        yield started


class Chain:
    """A queue with a queue for its dead letters, a pipe, and a machine; with a name of its own."""

    def __init__(self, aws: EmulatedAws) -> None:
        self.aws = aws
        self.name = f"chain-{uuid.uuid4().hex[:8]}"
        states = aws.client("stepfunctions")
        made = states.create_state_machine(
            name=self.name, definition=json.dumps(DEFINITION), roleArn=self.role("states", ALL)
        )
        self.machine = made["stateMachineArn"]
        sqs = aws.client("sqs")
        self.letters = sqs.create_queue(QueueName=f"{self.name}-letters")["QueueUrl"]
        redrive = {"deadLetterTargetArn": self.arn(f"{self.name}-letters"), "maxReceiveCount": 3}
        attributes = {"RedrivePolicy": json.dumps(redrive), "VisibilityTimeout": "60"}
        self.queue = sqs.create_queue(QueueName=self.name, Attributes=attributes)["QueueUrl"]

    def arn(self, queue: str) -> str:
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}"

    def role(self, service: str, actions: tuple[str, ...]) -> str:
        iam, name = self.aws.client("iam"), f"role-{uuid.uuid4().hex[:8]}"
        principal = {"Service": f"{service}.amazonaws.com"}
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
        document = json.dumps({"Statement": [trust]})
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]
        allowed = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy)
        return str(role["Arn"])

    def pipe(self, actions: tuple[str, ...] = ALL, size: int = 10, **source: Any) -> None:
        limits = {"BatchSize": size, "MaximumBatchingWindowInSeconds": 1}
        self.aws.client("pipes").create_pipe(
            Name=self.name,
            Source=self.arn(self.name),
            Target=self.machine,
            RoleArn=self.role("pipes", actions),
            SourceParameters={"SqsQueueParameters": limits, **source},
        )

    def send(self, *bodies: str) -> None:
        for body in bodies:
            self.aws.client("sqs").send_message(QueueUrl=self.queue, MessageBody=body)

    def inputs(self) -> list[Any]:
        """What the machine was started with, the oldest first."""
        states = self.aws.client("stepfunctions")
        found = states.list_executions(stateMachineArn=self.machine)["executions"]
        arns = [each["executionArn"] for each in sorted(found, key=lambda each: each["startDate"])]
        return [json.loads(states.describe_execution(executionArn=arn)["input"]) for arn in arns]

    def waiting(self, queue: str) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        asked = {"QueueUrl": queue, "AttributeNames": names}
        found = self.aws.client("sqs").get_queue_attributes(**asked)["Attributes"]
        return sum(int(found[name]) for name in names)


@pytest.fixture
def chain(aws: EmulatedAws) -> Iterator[Chain]:
    made = Chain(aws)
    yield made
    for pipe in aws.client("pipes").list_pipes()["Pipes"]:
        aws.client("pipes").delete_pipe(Name=pipe["Name"])


def wait(until: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not until():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_messages_within_the_window_are_one_input_and_more_are_several(chain: Chain) -> None:
    chain.send("1", "2", "3", "4", "5")
    chain.pipe(size=4)

    wait(lambda: len(chain.inputs()) == 2)
    first, second = chain.inputs()

    assert sorted(each["body"] for each in first + second) == ["1", "2", "3", "4", "5"]
    assert [len(first), len(second)] == [4, 1]
    assert chain.waiting(chain.queue) == 0


def test_a_batch_ends_at_the_longest_input(chain: Chain) -> None:
    chain.send(*("x" * (LONGEST_INPUT // 3) for _ in range(4)))
    chain.pipe()

    wait(lambda: sum(map(len, chain.inputs())) == 4)

    assert [len(each) for each in chain.inputs()] == [2, 2]


def test_a_message_that_no_filter_matches_is_deleted(chain: Chain) -> None:
    chain.send('{"key": "a.csv"}', '{"key": "a.json"}', "no JSON")
    pattern = json.dumps({"body": {"key": [{"suffix": ".csv"}]}})
    chain.pipe(FilterCriteria={"Filters": [{"Pattern": pattern}]})

    wait(lambda: len(chain.inputs()) == 1)

    assert chain.inputs() == [[{"body": '{"key": "a.csv"}'}]]
    assert chain.waiting(chain.queue) == chain.waiting(chain.letters) == 0


@pytest.mark.parametrize("lacking", ALL)
def test_a_pipe_without_a_right_starts_nothing_and_loses_nothing(
    chain: Chain, lacking: str
) -> None:
    chain.send("kept")
    chain.pipe(tuple(action for action in ALL if action != lacking))
    queue = chain.letters if lacking.startswith("states:") else chain.queue

    wait(lambda: chain.waiting(queue) == 1)
    time.sleep(2)

    assert chain.inputs() == []
    assert chain.waiting(queue) == 1


def test_a_stopped_pipe_leaves_its_messages(chain: Chain) -> None:
    chain.pipe()
    pipes = chain.aws.client("pipes")
    pipes.describe_pipe(Name=chain.name)
    pipes.stop_pipe(Name=chain.name)
    pipes.describe_pipe(Name=chain.name)
    chain.send("kept")
    time.sleep(2)

    assert chain.inputs() == []
    assert chain.waiting(chain.queue) == 1


@pytest.mark.parametrize("allowed", ["events.amazonaws.com", "sns.amazonaws.com"])
def test_a_rule_sends_to_a_queue_that_lets_it(chain: Chain, allowed: str) -> None:
    sqs, s3, events = (chain.aws.client(name) for name in ("sqs", "s3", "events"))
    for url, service in ((chain.queue, allowed), (chain.letters, "events.amazonaws.com")):
        statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}
        policy = {"Statement": [{**statement, "Principal": {"Service": service}}]}
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    place = {"LocationConstraint": REGION}
    s3.create_bucket(Bucket=chain.name, CreateBucketConfiguration=place)
    s3.put_bucket_notification_configuration(
        Bucket=chain.name, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": [chain.name]}}}
    events.put_rule(Name=chain.name, EventPattern=json.dumps(pattern))
    transformer = {"InputPathsMap": {"object": "$.detail.object"}, "InputTemplate": "<object>"}
    letters = {"Arn": chain.arn(f"{chain.name}-letters")}
    target = {"Id": "t", "Arn": chain.arn(chain.name), "InputTransformer": transformer}
    events.put_targets(Rule=chain.name, Targets=[{**target, "DeadLetterConfig": letters}])

    s3.put_object(Bucket=chain.name, Key="a b.csv", Body=b"x")

    taken, other = chain.queue, chain.letters
    if allowed != "events.amazonaws.com":
        taken, other = other, taken
    [message] = sqs.receive_message(QueueUrl=taken)["Messages"]
    assert json.loads(message["Body"])["key"] == "a b.csv"
    assert chain.waiting(other) == 0
