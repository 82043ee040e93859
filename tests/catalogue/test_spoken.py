"""Schedules in words are those of EventBridge, and the same on every machine."""

import os
import subprocess
import sys

import pytest

from gluecast.catalogue.spoken import spoken


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("rate(1 hour)", "Every hour"),
        ("rate(12 hours)", "Every 12 hours"),
        ("cron(0 2 * * ? *)", "At 02:00, every day"),
        ("cron(0 3 ? * MON *)", "At 03:00, only on Monday"),
        # 1 is Sunday, as for EventBridge and not as for cron.
        ("cron(0 3 ? * 2 *)", "At 03:00, only on Monday"),
        ("cron(15 6,18 ? * MON-FRI *)", "At 06:15 and 18:15, Monday through Friday"),
        ("cron(0/10 * * * ? *)", "Every 10 minutes"),
        ("cron(0 8 ? * 6#1 *)", "At 08:00, on the first Friday of the month"),
        ("cron(0 18 L * ? *)", "At 18:00, on the last day of the month"),
        ("cron(0 2 1 1 ? 2027)", "At 02:00, on day 1 of the month, only in January, only in 2027"),
        ("cron(0 3 ? * someday *)", ""),
        ("${var.schedule}", ""),
    ],
)
def test_an_expression_is_put_into_words(expression: str, words: str) -> None:
    assert spoken(expression) == words


def test_the_words_do_not_depend_on_the_language_of_the_machine() -> None:
    program = (
        "import locale; locale.getlocale = lambda *_: ('de_DE', 'UTF-8')\n"
        "from gluecast.catalogue.spoken import spoken; print(spoken('cron(0 3 ? * MON *)'))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], env=os.environ, capture_output=True, text=True, check=True
    )

    assert ran.stdout == "At 03:00, only on Monday\n"
