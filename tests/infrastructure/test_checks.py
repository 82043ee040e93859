"""The checks that a rendered repository applies to its environments find what is wrong."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import botocore.session
import pytest

from infrastructure_checks import (
    CHECKS,
    Check,
    buckets,
    glue_jobs,
    machines,
    names,
    policies,
    schedules,
    uploads,
)
from infrastructure_checks.resources import Resource, of_type, resources_of
from operations.runs import DPUS
from terraform import initialise, needs_terraform, repository_with_archive

pytestmark = needs_terraform

Edit = Callable[[dict[str, Any]], None]

RULE = "aws_cloudwatch_event_rule"
TARGET = "aws_cloudwatch_event_target"
SCHEDULE = "aws_scheduler_schedule"
MACHINE = "aws_sfn_state_machine"
JOB = "aws_glue_job"
ROLE = "aws_iam_role"
POLICY = "aws_iam_role_policy"
QUEUE = "aws_sqs_queue"
PIPE = "aws_pipes_pipe"

ANOTHER_QUEUE = "arn:aws:sqs:eu-central-1:123456789012:another"
A_JOB = "arn:aws:glue:eu-central-1:123456789012:job/sales-etl-dev"


def to(value: Any, *path: Any) -> Edit:
    """Give the attribute at a path another value."""

    def edit(values: dict[str, Any]) -> None:
        *parents, last = path
        node: Any = values
        for key in parents:
            node = node[key]
        assert node[last] != value
        node[last] = value

    return edit


def swap(attribute: str, right: str, wrong: str) -> Edit:
    """Replace text in an attribute, such as the JSON of a policy."""

    def edit(values: dict[str, Any]) -> None:
        assert right in values[attribute]
        values[attribute] = values[attribute].replace(right, wrong)

    return edit


def template(right: str, wrong: str) -> Edit:
    """Replace text in the template of an input transformer."""
    return lambda values: swap("input_template", right, wrong)(values["input_transformer"][0])


def piped(end: str, attribute: str, right: str, wrong: str) -> Edit:
    """Replace text in the filter of a pipe's source, or in the template of its target."""

    def edit(values: dict[str, Any]) -> None:
        [found] = values[f"{end}_parameters"]
        if end == "source":
            [found] = found["filter_criteria"][0]["filter"]
        swap(attribute, right, wrong)(found)

    return edit


def argument(name: str, value: str) -> Edit:
    """Give a Glue job another default argument."""
    return lambda values: values["default_arguments"].update({name: value})


BOUNDARY = "arn:aws:iam::123456789012:policy/boundary"

# The check that finds the fault; the type and a part of the address of the resource that has it.
FAULTS: list[tuple[Check, str, str, Edit]] = [
    (uploads.rules_start_machines, TARGET, "sales", to(A_JOB, "arn")),
    (uploads.rules_start_machines, TARGET, "sales", to("", "role_arn")),
    (uploads.rules_start_machines, TARGET, "sales", to([], "dead_letter_config")),
    (uploads.rules_start_machines, TARGET, "sales", to("dev-sale", "rule")),
    (uploads.rules_start_machines, QUEUE, "sales", swap("policy", "rule/dev-", "rule/prod-")),
    (uploads.rules_start_machines, QUEUE, "sales", swap("policy", "Allow", "Deny")),
    (
        uploads.patterns_say_what_they_seem_to,
        *(RULE, "sales"),
        swap("event_pattern", '"prefix":"sales/"}', '"prefix":"sales/"},{"suffix":".csv"}'),
    ),
    (
        uploads.patterns_say_what_they_seem_to,
        *(RULE, "sales"),
        swap("event_pattern", '"prefix":"sales/"', '"prefix":"sales/","suffix":".csv"'),
    ),
    (
        uploads.patterns_say_what_they_seem_to,
        *(RULE, "sales"),
        swap("event_pattern", '"prefix"', '"begins-with"'),
    ),
    (
        uploads.patterns_say_what_they_seem_to,
        *(RULE, "sales"),
        swap("event_pattern", '["aws.s3"]', '"aws.s3"'),
    ),
    (
        uploads.patterns_say_what_they_seem_to,
        *(RULE, "sales"),
        swap("event_pattern", '"numeric":["', '"numeric":["='),
    ),
    (
        uploads.input_templates_give_json,
        TARGET,
        "sales",
        template("<bucket>", "\\u003cbucket\\u003e"),
    ),
    (uploads.input_templates_give_json, TARGET, "sales", template("<bucket>", '"<bucket>"')),
    (uploads.input_templates_give_json, TARGET, "sales", template("<bucket>", "<bucket_name>")),
    (uploads.input_templates_give_json, TARGET, "sales", template("<bucket>", "1")),
    (uploads.input_templates_give_json, TARGET, "sales", template("}", "")),
    (
        uploads.input_templates_give_json,
        *(TARGET, "sales"),
        to("$.detail['bucket']", "input_transformer", 0, "input_paths", "bucket"),
    ),
    (
        uploads.an_upload_starts_one_run,
        *(RULE, "customer"),
        swap("event_pattern", '"customers/"', '"sales/"'),
    ),
    (
        uploads.an_upload_starts_one_run,
        *(RULE, "customer"),
        swap("event_pattern", '"customers/"', '"sales/today/"'),
    ),
    (
        uploads.an_upload_starts_one_run,
        *(RULE, "customer"),
        swap("event_pattern", '{"prefix":"customers/"}', '{"prefix":"old/"},{"prefix":"sales/"}'),
    ),
    (
        uploads.an_upload_starts_one_run,
        *(RULE, "customer"),
        swap("event_pattern", '{"prefix":"customers/"}', '{"wildcard":"sales/*/today.csv"}'),
    ),
    (
        uploads.jobs_may_read_what_starts_them,
        *(RULE, "sales"),
        swap("event_pattern", '"sales/"', '"returns/"'),
    ),
    (
        uploads.jobs_may_read_what_starts_them,
        *(POLICY, 'glue_job["sales_etl"]'),
        swap("policy", "bronze/sales/*", "bronze/returns/*"),
    ),
    (uploads.rules_start_machines, PIPE, "catalog", to(ANOTHER_QUEUE, "source")),
    (uploads.rules_start_machines, PIPE, "catalog", to(A_JOB, "target")),
    (uploads.rules_start_machines, PIPE, "catalog", to("", "role_arn")),
    (
        uploads.rules_start_machines,
        *(QUEUE, "batches"),
        swap("policy", "rule/dev-product", "rule/dev-sales"),
    ),
    (
        uploads.patterns_say_what_they_seem_to,
        *(PIPE, "catalog"),
        piped("source", "pattern", '"suffix"', '"ends-with"'),
    ),
    (
        uploads.input_templates_give_json,
        *(PIPE, "catalog"),
        piped("target", "input_template", "<$.body.bucket>", '"<$.body.bucket>"'),
    ),
    (names.names_are_taken_once, RULE, "sales", swap("arn", "sales-etl", "customer-import")),
    (names.names_are_taken_once, SCHEDULE, "sales", swap("name", "sales-etl", "customer-import")),
    (names.names_are_taken_once, JOB, "sales", swap("name", "sales-etl", "customer-import")),
    (schedules.schedules_start_machines, SCHEDULE, "sales", to(A_JOB, "target", 0, "arn")),
    (schedules.schedules_start_machines, SCHEDULE, "sales", to("", "target", 0, "role_arn")),
    (
        schedules.schedules_start_machines,
        SCHEDULE,
        "sales",
        to([], "target", 0, "dead_letter_config"),
    ),
    (schedules.schedules_start_machines, SCHEDULE, "sales", to('"sales"', "target", 0, "input")),
    (
        schedules.schedules_have_a_time,
        SCHEDULE,
        "sales",
        to("cron(0 25 ? * MON *)", "schedule_expression"),
    ),
    (
        schedules.schedules_have_a_time,
        SCHEDULE,
        "sales",
        to("cron(0 2 * * *)", "schedule_expression"),
    ),
    (schedules.schedules_have_a_time, SCHEDULE, "sales", to("rate(2 day)", "schedule_expression")),
    (
        schedules.schedules_have_a_time,
        SCHEDULE,
        "sales",
        to("Mars/Base", "schedule_expression_timezone"),
    ),
    (
        machines.machines_are_valid,
        MACHINE,
        "sales",
        swap("definition", '"StartAt":"Route"', '"StartAt":"Root"'),
    ),
    (
        machines.machines_are_valid,
        MACHINE,
        "sales",
        swap("definition", '"Next":"Failed"', '"Next":"Fail"'),
    ),
    (
        machines.machines_are_valid,
        MACHINE,
        "sales",
        swap("definition", '"Default":"Ignore"', '"Default":"Failed"'),
    ),
    (
        machines.machines_are_valid,
        MACHINE,
        "sales",
        swap("definition", '"Next":"Failed"', '"Next":"KeepFailure"'),
    ),
    (
        machines.machines_are_valid,
        MACHINE,
        "sales",
        swap("definition", '"End":true', '"End":false'),
    ),
    (
        machines.machines_are_valid,
        MACHINE,
        "sales",
        swap("definition", "MaxAttempts", "MaxAttempt"),
    ),
    (
        machines.machines_are_valid,
        MACHINE,
        "sales",
        swap("definition", "StringMatches", "StringMatch"),
    ),
    (
        machines.machines_are_valid,
        MACHINE,
        "sales",
        swap("definition", '"Parameters"', '"Arguments"'),
    ),
    (
        machines.machines_are_valid,
        MACHINE,
        "sales",
        swap("definition", '"ErrorEquals"', '"Errors"'),
    ),
    (
        machines.machines_are_valid,
        MACHINE,
        "sales",
        swap("definition", '"Type":"Succeed"', '"Type":"Success"'),
    ),
    (
        machines.tasks_call_apis_that_exist,
        MACHINE,
        "sales",
        swap("definition", "startJobRun", "startJob"),
    ),
    (
        machines.tasks_call_apis_that_exist,
        MACHINE,
        "sales",
        swap("definition", ":::glue:", ":::glew:"),
    ),
    (
        machines.tasks_call_apis_that_exist,
        MACHINE,
        "sales",
        swap("definition", '"JobName"', '"Name"'),
    ),
    (
        machines.tasks_call_apis_that_exist,
        MACHINE,
        "sales",
        swap("definition", "MessageBody.$", "Message.$"),
    ),
    (
        machines.tasks_call_apis_that_exist,
        *(MACHINE, "sales"),
        swap("definition", '"--env":"dev"', '"--env":["dev"]'),
    ),
    (
        machines.tasks_call_apis_that_exist,
        *(MACHINE, "sales"),
        swap("definition", '"JobName"', '"Timeout":"15","JobName"'),
    ),
    (
        machines.tasks_address_what_exists,
        MACHINE,
        "sales",
        swap("definition", '"JobName":"sales', '"JobName":"sale'),
    ),
    (machines.tasks_address_what_exists, QUEUE, "sales", to("https://another", "url")),
    (machines.machines_read_what_they_are_sent, TARGET, "sales", to([], "input_transformer")),
    (
        machines.machines_read_what_they_are_sent,
        *(MACHINE, "sales"),
        swap("definition", "$.object.key", "$.s3.key"),
    ),
    (glue_jobs.jobs_are_what_glue_takes, JOB, "sales", to(10, "max_capacity")),
    (glue_jobs.jobs_are_what_glue_takes, JOB, "sales", to("G.025X", "worker_type")),
    (glue_jobs.jobs_are_what_glue_takes, JOB, "sales", to("G.3X", "worker_type")),
    (glue_jobs.jobs_are_what_glue_takes, JOB, "sales", to(1, "number_of_workers")),
    (glue_jobs.jobs_are_what_glue_takes, JOB, "sales", to(20000, "timeout")),
    (glue_jobs.jobs_are_what_glue_takes, JOB, "sales", to("auto", "glue_version")),
    (glue_jobs.jobs_are_what_glue_takes, JOB, "sales", to(1, "max_retries")),
    (glue_jobs.jobs_are_what_glue_takes, JOB, "sales", to("CHEAP", "execution_class")),
    (glue_jobs.jobs_are_what_glue_takes, JOB, "sales", to("gluestreaming", "command", 0, "name")),
    (glue_jobs.jobs_are_what_glue_takes, JOB, "sales", to("3.11", "command", 0, "python_version")),
    (
        glue_jobs.jobs_are_what_glue_takes,
        *(JOB, "sales"),
        argument("--job-bookmark-option", "job-bookmark-enable"),
    ),
    (glue_jobs.jobs_are_what_glue_takes, JOB, "sales", argument("--JOB_NAME", "sales")),
    (glue_jobs.jobs_are_what_glue_takes, JOB, "sales", argument("--object_key", "sales/x.csv")),
    (glue_jobs.jobs_are_what_glue_takes, JOB, "sales", argument("env", "dev")),
    (glue_jobs.jobs_find_their_code, "aws_s3_object", "sales", to("sales_etl.py", "key")),
    (glue_jobs.jobs_find_their_code, JOB, "sales", argument("--extra-py-files", "s3://x/y.zip")),
    (
        policies.policies_are_valid,
        POLICY,
        "sales_etl.aws_iam_role_policy.machine",
        swap("policy", "glue:StartJobRun", "glue:StartJob"),
    ),
    (
        policies.policies_are_valid,
        POLICY,
        "sales_etl.aws_iam_role_policy.machine",
        swap("policy", "sqs:SendMessage", "sqs:*"),
    ),
    (
        policies.policies_are_valid,
        POLICY,
        "sales_etl.aws_iam_role_policy.rules",
        swap("policy", ":states:", ":sqs:"),
    ),
    (
        policies.policies_are_valid,
        *(POLICY, "sales_etl.aws_iam_role_policy.rules"),
        swap(
            "policy", '"arn:aws:states:eu-central-1:123456789012:stateMachine:sales-etl-dev"', '"*"'
        ),
    ),
    (
        policies.nothing_is_open_to_everyone,
        QUEUE,
        "sales",
        swap("policy", '{"Service":"events.amazonaws.com"}', '"*"'),
    ),
    (
        policies.nothing_is_open_to_everyone,
        "aws_s3_bucket_policy",
        "bronze",
        swap("policy", "Deny", "Allow"),
    ),
    (
        policies.roles_are_trusted_by_their_users,
        ROLE,
        "sales_etl.aws_iam_role.schedules",
        swap("assume_role_policy", "scheduler.", "events."),
    ),
    (
        policies.roles_are_trusted_by_their_users,
        ROLE,
        'glue_job["sales_etl"]',
        swap("assume_role_policy", "aws:SourceAccount", "aws:SourceOrgID"),
    ),
    (
        policies.roles_are_all_bounded,
        ROLE,
        'glue_job["sales_etl"]',
        to(BOUNDARY, "permissions_boundary"),
    ),
    (
        policies.roles_may_do_what_is_needed,
        QUEUE,
        "sales",
        to("arn:aws:kms:eu-central-1:123456789012:key/queues", "kms_master_key_id"),
    ),
    (
        policies.roles_may_do_what_is_needed,
        *(QUEUE, "batches"),
        to("arn:aws:kms:eu-central-1:123456789012:key/queues", "kms_master_key_id"),
    ),
    (
        policies.roles_may_do_what_is_needed,
        *(POLICY, "product_catalog.aws_iam_role_policy.pipes"),
        swap("policy", '"sqs:DeleteMessage",', ""),
    ),
    (
        policies.roles_may_do_what_is_needed,
        *(POLICY, "product_catalog.aws_iam_role_policy.machine"),
        swap("policy", "manifests/product-catalog-dev", "manifests/sales-etl-dev"),
    ),
    (
        policies.roles_may_do_what_is_needed,
        *("aws_s3_bucket_server_side_encryption_configuration", "artifacts"),
        lambda values: values["rule"][0]["apply_server_side_encryption_by_default"][0].update(
            kms_master_key_id="arn:aws:kms:eu-central-1:123456789012:key/lake"
        ),
    ),
    (
        policies.roles_are_trusted_by_their_users,
        *(ROLE, "product_catalog.aws_iam_role.pipes"),
        swap("assume_role_policy", "pipes.", "events."),
    ),
    (
        policies.roles_may_do_what_is_needed,
        POLICY,
        "sales_etl.aws_iam_role_policy.machine",
        swap("policy", '"glue:GetJobRuns",', ""),
    ),
    (
        policies.roles_may_do_what_is_needed,
        POLICY,
        "sales_etl.aws_iam_role_policy.machine",
        swap("policy", '"glue:GetJobRuns",', '"glue:GetJobRuns","glue:DeleteJob",'),
    ),
    (
        policies.roles_may_do_what_is_needed,
        POLICY,
        "sales_etl.aws_iam_role_policy.machine",
        swap("policy", "job/sales-etl-dev", "job/customer-import-dev"),
    ),
    (
        policies.roles_may_do_what_is_needed,
        POLICY,
        "sales_etl.aws_iam_role_policy.rules",
        swap("policy", "Allow", "Deny"),
    ),
    (
        policies.roles_may_do_what_is_needed,
        SCHEDULE,
        "sales",
        to(ANOTHER_QUEUE, "target", 0, "dead_letter_config", 0, "arn"),
    ),
    (
        buckets.buckets_are_protected,
        "aws_s3_bucket_public_access_block",
        "gold",
        to(False, "restrict_public_buckets"),
    ),
    (
        buckets.buckets_are_protected,
        "aws_s3_bucket_versioning",
        "gold",
        to("Suspended", "versioning_configuration", 0, "status"),
    ),
    (
        buckets.buckets_are_protected,
        "aws_s3_bucket_server_side_encryption_configuration",
        "gold",
        to([], "rule", 0, "apply_server_side_encryption_by_default"),
    ),
    (
        buckets.buckets_are_protected,
        "aws_s3_bucket_policy",
        "gold",
        swap("policy", '"false"', '"true"'),
    ),
    (
        buckets.buckets_are_protected,
        "aws_s3_bucket_policy",
        "gold",
        swap("policy", "Deny", "Allow"),
    ),
    (
        buckets.notifications_have_one_owner,
        "aws_s3_bucket_notification",
        "bronze",
        to(False, "eventbridge"),
    ),
]


@pytest.fixture(scope="session")
def resources(tmp_path_factory: pytest.TempPathFactory) -> list[Resource]:
    """The environment dev of the example repository with a batch, as Terraform would create it."""
    repository = repository_with_archive(tmp_path_factory.mktemp("checks") / "a platform")
    triggers = repository / "infrastructure/jobs/product_catalog.tf"
    suffix = '      suffix      = ".json"\n'
    text = triggers.read_text()
    assert text.count(suffix) == 1
    batch = "      batch       = { max_files = 200, max_seconds = 60 }\n"
    triggers.write_text(text.replace(suffix, suffix + batch))
    environment = repository / "infrastructure/environments/dev"
    initialise(environment)
    return resources_of(environment)


def everything_found(resources: list[Resource]) -> list[str]:
    return [finding for check in CHECKS for finding in check(resources)]


def test_the_example_is_as_it_should_be(resources: list[Resource]) -> None:
    assert everything_found(resources) == []


@pytest.mark.parametrize(
    ("check", "kind", "name", "edit"),
    FAULTS,
    ids=[f"{check.__name__}-{number}" for number, (check, *_) in enumerate(FAULTS)],
)
def test_a_check_finds_a_planted_fault(
    resources: list[Resource], check: Check, kind: str, name: str, edit: Edit
) -> None:
    planted = copy.deepcopy(resources)
    edit(next(r for r in of_type(planted, kind) if name in r.address).values)

    findings = check(planted)

    assert findings
    assert all(finding.startswith("expected ") for finding in findings)
    assert all(", found" in finding and " in " in finding for finding in findings)


@pytest.mark.parametrize(
    ("check", "kind"),
    [
        (uploads.rules_start_machines, TARGET),
        (glue_jobs.jobs_find_their_code, "aws_s3_object"),
        (policies.roles_may_do_what_is_needed, POLICY),
        (buckets.buckets_are_protected, "aws_s3_bucket_public_access_block"),
        (buckets.buckets_are_protected, "aws_s3_bucket_server_side_encryption_configuration"),
        (buckets.buckets_are_protected, "aws_s3_bucket_versioning"),
        (buckets.buckets_are_protected, "aws_s3_bucket_policy"),
    ],
)
def test_a_check_finds_a_missing_resource(
    resources: list[Resource], check: Check, kind: str
) -> None:
    last = of_type(resources, kind)[-1]

    assert check([resource for resource in resources if resource is not last])


def test_a_second_owner_of_the_notifications_is_found(resources: list[Resource]) -> None:
    first = of_type(resources, "aws_s3_bucket_notification")[0]

    findings = buckets.notifications_have_one_owner([*resources, first])

    assert "expected one aws_s3_bucket_notification, found 2" in findings[0]


WORKER_TYPES = sorted(
    set(
        botocore.session.get_session()
        .get_service_model("glue")
        .operation_model("CreateJob")
        .input_shape.members["WorkerType"]
        .enum
    )
    # They are for jobs of Glue 2.0, for streaming jobs and for Ray jobs.
    - {"Standard", "G.025X", "Z.2X"}
)


@pytest.mark.parametrize("worker_type", WORKER_TYPES)
def test_every_worker_type_is_taken_for_a_job_and_for_uploads(
    resources: list[Resource], worker_type: str
) -> None:
    edited = copy.deepcopy(resources)
    for job in of_type(edited, JOB):
        job.values["worker_type"] = worker_type
    for machine in of_type(edited, MACHINE):
        definition = json.loads(machine.values["definition"])
        for name, state in definition["States"].items():
            if name.startswith("RunForObject_"):
                state["Parameters"] |= {"WorkerType": worker_type, "NumberOfWorkers": 2}
        machine.values["definition"] = json.dumps(definition)

    assert everything_found(edited) == []
    assert worker_type in DPUS


def with_prefix(resources: list[Resource], rule: str, role: str) -> list[Resource]:
    """The resources with another prefix in the rule of sales_etl, and in the policy of its role."""
    edited = copy.deepcopy(resources)
    [found] = [each for each in of_type(edited, RULE) if "sales_etl" in each.address]
    swap("event_pattern", "sales/", rule)(found.values)
    [policy] = [each for each in of_type(edited, POLICY) if 'glue_job["sales_etl"]' in each.address]
    swap("policy", "data-lake-dev-bronze/sales/*", f"data-lake-dev-bronze/{role}")(policy.values)
    return edited


def test_a_prefix_with_blanks_is_checked_like_others(resources: list[Resource]) -> None:
    assert everything_found(with_prefix(resources, "My Sales/", "My Sales/*")) == []
    [found] = everything_found(with_prefix(resources, "My Sales/", "My Sale/*"))
    assert "may not read data-lake-dev-bronze/My Sales/" in found


def test_a_rule_over_a_whole_bucket_is_checked_like_others(resources: list[Resource]) -> None:
    whole = [
        each
        for each in with_prefix(resources, "", "*")
        if "customer_import" not in each.address and "product_catalog" not in each.address
    ]
    assert everything_found(whole) == []
    [found] = uploads.jobs_may_read_what_starts_them(with_prefix(resources, "", "sales/*"))
    assert "may not read data-lake-dev-bronze/" in found


def test_a_bucket_of_others_is_checked_like_one_of_the_environment(
    resources: list[Resource],
) -> None:
    edited = [each for each in with_prefix(resources, "My Sales/", "sales/*")]
    edited = [each for each in edited if not each.type.startswith("aws_s3_bucket")]
    assert uploads.jobs_may_read_what_starts_them(edited) == []
    for job in of_type(edited, JOB):
        argument("--lake_buckets", "bronze=data-lake-dev-bronze,gold=acme")(job.values)

    [found] = uploads.jobs_may_read_what_starts_them(edited)

    assert "may not read data-lake-dev-bronze/My Sales/" in found


def test_every_check_has_a_fault_that_it_finds() -> None:
    assert {check for check, *_ in FAULTS} == set(CHECKS)


def test_faults_in_the_terraform_code_are_found(tmp_path: Path) -> None:
    repository = repository_with_archive(tmp_path / "platform")
    for file, right, wrong in [
        ("modules/eventbridge/keys.tf", "{ prefix = prefix }", "{ starts = prefix }"),
        ("modules/eventbridge/machine.tf", 'Arguments = { "--${', 'Argument = { "--${'),
        ("modules/eventbridge/roles.tf", '"glue:GetJobRun", ', ""),
        ("jobs/customer_import.tf", "cron(0 2 * * ? *)", "cron(0 2 31 2 ? 1969)"),
    ]:
        path = repository / "infrastructure" / file
        assert right in path.read_text(), file
        path.write_text(path.read_text().replace(right, wrong))
    environment = repository / "infrastructure/environments/dev"
    initialise(environment)

    found = resources_of(environment)

    assert uploads.patterns_say_what_they_seem_to(found)
    assert machines.tasks_call_apis_that_exist(found)
    assert policies.roles_may_do_what_is_needed(found)
    assert schedules.schedules_have_a_time(found)


def test_a_rollback_to_directory_runs_passes_too(tmp_path: Path) -> None:
    repository = repository_with_archive(tmp_path / "platform")
    environment = repository / "infrastructure/environments/dev"
    (environment / "terraform.tfvars").write_text("pass_s3_object = false\n")
    initialise(environment)

    found = resources_of(environment)

    assert all(not target.values["input_transformer"] for target in of_type(found, TARGET))
    assert everything_found(found) == []


def test_an_environment_that_does_not_plan_says_why(tmp_path: Path) -> None:
    repository = repository_with_archive(tmp_path / "platform")
    environment = repository / "infrastructure/environments/dev"
    (environment / "terraform.tfvars").write_text("glue_jobs = { sales_elt = { timeout = 15 } }\n")
    initialise(environment)

    with pytest.raises(RuntimeError, match="Expected the names of jobs in src/jobs"):
        resources_of(environment)
