"""Input transformers fill in JSON, and what would reach a target broken is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operations.transformer import TransformerError, transform

PATHS = {"bucket": "$.detail.bucket", "object": "$.detail.object"}
TEMPLATE = '{"rule": "sales", "bucket": <bucket>, "object": <object>}\n'


@given(key=st.text(min_size=1))
def test_any_key_arrives_as_it_was(key: str) -> None:
    detail = {"bucket": {"name": "b"}, "object": {"key": key, "size": 3}}

    result = transform({"detail": detail}, PATHS, TEMPLATE)

    assert json.loads(result) == {"rule": "sales", **detail}


@pytest.mark.parametrize("value", ["text", 3, True, None, ["a"], {"a": 1}])
def test_a_placeholder_becomes_the_json_of_its_value(value: object) -> None:
    assert json.loads(transform({"a": value}, {"v": "$.a"}, '{"v": <v>}')) == {"v": value}


def test_the_path_to_the_whole_event_is_a_dollar() -> None:
    assert json.loads(transform({"a": 1}, {"all": "$"}, "<all>")) == {"a": 1}


@pytest.mark.parametrize(
    ("paths", "template"),
    [
        (PATHS, '{"key": "<object>"}'),
        (PATHS, '{"text": "uploaded: <object>"}'),
        ({"bucket": "$.detail.bucket"}, '{"object": <object>}'),
        ({"v": "$.detail.version-id"}, '{"v": <v>}'),
        ({"v": "$.detail.object[0]"}, '{"v": <v>}'),
        ({"v": "detail"}, '{"v": <v>}'),
        (PATHS, '{"bucket": <bucket>'),
        (PATHS, '{"bucket": \\u003cbucket\\u003e}'),
    ],
)
def test_a_transformer_that_would_send_something_else_is_refused(
    paths: dict[str, str], template: str
) -> None:
    event = {"detail": {"bucket": {"name": "b"}, "object": {"key": "k"}}}

    with pytest.raises(TransformerError, match="expected"):
        transform(event, paths, template)
