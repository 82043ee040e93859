"""What commands print, and the times they are given."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from operations.errors import OperationError
from operations.tables import as_json, as_table
from operations.times import point_in_time

NOW = datetime(2024, 1, 15, 10, 30, tzinfo=UTC)


def test_columns_are_aligned_and_numbers_stand_to_the_right() -> None:
    rows = [{"job": "a", "runs": 5, "last": NOW}, {"job": "longer", "runs": 1000, "last": None}]

    assert as_table(rows).splitlines() == [
        "job     runs  last",
        "a          5  2024-01-15 10:30:00",
        "longer  1000",
    ]


def test_a_line_break_in_a_key_does_not_break_the_table() -> None:
    assert as_table([{"key": "a\nb\x1b[2J"}]).splitlines()[1:] == ["a\\nb\\x1b[2J"]


def test_json_keeps_every_character_and_gives_times_in_iso_8601() -> None:
    rows = [{"key": "größe\n", "time": NOW, "none": None}]

    expected = {"key": "größe\n", "time": "2024-01-15T10:30:00+00:00", "none": None}
    assert json.loads(as_json(rows)) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90m", NOW - timedelta(minutes=90)),
        ("2h", NOW - timedelta(hours=2)),
        ("7d", NOW - timedelta(days=7)),
        ("2024-01-15", datetime(2024, 1, 15, tzinfo=UTC)),
        ("2024-01-15T10:30", NOW),
        ("2024-01-15T12:30+02:00", NOW),
    ],
)
def test_a_time_is_a_date_or_so_long_ago(text: str, expected: datetime) -> None:
    assert point_in_time(text, NOW) == expected


@pytest.mark.parametrize("text", ["", "yesterday", "2w", "-1d", "15.01.2024"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(OperationError, match="expected a time such as 2h"):
        point_in_time(text, NOW)


WIDE = {
    "where": "dev-sales",
    "problem": "does not send events to EventBridge: no upload starts anything",
    "key": "sales/" + "a" * 80 + ".csv",
    "seconds": 12,
}


@pytest.mark.parametrize("width", [50, 60, 80, 120, 200])
def test_a_table_fits_the_terminal_and_keeps_every_word_of_a_sentence(width: int) -> None:
    table = as_table([WIDE, WIDE], width)

    assert max(map(len, table.splitlines())) <= width
    for word in WIDE["problem"].split():
        assert table.count(word) >= 2
    assert (WIDE["key"] in table) is (width == 200)
    assert "sales/" in table and ".csv" in table


def test_a_table_that_cannot_fit_is_printed_as_paragraphs() -> None:
    table = as_table([WIDE, WIDE], 30)

    assert max(map(len, table.splitlines())) <= 30
    assert [line for line in table.splitlines() if line.startswith("where")] == [
        "where    dev-sales",
        "where    dev-sales",
    ]


def test_output_that_goes_to_no_terminal_is_whole() -> None:
    assert WIDE["key"] in as_table([WIDE])
