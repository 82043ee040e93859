"""The table of `gluecast list`, as wide as the terminal allows."""

from gluecast.jobs.drift import Drift
from gluecast.jobs.listing import Job, as_table

JOBS = [
    Job(
        name="customer_import",
        source="customers/*.csv",
        format="csv",
        triggers=["upload bronze:customers/*.csv", "cron(0 2 * * ? *) UTC"],
        version="v0.2.0",
        drift=Drift([], []),
    )
]


def test_a_terminal_of_80_columns_gets_lines_that_do_not_wrap() -> None:
    whole, narrow = as_table(JOBS), as_table(JOBS, 80)

    assert "upload bronze:customers/*.csv, cron(0 2 * * ? *) UTC" in whole
    assert as_table(JOBS, 200) == whole
    assert max(map(len, narrow.splitlines())) <= 80
    assert narrow.splitlines()[2].split() == (
        ["customer_import", "customers/*.csv", "csv", "upload,", "schedule", "v0.2.0", "-"]
    )
