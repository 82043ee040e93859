"""Event patterns match as EventBridge's own engine does: what is expected here was seen there."""

from typing import Any

import pytest

from operations.patterns import PatternError, matches


def on_key(*matchers: object) -> dict[str, Any]:
    return {"detail": {"object": {"key": list(matchers)}}}


def event(key: str, size: int = 3) -> dict[str, Any]:
    return {
        "source": "aws.s3",
        "resources": ["arn:aws:s3:::a", "arn:aws:s3:::b"],
        "detail": {
            "object": {"key": key, "size": size},
            "flag": True,
            "nothing": None,
            "empty": [],
            "deep": [["a"], ["b"]],
            "list": [{"x": 1}, {"x": 2, "y": 3}],
        },
    }


@pytest.mark.parametrize(
    ("pattern", "key", "expected"),
    [
        (on_key({"prefix": "sales/"}), "sales/a.csv", True),
        (on_key({"prefix": "sales/"}), "other/sales/a.csv", False),
        (on_key({"suffix": ".csv"}), "sales/a.csv", True),
        (on_key({"suffix": ".csv"}), "sales/a.CSV", False),
        (on_key({"suffix": {"equals-ignore-case": ".csv"}}), "sales/a.CSV", True),
        # Two matchers in one list are a choice, not a conjunction.
        (on_key({"prefix": "sales/"}, {"suffix": ".csv"}), "sales/a.json", True),
        (on_key({"prefix": "sales/"}, {"suffix": ".csv"}), "other/a.csv", True),
        (on_key({"prefix": "a/"}, {"anything-but": {"prefix": "a/_"}}), "z", True),
        (on_key({"wildcard": "sales/*.csv"}), "sales/x/y.csv", True),
        (on_key({"wildcard": "sales/*.csv"}), "sales/.csv", True),
        (on_key({"wildcard": "sales/*.csv"}), "sales/a.CSV", False),
        (on_key({"wildcard": "sales/[1]?"}), "sales/[1]?", True),
        (on_key({"wildcard": "sales/[1]?"}), "sales/12", False),
        (on_key({"wildcard": "a\\*b"}), "a*b", True),
        (on_key({"wildcard": "a\\*b"}), "axb", False),
        (on_key({"wildcard": "*\n*"}), "a\nb", True),
        (on_key("sales/a.csv"), "sales/a.csv", True),
        (on_key({"equals-ignore-case": "A"}), "a", True),
        (on_key({"anything-but": ["a", "b"]}), "c", True),
        (on_key({"anything-but": ["a", "b"]}), "b", False),
        (on_key({"anything-but": {"suffix": [".tmp", ".part"]}}), "a.part", False),
        (on_key({"exists": True}), "a", True),
        ({"detail": {"object": {"etag": [{"exists": False}]}}}, "a", True),
        ({"detail": {"object": {"etag": [{"anything-but": "x"}]}}}, "a", False),
        ({"detail": {"object": {"size": [{"numeric": [">", 0]}]}}}, "a", True),
        ({"detail": {"object": {"size": [{"numeric": [">", 0, "<=", 2]}]}}}, "a", False),
        ({"detail": {"object": {"size": ["3"]}}}, "a", False),
        ({"detail": {"flag": [True], "nothing": [None]}}, "a", True),
        ({"resources": ["arn:aws:s3:::b"]}, "a", True),
        ({"source": ["aws.s3"], "detail": {"absent": {"key": ["a"]}}}, "a", False),
        # A list offers each value in it, however deep; an object or an empty list is none.
        ({"detail": {"deep": ["b"]}}, "a", True),
        ({"detail": {"deep": [{"anything-but": ["a", "b"]}]}}, "a", False),
        ({"detail": {"empty": [{"exists": True}]}}, "a", False),
        ({"detail": {"empty": [{"exists": False}]}}, "a", True),
        ({"detail": {"object": [{"anything-but": "x"}]}}, "a", False),
        ({"detail": {"list": {"x": [1]}}}, "a", True),
        ({"detail": {"list": {"x": [1], "y": [3]}}}, "a", False),
        ({"detail": {"list": {"x": [2], "y": [3]}}}, "a", True),
        ({"detail": {"object": {"size": [3.0]}}}, "a", True),
        ({"detail": {"flag": [1]}}, "a", False),
        ({"detail": {"object": {"size": [{"anything-but": 3.0}]}}}, "a", False),
        # What a letter may be is its upper and its lower case in the pattern.
        (on_key({"equals-ignore-case": "ß"}), "SS", True),
        (on_key({"equals-ignore-case": "k"}), "\N{KELVIN SIGN}", False),
        ({"$or": [on_key("x"), {"source": ["aws.s3"]}]}, "a", True),
        ({"$or": [on_key("x"), {"source": ["other"]}]}, "a", False),
    ],
)
def test_a_pattern_matches_as_on_aws(pattern: Any, key: str, expected: bool) -> None:
    assert matches(pattern, event(key)) is expected


@pytest.mark.parametrize("size", [0, 1])
def test_an_object_without_content_can_be_told_apart(size: int) -> None:
    pattern = {"detail": {"object": {"size": [{"numeric": [">", 0]}]}}}

    assert matches(pattern, event("sales/", size)) is (size > 0)


@pytest.mark.parametrize(
    "pattern",
    [
        {},
        {"source": []},
        {"source": "aws.s3"},
        {"source": [["aws.s3"]]},
        on_key({"prefix": "a", "suffix": "b"}),
        on_key({"sufix": ".csv"}),
        on_key({"prefix": 1}),
        on_key({"prefix": {"starts": "a"}}),
        on_key({"wildcard": "a**"}),
        on_key({"wildcard": "a\\b"}),
        on_key({"numeric": [">"]}),
        on_key({"numeric": ["=>", 1]}),
        on_key({"numeric": [">", "1"]}),
        on_key({"numeric": [">", True]}),
        on_key({"numeric": ["<", 3, ">", 1]}),
        on_key({"numeric": ["=", 1, "<", 3]}),
        on_key({"numeric": [">=", 3, "<=", 3]}),
        on_key({"anything-but": []}),
        on_key({"anything-but": None}),
        on_key({"anything-but": ["a", True]}),
        on_key({"anything-but": ["a", 3]}),
        on_key({"anything-but": {"prefix": ""}}),
        on_key({"anything-but": {"prefix": {"equals-ignore-case": "a"}}}),
        on_key({"anything-but": {"exists": True}}),
        on_key({"anything-but": {"prefix": "a", "suffix": "b"}}),
        on_key({"exists": "yes"}),
        on_key({"cidr": "10.0.0.0"}),
        on_key({"cidr": "10.0.0.0/33"}),
        on_key({"cidr": "example.com/24"}),
        on_key({"cidr": 10}),
        # Too complex; the last three fail on one more wildcard than those that are taken below.
        on_key({"wildcard": "*:*:*:*:*:event-bus/*"}),
        on_key(*({"wildcard": f"*:stack/{name}/*"} for name in "ABCD")),
        on_key({"anything-but": {"wildcard": [f"*:stack/{name}/*" for name in "ABCD"]}}),
        on_key({"wildcard": "*a*a*a*a*a*a"}),
        {"$or": [on_key("x")]},
        {"source": ["another"], "detail": {"object": {"key": [{"sufix": ".csv"}]}}},
    ],
)
def test_a_pattern_that_eventbridge_refuses_is_refused(pattern: Any) -> None:
    with pytest.raises(PatternError, match="expected"):
        matches(pattern, event("sales/a.csv"))


@pytest.mark.parametrize(
    "pattern",
    [
        {**on_key({"prefix": "a"}), "$or": [on_key({"suffix": "b"}), {"source": ["aws.s3"]}]},
        {"$or": [on_key({"suffix": "b"}), {"source": ["aws.s3"]}], **on_key({"prefix": "a"})},
        {"$or": {"source": ["aws.s3"]}},
        {"detail.object.key": ["a"], "detail": {"object": {"key": ["b"]}}},
    ],
)
def test_a_pattern_that_eventbridge_takes_in_another_sense_is_refused(pattern: Any) -> None:
    with pytest.raises(PatternError, match="expected"):
        matches(pattern, event("sales/a.csv"))


ITEMS = {"items": [{"id": 1, "kind": "x"}, {"id": 2, "kind": "y", "note": "n"}]}
LATER = {"items": [{"type": "x"}, {"note": "n"}]}
NESTED = {"rows": [{"cells": [{"a": 1}, {"b": 2}]}, {"cells": [{"a": 3, "b": 4}]}]}


@pytest.mark.parametrize(
    ("pattern", "given", "expected"),
    [
        # A dot in a name is a step, in the pattern and in the event.
        ({"state.status": ["on"]}, {"state": {"status": "on"}}, True),
        ({"state": {"status": ["on"]}}, {"state.status": "on"}, True),
        ({"state": {"status": ["on"]}}, {"state.status": "off"}, False),
        ({"a.b": {"c": ["x"]}}, {"a": {"b.c": "x"}}, True),
        ({"a": {"b": [{"exists": False}]}}, {"a.b": 1}, False),
        # A field is missing if no element of the array has it, or not the one that is chosen.
        ({"items": {"note": [{"exists": False}]}}, ITEMS, False),
        ({"items": {"note": [{"exists": False}], "id": [1]}}, ITEMS, True),
        ({"items": {"note": [{"exists": False}], "id": [2]}}, ITEMS, False),
        # The order of the names decides whether another field has chosen the element.
        ({"items": {"note": [{"exists": False}], "type": ["x"]}}, LATER, False),
        ({"items": {"other": [{"exists": False}], "id": [1]}}, ITEMS, True),
        ({"items": {"note": [{"exists": True}], "id": [2]}}, ITEMS, True),
        ({"items": {"note": [{"exists": True}], "id": [1]}}, ITEMS, False),
        ({"items": {"note": ["m", {"exists": False}]}}, ITEMS, False),
        # Fields within one array are those of one element, however deep.
        ({"items": {"id": [1], "kind": ["x"]}}, ITEMS, True),
        ({"items": {"id": [1], "kind": ["y"]}}, ITEMS, False),
        ({"rows": {"cells": {"a": [3], "b": [4]}}}, NESTED, True),
        ({"rows": {"cells": {"a": [1], "b": [4]}}}, NESTED, False),
        ({"rows": {"cells": {"a": [1], "b": [2]}}}, NESTED, False),
        ({"a": {"x": [1]}, "b": ["q"]}, {"a": [{"x": 2}, {"x": 1}], "b": ["p", "q"]}, True),
        ({"ip": [{"cidr": "10.0.0.0/24"}]}, {"ip": "10.0.0.255"}, True),
        ({"ip": [{"cidr": "10.0.0.0/24"}]}, {"ip": "10.0.1.0"}, False),
        ({"ip": [{"cidr": "10.0.0.9/24"}]}, {"ip": "10.0.0.1"}, True),
        ({"ip": [{"cidr": "10.0.0.0/24"}]}, {"ip": "localhost"}, False),
        ({"ip": [{"cidr": "10.0.0.0/24"}]}, {"ip": 10}, False),
        ({"ip": [{"cidr": "10.0.0.0/24"}]}, {}, False),
        ({"ip": [{"cidr": "2001:db8::/32"}]}, {"ip": "2001:db8::1"}, True),
        ({"ip": [{"cidr": "2001:db8::/32"}]}, {"ip": "10.0.0.1"}, False),
        ({"k": [{"wildcard": f"*:stack/{name}/*"} for name in "ABC"]}, {"k": "x:stack/C/1"}, True),
        ({"k": [{"wildcard": "*a*a*a*a*a"}]}, {"k": "aaaaa"}, True),
    ],
)
def test_fields_match_as_in_the_engine_of_eventbridge(
    pattern: Any, given: Any, expected: bool
) -> None:
    """Each result is that of aws/event-ruler at 337e8d9, which EventBridge is built on."""
    assert matches(pattern, given) is expected
