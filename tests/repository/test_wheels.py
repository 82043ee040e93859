"""The packages of jobs as wheels, as `make build` fetches them; pip says whether they can be installed."""

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from glue_runtime import settings
from glue_runtime.local import build, wheels
from glue_runtime.local.glue_versions import GLUE_VERSIONS
from tasks.examples import RENDERED

OURS = ("structlog==26.1.0",)
OF_AVRO = (*OURS, "fastavro==1.12.1")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with two jobs, of which one has a package of its own."""
    (tmp_path / "pyproject.toml").write_text((RENDERED / "pyproject.toml").read_text())
    for folder in ("src/jobs", "infrastructure/jobs"):
        (tmp_path / folder).mkdir(parents=True)
    for job in ("orders", "sales_etl"):
        (tmp_path / f"src/jobs/{job}.py").touch()
    (tmp_path / "infrastructure/jobs/sales_etl.json").write_text("{}")
    declares(tmp_path, "orders", ["fastavro==1.12.1"])
    monkeypatch.setattr(settings, "REPOSITORY", tmp_path)
    monkeypatch.setattr(wheels, "FOLDER", tmp_path / "build/wheels")
    return tmp_path


def declares(repository: Path, job: str, packages: object) -> None:
    declaration = repository / f"infrastructure/jobs/{job}.json"
    declaration.write_text(json.dumps({"python_modules": packages}))


def test_jobs_with_the_same_packages_share_an_archive(repository: Path) -> None:
    assert wheels.packages_of_jobs() == [OURS, OF_AVRO]


def test_an_owners_own_dependencies_are_not_for_runs(repository: Path) -> None:
    project = repository / "pyproject.toml"
    text = project.read_text()
    listed = 'dependencies = ["structlog==26.1.0"]'
    assert listed in text
    project.write_text(
        text.replace(listed, 'dependencies = ["requests==2.32.0", "structlog==26.1.0"]')
    )

    assert wheels.packages_of_jobs() == [OURS, OF_AVRO]


@pytest.mark.parametrize("version", ["5.1", "6.0"])
def test_glue_installs_the_packages_without_an_index(
    repository: Path, version: str, tmp_path: Path
) -> None:
    archive = wheels.fetch(version, OF_AVRO)
    zipfile.ZipFile(archive).extractall(tmp_path / "fetched")
    python = GLUE_VERSIONS[version].python

    ran = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--isolated", "--no-index"),
            *("--find-links", "wheels", "--requirement", "wheels/requirements.txt"),
            *("--only-binary=:all:", f"--python-version={python}", "--implementation=cp"),
            *("--platform=manylinux_2_34_x86_64", "--platform=manylinux_2_28_x86_64"),
            *("--platform=manylinux2014_x86_64", "--target", tmp_path / "installed"),
        ],
        cwd=tmp_path / "fetched",
        env={name: text for name, text in os.environ.items() if not name.startswith("PIP_")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "installed/structlog/__init__.py").is_file()
    suffix = f".cpython-{python.replace('.', '')}-x86_64-linux-gnu.so"
    assert list((tmp_path / "installed/fastavro").glob(f"_read{suffix}"))


def test_an_archive_is_fetched_once_and_is_the_same_each_time(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = wheels.fetch("5.1", OURS)
    content = archive.read_bytes()
    archive.unlink()
    assert wheels.fetch("5.1", OURS).read_bytes() == content

    monkeypatch.setattr(subprocess, "run", None)

    assert wheels.fetch("5.1", OURS) == archive


def test_the_lock_of_the_repository_holds_for_wheels(repository: Path) -> None:
    lock = "structlog==25.5.0 \\\n    --hash=sha256:aa\nno-such==1 ; sys_platform == 'win32' \\\n"
    (repository / "requirements-dev.txt").write_text(lock)

    fetched = zipfile.ZipFile(wheels.fetch("5.1", ("structlog",)))

    assert [name for name in fetched.namelist() if "structlog-25.5.0" in name]


def test_a_package_without_a_wheel_is_named(repository: Path) -> None:
    with pytest.raises(RuntimeError, match=r"no-such-package==1") as raised:
        wheels.fetch("6.0", ("no-such-package==1",))

    assert re.search(r'python_modules_from = "index"', str(raised.value))
    assert not list((repository / "build").rglob("*.zip"))


@pytest.mark.parametrize("packages", ["humanize==4.12.1", [1], {"humanize": "4.12.1"}])
def test_packages_are_a_list_of_texts(repository: Path, packages: object) -> None:
    declares(repository, "orders", packages)

    with pytest.raises(ValueError, match=r"orders\.json to be a list"):
        wheels.packages_of_jobs()


def test_a_broken_declaration_is_named(repository: Path) -> None:
    (repository / "infrastructure/jobs/orders.json").write_text("{")

    with pytest.raises(ValueError, match=r"orders\.json, found: Expecting"):
        wheels.packages_of_jobs()


def test_a_version_on_which_no_job_runs_may_lack_a_package(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = []

    def fetch(version: str, packages: tuple[str, ...], *, patient: bool = True) -> Path:
        asked.append((version, len(packages), patient))
        if version == "6.0" and packages == OF_AVRO:
            raise RuntimeError("no wheel for 6.0")
        return wheels.archive_of(version, packages)

    monkeypatch.setattr(wheels, "fetch", fetch)
    monkeypatch.setattr(build, "ARCHIVE", repository / "build/glue_runtime.zip")

    build.main(["5.1"])

    assert sorted(asked) == sorted(
        (version, count, version == "5.1") for version in GLUE_VERSIONS for count in (1, 2)
    )
    assert "build/wheels: structlog==26.1.0, fastavro==1.12.1, without Glue 6.0\n" in (
        capsys.readouterr().out
    )
    with pytest.raises(SystemExit, match="no wheel for 6"):
        build.main(["6.0", "5.1"])
    asked.clear()
    build.main()
    assert not asked
