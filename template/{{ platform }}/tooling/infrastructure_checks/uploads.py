# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""EventBridge rules have valid patterns, inputs and targets."""

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from infrastructure_checks.resources import Resource, by_arn, of_type, statements
from operations.asl_choice import ChoiceError, first_run
from operations.events import Event, object_created
from operations.keys import Texts, keys_of, texts_of
from operations.patterns import PatternError, check, matches
from operations.permissions import policy_allows
from operations.pipes import passed, passes
from operations.transformer import TransformerError, transform

PLACEHOLDER = re.compile(r"<([A-Za-z0-9_.-]+)>")
PATH_OF_PIPE = re.compile(r"<\$(\.[A-Za-z0-9_-]+)+>")
INPUT_PATH = re.compile(r"\$(\.[A-Za-z0-9_-]+)+")


def rules_start_machines(resources: list[Resource]) -> list[str]:
    """Every rule has a target: a state machine with a role, or a queue whose pipe starts one.

    A rule may also send its events on to the bus of another place. All of them have a dead-letter
    queue that accepts their events; a rule that logs its events needs neither a role nor a queue.
    """
    machines = by_arn(resources, "aws_sfn_state_machine")
    roles = by_arn(resources, "aws_iam_role")
    queues = by_arn(resources, "aws_sqs_queue")
    rules = {rule.values["name"]: rule for rule in of_type(resources, "aws_cloudwatch_event_rule")}
    piped = {each.values["source"]: each for each in of_type(resources, "aws_pipes_pipe")}
    targets = of_type(resources, "aws_cloudwatch_event_target")
    findings = [
        f"expected a target, found none in {rule.address}"
        for name, rule in rules.items()
        if name not in {target.values["rule"] for target in targets}
    ]
    for target in targets:
        values, where = target.values, target.address
        if ":log-group:" in values["arn"]:
            continue
        rule = rules.get(values["rule"])
        pipe = piped.get(values["arn"])
        machine = pipe.values["target"] if pipe else values["arn"]
        role = pipe.values["role_arn"] if pipe else values["role_arn"]
        if machine not in machines and not is_event_bus(machine):
            findings.append(f"expected a state machine, found {machine} in {where}")
        if role not in roles:
            findings.append(f"expected a role, found {role} in {where}")
        taken = queues.get(values["arn"])
        if rule and taken and not _accepts(taken, rule):
            findings.append(
                f"expected a policy that lets {rule.values['name']} send, found "
                f"{taken.values['policy']} in {taken.address}"
            )
        queue = queues.get(dead_letter_queue(values))
        if rule is None:
            findings.append(f"expected a rule, found {values['rule']} in {where}")
        elif queue is None:
            findings.append(f"expected a dead-letter queue, found none in {where}")
        elif not _accepts(queue, rule):
            findings.append(
                f"expected a policy that lets {rule.values['name']} send, found "
                f"{queue.values['policy']} in {queue.address}"
            )
    return findings


def patterns_say_what_they_seem_to(resources: list[Resource]) -> list[str]:
    """Patterns use existing operators, and no array that looks like "and" but means "or"."""
    found = [
        (rule.address, rule.values["event_pattern"])
        for rule in of_type(resources, "aws_cloudwatch_event_rule")
        if rule.values["event_pattern"]
    ]
    found += [
        (pipe.address, each["Pattern"])
        for pipe in of_type(resources, "aws_pipes_pipe")
        for each in as_deployed(pipe)["SourceParameters"]["FilterCriteria"]["Filters"]
    ]
    return [
        f"{finding} in {where}"
        for where, pattern in found
        for finding in _pattern_findings(json.loads(pattern))
    ]


def input_templates_give_json(resources: list[Resource]) -> list[str]:
    """Placeholders are unquoted, defined and used, and the filled template is JSON."""
    findings = []
    for target in of_type(resources, "aws_cloudwatch_event_target"):
        for transformer in target.values["input_transformer"]:
            template, paths = transformer["input_template"], transformer["input_paths"] or {}
            used = {n for n in PLACEHOLDER.findall(template) if not n.startswith("aws.events.")}
            if "\\u003c" in template:
                problem = f"expected <name>, found it escaped in {template}"
            elif used != set(paths):
                problem = f"expected the placeholders {sorted(paths)}, found {sorted(used)}"
            elif not all(INPUT_PATH.fullmatch(path) for path in paths.values()):
                problem = f"expected paths such as $.detail.object, found {sorted(paths.values())}"
            elif not _is_json(PLACEHOLDER.sub('{"an": "object"}', template)):
                problem = f"expected JSON with bare placeholders, found {template}"
            else:
                continue
            findings.append(f"{problem} in {target.address}")
    for pipe in of_type(resources, "aws_pipes_pipe"):
        template = as_deployed(pipe)["TargetParameters"]["InputTemplate"]
        if not _is_json(PATH_OF_PIPE.sub('{"an": "object"}', template or "")):
            findings.append(
                f"expected JSON with bare placeholders such as <$.body.object>, found {template} "
                f"in {pipe.address}"
            )
    return findings


def an_upload_starts_one_run(resources: list[Resource]) -> list[str]:
    """No two rules match the same object."""
    findings = []
    for one, other in itertools.combinations(_starters(resources), 2):
        if one.rule == other.rule or not _may_meet(one, other):
            continue
        tried = itertools.product(one.buckets & other.buckets, keys_of(one.texts, other.texts))
        for bucket, key in tried:
            if one.runs_for(bucket, key) and other.runs_for(bucket, key):
                findings.append(
                    f"expected uploads that start one run, found two for {bucket}/{key} in "
                    f"{one.rule} and {other.rule}"
                )
                break
    return findings


def jobs_may_read_what_starts_them(resources: list[Resource]) -> list[str]:
    """The role of a job may read every object of the environment's buckets for which a rule starts it."""
    own = lake_buckets(resources)
    jobs = {job.values["name"]: job for job in of_type(resources, "aws_glue_job")}
    roles = by_arn(resources, "aws_iam_role")
    findings = []
    for starter in _starters(resources):
        tried = itertools.product(starter.buckets & own, keys_of(starter.texts))
        started = [place for place in tried if starter.runs_for(*place)]
        for job in [jobs[name] for name in sorted(starter.jobs & jobs.keys())]:
            role = roles.get(job.values["role_arn"])
            refused = [
                place for place in started if role and not _may_read(resources, role, *place)
            ]
            findings += [
                f"expected a role that may read what starts the job, found that it may not read "
                f"{bucket}/{key} of {starter.rule} in {job.address}; add the prefix to reads in "
                f"infrastructure/jobs/<job>.json"
                for bucket, key in refused[:1]
            ]
    return findings


def lake_buckets(resources: list[Resource]) -> set[str]:
    """The buckets of the environment, and those of others that its jobs use."""
    listed = ",".join(
        (job.values["default_arguments"] or {}).get("--lake_buckets", "")
        for job in of_type(resources, "aws_glue_job")
    )
    existing = {pair.partition("=")[2] for pair in listed.split(",") if pair}
    return existing | {bucket.values["bucket"] for bucket in of_type(resources, "aws_s3_bucket")}


def is_event_bus(arn: str) -> bool:
    """Whether an ARN is that of an event bus, to which a rule sends its events on."""
    return ":event-bus/" in arn


def as_deployed(pipe: Resource) -> dict[str, Any]:
    """What the commands read of a deployed pipe: its filters and its template."""
    source, target = pipe.values["source_parameters"][0], pipe.values["target_parameters"][0]
    filters = [
        {"Pattern": each["pattern"]}
        for criteria in source["filter_criteria"]
        for each in criteria["filter"]
    ]
    return {
        "SourceParameters": {"FilterCriteria": {"Filters": filters}},
        "TargetParameters": {"InputTemplate": target["input_template"]},
    }


def dead_letter_queue(values: dict[str, Any]) -> str:
    """The ARN of the dead-letter queue of a target; empty if it has none."""
    return next((config["arn"] for config in values["dead_letter_config"] or []), "")


def sent_by(target: Resource) -> dict[str, Any]:
    """The input that a rule's target receives; without a transformer, an S3 event."""
    for transformer in target.values["input_transformer"]:
        text = PLACEHOLDER.sub('{"an": "object"}', transformer["input_template"])
        sent: dict[str, Any] = json.loads(text) if _is_json(text) else {}
        return sent
    return {"source": "aws.s3", "detail-type": "Object Created", "detail": {}}


def _accepts(queue: Resource, rule: Resource) -> bool:
    """Whether the queue's policy lets the rule send to it."""
    policy = {"Statement": statements(queue.values["policy"])}
    context = {"aws:SourceArn": rule.values["arn"]}
    service = "events.amazonaws.com"
    return policy_allows(policy, "sqs:SendMessage", queue.values["arn"], service, context)


def _pattern_findings(pattern: Any) -> Iterator[str]:
    try:
        check(pattern)
    except PatternError as error:
        yield str(error)
    else:
        yield from _choices_for_conditions(pattern)


def _choices_for_conditions(pattern: dict[str, Any]) -> Iterator[str]:
    """Fields with several operators: EventBridge accepts either, although both are meant."""
    for name, expected in pattern.items():
        if isinstance(expected, dict):
            yield from _choices_for_conditions(expected)
        elif name == "$or":
            for alternative in expected:
                yield from _choices_for_conditions(alternative)
        else:
            operators = {
                each for matcher in expected if isinstance(matcher, dict) for each in matcher
            }
            if len(operators) > 1:
                yield (
                    f"expected one operator, found {sorted(operators)} for {name}; EventBridge "
                    "requires only one of them to match, not both"
                )


@dataclass(frozen=True)
class _Starter:
    """A rule with its target and its machine: what an upload may start."""

    rule: str
    pattern: Mapping[str, Any]
    target: Resource
    definition: Mapping[str, Any]
    pipe: Mapping[str, Any] | None = None

    @property
    def buckets(self) -> set[str]:
        names = self.pattern.get("detail", {}).get("bucket", {}).get("name", [])
        return {name for name in names if isinstance(name, str)}

    @property
    def jobs(self) -> set[str]:
        """The Glue jobs that the machine's tasks name."""
        states = self.definition.get("States", {}).values()
        return {
            each["Parameters"]["JobName"]
            for each in states
            if "JobName" in each.get("Parameters", {})
        }

    @cached_property
    def texts(self) -> Texts:
        return texts_of(self.pattern, self.definition)

    @cached_property
    def beginnings(self) -> frozenset[str]:
        """The prefixes of keys that the rule requires."""
        found = texts_of(self.pattern)
        return found.beginnings | found.whole or frozenset({""})

    def runs_for(self, bucket: str, key: str) -> bool:
        """Whether an upload of this key starts a run; other checks report undecidable machines."""
        event = object_created(bucket, key, size=1)
        try:
            if not matches(self.pattern, event):
                return False
            sent = _sent_for(self.target, event)
            if self.pipe and not passes(self.pipe, sent):
                return False
            given = [passed(self.pipe, sent)] if self.pipe else json.loads(sent)
            _, over = first_run(self.definition, given)
        except (PatternError, TransformerError):
            return False
        except ChoiceError:
            return True
        return over != "nothing"


def _starters(resources: list[Resource]) -> list[_Starter]:
    machines = by_arn(resources, "aws_sfn_state_machine")
    rules = {rule.values["name"]: rule for rule in of_type(resources, "aws_cloudwatch_event_rule")}
    piped = {each.values["source"]: each for each in of_type(resources, "aws_pipes_pipe")}
    starts = {arn: pipe.values["target"] for arn, pipe in piped.items()}
    return [
        _Starter(
            rule=rules[target.values["rule"]].address,
            pattern=json.loads(rules[target.values["rule"]].values["event_pattern"] or "{}"),
            target=target,
            definition=json.loads(machines[machine].values["definition"]),
            pipe=as_deployed(piped[target.values["arn"]])
            if target.values["arn"] in piped
            else None,
        )
        for target in of_type(resources, "aws_cloudwatch_event_target")
        for machine in [starts.get(target.values["arn"], target.values["arn"])]
        if target.values["rule"] in rules and machine in machines
    ]


def _may_read(resources: list[Resource], role: Resource, bucket: str, key: str) -> bool:
    """Whether the role's policies let it read an object."""
    policies = [
        {"Statement": statements(policy.values["policy"])}
        for policy in of_type(resources, "aws_iam_role_policy")
        if policy.values["role"] == role.values["id"]
    ]
    place = f"arn:aws:s3:::{bucket}/{key}"
    return any(policy_allows(policy, "s3:GetObject", place, None, {}) for policy in policies)


def _may_meet(one: _Starter, other: _Starter) -> bool:
    """Whether both may match the same key, by prefix; trying keys takes longer."""
    return any(
        first.startswith(second) or second.startswith(first)
        for first, second in itertools.product(one.beginnings, other.beginnings)
    )


def _sent_for(target: Resource, event: Event) -> str:
    for transformer in target.values["input_transformer"]:
        return transform(event, transformer["input_paths"] or {}, transformer["input_template"])
    return json.dumps(event)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
