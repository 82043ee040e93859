"""What a page prints is what is printed, and its numbers stand in the code."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

import hcl2
import pytest
import yaml

from glue_runtime import settings
from gluecast.catalogue.contents import catalogue
from gluecast.template.bundled import TEMPLATE_ROOT
from gluecast.template.registries import registry
from operations.cli import main
from operations.cost import Load, per_day
from operations.prices import read_prices
from pages import commands, pages
from tasks.examples import RENDERED

DATA_PLATFORM = RENDERED / "infrastructure/modules/data_platform/main.tf"
COST = (TEMPLATE_ROOT / "docs/cost.md").read_text(encoding="utf-8")
FORECASTS = [command for command in commands(COST) if command.startswith("make cost FILES")]

HOW = "how-an-event-becomes-a-run.md"
EVENTBRIDGE = "infrastructure/modules/eventbridge"
FACTS = [
    (HOW, '"bucket": <bucket>', f"{EVENTBRIDGE}/main.tf", '"bucket": <bucket>, "object": <object>'),
    ("operating.md", "20 a minute", "tooling/operations/cli.py", r'"--rate": .*20\.0'),
    ("writing-a-job.md", "(10 %)", "src/glue_runtime/base_job.py", r"bad_rows_limit.* = 0\.1\n"),
    ("scaling.md", "800 jobs", "infrastructure/modules/observability/dashboard.tf", r", 800\)"),
    ("cost.md", "0.44", "tooling/operations/prices.toml", r"^dpu_hour = 0\.44$"),
    ("cost.md", "0.308", "tooling/operations/prices.toml", r'"6\.0"\]\ndpu_hour = 0\.308$'),
    ("cost.md", "0.203", "tooling/operations/prices.toml", r"^dpu_hour_flex = 0\.203$"),
    ("cost.md", "0.29", "tooling/operations/prices.toml", r"^dpu_hour_flex = 0\.29$"),
    (
        "cost.md",
        "25.00 a million",
        "tooling/operations/prices.toml",
        r"^million_transitions = 25\.00$",
    ),
    (
        "cost.md",
        "queue | 0.40 a million",
        "tooling/operations/prices.toml",
        r"^million_queue_requests = 0\.40$",
    ),
    (
        "cost.md",
        "pipe | 0.40 a million",
        "tooling/operations/prices.toml",
        r"^million_pipe_requests = 0\.40$",
    ),
    ("cost.md", "1.00 a million", "tooling/operations/prices.toml", r"^million_events = 1\.00$"),
]
"""Page, what it says, and where in a rendered repository that stands, as a pattern."""


@pytest.mark.parametrize("command", FORECASTS)
def test_a_forecast_is_printed_as_the_page_shows_it(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    words = [word.partition("=") for word in command.split()[2:]]
    options = [part for name, _, value in words for part in (_option(name), value)]

    assert main(["cost", "--env", "dev", *options]) == 0

    assert capsys.readouterr().out.strip() in COST


def test_there_are_forecasts() -> None:
    assert len(FORECASTS) == 3


def test_a_burst_costs_on_each_glue_version_what_the_page_says() -> None:
    load = Load(files=200, start_seconds=40, file_seconds=0.1, batch=200)
    rows = cells("cost.md", "200 files a day, in USD a month")

    assert len(rows) >= 3
    for name, *said in rows:
        prices = read_prices().on(name.removeprefix("Glue "))
        assert said == [f"{per_day(way, load, prices) * 30.4:.2f}" for way in ("event", "batch")], (
            name
        )


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


GLUE_VERSIONS = registry("glue_versions")
DEFAULT = next(iter(GLUE_VERSIONS.values()))
OURS: dict[str, Any] = tomllib.loads((TEMPLATE_ROOT / "pyproject.toml").read_text())
THEIRS: dict[str, Any] = tomllib.loads((RENDERED / "pyproject.toml").read_text())
OLDEST_PYTHON = OURS["project"]["requires-python"].removeprefix(">=")


def said(form: str) -> Iterator[tuple[str, str]]:
    """What the pages say in a form: the page, and the group of the pattern; lines are joined."""
    for page in (page for page in pages() if "/decisions/" not in page.name):
        for found in re.findall(form, re.sub(r"\s+", " ", page.text)):
            yield page.name, found


def cells(page: str, first: str) -> list[list[str]]:
    """The rows of the table with this heading of its first column, without the backticks."""
    lines = (TEMPLATE_ROOT / "docs" / page).read_text(encoding="utf-8").splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith(f"| {first} |"))
    rows = []
    for line in lines[begin + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip().replace("`", "") for cell in line.strip("|").split("|")])
    return rows


def test_the_table_of_glue_versions_is_the_registry() -> None:
    assert cells("questions.md", "Glue") == [
        [
            *(version, runs["spark"], runs["python"], runs["scala"], str(runs["java"])),
            f"{runs['java']} to {runs['newest_java']}",
        ]
        for version, runs in GLUE_VERSIONS.items()
    ]


def test_a_default_of_the_page_of_questions_is_that_of_the_question() -> None:
    questions = yaml.safe_load((TEMPLATE_ROOT / "copier.yml").read_text())
    written = {name: default for name, default, _ in cells("questions.md", "question")}
    fixed = {
        name: str(question["default"]).replace("'", "")
        for name, question in questions.items()
        if name in written and "default" in question and "{" not in str(question["default"])
    }

    assert len(fixed) >= 5
    assert {name: written[name] for name in fixed} == fixed
    assert written["glue_version"] == next(iter(GLUE_VERSIONS))


def test_the_page_of_questions_names_the_formats_of_the_registry() -> None:
    [form] = [form for name, _, form in cells("questions.md", "question") if name == "format"]

    assert re.sub(r" \([^)]*\)", "", form).split(", ") == [*registry("formats")]


def test_the_page_of_formats_names_every_reader() -> None:
    [reader] = [says for field, says in cells("adding-a-format.md", "field") if field == "reader"]

    readers = {entry["reader"] for entry in registry("formats").values()}
    assert {*reader.removeprefix("the kind of its files: ").split(", ")} == readers


@pytest.mark.parametrize(
    ("form", "known"),
    [
        (r"Glue (5\.\d|[6-9]\.\d)", {*GLUE_VERSIONS}),
        (r"Spark (\d\.\d\.\d)", {runs["spark"] for runs in GLUE_VERSIONS.values()}),
        (r"Python (\d\.\d+) or newer", {OLDEST_PYTHON}),
        (
            r"Java comes from the machine when it is (\d+ to \d+)",
            {f"{DEFAULT['java']} to {DEFAULT['newest_java']}"},
        ),
    ],
)
def test_a_version_on_a_page_is_a_version_of_the_registry(form: str, known: set[str]) -> None:
    found = {*said(form)}

    assert found
    assert {(page, version) for page, version in found if version not in known} == set()


def test_our_own_environment_runs_what_is_rendered() -> None:
    dev = THEIRS["project"]["optional-dependencies"]["dev"]
    needed = ("pyarrow==", "pyspark==", "setuptools==")
    on_glue = [each for each in dev if each.startswith(needed)]

    assert f"pyspark=={DEFAULT['spark']}" in on_glue
    assert OURS["project"]["optional-dependencies"]["demo"] == [
        *THEIRS["project"]["optional-dependencies"]["formats"],
        *on_glue,
        *THEIRS["project"]["dependencies"],
    ]


def test_our_own_python_is_named_alike_everywhere() -> None:
    setup = (TEMPLATE_ROOT / "generator/__main__.py").read_text(encoding="utf-8")
    update = yaml.safe_load((RENDERED / ".github/workflows/template.yml").read_text())
    steps = [step.get("with", {}) for step in update["jobs"]["update"]["steps"]]

    assert OURS["tool"]["ruff"]["target-version"] == f"py{OLDEST_PYTHON.replace('.', '')}"
    assert OURS["tool"]["mypy"]["python_version"] == OLDEST_PYTHON
    assert f"sys.version_info < ({OLDEST_PYTHON.replace('.', ', ')})" in setup
    assert {*re.findall(r"Python (\d\.\d+)", setup)} == {OLDEST_PYTHON}
    assert [step["python-version"] for step in steps if "python-version" in step] == [OLDEST_PYTHON]


def test_the_packages_on_glue_are_those_of_the_environment() -> None:
    for environment in (RENDERED / "infrastructure/environments").iterdir():
        code = hcl2.loads((environment / "main.tf").read_text())
        modules = {
            name.strip('"'): block for each in code["module"] for name, block in each.items()
        }
        packages = [each.strip('"') for each in modules["data_platform"]["python_modules"]]

        assert packages == THEIRS["project"]["dependencies"]


def on_a_page(name: str) -> str:
    """A name of the example as the pages write it, for any lake."""
    return name.replace(settings.LAKE_PREFIX, "<lake>")


def test_tables_and_logs_are_on_the_pages_where_they_are() -> None:
    quarantine = f"s3://{settings.lake_bucket('<env>', 'silver')}/{settings.QUARANTINE}/<job>/"
    code = hcl2.loads(DATA_PLATFORM.read_text(encoding="utf-8"))
    [prefix] = [each["usual_log_groups"] for each in code["locals"] if "usual_log_groups" in each]
    lake = prefix.strip('"').replace("${var.lake_prefix}", "<lake>")
    logs = lake.replace("${var.environment}", "<env>") + "/output"

    for page in ("docs/writing-a-job.md", "rendered docs/data-guarantees.md"):
        assert [*said(f"({re.escape(on_a_page(quarantine))})")].count((page, on_a_page(quarantine)))
    assert ("rendered docs/jobs.md", settings.QUARANTINE) in {*said("`(_[a-z]+)/<job>/`")}
    assert ("docs/operating.md", logs) in {*said("`(/aws-glue/[^`]+)`")}


def test_every_address_of_a_bucket_is_that_of_the_lake() -> None:
    forms = {
        on_a_page(settings.lake_bucket("<env>", zone)) for zone in ("bronze", "silver", "gold")
    }
    addresses = {
        (
            page,
            re.sub(
                r"-(dev|prod|local|environment>|env>)-",
                "-<env>-",
                address.replace("<environment>", "<env>"),
            ),
        )
        for page, address in said(r"s3://([\w<>-]+-(?:bronze|silver|gold))\b")
    }

    assert len(addresses) >= 4
    assert {
        (page, on_a_page(address)) for page, address in addresses if on_a_page(address) not in forms
    } == set()


def test_the_page_about_all_jobs_shows_the_tables_of_the_runtime() -> None:
    for job in catalogue(RENDERED).jobs:
        bucket = settings.lake_bucket("<env>", "silver")

        assert job.output == f"s3://{bucket}/{job.name}"
        assert job.quarantine == f"s3://{bucket}/{settings.QUARANTINE}/{job.name}"


def _option(name: str) -> str:
    return f"--{name.lower().replace('_', '-')}"
