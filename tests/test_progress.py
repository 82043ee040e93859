"""Progress: a counter on a terminal, a few lines elsewhere."""

import io

import pytest

from gluecast.terminal import progress
from gluecast.terminal.progress import counted


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock on which every look takes half a second."""
    seconds = iter(range(1000))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(seconds) / 2)
    monkeypatch.setenv("TERM", "xterm")


def test_on_a_terminal_one_line_counts_and_is_gone_at_the_end() -> None:
    stream = Terminal()

    assert list(counted("layers", "abc", stream)) == ["a", "b", "c"]

    shown = stream.getvalue()
    assert "\n" not in shown
    assert [line.rstrip() for line in shown.split("\r")] == [
        *(*(f"Rendering layers: {number} of 3 ..." for number in (1, 2, 3)), "", ""),
    ]
    # What is left of a longer line is overwritten.
    assert len({len(line) for line in shown.split("\r")[:2]}) == 1


def test_elsewhere_a_line_comes_every_five_seconds() -> None:
    stream = io.StringIO()

    assert len(list(counted("layers", range(30), stream))) == 30

    assert stream.getvalue().splitlines() == [
        "Rendering layers: 10 of 30 ...",
        "Rendering layers: 20 of 30 ...",
        "Rendering layers: 30 of 30 ...",
        "Rendering layers: 30 of 30.",
    ]


def test_a_terminal_that_cannot_go_back_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    stream = Terminal()

    list(counted("layers", range(10), stream))

    assert stream.getvalue() == "Rendering layers: 10 of 10 ...\nRendering layers: 10 of 10.\n"


def test_elsewhere_what_is_done_at_once_is_not_counted() -> None:
    stream = io.StringIO()

    list(counted("layers", "ab", stream))

    assert stream.getvalue() == ""


def test_an_error_takes_the_place_of_the_count() -> None:
    stream = Terminal()
    counting = counted("layers", "ab", stream)

    next(counting)

    assert stream.getvalue() == "Rendering layers: 1 of 2 ...\r"
