"""make lock writes the Python packages of every environment with their hashes, and setup takes these.

Wheels with nothing in them stand for the packages, and modules with nothing in them for the runtime:
the real ones take minutes, and make setup with them is in test_make.py.
"""

import base64
import hashlib
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from gluecast.template.bundled import TEMPLATE_ROOT
from repository_setup import make
from tasks.examples import RENDERED
from tools import needs

pytestmark = needs("make", to="lock packages and install them")

SETUP = ("setup", f"PYTHON={sys.executable}")
PARTS = ["dev", "e2e", "glue-5-0", "glue-6-0", "infra", "operations"]


def add_wheel(folder: Path, name: str, version: str, *requires: str) -> None:
    """Write a wheel that installs nothing but its own metadata."""
    stem = f"{name.replace('-', '_')}-{version}"
    needed = "".join(f"Requires-Dist: {other}\n" for other in requires)
    files = {
        "METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needed}",
        "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as wheel:
        record = ""
        for file, text in files.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
            path = f"{stem}.dist-info/{file}"
            wheel.writestr(path, text)
            record += f"{path},sha256={digest.rstrip(b'=').decode()},{len(text)}\n"
        wheel.writestr(f"{stem}.dist-info/RECORD", f"{record}{stem}.dist-info/RECORD,,\n")


def pins() -> Iterator[tuple[str, str]]:
    """The packages that the pyproject.toml of the example names, with their versions."""
    project = tomllib.loads((RENDERED / "pyproject.toml").read_text())["project"]
    for part in [project["dependencies"], *project["optional-dependencies"].values()]:
        for requirement in part:
            if found := re.match(r"([\w-]+)(?:\[.*\])?==([\w.]+)", requirement):
                yield found[1], found[2]


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All packages: pytest needs one that pyproject.toml does not name."""
    folder = tmp_path_factory.mktemp("wheels")
    for name, version in set(pins()):
        if name != "setuptools":
            add_wheel(folder, name, version, *(["pluggy>=1"] if name == "pytest" else []))
    add_wheel(folder, "pluggy", "1.7.0")
    download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    subprocess.run([*download, "setuptools==80.9.0", "--dest", folder], check=True)
    return folder


@pytest.fixture(scope="module")
def locked(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example repository after make lock."""
    folder = tmp_path_factory.mktemp("lock") / "a platform"
    ignored = shutil.ignore_patterns(".venv*", "__pycache__", "*.egg-info", "glue_runtime")
    shutil.copytree(RENDERED, folder, ignore=ignored)
    local = folder / "src/glue_runtime/local"
    local.mkdir(parents=True)
    for module in ("", "python_version", "java", "warm_up"):
        (local / f"{module or '__init__'}.py").touch()
    with pytest.MonkeyPatch.context() as patch:
        # What a company's own index would be; uv itself comes from where pip finds it.
        patch.setenv("UV_NO_CONFIG", "1")
        patch.setenv("UV_NO_INDEX", "1")
        patch.setenv("UV_FIND_LINKS", str(wheels))
        patch.setenv("UV_PYTHON", sys.executable)
        ran = make(folder, "lock", f"PYTHON={sys.executable}")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return folder


@pytest.fixture
def repository(locked: Path, wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the locked repository without an environment, where pip sees only the wheels."""
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    ignored = shutil.ignore_patterns(".venv*", "*.egg-info")
    return shutil.copytree(locked, tmp_path / "a platform", ignore=ignored)


def installed(repository: Path) -> dict[str, str]:
    listed: list[str | Path] = [
        repository / ".venv/bin/python",
        "-m",
        "pip",
        "list",
        "--format",
        "freeze",
    ]
    ran = subprocess.run(listed, capture_output=True, text=True, check=True)
    return dict(line.split("==") for line in ran.stdout.splitlines() if "==" in line)


def test_every_part_has_a_lock_with_a_hash_for_each_package(locked: Path) -> None:
    locks = {path.name: path.read_text() for path in locked.glob("requirements-*.txt")}

    assert sorted(locks) == [f"requirements-{part}.txt" for part in PARTS]
    for name, text in locks.items():
        packages = re.findall(r"^[\w-]+==\S+", text, re.MULTILINE)
        assert len(re.findall(r"^    --hash=sha256:", text, re.MULTILINE)) == len(packages)
        assert {"pluggy==1.7.0", "setuptools==80.9.0", "structlog==26.1.0"} <= set(packages), name
        assert str(locked) not in text


def test_a_lock_is_committed_and_the_template_has_none_to_overwrite_it(locked: Path) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=locked, check=True)
    ignored = ["git", "check-ignore", "--quiet", "requirements-dev.txt"]

    assert subprocess.run(ignored, cwd=locked, check=False).returncode == 1
    assert not list(RENDERED.rglob("requirements-*.txt"))
    assert not list((TEMPLATE_ROOT / "template").rglob("*requirements*.txt*"))


def test_renovate_finds_the_command_that_wrote_a_lock(locked: Path) -> None:
    """Its manager pip-compile reads the command there, and needs = between an option and its value."""
    for path in locked.glob("requirements-*.txt"):
        command = path.read_text().splitlines()[1]
        assert command.startswith("#    uv pip compile --universal --generate-hashes ")
        assert command.endswith(f" --output-file={path.name} pyproject.toml")
    pattern = re.search(
        r'"pip-compile": \{ managerFilePatterns: \["/(.+?)/"',
        (locked / ".github/renovate.json5").read_text(),
    )
    assert pattern
    assert re.search(pattern[1].replace("\\\\", "\\"), "requirements-glue-6-0.txt")


def test_setup_installs_what_the_lock_lists_although_there_is_a_newer_package(
    repository: Path, wheels: Path
) -> None:
    add_wheel(wheels, "pluggy", "9.0.0")

    ran = make(repository, *SETUP)
    more = make(repository, ".venv/operations", f"PYTHON={sys.executable}")

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert more.returncode == 0, more.stdout + more.stderr
    found = installed(repository)
    assert found["pluggy"] == "1.7.0"
    assert found["boto3"] == dict(pins())["boto3"]
    (wheels / "pluggy-9.0.0-py3-none-any.whl").unlink()


def test_a_package_with_another_hash_is_refused(repository: Path) -> None:
    lock = repository / "requirements-dev.txt"
    before = lock.read_text()
    tampered = re.sub(r"(?<=pluggy==1\.7\.0 \\\n    --hash=sha256:)\w{64}", "0" * 64, before)
    assert tampered != before
    lock.write_text(tampered)

    ran = make(repository, *SETUP)

    assert ran.returncode != 0
    assert "THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE" in ran.stderr
    assert not (repository / ".venv/ready").exists()


def test_a_lock_that_pyproject_has_left_behind_is_named(repository: Path, wheels: Path) -> None:
    project, pinned = repository / "pyproject.toml", f'"ruff=={dict(pins())["ruff"]}"'
    assert pinned in project.read_text()
    project.write_text(project.read_text().replace(pinned, '"ruff==99.0"'))
    add_wheel(wheels, "ruff", "99.0")

    ran = make(repository, *SETUP)

    assert ran.returncode != 0
    assert "expected requirements-dev.txt to list what pyproject.toml names" in ran.stderr
    (wheels / "ruff-99.0-py3-none-any.whl").unlink()


def test_a_part_without_its_lock_is_named_once_there_are_locks(repository: Path) -> None:
    (repository / "requirements-dev.txt").unlink()

    ran = make(repository, *SETUP)

    assert ran.returncode != 0
    assert "expected requirements-dev.txt beside requirements-" in ran.stderr


def test_the_workflow_installs_with_make_and_keeps_packages_by_their_locks() -> None:
    workflow = yaml.safe_load((RENDERED / ".github/workflows/ci.yml").read_text())
    steps = workflow["jobs"]["test"]["steps"]
    [python] = [step for step in steps if "setup-python" in step.get("uses", "")]

    assert python["with"]["cache-dependency-path"].split() == [
        "pyproject.toml",
        "requirements-*.txt",
    ]
    assert not [step["run"] for step in steps if "pip install" in step.get("run", "")]
