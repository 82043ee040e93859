"""Our event patterns and input transformers against those of a second emulator, MiniStack.

Every pattern is a rule there, every event is sent there, by PutEvents or by an upload, and a queue
tells which rules sent it on. Cidr is left out: patterns.py does not know it.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulated_aws.server import REGION, EmulatedAws
from operations.patterns import PatternError, matches
from operations.transformer import TransformerError, transform
from second_emulator import second_emulator
from tasks.examples import RENDERED
from tools import needs

BUCKET = "data-lake-dev-bronze"


def key(*matchers: Any) -> dict[str, Any]:
    return {"detail": {"object": {"key": list(matchers)}}}


def value(*matchers: Any) -> dict[str, Any]:
    return {"detail": {"value": list(matchers)}}


def inner(*matchers: Any) -> dict[str, Any]:
    return {"detail": {"value": {"inner": list(matchers)}}}


KEYS = [
    "sales/daily.csv",
    "sales/daily.CSV",
    "sales/2024/01/daily_full.csv.gz",
    "sales/.csv",
    "sales/_tmp/part.csv",
    "sales/",
    "SALES/daily.csv",
    "other/sales/daily.csv",
    "products/catalog.json",
    "customers/a b.csv",
    "sales/a+b.csv",
    "sales/a%20b.csv",
    "sales/[1]?.csv",
    "sales/{x,y}*.csv",
    'sales/"quoted".csv',
    "sales/'single'.csv",
    "sales/back\\slash.csv",
    "sales/<bucket>.csv",
    "sales/&lt;#=.csv",
    "sales/two\nlines.csv",
    "sales/Straße.csv",
    "sales/ÜBER.csv",
    "sales/über.csv",
    "sales/日本.csv",
    "sales/😀.csv",
]
"""What is uploaded; a key that ends in / has no content, the others three bytes."""

VALUES: list[Any] = [
    "",
    "a",
    "A",
    "ab",
    "abc",
    "b",
    "3",
    "true",
    "a*b",
    "ß",
    "ẞ",
    "SS",
    "K",
    "\N{KELVIN SIGN}",
    "İ",
    "i",
    "ﬁ",
    -1,
    0,
    1,
    2.5,
    3,
    3.0,
    1e3,
    True,
    False,
    None,
    [],
    ["a"],
    ["a", "b"],
    ["b", 3, None],
    [["a"], ["c"]],
    [[]],
    {},
    {"inner": "a"},
    {"inner": ["a", "b"]},
    {"inner": {"deep": "a"}},
    [{"inner": "a"}, {"inner": "b", "other": 1}],
    [{"inner": "a", "other": 1}, 3],
]
"""What PutEvents sends as detail.value; one more event has none."""

MATCHERS: list[Any] = [
    "",
    "a",
    "b",
    "3",
    0,
    3,
    3.0,
    1000,
    True,
    False,
    None,
    {"prefix": ""},
    {"prefix": "a"},
    {"prefix": {"equals-ignore-case": "A"}},
    {"prefix": {"equals-ignore-case": "ß"}},
    {"suffix": ""},
    {"suffix": "b"},
    {"suffix": {"equals-ignore-case": "B"}},
    {"equals-ignore-case": "a"},
    {"equals-ignore-case": "ß"},
    {"equals-ignore-case": "k"},
    {"equals-ignore-case": "i"},
    {"wildcard": "*"},
    {"wildcard": ""},
    {"wildcard": "a*"},
    {"wildcard": "*b*"},
    {"wildcard": "a\\*b"},
    {"wildcard": "a*c"},
    {"numeric": ["=", 3]},
    {"numeric": ["<", 1]},
    {"numeric": ["<=", 1]},
    {"numeric": [">", 2.5]},
    {"numeric": [">=", 2.5, "<", 1000]},
    {"exists": True},
    {"exists": False},
    {"anything-but": "a"},
    {"anything-but": ""},
    {"anything-but": ["a", "b"]},
    {"anything-but": 3},
    {"anything-but": [0, 3]},
    {"anything-but": {"prefix": "a"}},
    {"anything-but": {"prefix": ["a", "b"]}},
    {"anything-but": {"suffix": "b"}},
    {"anything-but": {"suffix": ["b", "c"]}},
    {"anything-but": {"equals-ignore-case": "A"}},
    {"anything-but": {"equals-ignore-case": ["A", "B"]}},
    {"anything-but": {"wildcard": "a*"}},
    {"anything-but": {"wildcard": ["a*", "*c"]}},
]

PATTERNS: dict[str, Any] = {
    **{f"value {json.dumps(each)}": value(each) for each in MATCHERS},
    **{f"inner {json.dumps(each)}": inner(each) for each in MATCHERS[::3]},
    "prefix": key({"prefix": "sales/"}),
    "prefix or suffix": key({"prefix": "sales/"}, {"suffix": ".csv"}),
    "prefix or anything-but": key({"prefix": "sales/"}, {"anything-but": {"prefix": "sales/_"}}),
    "prefix, whatever its case": key({"prefix": {"equals-ignore-case": "Sales/"}}),
    "prefix ü, whatever its case": key({"prefix": {"equals-ignore-case": "sales/ü"}}),
    "suffix": key({"suffix": ".csv"}),
    "suffix, whatever its case": key({"suffix": {"equals-ignore-case": ".csv"}}),
    "suffix ß, whatever its case": key({"suffix": {"equals-ignore-case": "strasse.csv"}}),
    "wildcard": key({"wildcard": "sales/*.csv"}),
    "wildcard of two": key({"wildcard": "sales/*.csv"}, {"wildcard": "sales/*.csv.gz"}),
    "wildcard in the middle": key({"wildcard": "*/_tmp/*"}),
    "wildcard with ? and [": key({"wildcard": "sales/[1]?*"}),
    "wildcard with a star": key({"wildcard": "*\\**"}),
    "wildcard with a backslash": key({"wildcard": "*\\\\*"}),
    "wildcard with a line's end": key({"wildcard": "*\n*"}),
    "wildcard with a quote": key({"wildcard": '*"*'}),
    "wildcard with unicode": key({"wildcard": "*😀*"}),
    "no temporary file": key({"anything-but": {"suffix": [".tmp", ".gz"]}}),
    **{f"exactly {json.dumps(each)}": key(each) for each in KEYS},
    "whole uploads": {
        "source": ["aws.s3"],
        "detail": {"object": {"size": [{"numeric": [">", 0]}]}},
    },
    "another bucket": {"detail": {"bucket": {"name": ["another"]}}},
    "resource": {"resources": [f"arn:aws:s3:::{BUCKET}"]},
    "resource by prefix": {"resources": [{"prefix": "arn:aws:s3:::data-"}]},
    "detail type": {"detail-type": ["Object Created", "Object Deleted"]},
    "no such field": {"detail": {"absent": {"key": ["a"]}}},
    "no such field exists": {"detail": {"absent": {"key": [{"exists": False}]}}},
    "field under a text": {"source": {"name": [{"exists": False}]}},
    "exists or a": value({"exists": False}, "a"),
    "two of one object": {"detail": {"value": {"inner": ["a"], "other": [1]}}},
    "either": {"$or": [key({"prefix": "sales/"}), value("a")]},
    "either, and": {"source": ["aws.s3"], "$or": [key({"suffix": ".csv"}), key({"suffix": ".gz"})]},
    "either, within": {"detail": {"$or": [{"value": ["a"]}, {"object": {"size": [0]}}]}},
    "either, twice": {
        "$or": [value("a"), value("b")],
        "detail": {"$or": [{"number": [1]}, {"bucket": {"name": [BUCKET]}}]},
    },
    "either of either": {"$or": [{"$or": [value("a"), value("b")]}, value(3)]},
    # What EventBridge refuses.
    "nothing": {},
    "an empty object": {"detail": {}},
    "an empty list": {"source": []},
    "no list": {"source": "aws.s3"},
    "null in place of a list": {"source": None},
    "a list in a list": {"source": [["aws.s3"]]},
    "no operator": value({}),
    "two operators": key({"prefix": "a", "suffix": "b"}),
    "two operators, numeric": value({"numeric": [">", 1], "prefix": "b"}),
    "a misspelt operator": key({"sufix": ".csv"}),
    "a misspelt operator that is not reached": {"source": ["x"], **key({"sufix": ".csv"})},
    "prefix of a number": key({"prefix": 1}),
    "prefix of a list": key({"prefix": ["a"]}),
    "prefix of nothing": key({"prefix": None}),
    "prefix of another operator": key({"prefix": {"starts": "a"}}),
    "prefix of no operator": key({"prefix": {}}),
    "suffix of a wildcard": key({"suffix": {"wildcard": "a*"}}),
    "equals-ignore-case of a list": key({"equals-ignore-case": ["a"]}),
    "wildcard **": key({"wildcard": "a**"}),
    "wildcard *, escaped and not": key({"wildcard": "a\\**"}),
    "wildcard \\b": key({"wildcard": "a\\b"}),
    "wildcard \\ at the end": key({"wildcard": "a\\"}),
    "wildcard of a number": key({"wildcard": 1}),
    "wildcard of a list": key({"wildcard": ["a*"]}),
    "numeric of nothing": value({"numeric": []}),
    "numeric of a number": value({"numeric": 3}),
    "numeric without a limit": value({"numeric": [">"]}),
    "numeric =>": value({"numeric": ["=>", 1]}),
    "numeric of a text": value({"numeric": [">", "1"]}),
    "numeric of true": value({"numeric": [">", True]}),
    "numeric = and <": value({"numeric": ["=", 1, "<", 3]}),
    "numeric < and >": value({"numeric": ["<", 3, ">", 1]}),
    "numeric > and >": value({"numeric": [">", 1, ">", 3]}),
    "numeric of three": value({"numeric": [">", 1, "<", 3, "<", 4]}),
    "numeric that nothing can be": value({"numeric": [">", 3, "<", 1]}),
    "numeric of one point": value({"numeric": [">=", 3, "<=", 3]}),
    "exists of a text": value({"exists": "yes"}),
    "exists of a number": value({"exists": 1}),
    "anything-but nothing": value({"anything-but": []}),
    "anything-but null": value({"anything-but": None}),
    "anything-but true": value({"anything-but": True}),
    "anything-but a list with true": value({"anything-but": [True]}),
    "anything-but a list with null": value({"anything-but": ["a", None]}),
    "anything-but a list with a list": value({"anything-but": [["a"]]}),
    "anything-but a list with an operator": value({"anything-but": [{"prefix": "a"}]}),
    "anything-but texts and numbers": value({"anything-but": ["a", 3]}),
    "anything-but no operator": value({"anything-but": {}}),
    "anything-but two operators": value({"anything-but": {"prefix": "a", "suffix": "b"}}),
    "anything-but an empty prefix": value({"anything-but": {"prefix": ""}}),
    "anything-but an empty suffix": value({"anything-but": {"suffix": ""}}),
    "anything-but a prefix of nothing": value({"anything-but": {"prefix": []}}),
    "anything-but a prefix, whatever its case": value(
        {"anything-but": {"prefix": {"equals-ignore-case": "a"}}}
    ),
    "anything-but a number's prefix": value({"anything-but": {"prefix": 3}}),
    "anything-but a number, whatever its case": value({"anything-but": {"equals-ignore-case": 3}}),
    "anything-but what exists": value({"anything-but": {"exists": True}}),
    "anything-but numeric": value({"anything-but": {"numeric": [">", 1]}}),
    "anything-but anything-but": value({"anything-but": {"anything-but": "a"}}),
    "anything-but wildcard **": value({"anything-but": {"wildcard": "a**"}}),
    "either of one": {"$or": [key("x")]},
    "either of none": {"$or": []},
    "either, not of a list": {"$or": key("x")},
    "either of texts": {"$or": ["a", "b"]},
    "either of nothings": {"$or": [{}, {}]},
    "either with a misspelt operator": {"$or": [key("x"), key({"sufix": ".csv"})]},
    # What EventBridge takes in another sense than it seems to have: see KNOWN_DIFFERENCES.
    "a field beside itself in $or": {**value("a"), "$or": [value("b"), key({"prefix": "s"})]},
    "a field after itself in $or": {"$or": [value("b"), key({"prefix": "s"})], **value("a")},
}

KNOWN_DIFFERENCES = {
    "either, not of a list": "taken for a field that is called $or: refused here",
    "either of texts": "taken for a field that is called $or: refused here",
    "a field beside itself in $or": "the last alone is kept: refused here, so that it is seen",
    "a field after itself in $or": "the last alone is kept: refused here, so that it is seen",
}
"""Patterns that MiniStack and AWS's own engine take, and ours refuses on purpose."""

TRANSFORMERS: dict[str, tuple[dict[str, str], str]] = {
    "objects": (
        {"bucket": "$.detail.bucket", "object": "$.detail.object"},
        '{"rule": "sales", "bucket": <bucket>, "object": <object>}\n',
    ),
    "a text": ({"key": "$.detail.object.key"}, '{"key": <key>}'),
    "a number": ({"size": "$.detail.object.size"}, '{"size": <size>, "nested": [<size>, "x"]}'),
    "the whole event": ({"event": "$"}, '{"event": <event>}'),
    "a list": ({"buckets": "$.resources"}, '{"buckets": <buckets>}'),
    "one value in two places": ({"k": "$.detail.object.key"}, '{"k": <k>, "again": {"k": <k>}}'),
    "a name with hyphens": ({"detail-type": "$.detail-type"}, '{"type": <detail-type>}'),
    "no placeholder": ({"k": "$.detail.object.key"}, '{"constant": "a < b > c"}'),
}

NOT_FILLED_HERE: dict[str, tuple[dict[str, str], str]] = {
    # Whether AWS escapes a value in quotes is not documented; MiniStack does not.
    "in quotes": ({"k": "$.detail.object.key"}, '{"key": "<k>"}'),
    "a number in quotes": ({"size": "$.detail.object.size"}, '{"size": "<size>"}'),
    # MiniStack puts an empty text; by AWS's documents there is no variable.
    "no such field": ({"v": "$.detail.absent"}, '{"v": <v>}'),
    # MiniStack leaves it as it stands, which is no JSON.
    "no path": ({"k": "$.detail.object.key"}, '{"k": <another>}'),
}
"""Transformers that ours refuses on purpose, and MiniStack fills in some way."""

ALONE = ({"object": "$.detail.object"}, "<object>")
"""Where the template has no quote, MiniStack makes a text of it and drops the quotes of an object's
JSON. AWS's documents tell of no such thing: they say that what arrives is JSON."""

MODULE = RENDERED / "infrastructure/modules/eventbridge"
EVERY_EVENT = {"account": [{"exists": True}]}


def patterns_of_the_example(folder: Path) -> dict[str, Any]:
    """The patterns of the example repository's rules, as Terraform writes them."""
    module = (MODULE / "main.tf").read_text()
    [pattern] = re.findall(r"event_pattern = (jsonencode\(.*?\n  \}\))", module, re.DOTALL)
    keys = (MODULE / "keys.tf").read_text()
    rules = {
        file.stem: {
            "bucket_name": BUCKET,
            **{"prefix": prefix, "suffix": ".csv", "prefixes": None, "suffixes": None},
        }
        for file in RENDERED.glob("infrastructure/jobs/*.tf")
        for prefix in re.findall(r'prefix += "([^"]+)"', file.read_text())
    }
    (folder / "patterns.tf.json").write_text(json.dumps({"locals": {"rules": rules}}))
    (folder / "keys.tf").write_text(keys.replace("var.s3_event_rules", "local.rules"))
    (folder / "patterns.tf").write_text(
        "locals {\n  patterns = { for job, rule in local.rules : job => "
        + pattern.replace("each.value.", "rule.").replace("each.key", "job")
        + " }\n}\n"
    )
    ran = subprocess.run(
        ["terraform", f"-chdir={folder}", "console"],
        input="jsonencode(local.patterns)",
        capture_output=True,
        text=True,
        check=True,
    )
    patterns = json.loads(json.loads(ran.stdout))
    return {f"the rule of {job}": json.loads(text) for job, text in patterns.items()}


@dataclass(frozen=True)
class Comparison:
    """What the second emulator did.

    refused: pattern -> why. events: id -> event as a target gets it. sent_on: pattern and id of
    the event. inputs: transformer -> what its target got.
    """

    patterns: Mapping[str, Any]
    refused: Mapping[str, str]
    events: Mapping[str, Mapping[str, Any]]
    sent_on: frozenset[tuple[str, str]]
    inputs: Mapping[str, list[str]]


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    folder = tmp_path_factory.mktemp("second")
    patterns = dict(PATTERNS)
    if shutil.which("terraform") or os.environ.get("CI"):
        patterns |= patterns_of_the_example(folder)
    with second_emulator(folder) as aws:
        events = aws.client("events")
        every, matched = Queue(aws, "every-event"), Queue(aws, "matched")
        put_rule(events, "every-event", EVERY_EVENT, every)
        refused = {}
        for number, (name, pattern) in enumerate(patterns.items()):
            template = f'{{"pattern": {number}, "id": <id>}}'
            try:
                put_rule(events, f"pattern-{number}", pattern, matched, {"id": "$.id"}, template)
            except ClientError as error:
                assert error.response["Error"]["Code"] == "InvalidEventPatternException"
                refused[name] = str(error)
        targets = {}
        for number, (name, (paths, template)) in enumerate(
            {**TRANSFORMERS, **NOT_FILLED_HERE, "alone": ALONE}.items()
        ):
            targets[name] = Queue(aws, f"transformed-{number}")
            put_rule(events, f"transformed-{number}", EVERY_EVENT, targets[name], paths, template)
        send_events(aws)
        names, sent_on = list(patterns), [json.loads(body) for body in matched.bodies()]
        return Comparison(
            patterns=patterns,
            refused=refused,
            events={event["id"]: event for event in map(json.loads, every.bodies())},
            sent_on=frozenset((names[each["pattern"]], each["id"]) for each in sent_on),
            inputs={name: queue.bodies() for name, queue in targets.items()},
        )


class Queue:
    """A queue of the second emulator."""

    def __init__(self, aws: EmulatedAws, name: str) -> None:
        self._sqs = aws.client("sqs")
        self._url = self._sqs.create_queue(
            QueueName=name, Attributes={"VisibilityTimeout": "3600"}
        )["QueueUrl"]
        found = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        self.arn = found["Attributes"]["QueueArn"]

    def bodies(self) -> list[str]:
        """All messages that are in it; MiniStack delivers before it answers the sender."""
        bodies = []
        while messages := self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            bodies += [message["Body"] for message in messages]
        return bodies


def put_rule(
    events: Any,
    name: str,
    pattern: Mapping[str, Any],
    queue: Queue,
    paths: Mapping[str, str] | None = None,
    template: str | None = None,
) -> None:
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    target: dict[str, Any] = {"Id": "queue", "Arn": queue.arn}
    if template:
        target["InputTransformer"] = {"InputPathsMap": paths, "InputTemplate": template}
    assert events.put_targets(Rule=name, Targets=[target])["FailedEntryCount"] == 0


def send_events(aws: EmulatedAws) -> None:
    """Upload every key, and put an event like an upload's with every value."""
    s3, events = aws.client("s3"), aws.client("events")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_notification_configuration(
        Bucket=BUCKET, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    for name in KEYS:
        s3.put_object(Bucket=BUCKET, Key=name, Body=b"" if name.endswith("/") else b"a,b")
    details = [{"value": each} for each in VALUES] + [{}]
    for number, detail in enumerate(details):
        uploaded = {
            "bucket": {"name": BUCKET},
            "object": {"key": KEYS[number % len(KEYS)], "size": 3},
        }
        # PutEvents takes no event from aws.s3, here as on AWS.
        entry = {
            "Source": "test.s3",
            "DetailType": "Object Created",
            "Detail": json.dumps({**uploaded, **detail}),
            "Resources": [f"arn:aws:s3:::{BUCKET}"],
        }
        assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0


def ours(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool | None:
    """Whether the pattern matches; None where it is refused."""
    try:
        return matches(pattern, event)
    except PatternError:
        return None


def test_every_event_reached_the_second_emulator_as_it_was_sent(second: Comparison) -> None:
    sent = [*KEYS, *(KEYS[number % len(KEYS)] for number in range(len(VALUES) + 1))]
    found = [event["detail"]["object"]["key"] for event in second.events.values()]

    assert sorted(found) == sorted(sent)
    values = [e["detail"]["value"] for e in second.events.values() if "value" in e["detail"]]
    assert sorted(map(json.dumps, values)) == sorted(map(json.dumps, VALUES))


def test_both_refuse_the_same_patterns(second: Comparison) -> None:
    refused = {name for name, pattern in second.patterns.items() if ours(pattern, {}) is None}

    assert refused - set(second.refused) == set(KNOWN_DIFFERENCES)
    assert set(second.refused) <= refused


def test_both_match_the_same_events(second: Comparison) -> None:
    different = []
    for name, pattern in second.patterns.items():
        for number, event in second.events.items():
            theirs = (name, number) in second.sent_on
            if ours(pattern, event) not in (theirs, None):
                different.append(f"{name}: {event['detail']}: MiniStack says {theirs}")

    assert different == []


@needs("terraform", to="write the rules' patterns")
def test_an_upload_starts_the_rule_of_its_job_alone(second: Comparison) -> None:
    started = {
        (name, second.events[number]["detail"]["object"]["key"])
        for name, number in second.sent_on
        if name.startswith("the rule of ")
    }

    sales = {name for name in KEYS if name.startswith("sales/") and name != "sales/"}
    assert started == {
        *(("the rule of sales_etl", name) for name in sales),
        ("the rule of product_catalog", "products/catalog.json"),
        ("the rule of customer_import", "customers/a b.csv"),
    }


@pytest.mark.parametrize("name", TRANSFORMERS)
def test_both_fill_a_transformer_with_the_same(name: str, second: Comparison) -> None:
    filled = [transform(event, *TRANSFORMERS[name]) for event in second.events.values()]

    assert canonical(filled) == canonical(second.inputs[name])


def canonical(texts: list[str]) -> list[str]:
    """JSON texts in one order and one way of writing."""
    return sorted(json.dumps(json.loads(text), sort_keys=True) for text in texts)


@pytest.mark.parametrize("name", NOT_FILLED_HERE)
def test_what_both_would_fill_differently_is_refused_here(name: str, second: Comparison) -> None:
    for event in second.events.values():
        with pytest.raises(TransformerError, match="expected"):
            transform(event, *NOT_FILLED_HERE[name])
    assert len(second.inputs[name]) == len(second.events)


def test_a_placeholder_alone_is_json_here_and_none_there(second: Comparison) -> None:
    for event in second.events.values():
        assert json.loads(transform(event, *ALONE)) == event["detail"]["object"]
    for text in second.inputs["alone"]:
        with pytest.raises(json.JSONDecodeError):
            json.loads(text)
    assert len(second.inputs["alone"]) == len(second.events)
