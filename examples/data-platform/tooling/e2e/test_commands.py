# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The operating commands, on the same deployment as the other tests here.

These tests run first, in this order. A test that plants a fault also repairs it; the plan in
test_event_chain.py checks that no fault is left.
"""

import json
import os
import re
import shlex
import subprocess
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from cloud import Cloud, renamed, samples
from deployment import ENVIRONMENT, REPOSITORY, Deployment, all_jobs, chosen_jobs, has_batch
from emulated_aws.server import REGION
from operations.cli import main
from operations.environment import Environment, deployed_name
from operations.prices import read_prices

JOB = next((job for job in chosen_jobs() if not has_batch(job)), "")
if not JOB:
    pytest.skip(
        "every job has a batch, and these tests follow uploads alone", allow_module_level=True
    )
GLUE_JOB = Environment(ENVIRONMENT).glue_job(JOB)
GROUP = Environment(ENVIRONMENT).group
KEY, CONTENT = next(iter(samples(JOB).items()))

ON_THE_PAGE = (
    "cost",
    "deploy-infra",
    "doctor",
    "job-runs",
    "loads",
    "matching-rules",
    "replay",
    "rule-invocations",
    "smoke",
    "trace",
    "validate",
)
"""The make targets whose lines in docs/operating.md are executed unchanged."""

Row = Mapping[str, Any]
Ask = Callable[..., list[Row]]
"""Runs a command and checks its exit code; returns its rows."""
Mend = Callable[[], object]


@pytest.fixture(autouse=True)
def _commands_reach_the_emulation(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud.aws.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "emulated")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "emulated")
    monkeypatch.setenv("AWS_REGION", REGION)


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    def run(command: str, *words: str, code: int = 0) -> list[Row]:
        found = main([command, "--env", ENVIRONMENT, "--json", *words])
        printed = capsys.readouterr()
        assert found == code, printed.out + printed.err
        rows: list[Row] = json.loads(printed.out)
        return rows

    return run


@pytest.fixture(scope="module")
def uploaded(cloud: Cloud) -> Mapping[str, Any]:
    """The finished execution that an upload of the job's first sample started."""
    [execution] = cloud.upload(JOB, KEY, CONTENT)
    assert execution["status"] == "SUCCEEDED", execution
    return execution


def shown(cloud: Cloud, key: str) -> str:
    """A key in the job's bucket, as the commands take it."""
    return Environment(ENVIRONMENT).shown(cloud.bucket_of(JOB), key)


def queue(cloud: Cloud) -> str:
    """The URL of the job's dead-letter queue."""
    found = cloud.aws.client("sqs").get_queue_url(QueueName=f"{GLUE_JOB}-dead-letters")
    return str(found["QueueUrl"])


def target(cloud: Cloud) -> tuple[str, dict[str, Any]]:
    """The name of the job's first rule for uploads, and its target."""
    events = cloud.aws.client("events")
    for rule in events.list_rules(NamePrefix=f"{GROUP}-")["Rules"]:
        for found in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]:
            if found["Arn"].endswith(f":stateMachine:{GLUE_JOB}"):
                return rule["Name"], found
    raise AssertionError(f"no rule starts {GLUE_JOB}")


def test_nothing_is_wrong_with_a_fresh_deployment(ask: Ask) -> None:
    assert ask("doctor", "--job", JOB) == []


def test_runs_are_listed_with_their_object_and_cost(ask: Ask, uploaded: Row, cloud: Cloud) -> None:
    run_id = json.loads(uploaded["output"])["Id"]

    run = next(run for run in ask("job-runs", "--job", JOB) if run["run"] == run_id)

    assert (run["state"], run["trigger"], run["object"]) == ("SUCCEEDED", "s3_event", KEY)
    assert run["seconds"] > 0
    assert run["DPU-hours"] >= 2 * 60 / 3600
    found = cloud.aws.client("glue").get_job_run(JobName=GLUE_JOB, RunId=run_id)["JobRun"]
    prices = read_prices().on(found["GlueVersion"])
    assert run["cost"] == pytest.approx(prices.of_run(run["DPU-hours"]))


def test_the_cost_of_a_job_is_that_of_its_runs(ask: Ask, uploaded: Row) -> None:
    runs = [run for run in ask("job-runs", "--job", JOB) if run["trigger"] == "s3_event"]

    [spent] = [row for row in ask("cost", "--job", JOB) if row["trigger"] == "s3_event"]

    assert spent["runs"] == len(runs)
    assert spent["cost (USD)"] == pytest.approx(sum(run["cost"] for run in runs))


def test_an_object_is_traced_from_its_upload_to_its_rows(
    ask: Ask, uploaded: Row, cloud: Cloud
) -> None:
    found = ask("trace", "--key", shown(cloud, KEY))

    steps = [row["what"] for row in found]
    assert steps[:2] == ["object", "rule"]
    for step in ("execution", "run", "data_written", "job_completed_successfully"):
        assert step in steps
    written = next(row for row in found if row["what"] == "data_written")
    assert re.search(r"rows_written=[1-9]", written["told"])
    assert any(row["what"] == "execution" and "SUCCEEDED" in row["told"] for row in found)


def test_what_became_of_an_upload_is_listed(ask: Ask, uploaded: Row, cloud: Cloud) -> None:
    run_id = json.loads(uploaded["output"])["Id"]

    found = ask("loads", "--job", JOB, "--status", "loaded")

    [load] = [row for row in found if row["run"] == run_id]
    assert load["object"] == shown(cloud, KEY)
    assert load["written"] > 0
    assert not [row for row in ask("loads", "--job", JOB, "--status", "killed")]


def test_the_commands_of_the_page_run(deployment: Deployment, uploaded: Row, cloud: Cloud) -> None:
    text = (REPOSITORY / "docs/operating.md").read_text(encoding="utf-8")
    lines = re.findall(r"^ {4}(make [^#\n]*)", text, re.MULTILINE)
    # Do not inherit variables of the make that runs these tests, such as JOB=all.
    foreign = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "JOB", "ENV", "FILE")
    given = {name: value for name, value in os.environ.items() if name not in foreign}
    given |= {"TF_VAR_region": REGION, "TF_VAR_force_destroy": "true"}
    for part in (".venv", "Makefile", "pyproject.toml"):
        (deployment.folder / part).symlink_to(REPOSITORY / part)

    for line in lines:
        key = shlex.quote(shown(cloud, KEY))
        words = shlex.split(line.replace("<job>", JOB).replace("sales/daily.csv", key))
        if words[1] not in ON_THE_PAGE:
            continue
        if "JOB=" not in line and chosen_jobs() != all_jobs():
            words.append(f"JOB={JOB}")  # the others are not deployed
        # Terraform must use the deployed copy.
        folder = deployment.folder if words[1] == "deploy-infra" else REPOSITORY
        ran = subprocess.run(
            words, cwd=folder, env=given, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, f"{line}\n{ran.stdout}{ran.stderr}"


def test_a_missing_object_is_reported(ask: Ask) -> None:
    first, second = ask("trace", "--key", "nowhere/at/all.csv")

    assert "never uploaded" in first["told"]
    assert "no rule matches" in second["told"]


def test_rules_that_match_a_key_are_those_of_its_upload(ask: Ask, cloud: Cloud) -> None:
    [match] = ask("matching-rules", "--key", shown(cloud, KEY))

    assert (match["machine"], match["runs over"]) == (GLUE_JOB, "object")
    [other_suffix] = ask("matching-rules", "--key", shown(cloud, f"{KEY}.part"))
    assert other_suffix["runs over"] == "nothing"
    assert ask("matching-rules", "--key", shown(cloud, f"another/{KEY}")) == []
    assert ask("matching-rules", "--key", shown(cloud, KEY), "--size", "0") == []


def test_what_rules_have_started_is_counted(ask: Ask, cloud: Cloud, uploaded: Row) -> None:
    rule = json.loads(uploaded["input"])["rule"]
    before = next(
        row for row in ask("rule-invocations", "--job", JOB) if row["rule or schedule"] == rule
    )
    cloud.upload(JOB, f"{KEY}.part", CONTENT)

    row = next(
        row for row in ask("rule-invocations", "--job", JOB) if row["rule or schedule"] == rule
    )

    assert before["succeeded"] >= 1
    assert row["started"] == before["started"] + 1
    assert row["ignored"] == before["ignored"] + 1


def test_a_replay_starts_what_the_upload_has_started_and_only_once(
    ask: Ask, cloud: Cloud, uploaded: Row
) -> None:
    words = ["--job", JOB, "--since", "1d", "--prefix", KEY, "--rate", "60000"]

    def replay() -> None:
        rows = ask("replay", *words)
        assert [row["done"] for row in rows if row["for"] == KEY] == ["started"]

    dry = ask("replay", *words, "--dry-run")
    assert [row["done"] for row in dry] == ["would start"]
    [execution] = cloud.started_by(replay)

    assert execution["status"] == "SUCCEEDED", execution
    first, again = json.loads(uploaded["input"]), json.loads(execution["input"])
    assert {name: again[name] for name in ("rule", "bucket")} == {
        name: first[name] for name in ("rule", "bucket")
    }
    assert (again["object"]["key"], again["object"]["etag"]) == (KEY, first["object"]["etag"])
    assert cloud.run_of(JOB, execution)["Arguments"]["--object_key"] == KEY
    assert [row["done"] for row in ask("replay", *words)] == ["started before: SUCCEEDED"]
    assert [row["done"] for row in ask("replay", *words, "--name", "2", "--dry-run")] == [
        "would start"
    ]


def test_an_upload_that_could_not_be_delivered_is_found_and_replayed(
    ask: Ask, cloud: Cloud
) -> None:
    key = renamed(KEY, "undelivered")
    mend = without_policy_of_the_rules(cloud)
    assert cloud.upload(JOB, key, CONTENT) == []
    mend()
    words = ["--job", JOB, "--failed", "--rate", "60000"]

    [waiting] = ask("replay", *words, "--dry-run")
    assert (waiting["for"], waiting["done"]) == (key, "would start")
    [found] = ask("doctor", "--job", JOB, code=1)
    assert "1 failed runs or undelivered events wait" in found["problem"]
    [execution] = cloud.started_by(lambda: ask("replay", *words))

    assert execution["status"] == "SUCCEEDED", execution
    assert ask("replay", *words) == []
    assert ask("doctor", "--job", JOB) == []


def test_a_failed_run_is_reported_with_its_reason_and_can_be_replayed(
    ask: Ask, cloud: Cloud
) -> None:
    # Spark ignores files of such names, so the runtime fails the run.
    hidden = renamed(KEY, "_hidden_from_spark")
    [execution] = cloud.upload(JOB, hidden, CONTENT)
    assert execution["status"] == "FAILED"

    [waiting] = ask("replay", "--job", JOB, "--failed", "--dry-run")
    steps = ask("trace", "--key", shown(cloud, hidden))
    run = next(run for run in ask("job-runs", "--job", JOB) if run["object"] == hidden)

    assert waiting["for"] == hidden
    assert any(row["what"] == "job_failed" and "error=" in row["told"] for row in steps)
    assert run["state"] == "FAILED" and run["error"]
    cloud.aws.client("sqs").purge_queue(QueueUrl=queue(cloud))


# --- faults, each with its repair --------------------------------------------------------------------


def without_notifications(cloud: Cloud) -> Mend:
    s3, bucket = cloud.aws.client("s3"), cloud.bucket_of(JOB)
    put = s3.put_bucket_notification_configuration
    put(Bucket=bucket, NotificationConfiguration={})
    on: dict[str, Any] = {"EventBridgeConfiguration": {}}
    return lambda: put(Bucket=bucket, NotificationConfiguration=on)


def with_disabled_rule(cloud: Cloud) -> Mend:
    events, (rule, _) = cloud.aws.client("events"), target(cloud)
    events.disable_rule(Name=rule)
    return lambda: events.enable_rule(Name=rule)


def without_transformer(cloud: Cloud) -> Mend:
    events, (rule, right) = cloud.aws.client("events"), target(cloud)
    wrong = {name: value for name, value in right.items() if name != "InputTransformer"}
    events.put_targets(Rule=rule, Targets=[wrong])
    return lambda: events.put_targets(Rule=rule, Targets=[right])


def with_another_template(cloud: Cloud) -> Mend:
    events, (rule, right) = cloud.aws.client("events"), target(cloud)
    template = right["InputTransformer"]["InputTemplate"].replace('"object"', '"object_key"')
    transformer = {**right["InputTransformer"], "InputTemplate": template}
    events.put_targets(Rule=rule, Targets=[{**right, "InputTransformer": transformer}])
    return lambda: events.put_targets(Rule=rule, Targets=[right])


def with_disabled_schedule(cloud: Cloud) -> Mend:
    # Create a schedule: not every job has one.
    scheduler, (_, right) = cloud.aws.client("scheduler"), target(cloud)
    place = {"Name": "planted", "GroupName": GROUP}
    scheduler.create_schedule(
        **place,
        ScheduleExpression="rate(1 day)",
        FlexibleTimeWindow={"Mode": "OFF"},
        State="DISABLED",
        Target={
            "Arn": right["Arn"],
            "RoleArn": right["RoleArn"].replace(f"{GLUE_JOB}-rules", f"{GLUE_JOB}-schedules"),
            "Input": '{"schedule": "planted"}',
        },
    )
    return lambda: scheduler.delete_schedule(**place)


def without_policies(cloud: Cloud, role: str) -> Mend:
    iam = cloud.aws.client("iam")
    found = [
        iam.get_role_policy(RoleName=role, PolicyName=name)
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    ]
    for each in found:
        iam.delete_role_policy(RoleName=role, PolicyName=each["PolicyName"])

    def mend() -> None:
        for each in found:
            document = json.dumps(each["PolicyDocument"])
            place = {"RoleName": role, "PolicyName": each["PolicyName"]}
            iam.put_role_policy(**place, PolicyDocument=document)

    return mend


def without_policy_of_the_rules(cloud: Cloud) -> Mend:
    return without_policies(cloud, f"{GLUE_JOB}-rules")


def without_policy_of_the_machine(cloud: Cloud) -> Mend:
    return without_policies(cloud, f"{GLUE_JOB}-machine")


def without_policy_of_the_job(cloud: Cloud) -> Mend:
    role = cloud.aws.client("glue").get_job(JobName=GLUE_JOB)["Job"]["Role"]
    return without_policies(cloud, role.rsplit("/", 1)[-1])


def with_closed_queue(cloud: Cloud) -> Mend:
    sqs, url = cloud.aws.client("sqs"), queue(cloud)
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]
    wrong = found["Policy"].replace("events.amazonaws.com", "sns.amazonaws.com")
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": wrong})
    return lambda: sqs.set_queue_attributes(QueueUrl=url, Attributes=found)


def with_another_object(cloud: Cloud, key: str, path: str) -> Mend:
    s3 = cloud.aws.client("s3")
    job = cloud.aws.client("glue").get_job(JobName=GLUE_JOB)["Job"]
    bucket = job["Command"]["ScriptLocation"].split("/")[2]
    place = {"Bucket": bucket, "Key": key}
    tags = s3.get_object_tagging(**place)["TagSet"]
    tagged = "&".join(f"{tag['Key']}={tag['Value']}" for tag in tags)
    s3.put_object(**place, Body=b"an older one")
    right = (REPOSITORY / path).read_bytes()
    return lambda: s3.put_object(**place, Body=right, Tagging=tagged)


def with_older_runtime(cloud: Cloud) -> Mend:
    return with_another_object(cloud, "runtime/glue_runtime.zip", "build/glue_runtime.zip")


def with_older_script(cloud: Cloud) -> Mend:
    return with_another_object(cloud, f"scripts/{deployed_name(JOB)}.py", f"src/jobs/{JOB}.py")


FAULTS: dict[Callable[[Cloud], Mend], str] = {
    without_notifications: "does not send events to EventBridge",
    with_disabled_rule: "is disabled: uploads start nothing",
    without_transformer: "has no input transformer",
    with_another_template: "does not start a run over the object",
    with_disabled_schedule: "is disabled",
    without_policy_of_the_rules: "may not use it for states:StartExecution",
    without_policy_of_the_machine: "may not use it for glue:StartJobRun",
    without_policy_of_the_job: "may not use it for s3:GetObject",
    with_closed_queue: "does not accept events from EventBridge",
    with_older_runtime: "is not the build/glue_runtime.zip of this checkout",
    with_older_script: f"is not the src/jobs/{JOB}.py of this checkout",
}


@pytest.mark.parametrize("plant", FAULTS, ids=lambda plant: plant.__name__)
def test_the_doctor_finds_a_planted_fault(
    ask: Ask, cloud: Cloud, plant: Callable[[Cloud], Mend]
) -> None:
    mend = plant(cloud)
    try:
        findings = ask("doctor", "--job", JOB, code=1)
    finally:
        mend()

    assert any(FAULTS[plant] in finding["problem"] for finding in findings)
    assert all(finding["mend"] for finding in findings)
    assert ask("doctor", "--job", JOB) == []
