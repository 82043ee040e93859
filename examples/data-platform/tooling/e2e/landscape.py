# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""What others own in the account: buckets, a database, roles, keys, log groups, a topic and a network.

The buckets that sources declare are always there. `make test-e2e EXISTING=1` deploys into an
account with all the rest too: to these, and without making one of them.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from deployment import ENVIRONMENT, REPOSITORY
from emulated_aws.server import ACCOUNT, REGION, EmulatedAws
from glue_runtime.local.run import find_job
from operations.environment import deployed_name
from operations.settings import LAKE_PREFIX

BUCKETS = {
    "bronze": "acme-landing",
    "silver": "acme-curated",
    "gold": "acme-served",
    "artifacts": "acme-code",
}
ROLE_PATH = "/acme/"
ROLE = "acme-glue"
CONNECTION = "acme-network"
DATABASE = "acme_curated"

_HISTORY = [
    f"arn:aws:glue:{REGION}:{ACCOUNT}:{each}"
    for each in ("catalog", f"database/{DATABASE}", f"table/{DATABASE}/load_history")
]

# What an administrator adds to infrastructure/deployer/policy.json for them: docs/existing-account.md.
DEPLOYER: list[Mapping[str, Any]] = [
    {
        "Sid": "ReadExisting",
        "Effect": "Allow",
        "Action": ["s3:GetObject", "s3:GetObjectTagging", "logs:DescribeMetricFilters"],
        "Resource": [
            f"arn:aws:s3:::{BUCKETS['artifacts']}/*",
            f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/acme/*",
        ],
    },
    {
        "Sid": "ChangeInExisting",
        "Effect": "Allow",
        "Action": [
            *("s3:PutObject", "s3:PutObjectTagging", "s3:DeleteObject", "s3:DeleteObjectVersion"),
            *("logs:PutMetricFilter", "logs:DeleteMetricFilter"),
        ],
        "Resource": [
            f"arn:aws:s3:::{BUCKETS['artifacts']}/*",
            f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/acme/*",
        ],
    },
    {
        "Sid": "ListExisting",
        "Effect": "Allow",
        "Action": ["s3:ListBucketVersions"],
        "Resource": [f"arn:aws:s3:::{BUCKETS['artifacts']}"],
    },
    *(
        {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": _HISTORY}
        for sid, actions in {
            "ReadHistoryInExisting": ["glue:GetTable", "glue:GetPartitionIndexes"],
            "HistoryInExisting": ["glue:CreateTable", "glue:UpdateTable", "glue:DeleteTable"],
        }.items()
    ),
    {
        "Sid": "PassExisting",
        "Effect": "Allow",
        "Action": ["iam:PassRole"],
        "Resource": [f"arn:aws:iam::{ACCOUNT}:role{ROLE_PATH}{ROLE}-*"],
        "Condition": {"StringEquals": {"iam:PassedToService": "glue.amazonaws.com"}},
    },
]


def make_declared(aws: EmulatedAws, jobs: Iterable[str]) -> None:
    """Make the buckets that sources declare, with what others keep in them.

    A source may also name a bucket of the platform, which Terraform makes, or one of `make`.
    """
    sources = [source for job in jobs for source in find_job(job).sources]
    declared = {source.bucket_of(ENVIRONMENT) or "" for source in sources} - {""}
    ours = {f"{LAKE_PREFIX}-{ENVIRONMENT}-{zone}" for zone in BUCKETS}
    made = {bucket["Name"] for bucket in aws.client("s3").list_buckets()["Buckets"]}
    for bucket in sorted(declared - ours - made):
        _bucket(aws, bucket)
        _send_events(aws, bucket)


def make(aws: EmulatedAws, jobs: Iterable[str]) -> dict[str, Any]:
    """Make all the rest, with what others keep in them; returns the variables that tell Terraform of them."""
    landing, curated = (_key(aws, name) for name in ("landing", "curated"))
    keys = {zone: landing if zone == "bronze" else curated for zone in BUCKETS}
    for zone, bucket in BUCKETS.items():
        _bucket(aws, bucket)
        encryption = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": keys[zone]}
        rules = [{"ApplyServerSideEncryptionByDefault": encryption}]
        aws.client("s3").put_bucket_encryption(
            Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules}
        )
    _send_events(aws, BUCKETS["bronze"])
    logs = aws.client("logs")
    for group in ("/acme/glue/output", "/acme/glue/error", "/acme/executions"):
        logs.create_log_group(logGroupName=group)
    ec2 = aws.client("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]
    [group] = ec2.describe_security_groups(
        Filters=[
            {"Name": "vpc-id", "Values": [subnet["VpcId"]]},
            {"Name": "group-name", "Values": ["default"]},
        ]
    )["SecurityGroups"]
    network = {
        "SubnetId": subnet["SubnetId"],
        "SecurityGroupIdList": [group["GroupId"]],
        "AvailabilityZone": subnet["AvailabilityZone"],
    }
    connection = {"Name": CONNECTION, "ConnectionType": "NETWORK", "ConnectionProperties": {}}
    aws.client("glue").create_connection(
        ConnectionInput={**connection, "PhysicalConnectionRequirements": network}
    )
    aws.client("glue").create_database(DatabaseInput={"Name": DATABASE, "Description": "theirs"})
    boundary = {"Version": "2012-10-17", "Statement": [_allow("bounded", ["*"], ["*"])]}
    bound = aws.client("iam").create_policy(
        PolicyName="acme-boundary", PolicyDocument=json.dumps(boundary)
    )
    return {
        "existing_buckets": BUCKETS,
        "existing_log_groups": {"jobs": "/acme/glue", "executions": "/acme/executions"},
        "existing_database": DATABASE,
        "alarm_topic_arn": aws.client("sns").create_topic(Name="acme-alarms")["TopicArn"],
        "kms_key_arns": {**keys, "queues": curated},
        "role_path": ROLE_PATH,
        "permissions_boundary": bound["Policy"]["Arn"],
        "connections": [CONNECTION],
        "glue_jobs": {job: {"role_arn": _role(aws, job, [landing, curated])} for job in jobs},
    }


def inventory(aws: EmulatedAws) -> dict[str, Any]:
    """What there is in the account, by kind."""
    kms, iam = aws.client("kms"), aws.client("iam")
    described = [kms.describe_key(KeyId=key["KeyId"]) for key in kms.list_keys()["Keys"]]
    return {
        "alarms": aws.client("cloudwatch").describe_alarms()["MetricAlarms"],
        "buckets": aws.client("s3").list_buckets()["Buckets"],
        "connections": aws.client("glue").get_connections()["ConnectionList"],
        "databases": aws.client("glue").get_databases()["DatabaseList"],
        "dashboards": aws.client("cloudwatch").list_dashboards()["DashboardEntries"],
        "glue jobs": aws.client("glue").list_jobs()["JobNames"],
        # AWS deletes a key after at least a week.
        "keys": [
            key["KeyMetadata"]
            for key in described
            if key["KeyMetadata"]["KeyState"] != "PendingDeletion"
        ],
        "log groups": [
            each["logGroupName"] for each in aws.client("logs").describe_log_groups()["logGroups"]
        ],
        "machines": aws.client("stepfunctions").list_state_machines()["stateMachines"],
        "metric filters": aws.client("logs").describe_metric_filters()["metricFilters"],
        "queries": aws.client("logs").describe_query_definitions()["queryDefinitions"],
        "queues": aws.client("sqs").list_queues().get("QueueUrls", []),
        "roles": [
            {**role, "policies": iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]}
            for role in iam.list_roles()["Roles"]
        ],
        "rules": aws.client("events").list_rules()["Rules"],
        "schedules": aws.client("scheduler").list_schedules()["Schedules"],
        "topics": aws.client("sns").list_topics()["Topics"],
    }


def _key(aws: EmulatedAws, name: str) -> str:
    return str(aws.client("kms").create_key(Description=name)["KeyMetadata"]["Arn"])


def _bucket(aws: EmulatedAws, name: str) -> None:
    """A bucket with its own settings, and an object of its owner."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=name, Key="theirs", Body=b"theirs")


def _send_events(aws: EmulatedAws, bucket: str) -> None:
    """The owner of the bucket has enabled EventBridge."""
    aws.client("s3").put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )


def _role(aws: EmulatedAws, job: str, keys: list[str]) -> str:
    """A role for a job, with what docs/existing-account.md says that it needs."""
    trust = _allow("trust", ["sts:AssumeRole"], None)
    trust["Principal"] = {"Service": "glue.amazonaws.com"}
    trust["Condition"] = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    iam, name = aws.client("iam"), f"{ROLE}-{job.replace('_', '-')}"
    role = iam.create_role(
        RoleName=name,
        Path=ROLE_PATH,
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )
    policy = {"Version": "2012-10-17", "Statement": rights(job, keys)}
    iam.put_role_policy(RoleName=name, PolicyName="theirs", PolicyDocument=json.dumps(policy))
    return str(role["Role"]["Arn"])


def rights(job: str, keys: list[str]) -> list[dict[str, Any]]:
    """The statements of a role that others have made for a job, as docs/existing-account.md asks for."""
    declared = REPOSITORY / f"infrastructure/jobs/{job}.json"
    found = json.loads(declared.read_text(encoding="utf-8")) if declared.is_file() else {}
    silver, code = (f"arn:aws:s3:::{BUCKETS[each]}" for each in ("silver", "artifacts"))
    reads = {
        f"arn:aws:s3:::{_named(place)}": prefixes
        for place, prefixes in found.get("reads", {"bronze": [""]}).items()
    }
    table, name = deployed_name(job), f"{deployed_name(job).replace('_', '-')}-{ENVIRONMENT}"
    folders = [
        f"{silver}/{folder}{table}"
        for folder in ("", "_loads/", "_staging/", "_quarantine/", "_quarantine/_staging/")
    ]
    above = [
        f"{silver}/{each}" for each in ("_loads", "_staging", "_quarantine", "_quarantine/_staging")
    ]
    catalog = f"arn:aws:glue:{REGION}:{ACCOUNT}"
    catalogued = [f"table/{DATABASE}/{each}" for each in (table, f"{table}_quarantine")]
    read = [
        f"{bucket}/{prefix.rstrip('/')}"
        for bucket, prefixes in reads.items()
        for prefix in prefixes
    ]
    written = [f"{place}{end}" for place in folders for end in ("", "_$folder$", "/*")]
    written += [f"{place}{end}" for place in above for end in ("", "/", "_$folder$")]
    readable = [f"{place}{end}" for place in read for end in ("", "_$folder$", "/*")]
    return [
        _allow("List", ["s3:ListBucket", "s3:GetBucketLocation"], [*reads, silver, code]),
        _allow("Uploads", ["s3:ListBucketMultipartUploads"], [silver, code]),
        _allow(
            "Read",
            ["s3:GetObject"],
            [*readable, f"{code}/scripts/*", f"{code}/runtime/*", f"{code}/wheels/*"],
        ),
        _allow(
            "Write",
            [
                *("s3:GetObject", "s3:PutObject", "s3:DeleteObject"),
                *("s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"),
            ],
            [*written, f"{code}/temporary/{name}/*"],
        ),
        _allow(
            "Log",
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            [f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/acme/glue/*"],
        ),
        _allow(
            "Catalog",
            ["glue:GetTable", "glue:CreateTable", "glue:UpdateTable"],
            [f"{catalog}:{each}" for each in ("catalog", f"database/{DATABASE}", *catalogued)],
        ),
        _allow("Keys", ["kms:Decrypt", "kms:GenerateDataKey"], keys),
    ]


def _named(place: str) -> str:
    """The bucket of a zone, or of a place that a job's `reads` names: s3://acme-landing-{env}."""
    return BUCKETS.get(place, place.removeprefix("s3://").replace("{env}", ENVIRONMENT))


def _allow(sid: str, actions: list[str], resources: list[str] | None) -> dict[str, Any]:
    statement: dict[str, Any] = {"Sid": sid, "Effect": "Allow", "Action": actions}
    return statement if resources is None else {**statement, "Resource": resources}
