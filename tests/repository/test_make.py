"""A rendered repository with its own environment: what its owner types works."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from gluecast.template.bundled import TEMPLATE_ROOT
from other_glue import python_of
from repository_setup import first_copy, make
from tools import needs

pytestmark = needs("make", to="try its targets")


@pytest.fixture(scope="module")
def repository(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copied and set up once for all tests here, in a folder with a space in its name."""
    target = first_copy(template, tmp_path_factory.mktemp("make") / "my platform")
    ran = make(target, "setup", f"PYTHON={sys.executable}")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return target


@pytest.mark.parametrize("target", ["lint", "test-unit", "test-int"])
def test_the_checks_of_a_fresh_repository_pass(repository: Path, target: str) -> None:
    ran = make(repository, target)

    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_a_further_job_of_another_format_passes_too(repository: Path, template: Path) -> None:
    data = ["--data", "job_name=feed_import", "--data", "suffix=.jsonl.gz"]
    command = [sys.executable, "-m", "copier", "copy", "--quiet", "--defaults", *data]
    subprocess.run([*command, str(template), str(repository)], check=True)

    ran = make(repository, "lint", "test")

    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_a_job_runs_as_the_schedule_and_as_an_upload_would_start_it(repository: Path) -> None:
    file = "tests/test_data/sales_etl/sales/daily_2024-01-15.csv"
    for arguments, trigger in [((), "scheduled"), ((f"FILE={file}",), "s3_event")]:
        ran = make(repository, "run-local", "JOB=sales_etl", *arguments)

        assert ran.returncode == 0, ran.stderr
        completed = json.loads(ran.stdout.splitlines()[-1])
        assert completed["event"] == "job_completed_successfully"
        assert completed["trigger_type"] == trigger


AHEAD = """
    def transform(self, df: DataFrame) -> DataFrame:
        print(f"Spark {self.spark.version}", file=sys.stderr)
"""


def test_a_job_that_is_ahead_runs_on_its_own_spark_and_the_others_on_theirs(
    repository: Path, template: Path, tmp_path: Path
) -> None:
    mixed = shutil.copytree(repository, tmp_path / "mixed", symlinks=True)
    data = ["--data", "job_name=orders", "--data", "job_glue_version=6.0"]
    command = [sys.executable, "-m", "copier", "copy", "--quiet", "--defaults", *data]
    subprocess.run([*command, str(template), str(mixed)], check=True)
    for job in ("orders", "sales_etl"):
        module = mixed / f"src/jobs/{job}.py"
        code = module.read_text().replace("from pyspark", "import sys\n\nfrom pyspark", 1)
        old = "\n    def transform(self, df: DataFrame) -> DataFrame:\n"
        assert old in code
        module.write_text(code.replace(old, AHEAD))
    for version, folder in (("5.1", ".venv"), ("6.0", ".venv-glue-6.0")):
        has_packages_of(python_of(version), mixed / folder, mixed / "src")

    for job, spark in (("orders", "4.1.1"), ("sales_etl", "3.5.6")):
        ran = make(mixed, "run-local", f"JOB={job}")
        assert ran.returncode == 0, ran.stderr
        assert ran.stderr.splitlines() == [f"Spark {spark}"]
    ran = make(mixed, "test-unit")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    others = {f"tests/unit/{path.name}" for path in (mixed / "tests/unit").glob("test_*.py")}
    ours, theirs = f"Python 3.{sys.version_info.minor}", "Python 3.13"
    found = re.findall(r"Python 3\.\d+|tests/\S+", ran.stdout)
    assert found[0] == ours
    assert {*found[1 : found.index(theirs)]} == others - {"tests/unit/test_orders.py"}
    assert found[found.index(theirs) :] == [theirs, "tests/unit/test_orders.py"]


def has_packages_of(python: Path, folder: Path, source: Path) -> None:
    """Make a folder an environment as `make setup` creates it, with the packages of another one."""
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([python, "-m", "venv", "--without-pip", folder], check=True)
    ask = "import sys; print(*(each for each in sys.path if 'site-packages' in each), sep='\\n')"
    packages = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True)
    [site] = folder.glob("lib/python*/site-packages")
    (site / "others.pth").write_text(f"{source}\n{packages.stdout}")
    (folder / "ready").touch()


@pytest.mark.parametrize(("works", "taken"), [(True, "python3.13"), (False, "python3")])
def test_setup_takes_the_python_of_the_glue_version_where_there_is_one(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, works: bool, taken: str
) -> None:
    python = tmp_path / "python3.13"
    python.write_text(f"#!/bin/sh\nexit {0 if works else 127}\n")
    python.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    ran = make(repository, "--dry-run", "setup", "GLUE=6.0")

    assert ran.returncode == 0, ran.stderr
    assert f"\n{taken} -m venv .venv-glue-6.0\n" in ran.stdout


@pytest.mark.parametrize("arguments", [("setup", "GLUE=7.0"), ("test", "GLUE=4.0")])
def test_a_glue_version_that_nobody_knows_is_named(
    repository: Path, arguments: tuple[str, str]
) -> None:
    ran = make(repository, *arguments)

    assert ran.returncode != 0
    found = arguments[1].removeprefix("GLUE=")
    assert f"expected 5.1 or 6.0 or 5.0 as GLUE and in infrastructure/jobs, found {found}" in (
        ran.stderr
    )


def test_a_file_of_any_name_can_be_run(repository: Path) -> None:
    file = repository / 'it\'s "new" & so on.csv'
    file.write_text("id,name,category,amount,updated_at\n1,A,B,40,2024-01-15T08:30:00Z\n")

    ran = make(repository, "run-local", "JOB=sales_etl", f"FILE={file.name}")

    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout.splitlines()[-1])["source_object_key"] == f"sales/{file.name}"


def test_a_run_without_a_job_says_how_to_name_one(repository: Path) -> None:
    ran = make(repository, "run-local")

    assert ran.returncode != 0
    assert "expected a job, such as make run-local JOB=" in ran.stderr


def test_help_lists_every_target_and_the_jobs(repository: Path) -> None:
    ran = make(repository, "help")

    targets = (repository / "Makefile").read_text().split(".PHONY:")[1].splitlines()[0].split()
    assert all(f"make {target} " in ran.stdout for target in targets)
    assert "sales_etl" in ran.stdout


def test_the_archive_holds_the_runtime_and_is_the_same_each_time(repository: Path) -> None:
    archives = []
    for _ in range(2):
        ran = make(repository, "build")
        assert ran.returncode == 0, ran.stderr
        archives.append((repository / "build/glue_runtime.zip").read_bytes())

    assert archives[0] == archives[1]
    names = zipfile.ZipFile(repository / "build/glue_runtime.zip").namelist()
    assert {"glue_runtime/base_job.py", "glue_runtime/input/formats/formats.toml"} <= set(names)
    assert not [name for name in names if "__pycache__" in name]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ENV=nowhere"], "expected ENV to be one of dev prod, found nowhere"),
        (["ACTION=aply"], "expected ACTION to be plan, apply or destroy, found aply"),
    ],
)
def test_a_deployment_needs_an_environment_and_an_action(
    repository: Path, arguments: list[str], message: str
) -> None:
    ran = make(repository, "deploy-infra", *arguments)

    assert ran.returncode != 0
    assert message in ran.stderr


def test_a_forecast_of_the_cost_is_made_without_aws(repository: Path) -> None:
    ran = make(repository, "cost", "FILES=200", "FILE_SECONDS=1", "BATCH=50", "JSON=1")

    assert ran.returncode == 0, ran.stderr
    assert [(way["way"], way["runs"]) for way in json.loads(ran.stdout)] == [
        ("event", 200),
        ("batch", 4),
        ("schedule", 1),
        ("changed", 1),
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["trace"], "expected the key of an object, such as make trace KEY="),
        (["matching-rules"], "expected the key of an object, such as make matching-rules KEY="),
        (["replay"], "expected a job, such as make replay JOB="),
        (["replay", "JOB=sales_etl"], "expected SINCE="),
        (["replay", 'JOB=it\'s a "job"', "SINCE=1d"], 'found it\'s a "job"'),
        (["job-runs", "ENV=nowhere"], "expected ENV to be one of dev, prod, found nowhere"),
        (["doctor", "JOB=nobody"], "expected JOB to be one of"),
    ],
)
def test_an_operating_command_says_what_it_needs(
    repository: Path, arguments: list[str], message: str
) -> None:
    ran = make(repository, *arguments)

    assert ran.returncode != 0
    assert message in ran.stderr


def test_a_python_that_is_too_old_is_named(repository: Path, tmp_path: Path) -> None:
    old = tmp_path / "python3.9"
    code = (
        "import sys; sys.version_info = (3, 9, 1); sys.version = '3.9.1 (old)'; exec(sys.argv[1])"
    )
    old.write_text(f'#!/bin/sh\nshift\nexec "{sys.executable}" -c "{code}" "$1"\n')
    old.chmod(0o755)
    other = shutil.copytree(repository, tmp_path / "other", ignore=shutil.ignore_patterns(".venv"))

    ran = make(other, "setup", f"PYTHON={old}")

    assert ran.returncode != 0
    assert "expected Python 3.11 or newer, found 3.9.1" in ran.stderr
    assert not (other / ".venv").exists()


def test_the_workflow_runs_the_same_targets(repository: Path) -> None:
    workflow = yaml.safe_load((repository / ".github/workflows/ci.yml").read_text())
    commands = [step["run"] for step in workflow["jobs"]["test"]["steps"] if "run" in step]

    targets = ["setup", "lint", "test-unit", "test-int", "test-infra", "test-e2e", "scan"]
    assert commands == [f"make {target}" for target in targets]


def test_the_rendered_packages_are_those_of_this_project(repository: Path) -> None:
    ours = (TEMPLATE_ROOT / "pyproject.toml").read_text()
    questions = yaml.safe_load((TEMPLATE_ROOT / "copier.yml").read_text())
    versions = yaml.safe_load(questions["glue_versions"]["default"]).values()
    ours += "".join(f'"pyspark=={each["spark"]}"' for each in versions)
    for line in (repository / "pyproject.toml").read_text().splitlines():
        for package in ("pyspark==", "structlog==", "ruff==", "botocore==", "parliament=="):
            if package in line:
                pin = line[line.index(package) :].split('"')[0]
                assert f'"{pin}"' in ours
