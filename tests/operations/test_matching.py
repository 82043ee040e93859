"""A machine's first choice is evaluated as Step Functions does."""

import json
from typing import Any

import pytest

from operations.asl_choice import ChoiceError, first_run, next_state, runs_over
from operations.pipes import passed, passes
from operations.transformer import TransformerError


def machine(*conditions: dict[str, Any]) -> dict[str, Any]:
    choice = {"And": list(conditions), "Next": "Run"}
    return {
        "StartAt": "Route",
        "States": {
            "Route": {"Type": "Choice", "Choices": [choice], "Default": "Ignore"},
            "Run": {
                "Type": "Task",
                "Resource": "arn:aws:states:::glue:startJobRun.sync",
                "Parameters": {"Arguments": {"--object_key.$": "$.key"}},
            },
            "Ignore": {"Type": "Succeed"},
        },
    }


def key_matches(pattern: str) -> dict[str, Any]:
    return machine({"Variable": "$.object.key", "StringMatches": pattern})


@pytest.mark.parametrize(
    ("pattern", "key", "expected"),
    [
        ("*.csv", "sales/a.csv", "Run"),
        ("*.csv", "sales/a.CSV", "Ignore"),
        ("*.csv", "sales/a.csv.part", "Ignore"),
        ("*.csv", "sales/line\nbreak.csv", "Run"),
        ("sales/*.csv", "sales/.csv", "Run"),
        ("sales/*.csv", "customers/a.csv", "Ignore"),
        ("a[1]?.csv", "a[1]?.csv", "Run"),
        ("a[1]?.csv", "a1x.csv", "Ignore"),
        ("a\\*.csv", "a*.csv", "Run"),
        ("a\\*.csv", "ab.csv", "Ignore"),
        ("a\\\\b", "a\\b", "Run"),
    ],
)
def test_only_a_star_is_special_in_a_pattern(pattern: str, key: str, expected: str) -> None:
    assert next_state(key_matches(pattern), {"object": {"key": key}}) == expected


def test_a_field_that_is_not_there_matches_nothing() -> None:
    assert next_state(key_matches("*"), {"object": {}}) == "Ignore"
    assert next_state(key_matches("*"), {"object": "a"}) == "Ignore"


def test_all_conditions_of_a_choice_must_hold() -> None:
    definition = machine(
        {"Variable": "$.rule", "IsPresent": True}, {"Variable": "$.rule", "StringEquals": "sales"}
    )

    assert next_state(definition, {"rule": "sales"}) == "Run"
    assert next_state(definition, {"rule": "customers"}) == "Ignore"
    assert next_state(definition, {}) == "Ignore"


def test_a_run_over_an_object_is_distinguished_from_one_over_the_directory() -> None:
    definition = key_matches("*")

    assert runs_over(definition, "Run") == "object"
    assert runs_over(definition, "Ignore") == "nothing"


def test_a_run_is_found_after_the_states_that_prepare_it() -> None:
    run = {"Resource": "arn:aws:states:::glue:startJobRun.sync", "End": True}
    states = {
        "Batch": {"Type": "Pass", "Next": "Manifest"},
        "Manifest": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:s3:putObject",
            "Next": "Run",
        },
        "Run": {**run, "Type": "Task", "Parameters": {"Arguments": {"--manifest.$": "$.manifest"}}},
        "Refuse": {"Type": "Pass", "Next": "Keep"},
        "Keep": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage",
            "Next": "Failed",
        },
        "Failed": {"Type": "Fail"},
        "Circle": {"Type": "Wait", "Next": "Circle"},
    }
    over = {name: runs_over({"States": states}, name) for name in states}

    assert {name for name, found in over.items() if found == "batch"} == {
        *("Batch", "Manifest", "Run")
    }
    assert {over[name] for name in ("Refuse", "Keep", "Failed", "Circle")} == {"nothing"}


def test_a_batch_runs_over_nothing_for_an_upload_that_alone_would_be_refused() -> None:
    task = {"Type": "Task", "Resource": "arn:aws:states:::glue:startJobRun.sync", "End": True}
    batch = {**task, "Parameters": {"Arguments": {"--manifest.$": "$.manifest"}}}
    alone = {**task, "Parameters": {"Arguments": {"--object_key.$": "$.object.key"}}}
    small = {"Variable": "$.size", "NumericLessThanEquals": 10}
    definition = {
        "StartAt": "Route",
        "States": {
            "Route": {
                "Type": "Choice",
                "Choices": [{"Variable": "$[0].size", "IsPresent": True, "Next": "Batch"}],
                "Default": "Accept",
            },
            "Accept": {
                "Type": "Choice",
                "Choices": [{**small, "Next": "RunForObject"}],
                "Default": "Refuse",
            },
            "Batch": {"Type": "Pass", "Next": "Any"},
            "Any": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.files", "NumericGreaterThan": 0, "Next": "Run"}],
                "Default": "None",
            },
            "None": {"Type": "Fail"},
            "Refuse": {"Type": "Pass", "Next": "None"},
            "Run": batch,
            "RunForObject": alone,
        },
    }

    assert first_run(definition, [{"size": 10}]) == ("Batch", "batch")
    assert first_run(definition, [{"size": 11}]) == ("Refuse", "nothing")
    assert first_run(definition, {"size": 10}) == ("RunForObject", "object")


@pytest.mark.parametrize(
    ("given", "expected"),
    [([{"rule": "r"}], "Run"), ([{"rule": "other"}], "Ignore"), ([], "Ignore"), ({}, "Ignore")],
)
def test_a_choice_may_look_into_a_list(given: object, expected: str) -> None:
    definition = machine({"Variable": "$[0].rule", "StringEquals": "r"})

    assert next_state(definition, given) == expected


PIPE = {
    "SourceParameters": {
        "FilterCriteria": {
            "Filters": [{"Pattern": '{"body": {"object": {"key": [{"suffix": ".csv"}]}}}'}]
        }
    },
    "TargetParameters": {"InputTemplate": '{"rule": "r", "object": <$.body.object>}'},
}


def test_a_pipe_filters_messages_by_their_json_and_passes_a_part_of_it() -> None:
    body = {"rule": "other", "object": {"key": 'sales/"a" <b>\\ü.csv', "size": 3}}

    assert passes(PIPE, json.dumps(body))
    assert passed(PIPE, json.dumps(body)) == {"rule": "r", "object": body["object"]}
    assert not passes(PIPE, json.dumps({"object": {"key": "sales/a.json"}}))
    assert not passes(PIPE, "no JSON")
    assert passes({}, "no JSON")
    assert passed({}, "no JSON") == {"body": "no JSON"}


def test_a_pipe_that_cannot_fill_its_template_is_a_fault() -> None:
    with pytest.raises(TransformerError, match=r"expected \$\.body\.object"):
        passed(PIPE, '{"rule": "r"}')


def test_a_comparison_that_is_not_known_is_refused() -> None:
    with pytest.raises(ChoiceError, match="expected IsPresent, StringEquals, StringMatches, "):
        next_state(machine({"Variable": "$.size", "NumericEquals": 1}), {"size": 1})


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (0, "Run"),
        (100, "Run"),
        (101, "Ignore"),
        (None, "Ignore"),
        ("1", "Ignore"),
        (True, "Ignore"),
    ],
)
def test_a_size_is_compared_as_a_number(size: object, expected: str) -> None:
    definition = machine({"Variable": "$.size", "NumericLessThanEquals": 100})

    assert next_state(definition, {"size": size}) == expected


def test_choices_are_followed_to_a_state_that_does_something() -> None:
    either = {"Or": [{"Variable": "$.key", "StringMatches": name} for name in ("a*", "b*")]}
    definition = machine({"Variable": "$.key", "IsPresent": True})
    definition["States"]["Route"]["Choices"][0]["Next"] = "Accept"
    definition["States"]["Accept"] = {
        "Type": "Choice",
        "Choices": [{"And": [either], "Next": "Size"}],
        "Default": "Ignore",
    }
    large = {"Variable": "$.size", "NumericGreaterThan": 10, "Next": "RunLarge"}
    definition["States"]["Size"] = {"Type": "Choice", "Choices": [large], "Default": "Run"}
    definition["States"]["RunLarge"] = definition["States"]["Run"]

    assert next_state(definition, {"key": "b1", "size": 10}) == "Run"
    assert next_state(definition, {"key": "b1", "size": 11}) == "RunLarge"
    assert next_state(definition, {"key": "c1", "size": 11}) == "Ignore"
