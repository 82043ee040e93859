"""What an emulated account contains, as boto3 sees it."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from emulated_aws.server import ACCOUNT, REGION, EmulatedAws

Thing = tuple[str, str]
"""A kind and a name: rule, dev-executions."""

Account = dict[Thing, Any]
"""All that AWS says of each thing, without what changes by itself."""

Found = Iterator[tuple[Thing, Any]]
Client = Callable[[str], Any]


def account(aws: EmulatedAws) -> Account:
    """What the account contains."""
    found = (each for kind in KINDS for each in kind(aws.client))
    return {thing: json.loads(json.dumps(_lasting(told), default=str)) for thing, told in found}


def part(whole: Account, things: Account) -> Account:
    """What an account says of some things; None for those that it has not."""
    return {thing: whole.get(thing) for thing in things}


def _rules(client: Client) -> Found:
    events = client("events")
    for rule in events.list_rules()["Rules"]:
        targets = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
        tags = events.list_tags_for_resource(ResourceARN=rule["Arn"])["Tags"]
        yield ("rule", rule["Name"]), {**rule, "Targets": targets, "Tags": tags}


def _schedules(client: Client) -> Found:
    scheduler = client("scheduler")
    for group in scheduler.list_schedule_groups()["ScheduleGroups"]:
        if group["Name"] != "default":
            yield ("schedule group", group["Name"]), group
    for each in scheduler.list_schedules()["Schedules"]:
        place = {"Name": each["Name"], "GroupName": each["GroupName"]}
        yield ("schedule", each["Name"]), scheduler.get_schedule(**place)


def _cloudwatch(client: Client) -> Found:
    cloudwatch = client("cloudwatch")
    for alarm in cloudwatch.describe_alarms()["MetricAlarms"]:
        yield ("alarm", alarm["AlarmName"]), alarm
    for each in cloudwatch.list_dashboards()["DashboardEntries"]:
        name = each["DashboardName"]
        body = cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"]
        yield ("dashboard", name), json.loads(body)


def _logs(client: Client) -> Found:
    logs = client("logs")
    for group in logs.describe_log_groups()["logGroups"]:
        name = group["logGroupName"]
        filters = logs.describe_metric_filters(logGroupName=name)["metricFilters"]
        yield ("log group", name), [group["arn"], group.get("retentionInDays"), filters]
    for policy in logs.describe_resource_policies()["resourcePolicies"]:
        yield ("log policy", policy["policyName"]), policy["policyDocument"]
    for query in logs.describe_query_definitions()["queryDefinitions"]:
        yield ("query", query["name"]), query


def _roles(client: Client) -> Found:
    iam = client("iam")
    for role in iam.list_roles()["Roles"]:
        name = role["RoleName"]
        policies = [
            iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
        ]
        tags = iam.list_role_tags(RoleName=name)["Tags"]
        yield ("role", name), {**role, "Policies": policies, "Tags": tags}


def _jobs_and_their_catalog(client: Client) -> Found:
    for job in client("glue").get_jobs()["Jobs"]:
        yield ("job", job["Name"]), job
    for database in client("glue").get_databases()["DatabaseList"]:
        arn = f"arn:aws:glue:{REGION}:{ACCOUNT}:database/{database['Name']}"
        tags = client("glue").get_tags(ResourceArn=arn)["Tags"]
        yield ("database", database["Name"]), {**database, "Tags": tags}
    states = client("stepfunctions")
    for machine in states.list_state_machines()["stateMachines"]:
        told = states.describe_state_machine(stateMachineArn=machine["stateMachineArn"])
        yield ("machine", machine["name"]), [told["definition"], told["roleArn"]]


def _queues_and_topics(client: Client) -> Found:
    sqs, sns = client("sqs"), client("sns")
    for url in sqs.list_queues().get("QueueUrls", []):
        told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        yield ("queue", url), [told, sqs.list_queue_tags(QueueUrl=url).get("Tags")]
    for topic in sns.list_topics()["Topics"]:
        told = sns.get_topic_attributes(TopicArn=topic["TopicArn"])["Attributes"]
        yield ("topic", topic["TopicArn"]), told


def _buckets(client: Client) -> Found:
    s3 = client("s3")
    for bucket in s3.list_buckets()["Buckets"]:
        place = {"Bucket": bucket["Name"]}
        notifications = s3.get_bucket_notification_configuration(**place)
        policy = s3.get_bucket_policy(**place)["Policy"]
        yield (
            ("bucket", bucket["Name"]),
            [policy, "EventBridgeConfiguration" in notifications],
        )
        for each in s3.list_objects_v2(**place).get("Contents", []):
            yield ("object", f"{bucket['Name']}/{each['Key']}"), each["ETag"]


KINDS = (
    *(_rules, _schedules, _cloudwatch, _logs),
    *(_roles, _jobs_and_their_catalog, _queues_and_topics, _buckets),
)


def _lasting(told: Any) -> Any:
    """The same without times and the numbers of requests."""
    if isinstance(told, dict):
        return {
            name: _lasting(value)
            for name, value in told.items()
            if name != "ResponseMetadata"
            and not any(word in name.lower() for word in ("date", "time", "lastused", "modified"))
        }
    if isinstance(told, list | tuple):
        return [_lasting(each) for each in told]
    return told
