"""What a page prints is what is printed, and its numbers stand in the code."""

import re

import pytest

from gluecast.template.bundled import TEMPLATE_ROOT
from operations.cli import main
from pages import commands
from tasks.examples import RENDERED

COST = (TEMPLATE_ROOT / "docs/cost.md").read_text(encoding="utf-8")
FORECASTS = [command for command in commands(COST) if command.startswith("make cost FILES")]

HOW = "how-an-event-becomes-a-run.md"
EVENTBRIDGE = "infrastructure/modules/eventbridge"
FACTS = [
    (HOW, "185 times within 24 hours", f"{EVENTBRIDGE}/main.tf", r"86400\n\s+\S+\s+= 185"),
    (HOW, "10 times within an hour", f"{EVENTBRIDGE}/main.tf", r"3600\n\s+\S+\s+= 10\n"),
    (HOW, "40 times", f"{EVENTBRIDGE}/machine.tf", r"MaxAttempts     = 40"),
    (HOW, "8 times", f"{EVENTBRIDGE}/machine.tf", r"MaxAttempts     = 8\n"),
    (HOW, "after 24 hours", f"{EVENTBRIDGE}/variables.tf", r"default     = 1440"),
    (
        HOW,
        "after 60 minutes",
        "infrastructure/modules/glue_job/variables.tf",
        r"default     = 60\n",
    ),
    (HOW, "`max_concurrent_runs` (20)", "infrastructure/modules/glue_job/variables.tf", r"= 20\n"),
    (HOW, '"bucket": <bucket>', f"{EVENTBRIDGE}/main.tf", '"bucket": <bucket>, "object": <object>'),
    (HOW, '{"numeric": [">", 0]}', f"{EVENTBRIDGE}/main.tf", r'numeric = \[">", 0\]'),
    ("operating.md", "20 a minute", "operations/cli.py", r'"--rate": .*20\.0'),
    ("operating.md", "more than 5 %", "infrastructure/modules/observability/variables.tf", "= 5\n"),
    ("writing-a-job.md", "(10 %)", "src/glue_runtime/base_job.py", r"bad_rows_limit.* = 0\.1\n"),
    ("security.md", "for 30 days", "infrastructure/modules/data_platform/variables.tf", "= 30\n"),
    ("scaling.md", "800 jobs", "infrastructure/modules/observability/dashboard.tf", r", 800\)"),
    ("scaling.md", "10 queues", "infrastructure/modules/observability/alarms.tf", r"jobs, 10\)"),
    ("cost.md", "0.44", "operations/prices.toml", r"^dpu_hour = 0\.44$"),
    ("cost.md", "0.29", "operations/prices.toml", r"^dpu_hour_flex = 0\.29$"),
    ("cost.md", "25.00 a million", "operations/prices.toml", r"^million_transitions = 25\.00$"),
    ("cost.md", "1.00 a million", "operations/prices.toml", r"^million_events = 1\.00$"),
]
"""Page, what it says, and where in a rendered repository that stands, as a pattern."""


@pytest.mark.parametrize("command", FORECASTS)
def test_a_forecast_is_printed_as_the_page_shows_it(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [word.partition("=") for word in command.split()[2:]]
    options = [part for name, _, value in words for part in (_option(name), value)]

    assert main(["cost", "--env", "dev", *options]) == 0

    assert capsys.readouterr().out.strip() in COST


def test_there_are_forecasts() -> None:
    assert len(FORECASTS) == 2


@pytest.mark.parametrize(("page", "said", "file", "pattern"), FACTS)
def test_a_number_of_a_page_stands_in_the_code(
    page: str, said: str, file: str, pattern: str
) -> None:
    text = (TEMPLATE_ROOT / "docs" / page).read_text(encoding="utf-8")

    assert said in text
    assert re.search(pattern, (RENDERED / file).read_text(encoding="utf-8"), re.MULTILINE)


def test_every_saved_query_is_on_the_page() -> None:
    page = (TEMPLATE_ROOT / "docs/operating.md").read_text(encoding="utf-8")
    queries = (RENDERED / "infrastructure/modules/observability/queries.tf").read_text()
    names = re.findall(r'^    "([a-z -]+)" = <<', queries, re.MULTILINE)

    assert len(names) >= 10
    assert [name for name in names if name not in page] == []


def _option(name: str) -> str:
    return f"--{name.lower().replace('_', '-')}"
