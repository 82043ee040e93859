"""Schedules in words."""

import re

from cron_descriptor import ExpressionDescriptor, FormatError, Options

# The same words on every machine, whatever its locale.
_OPTIONS = Options(
    locale_code="en_US",
    use_24hour_time_format=True,
    day_of_week_start_index_zero=False,
    verbose=True,
)


def spoken(expression: str) -> str:
    """``cron(0 3 ? * MON *)`` as ``At 03:00, only on Monday``; empty if it is not a schedule.

    The fields of cron(...) are EventBridge's: minute, hour, day, month, weekday (1 is Sunday), year.
    """
    if rate := re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression):
        count, unit = int(rate[1]), rate[2]
        return f"Every {unit}" if count == 1 else f"Every {count} {unit}s"
    cron = re.fullmatch(r"cron\((\S+(?: \S+){5})\)", expression)
    if not cron:
        return ""
    try:
        # The library's first field is the second of the minute.
        text = str(ExpressionDescriptor(f"0 {cron[1]}", _OPTIONS).get_description())
    except (FormatError, ValueError, IndexError):
        return ""
    return re.sub(r"^(Every .*?)(, every (hour|day))+", r"\1", text)
