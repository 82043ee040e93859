"""What make setup says about a Python that is another one than Glue's."""

import sys
from pathlib import Path

import pytest

from glue_runtime import settings
from glue_runtime.local import python_version

UDF = "from pyspark.sql import functions as F\n\nshout = F.udf(lambda text: text.upper())\n"
PLAIN = 'from pyspark.sql import functions as F\n\n# No udfs here.\nx = F.lower("a")\n'


@pytest.fixture(autouse=True)
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The jobs of a repository, one of them without Python functions."""
    monkeypatch.setattr(settings, "REPOSITORY", tmp_path)
    folder = tmp_path / "src/jobs"
    folder.mkdir(parents=True)
    (folder / "plain.py").write_text(PLAIN)
    return folder


def with_python(monkeypatch: pytest.MonkeyPatch, version: tuple[int, int]) -> str:
    class Version(tuple):
        major, minor = version

    monkeypatch.setattr(sys, "version_info", Version(version))
    return python_version.difference()


def test_nothing_is_said_about_the_python_of_glue(monkeypatch: pytest.MonkeyPatch) -> None:
    assert with_python(monkeypatch, (3, 11)) == ""


@pytest.mark.parametrize("code", [
    UDF,
    "def each(df):\n    return df.mapInPandas(f, 'a int')\n",
    "def each(df):\n    return df.rdd.map(f)\n",
    "@pandas_udf('long')\ndef f(x): ...\n",
])  # fmt: skip
def test_the_jobs_whose_functions_run_on_another_python_are_named(
    monkeypatch: pytest.MonkeyPatch, jobs: Path, code: str
) -> None:
    (jobs / "shouting.py").write_text(code)

    said = with_python(monkeypatch, (3, 12))

    assert said.startswith("Python 3.12, where Glue 5.1 has 3.11: test the Python functions (UDFs)")
    assert "of shouting on Python 3.11 too" in said
    assert "python3.11" in said


def test_without_such_functions_the_difference_is_only_mentioned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = with_python(monkeypatch, (3, 13))

    assert said.startswith("Python 3.13, where Glue 5.1 has 3.11; make clean setup")
