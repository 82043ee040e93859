# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Evaluate from the deployed rules, transformers and machines what an upload would start."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from operations.asl_choice import ChoiceError, first_run
from operations.environment import Environment
from operations.errors import OperationError
from operations.events import Event
from operations.patterns import PatternError, matches
from operations.pipes import limits, passed, passes
from operations.tables import Row
from operations.transformer import TransformerError, transform

Rule = tuple[Mapping[str, Any], Mapping[str, Any]]
"""A rule for uploads, and one of its targets, a state machine: a pipe's, if the rule's is a queue.

The target then has the pipe as Pipe.
"""


@dataclass(frozen=True)
class Match:
    """A rule that matches an event, the input of its machine, and what the machine does.

    machine: the machine's ARN. state: the machine's next state. over: object, batch, directory or
    nothing. problem: why this is not known, of a rule that only EventBridge can evaluate; else empty.
    most, seconds: the limits of a batch; sent is then a list with this upload alone.
    """

    rule: str
    enabled: bool
    machine: str
    sent: str
    state: str
    over: str
    problem: str = ""
    most: int = 1
    seconds: int = 0

    @property
    def told(self) -> str:
        """What it runs over, for people."""
        if self.over == "batch":
            return f"a batch: at most {self.most} objects of {self.seconds} s"
        return self.over or f"not known: {self.problem}"

    @property
    def glue_job(self) -> str:
        """The Glue job of the machine, which has the same name."""
        return self.machine.rsplit(":", 1)[-1]


class Rules:
    """The environment's rules for uploads, and their machines; reads each from AWS once.

    machine: with an ARN, only the rules that start this machine.
    """

    def __init__(self, environment: Environment, machine: str = "") -> None:
        self._environment = environment
        self._all = [
            (rule, target) for rule, target in rules(environment) if machine in ("", target["Arn"])
        ]
        self._definitions: dict[str, dict[str, Any]] = {}

    def __bool__(self) -> bool:
        return bool(self._all)

    @property
    def buckets(self) -> list[str]:
        """The buckets that the patterns of the rules name."""
        return sorted({name for rule, _ in self._all for name in buckets_of(rule)})

    def matching(self, event: Event) -> list[Match]:
        """The rules that match an event, including disabled ones and those with a problem."""
        return [found for each in self._all if (found := self._match(each, event))]

    def _match(self, rule_and_target: Rule, event: Event) -> Match | None:
        rule, target = rule_and_target
        sent = state = over = problem = ""
        most, seconds = 1, 0
        try:
            if not matches(json.loads(rule["EventPattern"]), event):
                return None
            if sent := sent_input(target, event):
                state, over = self._next(target["Arn"], sent)
            else:
                state, over = "the filter of its pipe", "nothing"
            if "Pipe" in target:
                most, seconds = limits(target["Pipe"])
        except (PatternError, TransformerError, ChoiceError, OperationError) as error:
            problem = str(error)
        enabled = rule["State"] == "ENABLED"
        return Match(
            rule["Name"], enabled, target["Arn"], sent, state, over, problem, most, seconds
        )

    def _next(self, machine: str, sent: str) -> tuple[str, str]:
        """The state of a machine that follows its first one, and what it runs over."""
        if machine not in self._definitions:
            self._definitions[machine] = definition_of(self._environment, machine)
        return first_run(self._definitions[machine], json.loads(sent))


def rules(environment: Environment) -> Iterator[Rule]:
    """The environment's rules for uploads, each with its target, a state machine."""
    events = environment.client("events")
    pipes: dict[str, dict[str, Any]] | None = None
    for page in events.get_paginator("list_rules").paginate(NamePrefix=f"{environment.group}-"):
        for rule in page["Rules"]:
            if not rule.get("EventPattern"):
                continue
            for target in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]:
                if ":sqs:" in target["Arn"]:
                    pipes = _pipes(environment) if pipes is None else pipes
                    if pipe := pipes.get(target["Arn"]):
                        yield rule, {**target, "Arn": pipe["Target"], "Pipe": pipe}
                elif ":stateMachine:" in target["Arn"]:
                    yield rule, target


def _pipes(environment: Environment) -> dict[str, dict[str, Any]]:
    """The environment's pipes that start state machines, by the ARN of their queue."""
    pipes = environment.client("pipes")
    pages = pipes.get_paginator("list_pipes").paginate(NamePrefix=f"{environment.group}-")
    found = [pipes.describe_pipe(Name=each["Name"]) for page in pages for each in page["Pipes"]]
    return {each["Source"]: each for each in found if ":stateMachine:" in each["Target"]}


def buckets_of(rule: Mapping[str, Any]) -> list[str]:
    """The buckets that the pattern of a rule names; none if it matches any bucket."""
    found = json.loads(rule["EventPattern"])
    for step in ("detail", "bucket", "name"):
        found = found.get(step, {}) if isinstance(found, dict) else {}
    return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []


def sent_input(target: Mapping[str, Any], event: Event) -> str:
    """The input of a machine for an event: the transformer's result, or the event itself.

    A pipe makes a list of it, here with this upload alone; empty if the pipe does not pass it on.

    Raises:
        PatternError: EventBridge would reject the filter of the pipe.
        TransformerError: the transformer fails.
    """
    text = json.dumps(event, ensure_ascii=False)
    if transformer := target.get("InputTransformer"):
        paths = transformer.get("InputPathsMap", {})
        text = transform(event, paths, transformer["InputTemplate"])
    if pipe := target.get("Pipe"):
        is_passed = passes(pipe, text)
        text = json.dumps([passed(pipe, text)], ensure_ascii=False) if is_passed else ""
    return text


def definition_of(environment: Environment, machine: str) -> dict[str, Any]:
    """The deployed definition of a state machine.

    Raises:
        OperationError: it does not exist, or cannot be read.
    """
    states = environment.client("stepfunctions")
    try:
        described = states.describe_state_machine(stateMachineArn=machine)
    except ClientError as error:
        raise OperationError(
            f"expected the state machine {machine}, found {error.response['Error']['Code']}"
        ) from error
    definition: dict[str, Any] = json.loads(described["definition"])
    return definition


def next_machines(definition: Mapping[str, Any]) -> list[str]:
    """The ARNs of the machines that start after a successful run."""
    parameters = [state.get("Parameters", {}) for state in definition["States"].values()]
    return [found["StateMachineArn"] for found in parameters if "StateMachineArn" in found]


def as_rows(matched: list[Match]) -> list[Row]:
    """The matches as rows of a table."""
    return [
        {
            "rule": match.rule,
            "enabled": match.enabled,
            "machine": match.glue_job,
            "state": match.state,
            "runs over": match.told,
        }
        for match in matched
    ]
