"""What make loads says of files: what runs have recorded, and what none could record."""

import gzip
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.glue.models import FakeJobRun

from operations.cli import main
from operations.environment import Environment
from operations.errors import OperationError
from operations.loads import Load, late, loads
from operations.prices import read_prices
from operations.trace import trace

REGION, ACCOUNT = "eu-central-1", "123456789012"
BRONZE, SILVER = "data-lake-dev-bronze", "data-lake-dev-silver"
NOW = datetime.now(UTC).replace(microsecond=0)
FAILS = {
    "StartAt": "Run",
    "States": {"Run": {"Type": "Fail", "Error": "Glue.Busy", "Cause": "no capacity for jr_none"}},
}


def client(service: str) -> Any:
    return boto3.client(service, region_name=REGION)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[Environment]:
    monkeypatch.setenv("AWS_REGION", REGION)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        for bucket in (BRONZE, SILVER):
            place = {"LocationConstraint": REGION}
            client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
        for job in ("sales-etl", "customer-import"):
            client("glue").create_job(
                Name=f"{job}-dev",
                Role=f"{job}-dev-job",
                Command={"Name": "glueetl", "ScriptLocation": "s3://x/y.py"},
                DefaultArguments={"--load_history": f"s3://{SILVER}/_loads"},
            )
        yield Environment("dev")


def record(run_id: str, state: str, began: datetime, *lines: dict[str, Any]) -> None:
    """Put a record as a run writes it."""
    common = {
        "run_id": run_id,
        "state": state,
        "began_at": f"{began:%Y-%m-%d %H:%M:%S}.000",
        "ended_at": f"{began + timedelta(seconds=9):%Y-%m-%d %H:%M:%S}.000",
    }
    unknown = dict.fromkeys(("reason", "status", "rows_written", "rows_quarantined"))
    if state == "began":
        common["ended_at"] = None
    text = "".join(json.dumps({**common, **unknown, **line}) + "\n" for line in lines)
    key = f"_loads/sales_etl/{began:%Y-%m-%d}/{run_id}-{state}.json.gz"
    client("s3").put_object(Bucket=SILVER, Key=key, Body=gzip.compress(text.encode()))


def uploaded(key: str) -> dict[str, Any]:
    return {"source_object": f"s3://{BRONZE}/{key}"}


def loaded(key: str, written: int, quarantined: int = 0) -> dict[str, Any]:
    counts = {"rows_written": written, "rows_quarantined": quarantined}
    return {**uploaded(key), "status": "loaded", **counts}


def test_loads_are_listed_in_the_order_of_their_runs(environment: Environment) -> None:
    early, late = NOW - timedelta(hours=2), NOW - timedelta(hours=1)
    record("jr_2", "began", late, uploaded("sales/b.csv"))
    record(
        "jr_2", "ended", late, {**uploaded("sales/b.csv"), "status": "failed", "reason": "row 2"}
    )
    record("jr_1", "began", early, {"source_object": None})
    record("jr_1", "ended", early, loaded("sales/a.csv", 3, 1), loaded("sales/c.csv", 5))

    found = loads(environment, "sales_etl", NOW - timedelta(days=1))

    ended = timedelta(seconds=9)
    assert found == [
        Load(early, "sales_etl", "sales/a.csv", "loaded", "jr_1", "", early + ended, 3, 1),
        Load(early, "sales_etl", "sales/c.csv", "loaded", "jr_1", "", early + ended, 5, 0),
        Load(late, "sales_etl", "sales/b.csv", "failed", "jr_2", "row 2", late + ended),
    ]


def test_a_load_before_the_time_is_left_out(environment: Environment) -> None:
    old = NOW - timedelta(days=3)
    record("jr_1", "ended", old, loaded("sales/a.csv", 1))

    assert not loads(environment, "sales_etl", NOW - timedelta(days=1))
    assert not loads(environment, "sales_etl", old + timedelta(seconds=1))
    assert loads(environment, "sales_etl", old)


def test_records_of_days_before_are_not_read(environment: Environment) -> None:
    key = f"_loads/sales_etl/{NOW - timedelta(days=3):%Y-%m-%d}/jr_0-ended.json.gz"
    client("s3").put_object(Bucket=SILVER, Key=key, Body=b"unreadable")
    record("jr_1", "ended", NOW, loaded("sales/a.csv", 1))

    assert [load.run for load in loads(environment, "sales_etl", NOW - timedelta(days=1))] == [
        "jr_1"
    ]


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("STARTING", "running"),
        ("RUNNING", "running"),
        ("STOPPING", "running"),
        ("TIMEOUT", "killed"),
        ("FAILED", "killed"),
        ("STOPPED", "killed"),
    ],
)
def test_a_run_without_an_end_is_running_or_killed(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, state: str, status: str
) -> None:
    run = client("glue").start_job_run(JobName="sales-etl-dev")["JobRunId"]
    as_dict = FakeJobRun.as_dict
    monkeypatch.setattr(FakeJobRun, "as_dict", lambda self: {**as_dict(self), "JobRunState": state})
    record(run, "began", NOW, uploaded("sales/a.csv"))

    [load] = loads(environment, "sales_etl", NOW)

    assert (load.status, load.told) == (status, f"the run is {state}")


def test_a_run_without_an_end_that_glue_has_forgotten_was_killed(environment: Environment) -> None:
    record("jr_unknown", "began", NOW, uploaded("sales/b.csv"))

    [load] = loads(environment, "sales_etl", NOW)

    assert (load.status, load.told) == ("killed", "Glue no longer knows the run")


def test_an_execution_that_could_start_no_run_is_there(environment: Environment) -> None:
    record("jr_1", "began", NOW, uploaded("sales/a.csv"))
    execute("sales/b.csv")

    found = [
        load for load in loads(environment, "sales_etl", NOW - timedelta(days=1)) if not load.run
    ]

    assert [(load.object, load.status, load.told) for load in found] == [
        ("sales/b.csv", "not_started", "Glue.Busy: no capacity for jr_none")
    ]


def test_an_execution_whose_run_has_recorded_its_failure_is_there_once(
    environment: Environment,
) -> None:
    record(
        "jr_none", "ended", NOW, {**uploaded("sales/b.csv"), "status": "failed", "reason": "row 2"}
    )
    execute("sales/b.csv")

    found = loads(environment, "sales_etl", NOW - timedelta(days=1))

    assert [(load.run, load.status) for load in found] == [("jr_none", "failed")]


def execute(key: str) -> None:
    """Execute a machine that fails, for an upload of this key."""
    states = client("stepfunctions")
    machine = states.create_state_machine(
        name="sales-etl-dev",
        definition=json.dumps(FAILS),
        roleArn=f"arn:aws:iam::{ACCOUNT}:role/sales-etl-dev-machine",
    )["stateMachineArn"]
    given = {"bucket": {"name": BRONZE}, "object": {"key": key}}
    execution = states.start_execution(stateMachineArn=machine, input=json.dumps(given))
    for _ in range(100):
        found = states.describe_execution(executionArn=execution["executionArn"])
        if found["status"] != "RUNNING":
            return
        time.sleep(0.1)
    raise AssertionError("the execution goes on")


def test_the_command_counts_and_filters(
    environment: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    record("jr_1", "ended", NOW, loaded("sales/a.csv", 3), loaded("sales/b.csv", 4))
    record("jr_2", "ended", NOW, {**uploaded("sales/c.csv"), "status": "failed", "reason": "row 2"})

    assert main(["loads", "--env", "dev", "--since", "1d"]) == 0
    told = capsys.readouterr().out
    assert told.splitlines()[-1] == "2 loaded, 1 failed"
    assert main(["loads", "--env", "dev", "--status", "failed", "--json"]) == 0
    [row] = json.loads(capsys.readouterr().out)
    assert (row["object"], row["status"], row["told"]) == ("sales/c.csv", "failed", "row 2")


def test_trace_reads_the_records_when_nothing_else_is_left(environment: Environment) -> None:
    rule = {"source": ["aws.s3"], "detail": {"object": {"key": [{"prefix": "sales/"}]}}}
    events, states = client("events"), client("stepfunctions")
    role = f"arn:aws:iam::{ACCOUNT}:role/sales-etl-dev-machine"
    machine = states.create_state_machine(
        name="sales-etl-dev", definition=json.dumps(FAILS), roleArn=role
    )["stateMachineArn"]
    events.put_rule(Name="dev-sales-etl-file", EventPattern=json.dumps(rule))
    target = {"Id": "machine", "Arn": machine, "RoleArn": role}
    events.put_targets(Rule="dev-sales-etl-file", Targets=[target])
    old = NOW - timedelta(days=100)
    record("jr_1", "ended", old, loaded("sales/a.csv", 3), loaded("sales/b.csv", 4))

    rows = trace(environment, "sales/a.csv", NOW - timedelta(days=200), read_prices(None))

    assert [(row["what"], row["told"]) for row in rows if row["job"] == "sales_etl"][-1] == (
        "loaded",
        "jr_1: rows_written=3 rows_quarantined=0",
    )


@pytest.mark.parametrize(
    ("loaded_hours_ago", "told"),
    [
        (1, None),
        (25, None),
        (27, "expected every 26h, nothing was loaded since "),
        (None, "expected every 26h, nothing was loaded since "),
    ],
)
def test_a_prefix_that_is_late_is_told(
    environment: Environment,
    monkeypatch: pytest.MonkeyPatch,
    loaded_hours_ago: int | None,
    told: str | None,
) -> None:
    expected = {"expected": {"sales/": "26h"}}
    monkeypatch.setattr("operations.loads.declaration", lambda _: expected)
    record("jr_1", "ended", NOW, loaded("other/a.csv", 1))
    record("jr_2", "ended", NOW, {**uploaded("sales/a.csv"), "status": "failed", "reason": "row 2"})
    if loaded_hours_ago is not None:
        record("jr_3", "ended", NOW - timedelta(hours=loaded_hours_ago), loaded("sales/b.csv", 1))

    found = late(environment, "sales_etl", NOW)

    assert [(load.object, load.status) for load in found] == [("sales/", "late")] * bool(told)
    assert all(load.told.startswith(told or "") for load in found)


def test_an_expected_period_that_is_none_is_named(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operations.loads.declaration", lambda _: {"expected": {"sales/": "daily"}})

    with pytest.raises(OperationError, match="daily"):
        late(environment, "sales_etl", NOW)
