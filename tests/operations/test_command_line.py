"""The command line says what is wrong with what it was given, and answers forecasts without AWS."""

import json
from pathlib import Path

import pytest

from operations.cli import main
from operations.prices import Prices, read_prices


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["doctor", "--env", "nowhere"], "expected ENV to be one of dev, prod, found nowhere"),
        (["job-runs", "--env", "dev", "--job", "x"], "expected JOB to be one of customer_import"),
        (["replay", "--env", "dev", "--job", "sales_etl"], "expected SINCE=2024-01-15"),
        (["cost", "--env", "dev", "--since", "soon"], "expected a time such as 2h"),
        (["cost", "--env", "dev", "--since", "9999999d"], "expected a time after the year 1"),
    ],
)
def test_a_wrong_word_is_reported_and_exits_with_2(
    capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    assert main(words) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["job-runs", "--limit", "-1"],
        ["matching-rules", "--key", "x", "--size", "-1"],
        ["cost", "--files", "-200"],
        ["cost", "--files", "200", "--days", "-1"],
        ["cost", "--files", "200", "--dpus", "-2"],
        ["cost", "--files", "200", "--file-seconds", "nan"],
        ["cost", "--files", "200", "--schedules", "inf"],
        ["cost", "--files", "200", "--batch", "0"],
        ["replay", "--job", "sales_etl", "--since", "1d", "--rate", "0"],
    ],
)
def test_a_number_out_of_range_is_refused(
    capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([words[0], "--env", "dev", *words[1:]])
    assert "expected a" in capsys.readouterr().err


@pytest.mark.parametrize("line", ["dpu_hour = -1", 'dpu_hour = "1"', "[glue.'6.0']\ndpu_hour = -1"])
def test_a_price_below_zero_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, line: str
) -> None:
    own = tmp_path / "own.toml"
    own.write_text(line)

    assert main(["cost", "--env", "dev", "--files", "200", "--prices", str(own)]) == 2
    assert "expected dpu_hour of 0 or more, found" in capsys.readouterr().err


def test_a_forecast_needs_no_aws(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", "--env", "dev", "--files", "200", "--json"]) == 0
    ways = json.loads(capsys.readouterr().out)
    assert [way["way"] for way in ways] == ["event", "batch", "schedule", "changed"]

    assert main(["cost", "--env", "dev", "--files", "200", "--file-seconds", "1"]) == 0
    assert "cheapest with 200 files a day: changed;" in capsys.readouterr().out


def test_prices_are_dated_and_name_where_they_are_from() -> None:
    prices: Prices = read_prices()

    assert prices.as_of.startswith("20")
    assert all(source.startswith("https://aws.amazon.com/") for source in prices.sources)
