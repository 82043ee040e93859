"""The code on the page about writing a job runs as it stands, started both ways."""

import re
from typing import Any

import pytest

from glue_runtime import BaseGlueJob
from glue_runtime.input.source import bucket_for
from glue_runtime.testing import Lake, run_for, run_scheduled
from gluecast.template.bundled import TEMPLATE_ROOT

PAGE = (TEMPLATE_ROOT / "docs/writing-a-job.md").read_text(encoding="utf-8")
CODE: dict[str, Any] = {}
exec("\n".join(re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)), CODE)

JOBS = {
    name: found
    for name, found in CODE.items()
    if isinstance(found, type) and issubclass(found, BaseGlueJob) and found is not BaseGlueJob
}
FILES = {
    "orders/daily.csv": "id,amount,country\n1,9.5,de\n2,1,fr\n",
    "orders/corrections_1.csv": "country,id,amount\nde,3,2\n",
    "returns/daily.csv": "id,amount,country\n4,-1,de\n",
}
ROWS = {
    "OrdersJob": ({(1, "DE"), (2, "FR")}, 3),
    "LenientOrdersJob": ({(1, "DE"), (2, "FR")}, 3),
    "RoutedOrdersJob": ({(1, False), (2, False)}, 3),
    "LandedOrdersJob": ({(1, "DE"), (2, "FR")}, 3),
    "NightlyOrdersJob": ({(1, "DE"), (2, "FR")}, 3),
    "AllOrdersJob": ({(1, "de"), (2, "fr")}, 4),
    "CountryTotalsJob": ({("de", 11.5), ("fr", 1.0)}, 2),
}
"""Of each job: two columns of its rows after the upload of orders/daily.csv, and their number after
a scheduled run."""
WRITES_ELSEWHERE = {"ExportedOrdersJob"}

COLUMNS = {"RoutedOrdersJob": ("id", "corrected"), "CountryTotalsJob": ("country", "amount")}


def test_every_job_of_the_page_is_known_here() -> None:
    assert JOBS.keys() == ROWS.keys() | WRITES_ELSEWHERE


@pytest.mark.parametrize("name", ROWS)
def test_a_job_of_the_page_runs_both_ways(name: str, lake: Lake) -> None:
    uploaded = {
        key: lake.upload(key, content, bucket_for(JOBS[name].sources, "test", key))
        for key, content in FILES.items()
    }
    columns = COLUMNS.get(name, ("id", "country"))
    rows, all_rows = ROWS[name]

    run = run_for(JOBS[name], "orders", uploaded["orders/daily.csv"])

    found = lake.read(run.job.output_uri).select(*columns).collect()
    assert {tuple(row) for row in found} == rows
    run_scheduled(JOBS[name], "orders")
    assert lake.read(run.job.output_uri).count() == all_rows


def test_invalid_rows_are_quarantined_where_the_page_says(lake: Lake) -> None:
    uploaded = lake.upload("orders/daily.csv", "id,amount,country\n1,9.5,de\n,1,fr\n")

    run = run_for(JOBS["LenientOrdersJob"], "orders", uploaded)

    [row] = lake.read(run.job.quarantine_uri).collect()
    assert (row.position, row.raw_text) == (3, ",1,fr")


def test_the_test_of_the_page_passes(lake: Lake) -> None:
    [test] = [found for name, found in CODE.items() if name.startswith("test_")]

    test(lake)
