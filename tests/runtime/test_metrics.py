"""Metrics of a run: log lines in CloudWatch's embedded metric format, and only where they are asked for."""

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog

from glue_runtime.errors import ArgumentError
from glue_runtime.observe import logs, metrics
from glue_runtime.testing import Lake
from jobs_of_the_documentation import SalesETLJob

CONTEXT = {"job_name": "sales_etl", "trigger_type": "s3_event", "environment": "dev"}
WRITTEN = {"rows_read": 9, "rows_quarantined": 2, "rows_written": 7}


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """What the logger writes."""
    stream = io.StringIO()
    logs.configure_logging(stream)
    yield stream
    metrics.switch(None)
    structlog.reset_defaults()


def line(stream: io.StringIO, event: str, **fields: Any) -> dict[str, Any]:
    """A line as it is logged."""
    structlog.get_logger().info(event, **fields)
    found: dict[str, Any] = json.loads(stream.getvalue().splitlines()[-1])
    return found


def described(entry: dict[str, Any]) -> dict[str, Any]:
    """The metrics of a line; fails where it is not as the specification says.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """
    assert set(entry["_aws"]) == {"Timestamp", "CloudWatchMetrics"}
    assert type(entry["_aws"]["Timestamp"]) is int
    [described] = entry["_aws"]["CloudWatchMetrics"]
    assert set(described) == {"Namespace", "Dimensions", "Metrics"}
    assert 1 <= len(described["Namespace"]) <= 1024
    for names in described["Dimensions"]:
        assert 1 <= len(names) <= 30
        assert all(isinstance(entry[name], str) and 1 <= len(entry[name]) <= 1024 for name in names)
    assert 1 <= len(described["Metrics"]) <= 100
    for metric in described["Metrics"]:
        assert set(metric) == {"Name", "Unit"}
        assert metric["Unit"] in ("Count", "Seconds", "Bytes")
        assert type(entry[metric["Name"]]) in (int, float)
    return dict(described)


@pytest.mark.parametrize(
    ("level", "dimensions"),
    [
        ("environment", [["trigger_type"]]),
        ("job", [["trigger_type"], ["job_name", "trigger_type"]]),
    ],
)
def test_a_line_names_its_numbers_and_dimensions(
    stream: io.StringIO, level: str, dimensions: list[list[str]]
) -> None:
    metrics.switch(level)

    found = described(line(stream, "data_written", **CONTEXT, **WRITTEN))

    assert found["Namespace"] == "data-lake-dev"
    assert found["Dimensions"] == dimensions
    assert [metric["Name"] for metric in found["Metrics"]] == list(WRITTEN)


@pytest.mark.parametrize(
    ("event", "fields", "names"),
    [
        ("loaded_event_file", {"bytes_read": 10}, ["bytes_read"]),
        ("loaded_directory_data", {"bytes_read": 10}, ["bytes_read"]),
        (
            "job_completed_successfully",
            {"duration_seconds": 1.5, "lag_seconds": 60.0},
            ["runs_completed", "duration_seconds", "lag_seconds"],
        ),
        (
            "job_completed_successfully",
            {"duration_seconds": 1.5},
            ["runs_completed", "duration_seconds"],
        ),
        ("job_failed", {"error": "expected"}, ["runs_failed"]),
        # A number that is not known is no metric, nor is one that is none.
        ("data_written", {"rows_read": None, "rows_written": 3}, ["rows_written"]),
        ("data_written", {"rows_read": True, "rows_written": 3}, ["rows_written"]),
        ("data_written", {"rows_read": float("nan"), "rows_written": 3}, ["rows_written"]),
    ],
)
def test_every_step_has_the_metrics_that_it_knows(
    stream: io.StringIO, event: str, fields: dict[str, Any], names: list[str]
) -> None:
    metrics.switch("environment")

    found = described(line(stream, event, **CONTEXT, **fields))

    assert [metric["Name"] for metric in found["Metrics"]] == names


@pytest.mark.parametrize("level", [None, "off"])
def test_without_being_asked_a_line_has_no_metrics(stream: io.StringIO, level: str | None) -> None:
    metrics.switch(level)

    assert "_aws" not in line(stream, "data_written", **CONTEXT, **WRITTEN)
    assert "runs_completed" not in line(stream, "job_completed_successfully", **CONTEXT)


def test_a_failure_before_its_run_is_known_has_no_metrics(stream: io.StringIO) -> None:
    metrics.switch("environment")

    assert "_aws" not in line(stream, "job_failed", job_name="sales_etl", error="no environment")


def test_other_lines_and_those_without_numbers_have_no_metrics(stream: io.StringIO) -> None:
    metrics.switch("job")

    assert "_aws" not in line(stream, "job_started", **CONTEXT, rows_read=1)
    assert "_aws" not in line(stream, "data_written", **CONTEXT, rows_read=None)


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ArgumentError, match="to be one of off, environment, job, found 'all'"):
        metrics.switch("all")


def test_the_lag_is_the_time_since_the_upload() -> None:
    uploaded = datetime.now(UTC) - timedelta(hours=1)

    [(name, seconds)] = metrics.lag(f"{uploaded:%Y-%m-%dT%H:%M:%SZ}").items()

    assert name == "lag_seconds"
    assert seconds >= 3600


@pytest.mark.parametrize("wrong", [None, "", "yesterday", "2024-01-15T10:30:00"])
def test_a_run_without_a_time_of_upload_has_no_lag(wrong: str | None) -> None:
    assert metrics.lag(wrong) == {}


def test_a_run_logs_its_metrics_and_its_lag(lake: Lake, stream: io.StringIO) -> None:
    content = "id\n1\n2\n"
    uploaded = lake.upload("sales/daily_2024-01-15.csv", content)
    args = {"env": "test", "bucket": uploaded.bucket, "object_key": uploaded.key}
    metrics.switch("environment")

    SalesETLJob("sales_etl", {**args, "uploaded_at": "2024-01-15T10:30:00Z"}).run()

    entries = [json.loads(text) for text in stream.getvalue().splitlines()]
    values = {
        metric["Name"]: entry[metric["Name"]]
        for entry in entries
        if "_aws" in entry
        for metric in described(entry)["Metrics"]
    }
    assert values.keys() == metrics.UNITS.keys() - {"runs_failed"}
    assert (values["bytes_read"], values["rows_read"]) == (len(content), 2)
    assert (values["rows_written"], values["rows_quarantined"]) == (2, 0)
    assert values["runs_completed"] == 1
