"""Keys are made of what rules and machines look for; whether one fits is decided elsewhere."""

from typing import Any

import pytest

from operations.asl_choice import next_state
from operations.keys import keys_of, texts_of
from operations.patterns import matches


def pattern(*keys: Any) -> dict[str, Any]:
    return {"detail": {"object": {"key": list(keys)}}}


def machine(*globs: str) -> dict[str, Any]:
    choices = [
        {"And": [{"Variable": "$.detail.object.key", "StringMatches": glob}], "Next": "Run"}
        for glob in globs
    ]
    states = {
        "Route": {"Type": "Choice", "Choices": choices, "Default": "Ignore"},
        "Run": {"Type": "Task"},
        "Ignore": {"Type": "Succeed"},
    }
    return {"StartAt": "Route", "States": states}


@pytest.mark.parametrize(
    ("keys", "globs", "expected"),
    [
        ([{"prefix": "sales/"}], ["*.csv"], {"sales/x.csv"}),
        ([{"prefix": "sales/"}, {"prefix": "old/"}], ["*.csv"], {"sales/x.csv", "old/x.csv"}),
        ([{"prefix": "sales/"}], ["*.csv", "*.txt"], {"sales/x.csv", "sales/x.txt"}),
        ([{"suffix": {"equals-ignore-case": ".CSV"}}], ["sales/*"], {"sales/x.CSV"}),
        ([{"wildcard": "sales/*.csv"}], ["*"], {"sales/x.csv"}),
        (["sales/daily.csv"], ["*.csv"], {"sales/daily.csv"}),
        ([{"prefix": "sales/"}], ["sales/daily.csv"], {"sales/daily.csv"}),
    ],
)
def test_of_the_keys_some_fit_the_rule_and_its_machine(
    keys: list[Any], globs: list[str], expected: set[str]
) -> None:
    rule, definition = pattern(*keys), machine(*globs)

    made = keys_of(texts_of(rule, definition))

    events = {key: {"detail": {"object": {"key": key}}} for key in made}
    fitting = {
        key
        for key, event in events.items()
        if matches(rule, event) and next_state(definition, event) == "Run"
    }
    assert fitting == expected


def test_of_two_rules_there_is_a_key_that_both_take() -> None:
    one = texts_of(pattern({"prefix": "sales/"}), machine("*_full.csv"))
    other = texts_of(pattern({"prefix": "sales/today/"}), machine("*.csv"))

    assert "sales/today/x_full.csv" in keys_of(one, other)


def test_a_rule_that_looks_at_no_key_takes_any() -> None:
    assert keys_of(texts_of({"detail": {"bucket": {"name": ["b"]}}})) == ["x"]
