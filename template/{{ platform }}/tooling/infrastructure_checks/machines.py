# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""State machines have valid definitions, and their tasks make valid AWS calls."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import botocore.session
from botocore.model import OperationModel, Shape
from botocore.validate import ParamValidator

from infrastructure_checks.resources import Resource, of_type
from infrastructure_checks.uploads import sent_by

# https://states-language.net/spec.html, with JSONPath, and with JSONata where a state says so
DATA = {"InputPath", "OutputPath"}
FLOW = {"Next", "End"}
RESULT = {"Parameters", "ResultPath", "ResultSelector"}
RETRIES = {"Retry", "Catch"}
TIMES = {"TimeoutSeconds", "TimeoutSecondsPath", "HeartbeatSeconds", "HeartbeatSecondsPath"}
ITEMS = {"ItemReader", "ItemSelector", "ItemBatcher", "ItemsPath", "ResultWriter"}
LIMITS = {"MaxConcurrency", "ToleratedFailureCount", "ToleratedFailurePercentage"}
REQUIRED: dict[str, set[str]] = {
    "Choice": {"Choices"},
    "Fail": set(),
    "Map": {"ItemProcessor"},
    "Parallel": {"Branches"},
    "Pass": set(),
    "Succeed": set(),
    "Task": {"Resource"},
    "Wait": set(),
}
OPTIONAL = {
    "Choice": DATA | {"Default"},
    "Fail": {"Error", "ErrorPath", "Cause", "CausePath"},
    "Map": DATA | FLOW | RESULT | RETRIES | ITEMS | LIMITS | {"Label"},
    "Parallel": DATA | FLOW | RESULT | RETRIES,
    "Pass": DATA | FLOW | RESULT | {"Result"},
    "Succeed": DATA,
    "Task": DATA | FLOW | RESULT | RETRIES | TIMES | {"Credentials"},
    "Wait": DATA | FLOW | {"Seconds", "SecondsPath", "Timestamp", "TimestampPath"},
}
OF_JSONATA = {"Assign", "Output", "QueryLanguage"}
"""The fields of a Pass state with JSONata, beside those of the flow."""

RETRIER = {
    "BackoffRate",
    "Comment",
    "ErrorEquals",
    "IntervalSeconds",
    "JitterStrategy",
    "MaxAttempts",
    "MaxDelaySeconds",
}
CATCHER = {"Comment", "ErrorEquals", "Next", "ResultPath"}
RELATIONS = ("Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals")
COMPARISONS = {
    f"{kind}{relation}{path}"
    for kind in ("String", "Numeric", "Timestamp")
    for relation in RELATIONS
    for path in ("", "Path")
}
COMPARISONS |= {"StringMatches", "BooleanEquals", "BooleanEqualsPath"}
COMPARISONS |= {f"Is{kind}" for kind in ("Present", "Null", "String", "Numeric", "Boolean")}
COMPARISONS |= {"IsTimestamp"}

INTEGRATION = re.compile(r"arn:[^:]+:states:::(?:aws-sdk:)?([^:]+):([a-zA-Z]+)(?:\.[a-zA-Z:0-9]+)?")
CLIENTS = {"states": "stepfunctions", "sfn": "stepfunctions"}


def machines_are_valid(resources: list[Resource]) -> list[str]:
    """Definitions are valid Amazon States Language; each state is reachable and reaches an end."""
    return [
        f"{finding} in {machine.address}"
        for machine in of_type(resources, "aws_sfn_state_machine")
        for finding in _machine_findings(json.loads(machine.values["definition"]))
    ]


def tasks_call_apis_that_exist(resources: list[Resource]) -> list[str]:
    """Every task names an AWS API call, with valid parameters."""
    return [
        f"{finding} in state {name} of {machine.address}"
        for machine in of_type(resources, "aws_sfn_state_machine")
        for name, task in tasks(machine)
        for finding in _call_findings(task)
    ]


def tasks_address_what_exists(resources: list[Resource]) -> list[str]:
    """Tasks start Glue jobs and machines, and send to queues, of the same environment."""
    jobs = {job.values["name"] for job in of_type(resources, "aws_glue_job")}
    queues = {queue.values["url"] for queue in of_type(resources, "aws_sqs_queue")}
    machines = {found.values["arn"] for found in of_type(resources, "aws_sfn_state_machine")}
    findings = []
    for machine in of_type(resources, "aws_sfn_state_machine"):
        for name, task in tasks(machine):
            parameters = task.get("Parameters", {})
            addressed = (("JobName", jobs), ("QueueUrl", queues), ("StateMachineArn", machines))
            for key, known in addressed:
                if key in parameters and parameters[key] not in known:
                    findings.append(
                        f"expected {key} to be one of {sorted(known)}, found {parameters[key]} "
                        f"in state {name} of {machine.address}"
                    )
    return findings


def machines_read_what_they_are_sent(resources: list[Resource]) -> list[str]:
    """A machine reads only fields that a rule or a schedule sends."""
    findings = []
    for machine in of_type(resources, "aws_sfn_state_machine"):
        # The machine itself writes these: an error that it caught, that it repeats a run, a run's result,
        # and what it has made of a batch.
        sent = {"failure", "repeated", "run"}
        sent |= {"batch", "uploads", "refused", "manifest", "bytes"}
        queues = {
            pipe.values["source"]
            for pipe in of_type(resources, "aws_pipes_pipe")
            if pipe.values["target"] == machine.values["arn"]
        }
        for target in of_type(resources, "aws_cloudwatch_event_target"):
            if target.values["arn"] in {machine.values["arn"], *queues}:
                sent |= set(sent_by(target))
        for schedule in of_type(resources, "aws_scheduler_schedule"):
            for target_of_schedule in schedule.values["target"]:
                if target_of_schedule["arn"] == machine.values["arn"]:
                    sent |= set(json.loads(target_of_schedule["input"] or "{}"))
        read = set(re.findall(r'"\$\.([A-Za-z0-9_-]+)', machine.values["definition"]))
        # Machines of other jobs send it too, and the machine of a job without schedules reads it.
        if missing := read - sent - {"schedule"}:
            findings.append(
                f"expected to read {sorted(sent)}, found {sorted(missing)} in {machine.address}"
            )
    return findings


def tasks(machine: Resource) -> Iterator[tuple[str, dict[str, Any]]]:
    """The tasks of a state machine by name, including those of nested machines."""

    def inner(definition: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        for name, state in definition["States"].items():
            if state["Type"] == "Task":
                yield name, state
            for machine_of_state in _inner_machines(state):
                yield from inner(machine_of_state)

    yield from inner(json.loads(machine.values["definition"]))


def api_call(resource: str) -> tuple[str, str] | None:
    """The service and operation of a task's resource: glue and StartJobRun.

    None if it is not an AWS API call, such as a Lambda function's ARN.
    """
    match = INTEGRATION.fullmatch(resource)
    if match is None:
        return None
    service, action = match.groups()
    return CLIENTS.get(service, service), action[0].upper() + action[1:]


def _inner_machines(state: dict[str, Any]) -> list[dict[str, Any]]:
    processors = [state["ItemProcessor"]] if "ItemProcessor" in state else []
    return [*state.get("Branches", []), *processors]


def _machine_findings(machine: dict[str, Any]) -> Iterator[str]:
    states = machine.get("States", {})
    if machine.get("StartAt") not in states:
        yield f"expected StartAt to name a state, found {machine.get('StartAt')}"
    for name, state in states.items():
        for finding in _state_findings(state):
            yield f"{finding} in state {name}"
        for target in _successors(state):
            if target not in states:
                yield f"expected the name of a state, found {target} after state {name}"
        for inner in _inner_machines(state):
            yield from _machine_findings(inner)
    reached = _reach(states, machine.get("StartAt"))
    for name in states:
        if name not in reached:
            yield f"expected a way to state {name}, found none"
        elif all(_successors(states[end]) for end in _reach(states, name)):
            yield f"expected a way from state {name} to an end, found none"


def _state_findings(state: dict[str, Any]) -> Iterator[str]:
    kind = state.get("Type")
    if kind not in REQUIRED:
        yield f"expected Type to be one of {sorted(REQUIRED)}, found {kind}"
        return
    jsonata = kind == "Pass" and state.get("QueryLanguage") == "JSONata"
    known = (
        REQUIRED[kind] | (FLOW | OF_JSONATA if jsonata else OPTIONAL[kind]) | {"Type", "Comment"}
    )
    yield from _fields(state, known, REQUIRED[kind])
    if "Next" in OPTIONAL[kind] and ("Next" in state) == (state.get("End") is True):
        yield "expected either Next or End, found both or neither"
    for retrier in state.get("Retry", []):
        yield from _fields(retrier, RETRIER, {"ErrorEquals"})
    for catcher in state.get("Catch", []):
        yield from _fields(catcher, CATCHER, {"ErrorEquals", "Next"})
    for choice in state.get("Choices", []):
        if "Next" not in choice:
            yield "expected a choice to have Next, found none"
        yield from _condition_findings({k: v for k, v in choice.items() if k != "Next"})


def _condition_findings(condition: dict[str, Any]) -> Iterator[str]:
    rest = set(condition) - {"Comment"}
    if rest in ({"And"}, {"Or"}):
        for part in condition.get("And") or condition.get("Or") or [{}]:
            yield from _condition_findings(part)
    elif rest == {"Not"}:
        yield from _condition_findings(condition["Not"])
    elif "Variable" not in rest or len(rest) != 2 or not rest - {"Variable"} <= COMPARISONS:
        yield f"expected Variable and one comparison, found {sorted(rest)}"
    elif not str(condition["Variable"]).startswith("$"):
        yield f"expected a path as Variable, found {condition['Variable']}"


def _fields(found: dict[str, Any], known: set[str], required: set[str]) -> Iterator[str]:
    if unknown := set(found) - known:
        yield f"expected fields of the States Language, found {sorted(unknown)}"
    if missing := required - set(found):
        yield f"expected {sorted(missing)}, found {sorted(found)}"


def _successors(state: dict[str, Any]) -> list[str]:
    branches = [*state.get("Choices", []), *state.get("Catch", [])]
    named = [branch["Next"] for branch in branches if "Next" in branch]
    return named + [state[key] for key in ("Next", "Default") if key in state]


def _reach(states: dict[str, Any], start: str | None) -> set[str]:
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name in states and name not in reached:
            reached.add(name)
            waiting += _successors(states[name])
    return reached


def _call_findings(task: dict[str, Any]) -> list[str]:
    call = api_call(task["Resource"])
    if call is None:
        return []
    operation = _operation(*call)
    if operation is None:
        return [f"expected an operation of AWS, found {':'.join(call)}"]
    if operation.input_shape is None:
        return []
    # Step Functions writes each name with a capital, also those that the API writes without one.
    members = {
        f"{name[0].upper()}{name[1:]}{ending}": f"{name}{ending}"
        for name in operation.input_shape.members
        for ending in ("", ".$")
    }
    given = task.get("Parameters", {})
    named = {members.get(name, name): value for name, value in given.items()}
    parameters = _with_samples(named, operation.input_shape)
    report = ParamValidator().validate(parameters, operation.input_shape).generate_report()
    problems = [f"expected what {call[1]} takes, found: {line}" for line in report.splitlines()]
    if unknown := set(parameters) - set(operation.input_shape.members):
        problems.append(f"expected parameters of {call[1]}, found {sorted(unknown)}")
    return problems


@cache
def _operation(service: str, name: str) -> OperationModel | None:
    session = botocore.session.get_session()
    if service not in session.get_available_services():
        return None
    model = session.get_service_model(service)
    return model.operation_model(name) if name in model.operation_names else None


def _with_samples(value: Any, shape: Shape | None) -> Any:
    """The parameters of a task, with sample values of the right types for values from the input."""
    if not isinstance(value, dict):
        return value
    if shape and shape.type_name == "string":
        return "JSON"  # Step Functions writes an object as text where the API takes a text
    members = getattr(shape, "members", {})
    filled = {}
    for key, item in value.items():
        name = key.removesuffix(".$")
        member = members.get(name, getattr(shape, "value", None))
        filled[name] = _sample(member) if key.endswith(".$") else _with_samples(item, member)
    return filled


def _sample(shape: Shape | None) -> Any:
    samples: dict[str, Any] = {"integer": 1, "long": 1, "boolean": True, "list": [], "map": {}}
    return samples.get(shape.type_name, "a value") if shape else "a value"
