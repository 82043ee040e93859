"""A job of the example on a cluster: its rows, its log and its metrics, for each way to start it."""

import re

from lake_files import (
    BRONZE,
    SILVER,
    as_json,
    content,
    event,
    expected,
    metrics,
    rows,
    said,
    staged,
    upload,
)
from standalone import Cluster

FILES = {
    "sales/a.csv": content(range(10)),
    "sales/2024/b.csv": content(range(100, 400)),
    "sales/c.csv": content(range(50, 70), "x,,,,"),
}


METRICS = ("--run_metrics", "environment")

OF_AN_EVENT = {
    "trigger_type": "s3_event",
    "source_bucket": BRONZE,
    "source_object_key": "sales/2024/b.csv",
}


def test_an_event_leaves_the_rows_of_its_file_and_says_how_many(cluster: Cluster) -> None:
    upload(cluster.lake, FILES)
    one = {"sales/2024/b.csv": FILES["sales/2024/b.csv"]}
    size = len(one["sales/2024/b.csv"].encode())

    log = cluster.submit("sales_etl", *event("sales/2024/b.csv"), *METRICS).log()

    assert rows(cluster.lake, "sales_etl") == expected(one)
    assert said(log, "loaded_event_file")["row_count"] == 300
    assert said(log, "data_written") == {
        **OF_AN_EVENT,
        "event": "data_written",
        "output": f"s3://{SILVER}/sales_etl",
        "row_count": 300,
        "rows_read": 300,
        "rows_quarantined": 0,
        "rows_written": 300,
        "files_quarantined": 0,
    }
    found = metrics(log)
    assert found.pop("duration_seconds")
    assert found == {
        "bytes_read": [size],
        "rows_read": [300],
        "rows_quarantined": [0],
        "rows_written": [300],
        "runs_completed": [1],
    }
    assert staged(cluster.lake) == []


def test_a_schedule_quarantines_an_invalid_row_for_which_an_event_fails(cluster: Cluster) -> None:
    upload(cluster.lake, FILES)

    log = cluster.submit("sales_etl", *METRICS).log()

    assert rows(cluster.lake, "sales_etl") == expected(FILES)
    loaded = said(log, "loaded_directory_data")
    figures = ("row_count", "rows_quarantined", "file_count", "bytes_read", "files_quarantined")
    size = sum(len(text.encode()) for text in FILES.values())
    assert [loaded[name] for name in figures] == [331, 1, 3, size, 0]
    assert said(log, "quarantined")["rows"] == 1
    found = metrics(log)
    names = ("rows_read", "rows_quarantined", "rows_written")
    assert [found[name] for name in names] == [[331], [1], [330]]
    quarantined = rows(cluster.lake, "_quarantine/sales_etl")
    assert [(row["source_object"], row["position"], row["raw_text"]) for row in quarantined] == [
        (f"s3://{BRONZE}/sales/c.csv", 22, "x,,,,")
    ]

    log = cluster.submit("sales_etl", *event("sales/c.csv"), *METRICS).log(fails=True)

    assert rows(cluster.lake, "sales_etl") == expected(FILES)
    failed = said(log, "job_failed")
    assert failed["error_type"] == "BadRowsError"
    assert f"row 22 of s3://{BRONZE}/sales/c.csv" in failed["error"]
    assert metrics(log)["runs_failed"] == [1]
    assert staged(cluster.lake) == []


def test_a_function_that_fails_on_an_executor_is_named_with_its_line(cluster: Cluster) -> None:
    text = as_json(content([1, 2])) + '{"id": 3, "name": "without a category"}\n'
    upload(cluster.lake, {"sales/a.jsonl": text})

    log = cluster.submit("noted", *event("sales/a.jsonl")).log(fails=True)

    failed = said(log, "job_failed")
    assert failed["error_type"] == "FunctionError"
    assert re.search(r"AttributeError: .* in noted\(\), line \d+ of .*noted\.py", failed["error"])
    assert rows(cluster.lake, "noted") == staged(cluster.lake) == []
