"""The log: JSON lines with the documented fields, in their order and their form."""

import ast
import io
import json
import re
import sys
from typing import Any

import pytest
import structlog
from pyspark.sql import DataFrame

from glue_runtime import JobError
from glue_runtime.observe import logs
from glue_runtime.observe.events import EVENTS
from glue_runtime.testing import Lake
from jobs_of_the_documentation import SalesETLJob
from runtime_source import SOURCE


@pytest.fixture
def stream() -> Any:
    """What the logger writes, configured as in production."""
    stream = io.StringIO()
    logs.configure_logging(stream)
    yield stream
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_run_logs_each_step_with_its_trigger(lake: Lake, stream: io.StringIO) -> None:
    uploaded = lake.upload("sales/daily_2024-01-15.csv", "id\n1\n2\n")
    args = {"env": "test", "bucket": uploaded.bucket, "object_key": uploaded.key}

    SalesETLJob("sales_etl", {**args, "JOB_RUN_ID": "jr_abc123def456"}).run()

    entries = lines(stream)
    assert [entry["event"] for entry in entries] == [
        "job_started",
        "loading_event_file",
        "loaded_event_file",
        "data_written",
        "job_completed_successfully",
    ]
    for entry in entries:
        assert list(entry)[:8] == list(logs.FIELD_ORDER)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", entry["timestamp"])
        assert entry["level"] == "INFO"
        assert entry["job_name"] == "sales_etl"
        assert entry["job_run_id"] == "jr_abc123def456"
        assert entry["trigger_type"] == "s3_event"
        assert entry["source_bucket"] == "data-lake-test-bronze"
        assert entry["source_object_key"] == "sales/daily_2024-01-15.csv"
    assert entries[2]["row_count"] == 2
    assert entries[2]["file_format"] == "csv"
    assert entries[3]["output"] == "s3://data-lake-test-silver/sales_etl"


def test_a_scheduled_run_names_no_object(lake: Lake, stream: io.StringIO) -> None:
    lake.upload("sales/a.csv", "id\n1\n")

    SalesETLJob("sales_etl", {"env": "test"}).run()

    for entry in lines(stream):
        assert entry["trigger_type"] == "scheduled"
        assert "source_object_key" not in entry


def test_a_failed_run_logs_its_reason(lake: Lake, stream: io.StringIO) -> None:
    with pytest.raises(JobError):
        SalesETLJob("sales_etl", {"env": "test"}).run()

    failed = lines(stream)[-1]
    assert failed["event"] == "job_failed"
    assert failed["level"] == "ERROR"
    assert failed["error_type"] == "SourceNotFoundError"
    assert failed["error"].startswith("expected ")


def test_what_json_does_not_know_is_written_as_what_it_does(stream: io.StringIO) -> None:
    logger = structlog.get_logger()
    logger.warning("measured", value=float("nan"), parts={("a", 1): [float("inf")]}, key="é\nb")

    [line] = stream.getvalue().splitlines()
    entry = json.loads(line, parse_constant=pytest.fail)
    assert entry["level"] == "WARNING"
    assert entry["value"] is None
    assert entry["parts"] == {"('a', 1)": [None]}
    assert entry["key"] == "é\nb"
    assert "é" in line


def test_a_logged_exception_keeps_its_traceback(stream: io.StringIO) -> None:
    try:
        raise LookupError("gone")
    except LookupError:
        structlog.get_logger().exception("lookup_failed")

    assert "LookupError: gone" in lines(stream)[0]["exception"]


def test_a_job_that_exits_has_failed(lake: Lake, stream: io.StringIO) -> None:
    class Exiting(SalesETLJob):
        def custom_validation(self, df: DataFrame) -> bool:
            sys.exit("no more")

    lake.upload("sales/a.csv", "id\n1\n")
    with pytest.raises(SystemExit):
        Exiting("sales_etl", {"env": "test"}).run()

    assert lines(stream)[-1]["error"] == "no more"


def test_the_table_of_events_has_every_line_of_the_runtime_with_its_fields_and_no_other() -> None:
    logged: dict[str, tuple[str, set[str]]] = {}
    for path in SOURCE.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and is_log_call(call):
                fields = {name for each in call.keywords for name in names_of(each)}
                for event in events_of(call.args[0]):
                    _, others = logged.get(event, ("", set()))
                    logged[event] = (ast.unparse(call.func).rpartition(".")[2], others | fields)

    assert logged == {
        name: (event.level.lower(), {*event.fields}) for name, event in EVENTS.items()
    }


def is_log_call(call: ast.Call) -> bool:
    """Whether this is `logger.info(...)` or the like."""
    text = ast.unparse(call.func)
    return text.endswith((".info", ".warning", ".error")) and "logger" in text


def events_of(argument: ast.expr) -> list[str]:
    """The event of a call; several where a part of its name is the kind of a location."""
    if isinstance(argument, ast.Constant):
        return [str(argument.value)]
    assert isinstance(argument, ast.JoinedStr)
    prefix, _ = argument.values
    assert isinstance(prefix, ast.Constant)
    kinds = ("event_file", "event_files", "changed_files", "directory_data", "local_data")
    return [f"{prefix.value}{kind}" for kind in kinds]


def names_of(keyword: ast.keyword) -> set[str]:
    """The fields that a keyword of a call stands for."""
    shared = {"lag": {"lag_seconds"}, "run_log.described(error)": {"error_type", "error"}}
    if keyword.arg:
        # The line of a job that could not be made names it; all others are bound to a run.
        return {keyword.arg} - {"job_name"}
    return shared[ast.unparse(keyword.value)]
