# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Evaluate from the deployed rules, transformers and machines what an upload would start."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from operations.asl_choice import next_state, runs_object
from operations.environment import Environment
from operations.events import Event
from operations.patterns import matches
from operations.tables import Row
from operations.transformer import transform


@dataclass(frozen=True)
class Match:
    """A rule that matches an event, the input of its machine, and what the machine does.

    machine: the machine's ARN. state: the machine's next state. over: object, directory or nothing.
    """

    rule: str
    enabled: bool
    machine: str
    sent: str
    state: str
    over: str

    @property
    def glue_job(self) -> str:
        """The Glue job of the machine, which has the same name."""
        return self.machine.rsplit(":", 1)[-1]


def matching(environment: Environment, event: Event) -> list[Match]:
    """The rules of the environment that match an event, including disabled ones."""
    return [
        _match(environment, rule, target, event)
        for rule, target in rules(environment)
        if matches(json.loads(rule["EventPattern"]), event)
    ]


def rules(environment: Environment) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """The environment's rules for uploads, each with its target, a state machine."""
    events = environment.client("events")
    for page in events.get_paginator("list_rules").paginate(NamePrefix=f"{environment.name}-"):
        for rule in page["Rules"]:
            for target in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]:
                if rule.get("EventPattern") and ":stateMachine:" in target["Arn"]:
                    yield rule, target


def sent_input(target: Mapping[str, Any], event: Event) -> str:
    """The input of a target for an event: the transformer's result, or the event itself.

    Raises:
        TransformerError: the transformer fails.
    """
    if transformer := target.get("InputTransformer"):
        return transform(event, transformer.get("InputPathsMap", {}), transformer["InputTemplate"])
    return json.dumps(event, ensure_ascii=False)


def definition_of(environment: Environment, machine: str) -> dict[str, Any]:
    """The deployed definition of a state machine."""
    described = environment.client("stepfunctions").describe_state_machine(stateMachineArn=machine)
    definition: dict[str, Any] = json.loads(described["definition"])
    return definition


def as_rows(matched: list[Match]) -> list[Row]:
    """The matches as rows of a table."""
    return [
        {
            "rule": match.rule,
            "enabled": match.enabled,
            "machine": match.glue_job,
            "state": match.state,
            "runs over": match.over,
        }
        for match in matched
    ]


def _match(
    environment: Environment, rule: Mapping[str, Any], target: Mapping[str, Any], event: Event
) -> Match:
    sent = sent_input(target, event)
    definition = definition_of(environment, target["Arn"])
    state = next_state(definition, json.loads(sent))
    if definition["States"][state]["Type"] != "Task":
        over = "nothing"
    else:
        over = "object" if runs_object(definition, state) else "directory"
    return Match(rule["Name"], rule["State"] == "ENABLED", target["Arn"], sent, state, over)
