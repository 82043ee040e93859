"""What an environment deploys, read from its resources and compared with what AWS and the pages say.

The resources are those of one environment with twelve jobs, one of which was renamed and has
settings of its own. They are computed once, with the provider mocked.
"""

import heapq
import json
import random
import shutil
import time
import uuid
from dataclasses import replace
from typing import Any

import boto3
import botocore.session
import pytest
from hypothesis import given as all_of
from hypothesis import strategies
from jsonata import Jsonata
from moto import mock_aws

from emulated_aws.repairs import (
    evaluate_jsonata,
    find_one_field_of_an_element,
    start_executions_of_other_machines,
)
from gluecast.example_jobs import answers
from gluecast.template.bundled import TEMPLATE_ROOT
from infrastructure_checks import CHECKS
from infrastructure_checks.machines import machines_are_valid
from infrastructure_checks.resources import Resource, of_type, resources_of
from operations.asl_choice import next_state
from terraform import initialise, needs_terraform, repository_with_archive

pytestmark = needs_terraform

PLACE = "eu-central-1:123456789012"
RENAMED = "sales-etl-prod"
"""The job whose module is called revenue today, and which is still sales_etl on AWS."""

SETTINGS = """
alarm_emails = ["team@example.com"]
run_metrics  = "job"
glue_jobs = {
  revenue = {
    worker_type         = "G.2X"
    number_of_workers   = 7
    timeout             = 45
    max_concurrent_runs = 3
    glue_version        = "5.0"
  }
}
"""
OWN_SIZE = """
      worker_type       = "G.4X"
      number_of_workers = 5
      timeout           = 30
      sizes = [
        { above_mb = 100, worker_type = "G.4X", number_of_workers = 9 },
        { above_mb = 1000, worker_type = "G.8X", number_of_workers = 20, timeout = 120 },
      ]
      accept = { name_patterns = ["daily_*.csv", "full/*"], max_mb = 2000 }
"""
OF_BATCHES = """
    late_trigger = {
      bucket_name = var.s3_buckets["bronze"]
      prefixes    = ["late/", "sales+ (1).x|y^z'/"]
      suffix      = ".csv"
      target_arn  = var.glue_job_arns["product_catalog"]
      batch       = { max_files = 10, max_seconds = 5 }
      accept      = { name_patterns = ["daily_*.csv", "full/*"], max_mb = 50 }
      sizes = [
        { above_mb = 60, worker_type = "G.4X", number_of_workers = 9 },
        { above_mb = 120, worker_type = "G.8X", number_of_workers = 20 },
      ]
    }
"""
"""A rule with all that is about sizes, whose prefix has what is special in a regular expression."""

OTHER = "product-catalog-prod"
"""The job with that rule."""

FIRST = "customer-import-prod"
"""The job whose successful runs start two others."""

THEN = """
  then = [var.glue_job_arns["product_catalog"], var.glue_job_arns["copy_0"]]
"""
STARTED_BY_OTHERS = """
module "copy_0" {
  source            = "../modules/eventbridge"
  environment       = var.environment
  started_by_others = [var.glue_job_arns["copy_0"]]
}
"""


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> list[Resource]:
    repository = repository_with_archive(tmp_path_factory.mktemp("deployed") / "platform")
    (repository / "src/jobs/sales_etl.py").rename(repository / "src/jobs/revenue.py")
    jobs = repository / "infrastructure/jobs"
    (jobs / "sales_etl.json").rename(jobs / "revenue.json")
    triggers = (jobs / "sales_etl.tf").read_text().replace('["sales_etl"]', '["revenue"]')
    (jobs / "sales_etl.tf").unlink()
    place = 'target_arn  = var.glue_job_arns["revenue"]\n    }'
    assert place in triggers
    triggers = triggers.replace(place, place[:-5] + OWN_SIZE + "    }")
    (jobs / "revenue.tf").write_text(triggers.replace('      timezone            = "UTC"\n', ""))
    for number in range(9):
        for folder, suffix in [("src/jobs", "py"), ("infrastructure/jobs", "json")]:
            source = repository / folder / f"customer_import.{suffix}"
            copied = source.with_name(f"copy_{number}.{suffix}")
            copied.write_text(source.read_text().replace("customer_import", f"copy_{number}"))
    first = (jobs / "customer_import.tf").read_text()
    assert first.endswith("\n}\n")
    (jobs / "customer_import.tf").write_text(first[:-2] + THEN + "}\n")
    (jobs / "copy_0.tf").write_text(STARTED_BY_OTHERS)
    others = (jobs / "product_catalog.tf").read_text()
    opened = "  s3_event_rules = {\n"
    assert opened in others
    # Its role may read these prefixes.
    reads = (jobs / "product_catalog.json").read_text()
    assert '["products/"]' in reads
    both = '["products/", "late/", "sales+ (1).x|y^z\'/"]'
    (jobs / "product_catalog.json").write_text(reads.replace('["products/"]', both))
    (jobs / "product_catalog.tf").write_text(others.replace(opened, opened + OF_BATCHES))
    # As a job that is older than narrow roles.
    (jobs / "copy_8.json").write_text('{"deployed_name": "copy_8"}')
    environment = repository / "infrastructure/environments/prod"
    (environment / "terraform.tfvars").write_text(SETTINGS)
    initialise(environment)
    found = resources_of(environment)
    shutil.rmtree(environment / ".terraform")
    return found


def named(deployed: list[Resource], kind: str, name: str = "name") -> dict[str, dict[str, Any]]:
    """The values of the resources of a type, by their name on AWS."""
    return {resource.values[name]: resource.values for resource in of_type(deployed, kind)}


def page(name: str) -> str:
    return (TEMPLATE_ROOT / "docs" / name).read_text(encoding="utf-8")


def machine_of(deployed: list[Resource], job: str) -> dict[str, Any]:
    definition: dict[str, Any] = json.loads(
        named(deployed, "aws_sfn_state_machine")[job]["definition"]
    )
    return definition


def object_state(deployed: list[Resource], job: str) -> dict[str, Any]:
    """The state of a machine that starts a run over one object."""
    [state] = [
        state
        for name, state in machine_of(deployed, job)["States"].items()
        if name.startswith("RunForObject_") and not name.endswith(("_mb", "_late_trigger"))
    ]
    found: dict[str, Any] = state
    return found


# --- settings of a job -----------------------------------------------------------------------------


def test_each_setting_of_a_renamed_job_reaches_its_attribute(deployed: list[Resource]) -> None:
    job = named(deployed, "aws_glue_job")[RENAMED]

    assert (job["worker_type"], job["number_of_workers"], job["timeout"]) == ("G.2X", 7, 45)
    assert job["execution_property"] == [{"max_concurrent_runs": 3}]
    assert job["glue_version"] == "5.0"
    assert job["command"][0]["script_location"].endswith("/scripts/sales_etl.py")


def test_a_job_without_settings_has_the_defaults_of_the_pages(deployed: list[Resource]) -> None:
    job = named(deployed, "aws_glue_job")["copy-0-prod"]

    assert (job["worker_type"], job["number_of_workers"]) == ("G.1X", 2)
    assert job["glue_version"] == "5.1"
    assert (job["max_retries"], job["execution_class"]) == (0, "STANDARD")
    assert job["job_run_queuing_enabled"] is True
    [concurrent] = job["execution_property"]
    how = page("how-an-event-becomes-a-run.md")
    assert f"`max_concurrent_runs` ({concurrent['max_concurrent_runs']})" in how
    assert f"after {job['timeout']} minutes (`timeout`)" in how


def test_a_run_receives_its_environment_and_writes_where_its_log_is(
    deployed: list[Resource],
) -> None:
    groups = set(named(deployed, "aws_cloudwatch_log_group"))
    buckets = set(named(deployed, "aws_s3_bucket", "bucket"))
    objects = {
        f"s3://{found.values['bucket']}/{found.values['key']}"
        for found in of_type(deployed, "aws_s3_object")
    }
    for name, job in named(deployed, "aws_glue_job").items():
        arguments = job["default_arguments"]
        prefix = arguments["--custom-logGroup-prefix"]

        assert (arguments["--env"], arguments["--run_metrics"]) == ("prod", "job")
        assert {f"{prefix}/output", f"{prefix}/error"} <= groups
        assert {arguments["--extra-py-files"], job["command"][0]["script_location"]} <= objects
        assert arguments["--TempDir"] == f"s3://data-lake-prod-artifacts/temporary/{name}/"
        assert arguments["--job-bookmark-option"] == "job-bookmark-disable"
        assert arguments["--catalog_database"] == "data_lake_prod_silver"
        assert arguments["--load_history"] == "s3://data-lake-prod-silver/_loads"
    assert "data-lake-prod-artifacts" in buckets


def test_the_settings_of_a_rule_reach_the_runs_of_its_uploads_only(
    deployed: list[Resource],
) -> None:
    own = object_state(deployed, RENAMED)["Parameters"]
    directory = machine_of(deployed, RENAMED)["States"]["RunForDirectory"]["Parameters"]
    other = object_state(deployed, "customer-import-prod")["Parameters"]

    assert (own["WorkerType"], own["NumberOfWorkers"], own["Timeout"]) == ("G.4X", 5, 30)
    assert directory == {"JobName": RENAMED, "Arguments": {"--env": "prod"}}
    assert set(other) == {"JobName", "Arguments"}


# --- what is retried, and what becomes of a failure ------------------------------------------------

TEMPORARY = {
    "Glue.ConcurrentRunsExceededException",
    "Glue.ResourceNumberLimitExceededException",
    "Glue.InternalServiceException",
    "Glue.OperationTimeoutException",
    "Glue.AWSGlueException",  # throttling, which Glue's model of StartJobRun does not list
}


def retrier(state: dict[str, Any], error: str) -> dict[str, Any] | None:
    """The retrier of Step Functions for an error: the first one that names it."""
    return next((found for found in state["Retry"] if error in found["ErrorEquals"]), None)


@pytest.mark.parametrize("name", ["RunForDirectory", "RunForObject"])
def test_a_start_is_retried_after_temporary_errors_and_no_others(
    deployed: list[Resource], name: str
) -> None:
    glue = botocore.session.get_session().get_service_model("glue")
    start = glue.operation_model("StartJobRun")
    errors = {f"Glue.{shape.name}" for shape in start.error_shapes} | {"Glue.AWSGlueException"}
    states = machine_of(deployed, "customer-import-prod")["States"]
    state = next(state for known, state in states.items() if known.startswith(name))

    assert {error for error in errors if retrier(state, error)} == TEMPORARY
    assert not {"States.ALL", "States.TaskFailed", "States.Timeout"} & {
        error for found in state["Retry"] for error in found["ErrorEquals"]
    }


@pytest.mark.parametrize(
    ("error", "row"),
    [
        ("Glue.ConcurrentRunsExceededException", "a start above the limit of concurrent runs"),
        ("Glue.ResourceNumberLimitExceededException", "a start above the limit of concurrent runs"),
        ("Glue.InternalServiceException", "throttling and service errors"),
        ("Glue.AWSGlueException", "throttling and service errors"),
    ],
)
def test_the_page_says_how_often_a_start_is_retried(
    deployed: list[Resource], error: str, row: str
) -> None:
    found = retrier(object_state(deployed, "customer-import-prod"), error)

    assert found is not None
    last = found["IntervalSeconds"] * found["BackoffRate"] ** (found["MaxAttempts"] - 1)
    often = (
        f"{found['MaxAttempts']} times, from {found['IntervalSeconds']} s to "
        f"{found['MaxDelaySeconds'] // 60} minutes apart"
    )
    assert f"| machine to Glue | {row} | {often} |" in page("how-an-event-becomes-a-run.md")
    assert last > found["MaxDelaySeconds"] > found["IntervalSeconds"]
    assert found["JitterStrategy"] == "FULL"


def dead_letters_of_a_burst(retrier: dict[str, Any], seed: int) -> int:
    """How many of 1000 starts at once are given up, if AWS allows 20 at once and 2 a second."""
    chance = random.Random(seed)
    waiting = [(0.0, 0, start) for start in range(1000)]
    tokens, then, given_up = 20.0, 0.0, 0
    while waiting:
        now, attempts, start = heapq.heappop(waiting)
        tokens, then = min(20.0, tokens + 2 * (now - then)), now
        if tokens >= 1:
            tokens -= 1
        elif attempts == retrier["MaxAttempts"]:
            given_up += 1
        else:
            longest = retrier["IntervalSeconds"] * retrier["BackoffRate"] ** attempts
            wait = chance.uniform(0, min(longest, retrier["MaxDelaySeconds"]))  # jitter: FULL
            heapq.heappush(waiting, (now + wait, attempts + 1, start))
    return given_up


def test_a_thousand_uploads_at_once_all_start(deployed: list[Resource]) -> None:
    found = retrier(object_state(deployed, "customer-import-prod"), "Glue.AWSGlueException")

    assert found is not None
    assert [dead_letters_of_a_burst(found, seed) for seed in range(5)] == [0] * 5
    # The simulation tells a small budget from a large one.
    assert dead_letters_of_a_burst({**found, "MaxAttempts": 8, "MaxDelaySeconds": 120}, 0) > 100


def test_a_failure_is_kept_whole_and_fails_the_execution(deployed: list[Resource]) -> None:
    queues = named(deployed, "aws_sqs_queue")
    for job in named(deployed, "aws_sfn_state_machine"):
        states = machine_of(deployed, job)["States"]
        runs = [state for name, state in states.items() if name.startswith("RunFor")]
        kept = states["KeepFailure"]

        assert len(runs) == {RENAMED: 4, OTHER: 8, "copy-0-prod": 1}.get(job, 2)
        assert all(
            state["Catch"]
            == [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": "Judge"}]
            for state in runs
        )
        assert all(state["Resource"].endswith(".sync") for state in runs)
        assert all(("End" in state) == (job != FIRST) for state in runs)
        assert kept["Parameters"] == {
            "QueueUrl": queues[f"{job}-dead-letters"]["url"],
            "MessageBody.$": "$",
        }
        # The answer of SQS does not take the place of the failure, whose cause comes next.
        assert (kept["ResultPath"], kept["Next"]) == (None, "Failed")
        assert states["Failed"]["Type"] == "Fail"


def test_an_execution_ends_after_the_hours_of_the_page(deployed: list[Resource]) -> None:
    longest = max(job["timeout"] for job in named(deployed, "aws_glue_job").values())
    for name, machine in named(deployed, "aws_sfn_state_machine").items():
        seconds = machine_of(deployed, name)["TimeoutSeconds"]

        assert f"after {seconds // 3600} hours (`execution_timeout`)" in " ".join(
            page("how-an-event-becomes-a-run.md").split()
        )
        assert seconds > longest * 60
        assert machine["type"] == "STANDARD"


def test_deliveries_are_retried_as_the_page_says_and_then_kept(deployed: list[Resource]) -> None:
    how = page("how-an-event-becomes-a-run.md")
    queues = {queue["arn"]: name for name, queue in named(deployed, "aws_sqs_queue").items()}
    machines = {
        machine["arn"]: name for name, machine in named(deployed, "aws_sfn_state_machine").items()
    }
    targets = [
        found.values
        for found in of_type(deployed, "aws_cloudwatch_event_target")
        if found.values["target_id"] == "start-job"
    ]
    schedules = [found.values["target"][0] for found in of_type(deployed, "aws_scheduler_schedule")]

    # Where a queue stands between the rule and the machine, its pipe names the machine.
    machines |= {
        pipe.values["source"]: machines[pipe.values["target"]]
        for pipe in of_type(deployed, "aws_pipes_pipe")
    }
    assert (len(targets), len(schedules)) == (4, 2)
    for target, within in [*((t, "hours") for t in targets), *((s, "an hour") for s in schedules)]:
        [retry], [dead_letters] = target["retry_policy"], target["dead_letter_config"]
        age, often = retry["maximum_event_age_in_seconds"], retry["maximum_retry_attempts"]
        said = f"within {age // 3600} hours" if within == "hours" else f"within {within}"
        assert f"| delivery | {often} times {said}, then the event goes to the queue |" in how
        assert age >= 3600
        assert queues[dead_letters["arn"]] == f"{machines[target['arn']]}-dead-letters"


def allowed(policy: str, action: str, resource: str, **context: str) -> bool:
    """Whether a statement of a policy with Allow alone permits an action; wildcards end a text."""

    def fits(patterns: str | list[str], value: str) -> bool:
        listed = [patterns] if isinstance(patterns, str) else patterns
        return any(
            value.startswith(pattern[:-1]) if pattern.endswith("*") else value == pattern
            for pattern in listed
        )

    return any(
        fits(statement["Action"], action)
        and fits(statement.get("Resource", "*"), resource)
        and all(
            fits(pattern, context.get(key.split(":")[1], ""))
            for test in statement.get("Condition", {}).values()
            for key, pattern in test.items()
        )
        for statement in json.loads(policy)["Statement"]
        if statement["Effect"] == "Allow"
    )


def test_a_queue_takes_what_rules_of_its_environment_could_not_deliver(
    deployed: list[Resource],
) -> None:
    rules = named(deployed, "aws_cloudwatch_event_rule")
    foreign = [
        f"arn:aws:events:{PLACE}:rule/dev-sales-etl-file-trigger",
        "arn:aws:events:eu-central-1:999999999999:rule/prod-sales-etl-file-trigger",
        f"arn:aws:sqs:{PLACE}:prod-sales-etl-file-trigger",
    ]
    for target in of_type(deployed, "aws_cloudwatch_event_target"):
        if target.values["target_id"] != "start-job":
            continue
        [dead_letters] = target.values["dead_letter_config"]
        queue = next(
            queue
            for queue in named(deployed, "aws_sqs_queue").values()
            if queue["arn"] == dead_letters["arn"]
        )
        [statement] = json.loads(queue["policy"])["Statement"]
        own = rules[target.values["rule"]]["arn"]

        assert statement["Principal"] == {"Service": "events.amazonaws.com"}
        assert allowed(queue["policy"], "sqs:SendMessage", queue["arn"], SourceArn=own)
        assert not any(
            allowed(queue["policy"], "sqs:SendMessage", queue["arn"], SourceArn=arn)
            for arn in foreign
        )
        assert not allowed(queue["policy"], "sqs:ReceiveMessage", queue["arn"], SourceArn=own)


def test_messages_wait_in_a_queue_for_the_two_weeks_that_sqs_allows(
    deployed: list[Resource],
) -> None:
    for queue in named(deployed, "aws_sqs_queue").values():
        assert queue["message_retention_seconds"] == 14 * 24 * 3600
        assert queue["sqs_managed_sse_enabled"] is True


# --- the interpreter of machines --------------------------------------------------------------------


def created(name: str, definition: str) -> str:
    """The ARN of a new machine."""
    start_executions_of_other_machines()
    states = boto3.client("stepfunctions", region_name="eu-central-1")
    role = "arn:aws:iam::123456789012:role/m"
    machine = states.create_state_machine(name=name, definition=definition, roleArn=role)
    return str(machine["stateMachineArn"])


def ended(execution: str) -> dict[str, Any]:
    """An execution after its end."""
    states = boto3.client("stepfunctions", region_name="eu-central-1")
    deadline = time.monotonic() + 30
    while (found := states.describe_execution(executionArn=execution))["status"] == "RUNNING":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return dict(found)


def executed(machine: str, given: dict[str, Any]) -> dict[str, Any]:
    """A new execution of a machine, after its end."""
    states = boto3.client("stepfunctions", region_name="eu-central-1")
    started = states.start_execution(
        stateMachineArn=machine, name=uuid.uuid4().hex, input=json.dumps(given)
    )
    return ended(started["executionArn"])


# --- sizes, and what a rule accepts -----------------------------------------------------------------

MB = 1024 * 1024


def without_aws(definition: dict[str, Any]) -> dict[str, Any]:
    """The machine with tasks that return what they would send, for Step Functions' interpreter."""
    replaced = {}
    for name, state in definition["States"].items():
        if state["Type"] == "Task":
            kept = ("Parameters", "Next", "End", "ResultPath", "OutputPath")
            state = {"Type": "Pass", **{field: state[field] for field in kept if field in state}}
        replaced[name] = state
    return {**definition, "States": replaced}


def late(key: str, size: int) -> dict[str, Any]:
    """An upload as the pipe of the rule with batch sends it, in a list."""
    return {
        "rule": "late_trigger",
        "time": "2026-01-01T00:00:00Z",
        "bucket": {"name": "data-lake-prod-bronze"},
        "object": {"key": key, "size": size},
    }


@mock_aws(config={"stepfunctions": {"execute_state_machine": True}})
def test_the_size_of_an_object_decides_its_capacity_and_what_is_not_accepted_is_kept(
    deployed: list[Resource],
) -> None:
    """Moto's interpreter of the States Language runs the machine."""
    evaluate_jsonata()
    machine = created("m", json.dumps(without_aws(machine_of(deployed, RENAMED))))

    def sent_to_it(key: str, size: int) -> dict[str, Any]:
        sent = {
            "rule": "sales_etl_file_trigger",
            "time": "2026-01-01T00:00:00Z",
            "bucket": {"name": "data-lake-prod-bronze"},
            "object": {"key": key, "size": size},
        }
        return executed(machine, sent)

    started = {
        size: json.loads(sent_to_it("sales/daily_1.csv", size)["output"])
        for size in (1, 100 * MB, 100 * MB + 1, 1000 * MB, 1000 * MB + 1, 2000 * MB)
    }
    capacity = {
        size: (run["WorkerType"], run["NumberOfWorkers"], run.get("Timeout"))
        for size, run in started.items()
    }
    assert capacity == {
        1: ("G.4X", 5, 30),
        100 * MB: ("G.4X", 5, 30),
        100 * MB + 1: ("G.4X", 9, None),
        1000 * MB: ("G.4X", 9, None),
        1000 * MB + 1: ("G.8X", 20, 120),
        2000 * MB: ("G.8X", 20, 120),
    }
    assert {run["Arguments"]["--object_key"] for run in started.values()} == {"sales/daily_1.csv"}
    assert sent_to_it("sales/full/a'b.csv", 5)["status"] == "SUCCEEDED"

    for key, size in [("sales/weekly_1.csv", 5), ("sales/daily_1.csv", 2000 * MB + 1)]:
        refused = sent_to_it(key, size)
        assert (refused["status"], refused["error"]) == ("FAILED", "JobRunFailed")
        assert refused["cause"] == (
            "expected sales/daily_*.csv or sales/full/* of at most 2000 MB, which the rule "
            f"sales_etl_file_trigger accepts, found {key} of {size} bytes"
        )


@mock_aws(config={"stepfunctions": {"execute_state_machine": True}})
def test_the_sum_of_a_batch_decides_its_capacity_and_each_upload_that_is_not_accepted_is_kept(
    deployed: list[Resource],
) -> None:
    evaluate_jsonata()
    find_one_field_of_an_element()
    sqs = boto3.client("sqs", region_name="eu-central-1")
    queue = sqs.create_queue(QueueName=f"{OTHER}-dead-letters")["QueueUrl"]
    whole = machine_of(deployed, OTHER)
    definition = without_aws(whole)
    processor = definition["States"]["Refused_late_trigger"]["ItemProcessor"]
    processor["States"]["KeepRefused_late_trigger"]["Parameters"]["QueueUrl"] = queue
    machine = created("m", json.dumps(definition))

    def sent_to_it(*uploads: tuple[str, int]) -> dict[str, Any]:
        return executed(machine, [late(key, size) for key, size in uploads])

    def kept() -> list[dict[str, Any]]:
        received = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        found = received.get("Messages", [])
        for message in found:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in found]

    half = ("late/daily_1.csv", 30 * MB)
    for uploads, expected in [
        ([half], None),
        ([half, half], None),
        ([half, half, ("sales+ (1).x|y^z'/daily_2.csv", 1)], 9),
        ([half] * 4, 9),
        ([half] * 4 + [("late/full/a.csv", 1)], 20),
    ]:
        run = json.loads(sent_to_it(*uploads)["output"])
        assert run.get("NumberOfWorkers") == expected
        assert run["Arguments"]["--manifest"].startswith("s3://data-lake-prod-artifacts/manifests/")
    assert kept() == []

    others = [('late/wöchentlich 😀 "1"\\.csv', 5), ("late/daily_1.csv", 50 * MB + 1)]
    some = sent_to_it(others[0], half, others[1])
    assert some["status"] == "SUCCEEDED", some
    found = kept()
    assert [(each["object"]["key"], each["object"]["size"]) for each in found] == others
    assert [(each["failure"]["Error"], each["failure"]["Cause"]) for each in found] == [
        (
            "FileRefused",
            "expected late/daily_*.csv or late/full/* or sales+ (1).x|y^z'/daily_*.csv or "
            "sales+ (1).x|y^z'/full/* of at most 50 MB, which the rule late_trigger accepts, "
            f"found {key} of {size} bytes",
        )
        for key, size in others
    ]
    # Replayed, a message takes the way of a single upload.
    assert next_state(whole, found[0]) == "Refuse_late_trigger"

    none = sent_to_it(*others)
    assert (none["status"], none["error"]) == ("FAILED", "FileRefused")
    assert len(kept()) == 2


KEYS = strategies.builds(
    "{}{}{}".format,
    strategies.sampled_from(["late/", "sales+ (1).x|y^z'/", "sales+ (1)Xx|y^z'/", "x/late/"]),
    strategies.sampled_from(["daily_", "full/", "xdaily_", "daily-", ""]),
    strategies.text(alphabet="ab/.\n\"'\\\\ä%{}", max_size=6).map("{}.csv".format)
    | strategies.just(".csvx"),
)


@all_of(
    strategies.lists(strategies.tuples(KEYS, strategies.sampled_from([1, 50 * MB, 50 * MB + 1])))
)
def test_a_batch_accepts_what_a_single_upload_accepts(
    deployed: list[Resource], uploads: list[tuple[str, int]]
) -> None:
    """JSONata's expressions and the choices of the States Language have one meaning."""
    definition = machine_of(deployed, OTHER)
    made = Jsonata(definition["States"]["Batch_late_trigger"]["Output"][2:-2])
    sent = [late(key, size) for key, size in uploads]
    made.assign("states", {"input": sent, "context": {"Execution": {"Name": "one"}}})

    found = made.evaluate(None)

    def is_accepted(upload: dict[str, Any]) -> bool:
        state = next_state(definition, upload)
        assert state in ("RunForObject_late_trigger", "Refuse_late_trigger", "Ignore")
        return state == "RunForObject_late_trigger"

    known = [each for each in sent if next_state(definition, each) != "Ignore"]
    kept = [each for each in found["uploads"] if each in known]
    assert kept == [each for each in known if is_accepted(each)]
    assert [each for each in found["refused"] if each in known] == [
        each for each in known if not is_accepted(each)
    ]
    assert len(found["uploads"]) + len(found["refused"]) == len(sent)


# --- the next jobs ----------------------------------------------------------------------------------


def with_a_result_of_glue(definition: dict[str, Any], result: dict[str, Any]) -> str:
    """The machine, whose runs all end at once with this result; it really starts the next ones."""
    replaced = {}
    for name, state in definition["States"].items():
        if "glue:startJobRun" in state.get("Resource", ""):
            kept = ("Next", "End", "ResultPath")
            after = {field: state[field] for field in kept if field in state}
            state = {"Type": "Pass", "Result": result, **after}
        replaced[name] = state
    return json.dumps({**definition, "States": replaced})


@mock_aws(config={"stepfunctions": {"execute_state_machine": True}})
def test_a_successful_run_starts_the_next_jobs_once_over_their_directories(
    deployed: list[Resource],
) -> None:
    result = {"Id": "jr_1", "JobRunState": "SUCCEEDED"}
    machines = {
        name: created(name, with_a_result_of_glue(machine_of(deployed, name), result))
        for name in (FIRST, "product-catalog-prod", "copy-0-prod")
    }
    uploaded = {
        "rule": "customer_import_file_trigger",
        "time": "2026-01-01T00:00:00Z",
        "bucket": {"name": "data-lake-prod-bronze"},
        "object": {"key": "customers/a.csv", "size": 9},
    }

    # The second execution gets the same run from Glue, as when the step is repeated.
    for given in (uploaded, {"schedule": "daily"}):
        first = executed(machines[FIRST], given)
        assert (first["status"], json.loads(first["output"])) == ("SUCCEEDED", result), first

    states = boto3.client("stepfunctions", region_name="eu-central-1")
    for name in ("product-catalog-prod", "copy-0-prod"):
        [execution] = states.list_executions(stateMachineArn=machines[name])["executions"]
        found = ended(execution["executionArn"])
        assert (found["name"], found["status"]) == ("jr_1", "SUCCEEDED")
        assert json.loads(found["input"]) == {"schedule": f"after {FIRST}"}


@mock_aws(config={"stepfunctions": {"execute_state_machine": True}})
def test_a_next_job_that_cannot_be_started_is_kept_with_what_started_the_run(
    deployed: list[Resource],
) -> None:
    sqs = boto3.client("sqs", region_name="eu-central-1")
    queue = sqs.create_queue(QueueName=f"{FIRST}-dead-letters")["QueueUrl"]
    definition = machine_of(deployed, FIRST)
    for state in definition["States"].values():
        if "states:startExecution" in state.get("Resource", ""):
            del state["Retry"][1:]  # it would take minutes
    definition["States"]["KeepFailure"]["Parameters"]["QueueUrl"] = queue

    found = executed(
        created(FIRST, with_a_result_of_glue(definition, {"Id": "jr_1"})), {"schedule": "daily"}
    )

    assert (found["status"], found["error"]) == ("FAILED", "JobRunFailed")
    [message] = sqs.receive_message(QueueUrl=queue)["Messages"]
    kept = json.loads(message["Body"])
    assert (kept["schedule"], kept["run"]) == ("daily", {"Id": "jr_1"})
    assert "StateMachineDoesNotExist" in kept["failure"]["Error"]


def test_only_a_machine_with_next_jobs_may_start_their_machines(deployed: list[Resource]) -> None:
    machines = named(deployed, "aws_sfn_state_machine")
    roles = {role["id"]: name for name, role in named(deployed, "aws_iam_role").items()}
    starts = {
        roles[found.values["role"]]: {
            resource
            for statement in json.loads(found.values["policy"])["Statement"]
            if "states:StartExecution" in statement["Action"]
            for resource in [statement["Resource"]]
        }
        for found in of_type(deployed, "aws_iam_role_policy")
        if found.values["name"] == "run-job"
    }

    assert starts.pop(f"{FIRST}-machine") == {
        machines["product-catalog-prod"]["arn"],
        machines["copy-0-prod"]["arn"],
    }
    assert set(map(frozenset, starts.values())) == {frozenset()}


def test_the_checks_know_next_jobs_and_find_one_without_its_machine(
    deployed: list[Resource],
) -> None:
    def found(resources: list[Resource]) -> list[str]:
        return [finding for check in CHECKS for finding in check(resources)]

    others = [
        each
        for each in deployed
        if each.values.get("name") != "copy-0-prod" or each.type != "aws_sfn_state_machine"
    ]

    assert found(deployed) == []
    assert len(others) == len(deployed) - 1
    assert any("found arn:aws:states:" in finding for finding in found(others))


@pytest.mark.parametrize(
    ("state", "field"), [("Batch_late_trigger", "Parameters"), ("Manifest_late_trigger", "Output")]
)
def test_the_checks_know_the_fields_of_each_query_language(
    deployed: list[Resource], state: str, field: str
) -> None:
    [machine] = [
        each for each in of_type(deployed, "aws_sfn_state_machine") if each.values["name"] == OTHER
    ]
    definition = machine_of(deployed, OTHER)
    assert machines_are_valid([machine]) == []
    definition["States"][state][field] = {}
    wrong = replace(machine, values={**machine.values, "definition": json.dumps(definition)})

    [finding] = machines_are_valid([wrong])

    assert f"found ['{field}'] in state {state}" in finding


# --- rules and schedules ---------------------------------------------------------------------------


def test_a_rule_hands_over_the_object_and_its_bucket(deployed: list[Resource]) -> None:
    """The names are those of S3's event: detail.bucket.name and detail.object.key."""
    for target in of_type(deployed, "aws_cloudwatch_event_target"):
        if target.values["target_id"] != "start-job":
            continue
        [transformer] = target.values["input_transformer"]
        assert transformer["input_paths"] == {
            "time": "$.time",
            "bucket": "$.detail.bucket",
            "object": "$.detail.object",
        }
    for job in (RENAMED, "customer-import-prod", "product-catalog-prod"):
        assert object_state(deployed, job)["Parameters"]["Arguments"] == {
            "--env": "prod",
            "--bucket.$": "$.bucket.name",
            "--object_key.$": "$.object.key",
            "--uploaded_at.$": "$.time",
        }


def test_a_rule_hears_of_created_objects_of_the_bronze_bucket(deployed: list[Resource]) -> None:
    rules = [
        json.loads(rule["event_pattern"])
        for name, rule in named(deployed, "aws_cloudwatch_event_rule").items()
        if name.endswith("-file-trigger")
    ]

    assert len(rules) == 3
    for pattern in rules:
        assert pattern["source"] == ["aws.s3"]
        assert pattern["detail-type"] == ["Object Created"]
        assert pattern["detail"]["bucket"] == {"name": ["data-lake-prod-bronze"]}
        assert pattern["detail"]["object"]["size"] == [{"numeric": [">", 0]}]
        assert '{"numeric": [">", 0]}' in page("how-an-event-becomes-a-run.md")
    [notification] = of_type(deployed, "aws_s3_bucket_notification")
    assert notification.values["bucket"] == "data-lake-prod-bronze"
    assert notification.values["eventbridge"] is True


def test_schedules_are_of_the_group_that_is_watched_and_start_at_their_minute(
    deployed: list[Resource],
) -> None:
    [group] = named(deployed, "aws_scheduler_schedule_group")
    schedules = named(deployed, "aws_scheduler_schedule")

    assert {schedule["group_name"] for schedule in schedules.values()} == {group}
    assert {schedule["flexible_time_window"][0]["mode"] for schedule in schedules.values()} == {
        "OFF"
    }
    assert {
        name: (
            found["schedule_expression"],
            found["schedule_expression_timezone"],
            json.loads(found["target"][0]["input"]),
        )
        for name, found in schedules.items()
    } == {
        # The first one names no time zone.
        "prod-sales-etl-schedule": (
            "cron(0 3 ? * MON *)",
            "UTC",
            {"schedule": "sales_etl_schedule"},
        ),
        "prod-customer-import-schedule": (
            answers("customer_import")["schedule"],
            answers("customer_import")["timezone"],
            {"schedule": "customer_import_schedule"},
        ),
    }


# --- alarms ----------------------------------------------------------------------------------------


def measured(alarm: dict[str, Any]) -> dict[str, tuple[str, str, str, int, dict[str, str]]]:
    """What an alarm measures: namespace, metric, statistic, period and dimensions, by its id."""
    return {
        query["id"]: (
            query["metric"][0]["namespace"],
            query["metric"][0]["metric_name"],
            query["metric"][0]["stat"],
            query["metric"][0]["period"],
            query["metric"][0]["dimensions"] or {},
        )
        for query in alarm["metric_query"]
        if query["metric"]
    }


def test_each_alarm_measures_what_its_page_says(deployed: list[Resource]) -> None:
    alarms = named(deployed, "aws_cloudwatch_metric_alarm", "alarm_name")
    group = {"ScheduleGroup": "prod"}

    assert measured(alarms["data-lake-prod-failed-executions"]) == {
        "failed": ("data-lake-prod", "failed_executions", "Sum", 300, {})
    }
    assert measured(alarms["data-lake-prod-missed-schedules"]) == {
        "dropped": ("AWS/Scheduler", "InvocationDroppedCount", "Sum", 300, group),
        "kept": ("AWS/Scheduler", "InvocationsSentToDeadLetterCount", "Sum", 300, group),
    }
    assert measured(alarms["data-lake-prod-quarantine-share"]) == {
        "quarantined": ("data-lake-prod", "rows_quarantined", "Sum", 3600, {}),
        "read": ("data-lake-prod", "rows_read", "Sum", 3600, {}),
    }


def test_each_queue_is_watched_by_one_alarm(deployed: list[Resource]) -> None:
    queues = {
        f"{job}-dead-letters" for job in named(deployed, "aws_glue_job")
    }  # also of jobs that have no queue yet: a job without triggers gets one with its first rule
    alarms = named(deployed, "aws_cloudwatch_metric_alarm", "alarm_name")
    watched = [
        dimensions["QueueName"]
        for name, alarm in alarms.items()
        if "-dead-letters-" in name
        for namespace, metric, statistic, _, dimensions in measured(alarm).values()
        if (namespace, metric, statistic)
        == ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum")
    ]

    assert sorted(watched) == sorted(queues)
    assert len(queues) == 12
    assert max(len(measured(alarm)) for alarm in alarms.values()) == 10
    assert "10 queues" in page("scaling.md")
    assert set(named(deployed, "aws_sqs_queue")) <= queues | {"prod-late-trigger-batches"}
    for name, alarm in alarms.items():
        if "-dead-letters-" in name:
            assert all(
                dimensions["QueueName"] in alarm["alarm_description"]
                for *_, dimensions in measured(alarm).values()
            )


EXPRESSIONS = {
    "data-lake-prod-failed-executions": ("failed", 0),
    "data-lake-prod-missed-schedules": ("FILL(dropped, 0) + FILL(kept, 0)", 0),
    "data-lake-prod-quarantine-share": ("IF(read > 0, 100 * quarantined / read, 0)", 5),
    "data-lake-prod-dead-letters-0": ("SUM(FILL(METRICS(), 0))", 0),
    "data-lake-prod-dead-letters-1": ("SUM(FILL(METRICS(), 0))", 0),
}


def test_each_alarm_goes_off_above_its_threshold_and_tells_the_topic(
    deployed: list[Resource],
) -> None:
    alarms = named(deployed, "aws_cloudwatch_metric_alarm", "alarm_name")
    [topic] = of_type(deployed, "aws_sns_topic")
    [mail] = of_type(deployed, "aws_sns_topic_subscription")

    assert set(alarms) == set(EXPRESSIONS)
    for name, (expression, threshold) in EXPRESSIONS.items():
        alarm = alarms[name]
        [result] = [query for query in alarm["metric_query"] if query["return_data"]]
        assert (result["expression"], alarm["threshold"]) == (expression, threshold)
        assert alarm["comparison_operator"] == "GreaterThanThreshold"
        assert (alarm["evaluation_periods"], alarm["treat_missing_data"]) == (1, "notBreaching")
        assert alarm["alarm_actions"] == [topic.values["arn"]]
    assert (mail.values["endpoint"], mail.values["topic_arn"]) == (
        "team@example.com",
        topic.values["arn"],
    )
    share = alarms["data-lake-prod-quarantine-share"]["threshold"]
    assert f"more than {share} % of the rows" in page("operating.md")


def test_each_metric_of_an_alarm_is_counted_in_the_log_that_has_its_lines(
    deployed: list[Resource],
) -> None:
    counted = {
        found.values["metric_transformation"][0]["name"]: (
            found.values["log_group_name"],
            found.values["pattern"],
            found.values["metric_transformation"][0]["value"],
        )
        for found in of_type(deployed, "aws_cloudwatch_log_metric_filter")
    }
    ends = " || ".join(
        f'($.detail.status = "{status}")' for status in ("FAILED", "TIMED_OUT", "ABORTED")
    )
    written = '{ $.event = "data_written" }'

    assert counted == {
        "failed_executions": ("/aws/events/data-lake-prod/executions", f"{{ {ends} }}", "1"),
        "rows_read": ("/aws-glue/data-lake-prod/output", written, "$.rows_read"),
        "rows_quarantined": ("/aws-glue/data-lake-prod/output", written, "$.rows_quarantined"),
    }


# --- what is kept, and for how long ----------------------------------------------------------------


def lifecycle(deployed: list[Resource], bucket: str) -> dict[str, dict[str, Any]]:
    """The enabled lifecycle rules of a bucket, by their id."""
    rules = named(deployed, "aws_s3_bucket_lifecycle_configuration", "bucket")[bucket]["rule"]
    return {rule["id"]: rule for rule in rules if rule["status"] == "Enabled"}


def test_only_temporary_data_and_manifests_of_the_artifacts_bucket_expire(
    deployed: list[Resource],
) -> None:
    expiring = {
        (bucket, rule["filter"][0]["prefix"], rule["expiration"][0]["days"])
        for bucket in named(deployed, "aws_s3_bucket", "bucket")
        for rule in lifecycle(deployed, bucket).values()
        if rule["expiration"]
    }
    temporary = {
        job["default_arguments"]["--TempDir"] for job in named(deployed, "aws_glue_job").values()
    }

    assert expiring == {
        ("data-lake-prod-artifacts", "temporary/", 3),
        ("data-lake-prod-artifacts", "manifests/", 30),
    }
    assert all(name.startswith("s3://data-lake-prod-artifacts/temporary/") for name in temporary)


def test_what_was_replaced_is_kept_in_every_bucket_as_the_page_says(
    deployed: list[Resource],
) -> None:
    security = " ".join(page("security.md").split())
    versioned = named(deployed, "aws_s3_bucket_versioning", "bucket")
    buckets = named(deployed, "aws_s3_bucket", "bucket")

    assert set(buckets) == {
        f"data-lake-prod-{zone}" for zone in ("bronze", "silver", "gold", "artifacts")
    }
    for bucket, values in buckets.items():
        kept = lifecycle(deployed, bucket)["remove-what-is-replaced-or-unfinished"]
        [replaced], [unfinished] = (
            kept["noncurrent_version_expiration"],
            kept["abort_incomplete_multipart_upload"],
        )
        assert f"objects for {replaced['noncurrent_days']} days" in security
        assert unfinished["days_after_initiation"] == 7
        assert versioned[bucket]["versioning_configuration"][0]["status"] == "Enabled"
        assert values["force_destroy"] is False


def test_every_log_is_kept_for_the_same_time(deployed: list[Resource]) -> None:
    groups = named(deployed, "aws_cloudwatch_log_group")

    assert {name: group["retention_in_days"] for name, group in groups.items()} == {
        "/aws-glue/data-lake-prod/output": 90,
        "/aws-glue/data-lake-prod/error": 90,
        "/aws/events/data-lake-prod/executions": 90,
    }


# --- roles -----------------------------------------------------------------------------------------

S3_OF_A_RUN = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload")
"""What a run does in its table: it reads, writes, replaces, and gives up an unfinished upload."""


def role_policies(deployed: list[Resource], role: str) -> list[str]:
    return [
        found.values["policy"]
        for found in of_type(deployed, "aws_iam_role_policy")
        if found.values["role"] == role
    ]


def test_a_role_is_assumed_by_its_service_of_this_account_alone(deployed: list[Resource]) -> None:
    services = {
        "job": "glue.amazonaws.com",
        "rules": "events.amazonaws.com",
        "schedules": "scheduler.amazonaws.com",
        "machine": "states.amazonaws.com",
        "pipes": "pipes.amazonaws.com",
    }
    for name, role in named(deployed, "aws_iam_role").items():
        [statement] = json.loads(role["assume_role_policy"])["Statement"]

        assert statement["Principal"] == {"Service": services[name.rsplit("-", 1)[1]]}
        assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}


def test_a_machine_may_run_its_own_job_and_no_other(deployed: list[Resource]) -> None:
    actions = {
        "glue:StartJobRun",  # the task
        "glue:GetJobRun",  # .sync: it waits for the end
        "glue:GetJobRuns",
        "glue:BatchStopJobRun",  # .sync: a stopped execution stops its run
    }
    for job in named(deployed, "aws_sfn_state_machine"):
        [policy] = role_policies(deployed, f"{job}-machine")
        own, other = (f"arn:aws:glue:{PLACE}:job/{name}" for name in (job, f"{job}-2"))

        assert all(allowed(policy, action, own) for action in actions)
        assert not any(allowed(policy, action, other) for action in actions)
        assert allowed(policy, "sqs:SendMessage", f"arn:aws:sqs:{PLACE}:{job}-dead-letters")
        assert not allowed(policy, "sqs:SendMessage", f"arn:aws:sqs:{PLACE}:other-dead-letters")


def test_rules_and_schedules_may_start_their_own_machine(deployed: list[Resource]) -> None:
    for job in named(deployed, "aws_sfn_state_machine"):
        [rules], [schedules] = (
            role_policies(deployed, f"{job}-{kind}") for kind in ("rules", "schedules")
        )
        machine = f"arn:aws:states:{PLACE}:stateMachine:"
        queue = f"arn:aws:sqs:{PLACE}:{job}-dead-letters"

        for policy in (rules, schedules):
            assert allowed(policy, "states:StartExecution", machine + job)
            assert not allowed(policy, "states:StartExecution", machine + "other")
        assert allowed(schedules, "sqs:SendMessage", queue)


def test_a_run_writes_results_and_reads_sources_and_artifacts(deployed: list[Resource]) -> None:
    for job, values in named(deployed, "aws_glue_job").items():
        [policy] = role_policies(deployed, f"{job}-job")
        bronze, artifacts = (
            f"arn:aws:s3:::data-lake-prod-{zone}/" for zone in ("bronze", "artifacts")
        )
        temporary = f"{artifacts}temporary/{job}/"

        assert all(allowed(policy, action, temporary + "x") for action in S3_OF_A_RUN)
        assert not allowed(policy, "s3:PutObject", f"{artifacts}temporary/other/x")
        for code in (
            values["command"][0]["script_location"],
            values["default_arguments"]["--extra-py-files"],
        ):
            assert allowed(policy, "s3:GetObject", code.replace("s3://", "arn:aws:s3:::"))
        for place in (bronze + "sales/x.csv", artifacts + "scripts/sales_etl.py"):
            assert not any(allowed(policy, action, place) for action in S3_OF_A_RUN[1:])


def test_a_run_reaches_its_own_sources_and_tables_and_no_others(deployed: list[Resource]) -> None:
    bronze, silver, gold = (
        f"arn:aws:s3:::data-lake-prod-{zone}/" for zone in ("bronze", "silver", "gold")
    )
    own = {RENAMED: ("sales_etl", "sales/"), "copy-0-prod": ("copy_0", "customers/")}
    for job, (table, prefix) in own.items():
        [policy] = role_policies(deployed, f"{job}-job")
        for folder in ("", "_staging/", "_quarantine/", "_quarantine/_staging/", "_loads/"):
            place = f"{silver}{folder}{table}"
            assert all(allowed(policy, action, f"{place}/x") for action in S3_OF_A_RUN)
            for other in (f"{place}_2/x", f"{silver}{folder}other/x"):
                assert not any(allowed(policy, action, other) for action in S3_OF_A_RUN)
        assert allowed(policy, "s3:GetObject", f"{bronze}{prefix}x")
        assert not allowed(policy, "s3:GetObject", f"{bronze}other/x")
        assert not any(allowed(policy, action, f"{gold}{table}/x") for action in S3_OF_A_RUN)


OF_THE_CATALOG = ("glue:GetTable", "glue:CreateTable", "glue:UpdateTable")
"""What a run does with the entry of its table."""


def test_the_tables_are_in_the_one_database_of_the_environment(deployed: list[Resource]) -> None:
    databases = named(deployed, "aws_glue_catalog_database")

    assert [*databases] == ["data_lake_prod_silver"]
    assert " in prod" in databases["data_lake_prod_silver"]["description"]


def test_the_history_of_loads_finds_the_records_of_all_jobs(deployed: list[Resource]) -> None:
    table = named(deployed, "aws_glue_catalog_table")["load_history"]
    parameters = table["parameters"]

    deployed_names = parameters["projection.job.values"].split(",")

    assert table["database_name"] == "data_lake_prod_silver"
    assert (
        parameters["storage.location.template"] == "s3://data-lake-prod-silver/_loads/${job}/${day}"
    )
    assert {"sales_etl", "copy_0"} <= {*deployed_names}
    assert len(deployed_names) == len(of_type(deployed, "aws_glue_job"))


def test_a_run_registers_its_own_table_and_quarantine(deployed: list[Resource]) -> None:
    catalog = f"arn:aws:glue:{PLACE}:"
    database = "data_lake_prod_silver"
    for job, table in {RENAMED: "sales_etl", "copy-0-prod": "copy_0"}.items():
        [policy] = role_policies(deployed, f"{job}-job")
        for own in (
            *("catalog", f"database/{database}"),
            *(f"table/{database}/{name}" for name in (table, f"{table}_quarantine")),
        ):
            assert all(allowed(policy, action, catalog + own) for action in OF_THE_CATALOG)
            assert not allowed(policy, "glue:DeleteTable", catalog + own)
        for other in (
            *("database/data_lake_dev_silver", f"table/{database}/other"),
            *(f"table/{database}/{table}_2", f"table/other/{table}"),
        ):
            assert not any(allowed(policy, action, catalog + other) for action in OF_THE_CATALOG)
    [wide] = role_policies(deployed, "copy-8-prod-job")
    for table, may in [(f"{database}/other", True), ("other/copy_8", False)]:
        for action in OF_THE_CATALOG:
            assert allowed(wide, action, f"{catalog}table/{table}") is may


def test_a_job_without_reads_reaches_all_of_the_lake(deployed: list[Resource]) -> None:
    [policy] = role_policies(deployed, "copy-8-prod-job")

    assert allowed(policy, "s3:GetObject", "arn:aws:s3:::data-lake-prod-bronze/other/x")
    for zone in ("silver", "gold"):
        place = f"arn:aws:s3:::data-lake-prod-{zone}/other/x"
        assert all(allowed(policy, action, place) for action in S3_OF_A_RUN)
