"""The validators of the questions at their limits; packaging, AWS's models and Python say what is right.

A validator is rendered alone here, without a copy, so that many answers are quick to try.
"""

import keyword
import re
import sys
import tomllib
from itertools import pairwise
from typing import Any

import botocore.session
import pytest
import yaml
from aws_cron_expression_validator.validator import AWSCronExpressionValidator
from aws_cron_expression_validator.validator import AWSCronExpressionError
from packaging.requirements import Requirement
from packaging.version import Version

from gluecast.template.bundled import TEMPLATE_ROOT
from gluecast.template.registries import registry
from tasks.examples import RENDERED
from rendering import JINJA, schedule_error

QUESTIONS: dict[str, Any] = yaml.safe_load((TEMPLATE_ROOT / "copier.yml").read_text())
GIVEN: dict[str, Any] = {
    "occasion": "update",
    "formats": registry("formats"),
    "glue_versions": registry("glue_versions"),
    "taken_project_names": QUESTIONS["taken_project_names"]["default"],
    "taken_uploads": [],
    "packings": yaml.safe_load(QUESTIONS["packings"]["default"]),
    "prefix": "sales/",
}


def refusal(question: str, answer: object) -> str:
    """What the validator of a question says of an answer; empty when it takes it."""
    validator = JINJA.from_string(QUESTIONS[question]["validator"])
    return validator.render(**{**GIVEN, question: answer}).strip()


@pytest.mark.parametrize(
    ("question", "longest", "too_long"),
    [
        ("job_name", "a" * 38, "a" * 39),
        ("deployed_name", "a" * 38, "a" * 39),
        ("prefix", "x" * 199 + "/", "x" * 200 + "/"),
        ("suffix", "x" * 60 + ".csv", "x" * 61 + ".csv"),
        ("project_name", "a" * 32, "a" * 33),
        ("lake_prefix", "a" * 39, "a" * 40),
        ("environments", ["a" * 10], ["a" * 11]),
    ],
)
def test_the_longest_answer_is_taken_and_a_longer_one_is_not(
    question: str, longest: object, too_long: object
) -> None:
    assert refusal(question, longest) == ""
    assert "expected" in refusal(question, too_long)


@pytest.mark.parametrize(
    ("question", "shortest", "too_short"),
    [
        ("job_name", "a", ""),
        ("project_name", "ab", "a"),
        ("lake_prefix", "ab", "a"),
        ("environments", ["ab"], ["a"]),
    ],
)
def test_the_shortest_answer_is_taken_and_a_shorter_one_is_not(
    question: str, shortest: object, too_short: object
) -> None:
    assert refusal(question, shortest) == ""
    assert "expected" in refusal(question, too_short)


def test_no_job_hides_a_module_of_python_or_is_a_keyword() -> None:
    names = {*sys.stdlib_module_names, *keyword.kwlist, *keyword.softkwlist}
    possible = {name for name in names if re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name)}

    assert len(possible) > 200
    assert {name for name in possible if not refusal("job_name", name)} == set()


RUNS_IMPORT = [
    "awsglue",
    "boto3",
    "botocore",
    "numpy",
    "pandas",
    "py4j",
    "pyarrow",
    "pyspark",
    "structlog",
]
"""Packages that Glue installs or that the runtime imports, by the names of their modules."""


@pytest.mark.parametrize(
    "name",
    [*RUNS_IMPORT, "glue_runtime", "base_glue_job", "base_glue", "conftest", "jobs", "pytest"],
)
def test_no_job_hides_a_module_that_its_runs_and_tests_import(name: str) -> None:
    assert f"expected {name}_etl or such" in refusal("job_name", name)
    assert refusal("job_name", f"{name}_etl") == ""


def test_no_project_has_the_name_of_a_package_that_it_installs() -> None:
    project = tomllib.loads((RENDERED / "pyproject.toml").read_text())["project"]
    required = [
        *project["dependencies"],
        *(text for group in project.get("optional-dependencies", {}).values() for text in group),
    ]
    packages = {Requirement(text).name for text in required} | {"gluecast", "pip", "glue-runtime"}
    packages -= {project["name"]}  # an extra that includes another one

    assert "pyspark" in packages
    assert {name for name in packages if not refusal("project_name", name)} == set()


@pytest.mark.parametrize("name", ["local", "test"])
def test_an_environment_does_not_take_a_reserved_name(name: str) -> None:
    assert "reserved for local runs and tests" in refusal("environments", ["dev", name])
    assert refusal("environments", ["dev", f"{name}1"]) == ""


@pytest.mark.parametrize("begin", ["xn--", "sthree-", "amzn-s3-demo-"])
def test_a_bucket_does_not_begin_with_what_s3_reserves(begin: str) -> None:
    assert "expected a prefix like data-lake" in refusal("lake_prefix", f"{begin}lake")
    assert refusal("lake_prefix", f"lake-{begin.strip('-').replace('--', '-')}") == ""


def test_every_region_of_aws_is_taken() -> None:
    session = botocore.session.get_session()
    regions = {
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("glue", partition)
    }

    assert len(regions) > 30
    assert {region for region in regions if refusal("region", region)} == set()


FIELDS = {
    "minute": (0, 59),
    "hour": (0, 23),
    "day": (1, 31),
    "month": (1, 12),
    "weekday": (1, 7),
    "year": (1970, 2199),
}


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_of_a_schedule_ends_where_aws_ends_it(field: str) -> None:
    low, high = FIELDS[field]
    for value in (str(number) for number in (low - 1, low, high, high + 1)):
        given = {"minute": "0", "hour": "2", "day": "*", "month": "*", "weekday": "?", "year": "*"}
        given |= {"day": "?"} if field == "weekday" else {}
        cron = " ".join({**given, field: value}.values())
        try:
            AWSCronExpressionValidator.validate(cron)
            right = True
        except AWSCronExpressionError:
            right = False

        assert right == (low <= int(value) <= high)
        assert (schedule_error(f"cron({cron})") == "") == right, cron


IN_ORDER = "0.2 0.9 0.9.1 0.10.0rc1 0.10 0.10.1 1.0a1 1.0 1.0.9 1.0.10 1.1 2.0 10.0".split()
"""Versions from the oldest to the newest one, by PyPA's order."""


def newer_template(template: str, platform: str) -> str:
    """What the question of the job says where the template is of one version, the platform of another."""
    macros = JINJA.get_template("template/_macros/job_name.jinja").make_module(
        {
            "_copier_answers": {"_commit": template},
            "_external_data": {"recorded_platform": {"_commit": platform}},
        }
    )
    return str(macros.newer_template_error()).strip()  # type: ignore[attr-defined]


def test_versions_are_compared_as_versions_and_not_as_texts() -> None:
    assert sorted(IN_ORDER, key=Version) == IN_ORDER
    for older, newer in pairwise(IN_ORDER):
        refused = newer_template(f"v{newer}", f"v{older}")
        assert f"expected a template up to v{older}" in refused, (older, newer)
        assert f"--vcs-ref v{older}" in refused
        assert newer_template(f"v{older}", f"v{newer}") == ""
        assert newer_template(f"v{newer}", f"v{newer}") == ""


def test_commits_after_a_release_are_newer_than_it() -> None:
    assert newer_template("v0.9-1-gabc123", "v0.9")
    assert newer_template("v0.9-10-gabc123", "v0.9-9-gdef456")
    assert newer_template("v0.9-9-gabc123", "v0.9-10-gdef456") == ""
    assert newer_template("v0.10", "v0.9-10-gdef456")
    assert newer_template("abc1234", "v0.9") == newer_template("v0.9", "abc1234") == ""
