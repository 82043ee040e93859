"""Money: what a run is billed as, and which way of starting it is the cheaper one."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from operations.cli import main
from operations.cost import Load, break_even, cheapest, forecast, per_day, spent
from operations.errors import OperationError
from operations.prices import read_prices
from operations.runs import run_of

PRICES = read_prices()
RECORD: dict[str, Any] = {
    "Id": "jr_1",
    "JobRunState": "SUCCEEDED",
    "StartedOn": datetime(2024, 1, 15, tzinfo=UTC),
    "ExecutionTime": 3600,
    "WorkerType": "G.1X",
    "NumberOfWorkers": 2,
    "MaxCapacity": 99.0,
    "Arguments": {"--env": "dev"},
}


def test_a_run_of_an_hour_on_two_workers_is_two_dpu_hours() -> None:
    run = run_of(RECORD, "sales_etl", PRICES)

    assert (run.dpu_hours, run.cost) == (2.0, pytest.approx(0.88))
    assert run.trigger == "scheduled"


@pytest.mark.parametrize(
    ("change", "dpu_hours"),
    [
        ({"WorkerType": "G.2X"}, 4.0),
        ({"ExecutionTime": 1}, 2 * 60 / 3600),
        ({"ExecutionTime": 60}, 2 * 60 / 3600),
        ({"ExecutionTime": 0}, 0.0),
        ({"WorkerType": "Standard"}, 99.0),
        ({"DPUSeconds": 1800.0}, 0.5),
    ],
)
def test_a_run_is_billed_by_its_workers_and_for_a_minute_at_least(
    change: dict[str, Any], dpu_hours: float
) -> None:
    assert run_of({**RECORD, **change}, "j", PRICES).dpu_hours == pytest.approx(dpu_hours)


def test_a_flexible_run_has_a_price_of_its_own() -> None:
    run = run_of({**RECORD, "ExecutionClass": "FLEX"}, "j", PRICES)

    assert run.cost == pytest.approx(2 * PRICES.dpu_hour_flex)


def test_a_run_has_the_price_of_its_glue_version() -> None:
    standard = run_of({**RECORD, "GlueVersion": "6.0"}, "j", PRICES)
    flexible = run_of({**RECORD, "GlueVersion": "6.0", "ExecutionClass": "FLEX"}, "j", PRICES)

    assert (standard.cost, flexible.cost) == (pytest.approx(0.616), pytest.approx(0.406))
    assert run_of({**RECORD, "GlueVersion": "5.1"}, "j", PRICES).cost == pytest.approx(0.88)


def test_own_prices_may_differ_by_glue_version(tmp_path: Path) -> None:
    own = tmp_path / "prices.toml"
    own.write_text('dpu_hour = 0.4\n[glue."6.0"]\ndpu_hour = 0.25\n')

    prices = read_prices(own)

    assert (prices.on("5.1").dpu_hour, prices.on("6.0").dpu_hour) == (0.4, 0.25)
    assert prices.on("6.0").dpu_hour_flex == PRICES.on("6.0").dpu_hour_flex


def test_a_forecast_has_the_price_of_the_glue_version_that_is_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def per_hour(*options: str) -> float:
        assert main(["cost", "--env", "dev", "--json", "--files", "10", *options]) == 0
        way = json.loads(capsys.readouterr().out)[2]
        return float(way["a day (USD)"]) / float(way["DPU-hours"])

    assert per_hour() == pytest.approx(0.44)
    assert per_hour("--glue", "6.0") == pytest.approx(0.308)


def test_runs_are_added_up_by_job_and_trigger() -> None:
    uploaded = {**RECORD, "ExecutionTime": 6, "Arguments": {"--object_key": "sales/a.csv"}}
    failed = {**uploaded, "JobRunState": "FAILED"}
    found = [run_of(record, "sales_etl", PRICES) for record in (RECORD, uploaded, failed)]

    by_upload, by_time = spent(found, PRICES)

    assert (by_upload["trigger"], by_time["trigger"]) == ("s3_event", "scheduled")
    assert (by_upload["runs"], by_upload["files"], by_upload["failed"]) == (2, 1, 1)
    assert by_upload["at the minimum"] == 2
    assert by_upload["DPU-hours"] == pytest.approx(2 * 2 / 60)
    assert by_time["cost (USD)"] == pytest.approx(0.88)


def test_the_forecast_has_the_prices_of_a_calculation_by_hand() -> None:
    load = Load(files=10, days=3, start_seconds=60, file_seconds=60, dpus=2, schedules=2, batch=4)
    hours = {
        "event": 10 * 2 * 120 / 3600,
        "batch": 2 * (300 + 300 + 180) / 3600,
        "schedule": 2 * 2 * 1860 / 3600,
        "changed": 2 * 2 * 360 / 3600,
    }
    besides = {"event": 10 * 76e-6, "batch": 10 * (1 + 0.48 + 0.4) * 1e-6 + 3 * 100e-6}

    rows = {row["way"]: row for row in forecast(load, PRICES)}

    assert {way: row["DPU-hours"] for way, row in rows.items()} == pytest.approx(hours)
    assert {way: row["a day (USD)"] for way, row in rows.items()} == pytest.approx(
        {way: hours[way] * 0.44 + besides.get(way, 0) for way in hours}
    )
    free = replace(PRICES, dpu_hour=0)
    assert {way: per_day(way, load, free) for way in hours} == pytest.approx(
        {way: besides.get(way, 0) for way in hours}
    )
    assert [(row["runs"], row["seconds"]) for row in rows.values()] == [
        (10, 120),
        (3, 260),
        (2, 1860),
        (2, 360),
    ]
    assert rows["batch"]["a month (USD)"] == pytest.approx(30.4 * rows["batch"]["a day (USD)"])


def test_a_batch_is_billed_for_one_minute_where_single_runs_are_billed_for_each() -> None:
    load = Load(files=200, start_seconds=40, file_seconds=0.1, batch=200)

    event, batch, *_ = forecast(load, PRICES)

    assert event["DPU-hours"] == pytest.approx(200 * 2 / 60)
    assert batch["DPU-hours"] == pytest.approx(2 / 60)


def test_no_files_cost_a_schedule_alone() -> None:
    event, batch, schedule, changed = forecast(Load(files=0), PRICES)

    assert event["a day (USD)"] == batch["a day (USD)"] == 0
    assert schedule["a day (USD)"] == changed["a day (USD)"] == pytest.approx(2 / 60 * 0.44)


@pytest.mark.parametrize("way", ["batch", "schedule", "changed"])
def test_the_break_even_is_where_one_way_becomes_cheaper_than_the_other(way: str) -> None:
    load = Load(files=0, days=30, start_seconds=300, file_seconds=1, schedules=24)

    files = break_even(way, load, PRICES)

    if way == "schedule":
        assert files is None
        load = replace(load, schedules=1)
        files = break_even(way, load, PRICES)
    assert files is not None and files > 1
    there, before = replace(load, files=files), replace(load, files=files - 1)
    assert per_day(way, there, PRICES) < per_day("event", there, PRICES)
    assert per_day(way, before, PRICES) >= per_day("event", before, PRICES)


def test_large_files_that_are_read_every_day_never_make_a_schedule_cheaper() -> None:
    load = Load(files=20, days=30, file_seconds=300)

    assert break_even("schedule", load, PRICES) is None
    assert forecast(load, PRICES)[2]["cheaper from"] is None


@pytest.mark.parametrize(
    ("schedules", "way"), [(1, "changed"), (24, "batch"), (0.1, "changed"), (1000, "batch")]
)
def test_the_cheapest_way_is_that_with_the_lowest_price(schedules: float, way: str) -> None:
    load = Load(files=200, file_seconds=5, schedules=schedules)

    assert cheapest(load, PRICES) == way
    rows = forecast(load, PRICES)
    assert min(rows, key=lambda row: float(row["a day (USD)"]))["way"] == way


def test_one_file_a_day_needs_no_batch() -> None:
    assert cheapest(Load(files=1, schedules=24), PRICES) == "event"


def test_a_forecast_fits_into_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    assert main(["cost", "--env", "dev", "--files", "200", "--file-seconds", "5"]) == 0

    heading, *rows = capsys.readouterr().out.split("\n\n")[0].splitlines()
    assert heading.startswith("way")
    assert [row.split()[0] for row in rows] == ["event", "batch", "schedule", "changed"]


def test_prices_of_ones_own_take_the_place_of_some(tmp_path: Path) -> None:
    own = tmp_path / "ours.toml"
    own.write_text('dpu_hour = 0.30\nas_of = "2026-12-01"\n')

    prices = read_prices(own)

    assert (prices.dpu_hour, prices.as_of) == (0.30, "2026-12-01")
    assert prices.dpu_hour_flex == PRICES.dpu_hour_flex


@pytest.mark.parametrize("text", ["dpu = 1", "dpu_hour =", None])
def test_what_is_no_price_is_refused(tmp_path: Path, text: str | None) -> None:
    own = tmp_path / "ours.toml"
    if text is not None:
        own.write_text(text)

    with pytest.raises(OperationError, match="expected prices"):
        read_prices(own)
