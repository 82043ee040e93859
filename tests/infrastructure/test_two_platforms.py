"""Two platforms in one account never meet, in whatever order they come and go.

Both are applied to one emulated AWS with the real provider. The second one has the jobs of the first, a
data lake of its own, and the name_prefix mart. The tests compare what the account contains, as boto3
sees it.
"""

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import deployment
import operations.environment
from deployment import Deployment, prepare
from emulated_aws.server import ACCOUNT, REGION, EmulatedAws, emulated_aws
from operations.doctor import diagnose
from operations.environment import Environment
from operations.patterns import matches
from terraform import needs_terraform, repository_with_archive

pytestmark = needs_terraform

JOB = "sales_etl"
FIRST, SECOND = "sales-etl-dev", "mart-sales-etl-dev"
"""The machine of the job of each platform."""

Account = dict[tuple[str, str], Any]
"""What an account contains: the kind and the name of each thing, and all that AWS says of it."""


def account(aws: EmulatedAws) -> Account:
    """What the account contains, without what changes by itself."""
    events, scheduler = aws.client("events"), aws.client("scheduler")
    cloudwatch, logs, iam = aws.client("cloudwatch"), aws.client("logs"), aws.client("iam")
    states, sqs, sns, s3 = (aws.client(name) for name in ("stepfunctions", "sqs", "sns", "s3"))
    found: Account = {}

    def add(kind: str, name: str, *told: Any) -> None:
        found[kind, name] = json.loads(json.dumps(without_times(told), default=str))

    for rule in events.list_rules()["Rules"]:
        targets = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
        tags = events.list_tags_for_resource(ResourceARN=rule["Arn"])["Tags"]
        add("rule", rule["Name"], rule, targets, tags)
    for group in scheduler.list_schedule_groups()["ScheduleGroups"]:
        add("schedule group", group["Name"], group)
    for schedule in scheduler.list_schedules()["Schedules"]:
        place = {"Name": schedule["Name"], "GroupName": schedule["GroupName"]}
        add("schedule", schedule["Name"], scheduler.get_schedule(**place))
    for alarm in cloudwatch.describe_alarms()["MetricAlarms"]:
        add("alarm", alarm["AlarmName"], alarm)
    for dashboard in cloudwatch.list_dashboards()["DashboardEntries"]:
        name = dashboard["DashboardName"]
        body = cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"]
        add("dashboard", name, json.loads(body))
    for group in logs.describe_log_groups()["logGroups"]:
        name = group["logGroupName"]
        kept = {each: group.get(each) for each in ("arn", "retentionInDays")}
        filters = logs.describe_metric_filters(logGroupName=name)["metricFilters"]
        add("log group", name, kept, filters)
    for policy in logs.describe_resource_policies()["resourcePolicies"]:
        add("log policy", policy["policyName"], policy["policyDocument"])
    for query in logs.describe_query_definitions()["queryDefinitions"]:
        add("query", query["name"], query)
    for role in iam.list_roles()["Roles"]:
        name = role["RoleName"]
        policies = [
            iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
        ]
        add("role", name, role, policies, iam.list_role_tags(RoleName=name)["Tags"])
    for machine in states.list_state_machines()["stateMachines"]:
        arn = machine["stateMachineArn"]
        told = states.describe_state_machine(stateMachineArn=arn)
        add("machine", machine["name"], {each: told[each] for each in ("definition", "roleArn")})
    for job in aws.client("glue").get_jobs()["Jobs"]:
        add("job", job["Name"], job)
    for url in sqs.list_queues().get("QueueUrls", []):
        told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        add("queue", url, told, sqs.list_queue_tags(QueueUrl=url).get("Tags"))
    for topic in sns.list_topics()["Topics"]:
        arn = topic["TopicArn"]
        add("topic", arn, sns.get_topic_attributes(TopicArn=arn)["Attributes"])
    for bucket in s3.list_buckets()["Buckets"]:
        place = {"Bucket": bucket["Name"]}
        notifications = s3.get_bucket_notification_configuration(**place)
        policy = s3.get_bucket_policy(**place)["Policy"]
        add("bucket", bucket["Name"], policy, "EventBridgeConfiguration" in notifications)
        for each in s3.list_objects_v2(**place).get("Contents", []):
            add("object", f"{bucket['Name']}/{each['Key']}", each["ETag"])
    return found


def without_times(told: Any) -> Any:
    """The same without times and the numbers of requests."""
    if isinstance(told, dict):
        return {
            name: without_times(value)
            for name, value in told.items()
            if name != "ResponseMetadata"
            and not any(word in name.lower() for word in ("date", "time", "lastused", "modified"))
        }
    if isinstance(told, list | tuple):
        return [without_times(each) for each in told]
    return told


def of(whole: Account, part: Account) -> Account:
    """What the whole account says of the things of a part."""
    return {thing: whole.get(thing) for thing in part}


@dataclass
class Course:
    """What was seen while both platforms came and went."""

    first_alone: Account = field(default_factory=dict)
    refused: str = ""
    after_the_refusal: Account = field(default_factory=dict)
    without_the_check: str = ""
    after_the_try: Account = field(default_factory=dict)
    both: Account = field(default_factory=dict)
    plan_of_first: str = ""
    uploads: dict[str, dict[str, int]] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)
    second_alone: Account = field(default_factory=dict)
    both_again: Account = field(default_factory=dict)
    first_alone_again: Account = field(default_factory=dict)
    in_the_end: Account = field(default_factory=dict)


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedAws]:
    with emulated_aws(tmp_path_factory.mktemp("aws")) as started:
        yield started


@pytest.fixture(scope="module")
def course(aws: EmulatedAws, tmp_path_factory: pytest.TempPathFactory) -> Course:
    folder, seen = tmp_path_factory.mktemp("platforms"), Course()
    repository = repository_with_archive(folder / "a platform")
    # A run needs no Spark here.
    (repository / f"src/jobs/{JOB}.py").write_text("print('{}')\n")
    # The provider takes a minute to be sure of them.
    lakes = repository / "infrastructure/modules/data_platform/main.tf"
    kept, lifecycles = lakes.read_text().split('"aws_s3_bucket_lifecycle_configuration" "this" {')
    each = "for_each = aws_s3_bucket.this"
    assert each in lifecycles
    lakes.write_text(
        f'{kept}"aws_s3_bucket_lifecycle_configuration" "this" {{'
        + lifecycles.replace(each, "for_each = {}", 1)
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deployment, "REPOSITORY", repository)
        first = prepare(aws, folder / "first", [JOB])
        second = prepare(aws, folder / "second", [JOB])
    environment = second.folder / "infrastructure/environments/dev"
    main = environment / "main.tf"
    main.write_text(main.read_text().replace('"data-lake"', '"mart-lake"'))

    first.apply()
    seen.first_alone = account(aws)
    seen.refused = refused(second)
    seen.after_the_refusal = account(aws)

    rule = second.folder / "infrastructure/modules/observability/executions.tf"
    checked = rule.read_text()
    assert "length(local.others) == 0" in checked
    rule.write_text(checked.replace("length(local.others) == 0", "true"))
    seen.without_the_check = refused(second)
    seen.after_the_try = account(aws)
    rule.write_text(checked)

    (environment / "terraform.tfvars").write_text('name_prefix = "mart"\n')
    second.apply()
    seen.both = account(aws)
    seen.plan_of_first = first.plan().stdout
    seen.findings = findings(aws, second)
    seen.uploads = {lake: upload(aws, lake) for lake in ("data-lake", "mart-lake")}

    destroy(first)
    seen.second_alone = account(aws)
    first.apply()
    seen.both_again = account(aws)
    destroy(second)
    seen.first_alone_again = account(aws)
    destroy(first)
    seen.in_the_end = account(aws)
    return seen


def refused(platform: Deployment) -> str:
    """What Terraform says when it cannot apply a platform."""
    with pytest.raises(RuntimeError) as raised:
        platform.apply()
    return " ".join(str(raised.value).split())


def destroy(platform: Deployment) -> None:
    """Destroy a platform with its data, and nothing else."""
    given = (f"-var=region={REGION}", "-var=force_destroy=true")
    platform.terraform("destroy", "-no-color", "-input=false", "-auto-approve", *given)


def findings(aws: EmulatedAws, platform: Deployment) -> list[str]:
    """What doctor finds in a platform."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operations.environment, "REPOSITORY", platform.folder)
        patch.setattr(operations.environment, "LAKE_PREFIX", "mart-lake")
        for name, value in {
            "AWS_ENDPOINT_URL": aws.endpoint,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "emulated",
            "AWS_SECRET_ACCESS_KEY": "emulated",
        }.items():
            patch.setenv(name, value)
        return [f"{each.where} {each.problem}" for each in diagnose(Environment("dev"), [JOB])]


def upload(aws: EmulatedAws, lake: str) -> dict[str, int]:
    """Upload an object; gives the number of successful executions that each machine has had since."""
    states = aws.client("stepfunctions")
    arn = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:"

    def executions(machine: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = states.list_executions(stateMachineArn=f"{arn}{machine}")[
            "executions"
        ]
        return found

    before = {machine: len(executions(machine)) for machine in (FIRST, SECOND)}
    aws.client("s3").put_object(Bucket=f"{lake}-dev-bronze", Key="sales/a.csv", Body=b"id\n1\n")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        started = {machine: executions(machine) for machine in (FIRST, SECOND)}
        if not any(each["status"] == "RUNNING" for each in sum(started.values(), [])):
            break
        time.sleep(0.2)
    return {
        machine: sum(each["status"] == "SUCCEEDED" for each in found) - before[machine]
        for machine, found in started.items()
    }


def test_a_second_platform_of_the_same_names_is_refused_and_told_of_the_prefix(
    course: Course,
) -> None:
    assert "Resource precondition failed" in course.refused
    assert "/aws/events/data-lake-dev/executions" in course.refused
    assert 'terraform.tfvars of the environment dev: name_prefix = "mart"' in course.refused
    assert course.after_the_refusal == course.first_alone


def test_without_that_check_a_second_platform_fails_before_it_takes_anything(
    course: Course,
) -> None:
    assert "already exists" in course.without_the_check
    assert of(course.after_the_try, course.first_alone) == course.first_alone


def test_a_platform_with_a_prefix_leaves_the_first_one_as_it_is(course: Course) -> None:
    assert of(course.both, course.first_alone) == course.first_alone
    assert "No changes" in course.plan_of_first


def test_the_prefix_is_in_the_names_that_a_lake_does_not_set_apart(course: Course) -> None:
    ours = {thing for thing in course.both if thing not in course.first_alone}
    named = {
        kind: {name for each, name in ours if each == kind}
        for kind in ("rule", "schedule group", "schedule", "job", "machine", "role")
    }

    assert named == {
        "rule": {"mart-dev-executions", "mart-dev-sales-etl-file-trigger"},
        "schedule group": {"mart-dev"},
        "schedule": {"mart-dev-sales-etl-schedule"},
        "job": {SECOND},
        "machine": {SECOND},
        "role": {f"{SECOND}-{use}" for use in ("job", "machine", "rules", "schedules")},
    }


def test_the_operators_of_the_second_platform_find_it_by_its_names(course: Course) -> None:
    assert course.findings == []


def test_an_upload_starts_the_job_of_its_own_platform(course: Course) -> None:
    assert course.uploads == {
        "data-lake": {FIRST: 1, SECOND: 0},
        "mart-lake": {FIRST: 0, SECOND: 1},
    }


def test_each_platform_logs_the_executions_of_its_own_machines(course: Course) -> None:
    logged = {}
    for rule in ("dev-executions", "mart-dev-executions"):
        [told, targets, _] = course.both["rule", rule]
        logged[targets[0]["Arn"].split(":log-group:")[1]] = [
            machine
            for machine in (FIRST, SECOND, "other-dev")
            if matches(json.loads(told["EventPattern"]), ended(machine))
        ]

    assert logged == {
        "/aws/events/data-lake-dev/executions": [FIRST],
        "/aws/events/mart-lake-dev/mart-executions": [SECOND],
    }


def ended(machine: str) -> dict[str, Any]:
    """The event of an execution that has ended."""
    arn = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{machine}"
    return {
        "source": "aws.states",
        "detail-type": "Step Functions Execution Status Change",
        "detail": {"stateMachineArn": arn, "status": "FAILED"},
    }


def test_what_alarms_and_queues_of_a_platform_name_is_its_own(course: Course) -> None:
    second = {thing: told for thing, told in course.both.items() if thing not in course.first_alone}

    assert "mart-" not in json.dumps([*course.first_alone.values()])
    for (kind, name), told in second.items():
        text = json.dumps(told)
        for theirs in ("data-lake", f":{FIRST}", f'"{FIRST}', "rule/dev-", '"Value": "dev"}'):
            if kind not in ("rule", "topic", "role", "queue", "object") or theirs[0] != '"':
                assert theirs not in text, f"{kind} {name}"


def test_the_first_one_goes_and_comes_and_the_second_stays(course: Course) -> None:
    second = {thing: told for thing, told in course.both.items() if thing not in course.first_alone}

    assert of(course.second_alone, second) == second
    assert of(course.second_alone, course.first_alone) == dict.fromkeys(course.first_alone)
    assert of(course.both_again, second) == second


def test_the_second_one_goes_and_the_first_stays(course: Course) -> None:
    without_ids = {thing: told for thing, told in course.first_alone_again.items()}
    first = {
        thing: told
        for thing, told in course.both_again.items()
        if thing not in course.both or thing in course.first_alone
    }

    assert without_ids == first
    assert without_ids.keys() == course.first_alone.keys()
    assert course.in_the_end == {}
