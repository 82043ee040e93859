"""The helper for scripts that stay as they are: the uploaded object, or the directory."""

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_runtime.errors import ObjectKeyError
from glue_runtime.s3_object import S3Object
from gluecast.events import event_paths as module
from gluecast.events.event_paths import event_paths

ORDERS = "s3://shop-raw/orders/"


def event(bucket: str, key: str, prefix: str = "") -> list[str]:
    return ["--JOB_NAME", "x", f"--{prefix}bucket", bucket, f"--{prefix}object_key", key]


def test_a_run_that_no_upload_started_reads_the_directory() -> None:
    assert event_paths(ORDERS, []) == [ORDERS]
    assert event_paths(ORDERS, ["--bucket", "shop-raw", "--day", "today"]) == [ORDERS]


def test_a_run_for_an_upload_reads_the_object_alone() -> None:
    key = "orders/2024/a b+c=%20é.csv"

    assert event_paths(ORDERS, event("shop-raw", key)) == [f"s3://shop-raw/{key}"]
    assert event_paths("s3://shop-raw/orders", event("shop-raw", key)) == [f"s3://shop-raw/{key}"]
    assert event_paths(ORDERS, ["--bucket=shop-raw", f"--object_key={key}"]) == [
        f"s3://shop-raw/{key}"
    ]


@pytest.mark.parametrize(
    ("bucket", "key"),
    [("shop-raw", "returns/a.csv"), ("shop-raw", "orders_old/a.csv"), ("other", "orders/a.csv")],
)
def test_an_input_that_the_upload_is_not_about_is_read_whole(bucket: str, key: str) -> None:
    assert event_paths(ORDERS, event(bucket, key)) == [ORDERS]


def test_arguments_of_the_scripts_own_do_not_hide_those_of_the_event() -> None:
    own = ["--bucket", "shop-code", "--env", "eu"]

    found = event_paths(
        ORDERS, [*own, "--event_bucket", "shop-raw", "--object_key", "orders/a.csv"]
    )

    assert found == ["s3://shop-raw/orders/a.csv"]


def test_another_form_of_a_directory_is_refused() -> None:
    with pytest.raises(ValueError, match="expected s3://bucket/prefix/, found '/data/'"):
        event_paths("/data/", [])


KEYS = st.lists(
    st.sampled_from(
        [
            "a",
            "b.csv",
            "_x",
            "_p=1",
            ".h",
            "..",
            ".",
            "",
            "c*",
            "[1]",
            "{x}",
            "x._COPYING_",
            "é",
            "\\",
        ]
    ),
    min_size=1,
    max_size=4,
).map("/".join)


@given(KEYS)
def test_the_helper_and_the_runtime_address_an_object_alike(key: str) -> None:
    key = f"orders/{key}"
    try:
        expected = [S3Object("shop-raw", key).spark_path]
    except ObjectKeyError:
        with pytest.raises(ValueError, match="by its exact key"):
            event_paths(ORDERS, event("shop-raw", key))
    else:
        assert event_paths(ORDERS, event("shop-raw", key)) == expected


def test_the_helper_is_one_file_that_needs_nothing_else() -> None:
    tree = ast.parse(Path(module.__file__).read_text())
    imported = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [each.name for each in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    }

    assert imported == {"collections", "re", "sys"}
