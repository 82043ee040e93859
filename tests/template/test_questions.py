"""Every question takes good answers, and refuses bad ones with the right form."""

import ast
import re
import shutil
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from aws_cron_expression_validator.validator import AWSCronExpressionValidator
from hypothesis import given
from hypothesis import strategies as st

from rendering import Copy, copied, schedule_error
from gluecast.template.bundled import TEMPLATE_ROOT

ANSWERS_ONLY = ["_macros", "{{ first }}", "{{ _copier_conf.answers_file }}.jinja"]
"""What the template needs to ask, judge and record; without the other files a copy takes little time."""


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template without the files that it writes besides the answers."""
    folder = tmp_path_factory.mktemp("questions")
    shutil.copy(TEMPLATE_ROOT / "copier.yml", folder)
    for name in ANSWERS_ONLY:
        there = TEMPLATE_ROOT / "template" / name
        (shutil.copytree if there.is_dir() else shutil.copy)(there, folder / "template" / name)
    return folder


@pytest.fixture
def answered(questions: Path, tmp_path: Path) -> Copy:
    """As `copy`, but it writes the answers alone."""

    def run(*, target: Path | None = None, **answers: Any) -> Path:
        return copied(questions, target or tmp_path / "repository", **answers)

    return run


def recorded(repository: Path, name: str) -> dict[str, Any]:
    answers: dict[str, Any] = yaml.safe_load(
        (repository / ".copier-answers" / f"{name}.yml").read_text()
    )
    return answers


@pytest.mark.parametrize(
    "job_name",
    ["sales_etl", "a", "orders2", "x1_y2", "a" * 38],
)
def test_a_snake_case_job_name_is_taken(answered: Copy, job_name: str) -> None:
    assert recorded(answered(job_name=job_name), job_name)["job_name"] == job_name


def test_files_are_named_after_the_longest_job_and_prefix(copy: Copy) -> None:
    job_name, prefix = "a" * 38, "year=2024/daily sales/" + "x" * 177 + "/"

    repository = copy(job_name=job_name, prefix=prefix)

    assert (repository / f"src/jobs/{job_name}.py").is_file()
    assert (repository / "tests/test_data" / job_name / prefix / "daily_2024-01-15.csv").is_file()


@pytest.mark.parametrize(
    "job_name",
    [
        "",
        "Sales",
        "sales-etl",
        "sales etl",
        "1sales",
        "_sales",
        "sales_",
        "sales__etl",
        "salés",
        "a" * 39,
        "sales\n",
        "../sales",
        "import",
        "class",
        "json",
        "queue",
        "pyspark",
        "pandas",
        "base_glue",
        "variables",
        "override",
        "sales_override",
    ],
)
def test_another_job_name_is_refused(answered: Copy, tmp_path: Path, job_name: str) -> None:
    with pytest.raises(
        ValueError, match="'job_name': expected .*(such as .*|_etl or such), found "
    ):
        answered(job_name=job_name)
    assert not (tmp_path / "repository").exists()


def test_without_a_job_name_nothing_is_guessed(answered: Copy) -> None:
    with pytest.raises(ValueError, match='"job_name" is required'):
        answered()


@pytest.mark.parametrize(
    "prefix",
    [
        "sales/",
        "landing/sales/",
        "a-b/c.d/e=f/",
        "year=2024/",
        "S/",
        "_a=b/",
        "daily sales/eu/",
        "x" * 199 + "/",
    ],
)
def test_a_prefix_of_folders_is_taken(answered: Copy, prefix: str) -> None:
    assert recorded(answered(job_name="a_b", prefix=prefix), "a_b")["prefix"] == prefix


@pytest.mark.parametrize(
    "prefix",
    [
        "",
        "sales",
        "/sales/",
        "/",
        "sales//",
        "a//b/",
        "./sales/",
        "a/./b/",
        "../sales/",
        "a/../",
        "_sales/",
        "a/.hidden/",
        "x._COPYING_/",
        "sales*/",
        "sale?/",
        "sales[1]/",
        "{a,b}/",
        "a\\b/",
        " sales/",
        "sales /",
        "a/ b/",
        "two\twords/",
        "sales/\n",
        "x" * 200 + "/",
    ],
)
def test_another_prefix_is_refused(answered: Copy, prefix: str) -> None:
    with pytest.raises(ValueError, match="'prefix': expected .*, found "):
        answered(job_name="sales_etl", prefix=prefix)


@pytest.mark.parametrize("suffix", [".csv", "_full.csv", ".CSV", ".csv.gz", "-v2.txt"])
def test_a_suffix_with_an_extension_is_taken(answered: Copy, suffix: str) -> None:
    assert recorded(answered(job_name="a_b", suffix=suffix), "a_b")["suffix"] == suffix


@pytest.mark.parametrize(
    "suffix",
    [
        "",
        "csv",
        ".",
        "*.csv",
        "/.csv",
        ".csv\n",
        ".csv.7z",
        ".c v",
        ".csv.GZ",
        ".ZIP",
        ".csv.gzip",
        ".tgz",
        ".xls",
        ".xml",
        ".xml.zip",
    ],
)
def test_another_suffix_is_refused(answered: Copy, suffix: str) -> None:
    with pytest.raises(ValueError, match=r"'suffix': expected .*(\.csv|\.gz|csv, json).*, found "):
        answered(job_name="a_b", suffix=suffix)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"job_name": "sales_etl"}, {"prefix": "sales/", "suffix": ".csv", "format": "csv"}),
        ({"job_name": "customer_import"}, {"prefix": "customers/"}),
        ({"job_name": "product_catalog"}, {"prefix": "products/"}),
        ({"job_name": "inventory_load"}, {"prefix": "inventories/"}),
        ({"job_name": "order_items"}, {"prefix": "order_items/"}),
        ({"job_name": "orders"}, {"prefix": "orders/"}),
        ({"job_name": "a_b", "suffix": ".json"}, {"format": "json"}),
        ({"job_name": "a_b", "suffix": ".ndjson"}, {"format": "jsonl"}),
        ({"job_name": "a_b", "suffix": ".JSON"}, {"format": "json"}),
        ({"job_name": "a_b", "suffix": ".jsonl.gz"}, {"format": "jsonl"}),
        ({"job_name": "a_b", "suffix": "_x.parquet"}, {"format": "parquet"}),
        ({"job_name": "a_b", "suffix": ".orc"}, {"format": "orc"}),
        ({"job_name": "a_b", "suffix": ".txt"}, {"format": "csv"}),
        ({"job_name": "a_b"}, {"schedule": "cron(0 4 * * ? *)", "timezone": "UTC"}),
    ],
)
def test_defaults_follow_from_the_answers_before(
    answered: Copy, answers: dict[str, str], expected: dict[str, str]
) -> None:
    found = recorded(answered(**answers), answers["job_name"])

    assert {name: found[name] for name in expected} == expected


def test_a_format_that_contradicts_the_suffix_is_refused(answered: Copy) -> None:
    with pytest.raises(ValueError, match=r"expected json for the suffix \.json, found csv"):
        answered(job_name="a_b", suffix=".json", format="csv")


def test_json_lines_may_be_called_json(answered: Copy) -> None:
    assert (
        recorded(answered(job_name="a_b", suffix=".json", format="jsonl"), "a_b")["format"]
        == "jsonl"
    )


def test_parquet_is_not_gzipped_as_a_whole(answered: Copy) -> None:
    with pytest.raises(ValueError, match="expected a suffix without"):
        answered(job_name="a_b", suffix=".parquet.gz", format="parquet")


@pytest.mark.parametrize(
    "schedule",
    [
        "none",
        "cron(0 2 * * ? *)",
        "cron(0 3 ? * MON *)",  # the documentation's weekly_sales_summary
        "cron(0/15 8-18 ? * MON-FRI *)",
        "cron(*/5 * * * ? *)",
        "cron(0 0 1,15 JAN,JUL ? 2026-2030)",
        "cron(0 12 L * ? *)",
        "cron(0 12 3W * ? *)",
        "cron(0 12 ? * 2#1 *)",
        "cron(0 12 ? * FRIL *)",
        "rate(1 minute)",
        "rate(1 day)",
        "rate(12 hours)",
    ],
)
def test_a_schedule_of_eventbridge_is_taken(schedule: str) -> None:
    assert schedule_error(schedule) == ""


@pytest.mark.parametrize(
    "schedule",
    [
        "",
        "None",
        "daily",
        "0 2 * * *",
        "cron(0 2 * * *)",  # five fields, as in Unix
        "cron(0 2 * * * *)",
        "cron(0 2 ? * ? *)",
        "cron(60 2 * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 2 0 * ? *)",
        "cron(0 2 32 * ? *)",
        "cron(0 2 * 13 ? *)",
        "cron(0 2 * FEB-JAN ? *)",
        "cron(0 2 ? * 0 *)",
        "cron(0 2 ? * 8 *)",
        "cron(0 2 ? * MONDAY *)",
        "cron(0 2 ? * 2#6 *)",
        "cron(0 2 * * ? 1969)",
        "cron(0 2 * * ? 2200)",
        "cron(0/0 2 * * ? *)",
        "cron(1- 2 * * ? *)",
        "cron(, 2 * * ? *)",
        "cron(a 2 * * ? *)",
        "cron(? 2 * * ? *)",
        "cron(0  2 * * ? *)",
        "cron(0 2 * * ? *) ",
        "cron(0 2 * * ? *)\n",
        "CRON(0 2 * * ? *)",
        "rate(0 minutes)",
        "rate(1 minutes)",
        "rate(2 minute)",
        "rate(1.5 hours)",
        "rate(5 weeks)",
        "rate(5  hours)",
        "rate(5 hours)\n",
        "at(2026-01-01T00:00:00)",
    ],
)
def test_another_schedule_is_refused_with_the_right_form(schedule: str) -> None:
    assert re.match("expected .*, found ", schedule_error(schedule))


FIELDS = st.sampled_from(
    "* ? 0 1 5 7 8 12 13 23 24 31 32 59 60 1970 2199 2200 1,2 1-5 5-1 */5 0/15 MON SUN-SAT JAN "
    "JAN-MAR L 3W 32W 2#1 2#6 FRIL 1, -1 a".split()
)


@given(st.lists(FIELDS, min_size=6, max_size=6))
def test_whatever_is_taken_is_right_for_another_validator_too(fields: list[str]) -> None:
    cron = " ".join(fields)
    if not schedule_error(f"cron({cron})"):
        AWSCronExpressionValidator.validate(cron)


def test_a_bad_schedule_stops_the_copy(answered: Copy) -> None:
    with pytest.raises(ValueError, match="'schedule': expected six fields, found 5 in "):
        answered(job_name="a_b", schedule="cron(0 2 * * *)")


def test_without_a_schedule_there_is_no_time_zone(answered: Copy) -> None:
    assert "timezone" not in recorded(answered(job_name="a_b", schedule="none"), "a_b")


@pytest.mark.parametrize(
    "timezone",
    ["UTC", "CET", "EST5EDT", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+3"],
)
def test_an_iana_time_zone_is_taken(answered: Copy, timezone: str) -> None:
    assert recorded(answered(job_name="a_b", timezone=timezone), "a_b")["timezone"] == timezone


@pytest.mark.parametrize(
    ("timezone", "alike"),
    [
        *(
            (each, "Europe/Berlin")
            for each in ("", "CET+1", "europe/berlin", "Foo/Bar", "UTC\n", "Berlin time")
        ),
        ("UTC/UTC", "Etc/UTC"),
        ("Europe/Berlinn", "Europe/Berlin"),
        ("Europe/New York", "America/New_York"),
        ("America/Buenos Aires", "America/Buenos_Aires"),
    ],
)
def test_another_time_zone_is_refused(answered: Copy, timezone: str, alike: str) -> None:
    with pytest.raises(ValueError, match=f"'timezone': expected an IANA name: {alike}, found "):
        answered(job_name="a_b", timezone=timezone)


def test_the_time_zones_are_those_of_the_iana_database() -> None:
    macro = (TEMPLATE_ROOT / "template/_macros/timezone.jinja").read_text()
    areas = ast.literal_eval(
        re.sub(r"\.split\(\)|\n", " ", macro[macro.index("= {") + 2 : macro.index("} -%}") + 1])
    )
    names = {
        f"{area}/{place}" if area else place
        for area, places in areas.items()
        for place in places.split()
    }

    assert names == set(files("tzdata").joinpath("zones").read_text().split())


def test_daylight_saving_time_never_skips_the_hour_of_the_default_schedule(answered: Copy) -> None:
    _, hour, *_ = (
        recorded(answered(job_name="a_b"), "a_b")["schedule"].removeprefix("cron(").split()
    )
    skipped = set()
    for zone in map(ZoneInfo, files("tzdata").joinpath("zones").read_text().split()):
        for day in range(2 * 365):
            local = datetime(2026, 1, 1, int(hour)) + timedelta(days=day)
            back = local.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None)
            skipped |= {zone.key} if back != local else set()

    assert skipped == set()


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("project_name", "Data Platform"),
        ("project_name", "-x"),
        ("project_name", "pyspark"),
        ("lake_prefix", "Data_Lake"),
        ("lake_prefix", "x" * 40),
        ("lake_prefix", "xn--lake"),
        ("region", "Frankfurt"),
        ("environments", []),
        ("environments", "dev"),
        ("environments", ["dev", "dev"]),
        ("environments", [False]),
        ("environments", [1, 2]),
        ("environments", None),
        ("environments", ["local"]),
        ("environments", ["production-eu"]),
        ("environments", [{"name": "dev"}]),
    ],
)
def test_a_bad_platform_answer_is_refused(answered: Copy, name: str, answer: object) -> None:
    with pytest.raises(ValueError, match=f"'{name}': expected .*, found "):
        answered(job_name="a_b", **{name: answer})


def test_only_known_glue_versions_are_taken(answered: Copy) -> None:
    with pytest.raises(ValueError, match="Invalid choice"):
        answered(job_name="a_b", glue_version="4.0")


@pytest.mark.parametrize("glue_version", ["5.0", "5.1", "6.0"])
def test_the_glue_version_decides_the_spark_version(copy: Copy, glue_version: str) -> None:
    spark = {"5.0": "3.5.4", "5.1": "3.5.6", "6.0": "4.1.1"}[glue_version]

    pyproject = copy(job_name="a_b", glue_version=glue_version) / "pyproject.toml"

    assert f'"pyspark=={spark}"' in pyproject.read_text()


@pytest.mark.parametrize(
    "folder", ["My Data!", "data", "___", "2024-platform", "pyspark", "x" * 60, "[a]"]
)
def test_the_project_is_named_after_its_folder(answered: Copy, tmp_path: Path, folder: str) -> None:
    repository = answered(job_name="a_b", target=tmp_path / folder)

    name = recorded(repository, "_platform")["project_name"]
    assert name.strip("-") == name.lower() == name
    assert 2 <= len(name) <= 32


TERMINAL = 80


@pytest.mark.parametrize(
    ("question", "form"),
    [
        (name, form)
        for name, form in yaml.safe_load((TEMPLATE_ROOT / "copier.yml").read_text()).items()
        if isinstance(form, dict) and "help" in form
    ],
)
def test_a_question_and_its_choices_fit_a_terminal(question: str, form: dict[str, Any]) -> None:
    mark = "🎤 "  # two columns wide
    choices = [f" » {form['help']}"] if "choices" in form else []

    for text in [f"{mark} {form['help']}", *choices]:
        assert all(len(line) <= TERMINAL for line in text.splitlines()), question


REFUSED = {
    "job_name": ["Sales", "a" * 39, "json", "variables", "jobs"],
    "prefix": ["sales", "/sales/", "sales//", "sale?/", "x" * 201 + "/"],
    "suffix": ["csv", ".csv.rar", ".xls"],
    "schedule": [
        "daily",
        "cron(0 2 * * *)",
        "cron(0 2 ? * ? *)",
        "cron(60 2 * * ? *)",
        "rate(1 days)",
        "cron(0 2 ? * MONDAY *)",
    ],
    "timezone": ["Berlin time"],
    "project_name": ["Data Platform", "pyspark"],
    "lake_prefix": ["Data_Lake"],
    "region": ["Frankfurt"],
    "environments": ["dev", [False], ["dev", "dev"]],
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_an_answer_should_be_is_not_cut_at_the_edge_of_a_terminal(
    answered: Copy, name: str
) -> None:
    """A terminal shows one line of an error, and Copier begins it with the question's name."""
    for answer in REFUSED[name]:
        with pytest.raises(ValueError, match="expected") as refused:
            answered(**{"job_name": "a_b", name: answer})
        expectation = str(refused.value).partition(", found ")[0]
        assert len(expectation) <= TERMINAL, expectation


def test_uploads_of_another_job_are_refused(answered: Copy) -> None:
    taken = [["sales_etl", "sales/", ".csv"]]

    for prefix, suffix in [("sales/", ".csv"), ("sales/eu/", "_full.csv"), ("sales/", "_x.csv")]:
        with pytest.raises(ValueError, match=r"found sales/\*\.csv of sales_etl"):
            answered(job_name="a_b", prefix=prefix, suffix=suffix, taken_uploads=taken)
    answered(job_name="a_b", prefix="sales/", suffix=".json", taken_uploads=taken)
