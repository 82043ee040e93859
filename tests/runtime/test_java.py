"""Which Java a local run takes."""

import os
import subprocess
from pathlib import Path

import pytest

from glue_runtime.local import java
from glue_runtime.local.launcher import launched_by


def install(home: Path, version: str, *, release_file: bool = True) -> Path:
    """A folder that looks like a Java of this version."""
    (home / "bin").mkdir(parents=True)
    program = home / "bin/java"
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2021' >&2\n")
    program.chmod(0o755)
    if release_file:
        (home / "release").write_text(f'IMPLEMENTOR="x"\nJAVA_VERSION="{version}"\n')
    return home


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", "/usr/bin-without-java")
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)


@pytest.mark.parametrize("version", ["17.0.15", "21.0.8", "22"])
@pytest.mark.parametrize("release_file", [True, False])
def test_a_java_from_17_on_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, release_file: bool
) -> None:
    home = install(tmp_path / "java", version, release_file=release_file)
    monkeypatch.setenv("JAVA_HOME", str(home))

    assert java.use_java() == home
    assert java.java_version(home) == version


@pytest.mark.parametrize("version", ["1.8.0_402", "11.0.2", "25"])
def test_another_java_is_passed_over_for_the_one_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(install(tmp_path / "wrong", version)))
    fitting = install(tmp_path / "fitting", "17.0.15")
    monkeypatch.setenv("PATH", str(fitting / "bin"))

    assert java.use_java() == fitting
    assert os.environ["JAVA_HOME"] == str(fitting)


def test_what_is_no_program_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = install(tmp_path / "java", "17.0.15")
    (home / "bin/java").chmod(0o644)
    monkeypatch.setenv("JAVA_HOME", str(home))
    assert java.find_java() is None

    (home / "bin/java").unlink()
    (home / "bin/java").mkdir()
    assert java.find_java() is None


def test_without_a_fitting_java_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(install(tmp_path / "old", "11.0.2")))

    with pytest.raises(java.JavaNotFoundError) as failure:
        java.use_java()

    assert "expected Java 17 to 22, found Java 11.0.2" in str(failure.value)
    assert java.GLUE.jdk in str(failure.value)
    assert "apt-get install openjdk-17-jre-headless" in str(failure.value)


def test_spark_starts_java_without_the_module_that_not_every_java_has(tmp_path: Path) -> None:
    home = install(tmp_path / "a java", "17.0.15")
    (home / "bin/java").write_text('#!/bin/sh\nfor argument do echo "$argument"; done\n')
    words = ["-cp", "a b", "--add-modules=jdk.incubator.vector", "", '"-Dx=$HOME *"', "Main"]

    with launched_by(home):
        program = Path(os.environ["JAVA_HOME"], "bin/java")
        ran = subprocess.run([program, *words], capture_output=True, text=True, check=True)

    assert ran.stdout.splitlines() == ["-cp", "a b", "", '"-Dx=$HOME *"', "Main"]
    assert os.environ["JAVA_HOME"] == str(home)
    assert not program.exists()
