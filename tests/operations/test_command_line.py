"""The command line says what is wrong with what it was given, and answers forecasts without AWS."""

import json

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
    ],
)
def test_a_wrong_word_is_reported_and_exits_with_2(
    capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    assert main(words) == 2
    assert message in capsys.readouterr().err


def test_a_forecast_needs_no_aws(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", "--env", "dev", "--files", "200", "--json"]) == 0
    ways = json.loads(capsys.readouterr().out)
    assert [way["way"] for way in ways] == ["by event", "by schedule"]

    assert main(["cost", "--env", "dev", "--files", "200", "--file-seconds", "1"]) == 0
    assert "a schedule is cheaper from" in capsys.readouterr().out


def test_prices_are_dated_and_name_where_they_are_from() -> None:
    prices: Prices = read_prices()

    assert prices.as_of.startswith("20")
    assert all(source.startswith("https://aws.amazon.com/") for source in prices.sources)
