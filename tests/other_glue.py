"""The Spark and the Python of each version of Glue, to run the runtime on all of them."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from functools import cache
from importlib.metadata import version as installed
from pathlib import Path

import pytest

from gluecast.template.bundled import TEMPLATE_ROOT
from gluecast.template.registries import registry

GLUE_VERSIONS = registry("glue_versions")
DEFAULT = next(iter(GLUE_VERSIONS))

PYTHONS = {"5.0": "3.12"}
"""Another Python than Glue's, so that every one that jobs are developed on runs in one of the environments."""


@cache
def python_of(version: str) -> Path:
    """The Python of an environment with the packages of a version of Glue, kept in this project.

    The default version has that of the tests. `.venv-glue-VERSION/ready` marks a finished installation.
    Where one cannot be installed the test is skipped; in CI it fails.
    """
    if version == DEFAULT:
        return Path(sys.executable)
    # Tests of several processes ask for it at once.
    with (TEMPLATE_ROOT / f".venv-glue-{version}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _installed(version, TEMPLATE_ROOT / f".venv-glue-{version}")


def _installed(version: str, folder: Path) -> Path:
    """The Python of the environment in this folder, created if it is not there or has other packages."""
    python, packages = (
        _interpreter(PYTHONS.get(version, GLUE_VERSIONS[version]["python"])),
        _packages(version),
    )
    recipe = hashlib.sha256(f"{folder} {python} {packages}".encode()).hexdigest()
    ready = folder / "ready"
    if not (ready.exists() and ready.read_text() == recipe):
        for command in (
            [python, "-m", "venv", "--clear", folder],
            [folder / "bin/python", "-m", "pip", "install", "--quiet", *packages],
        ):
            ran = subprocess.run(command, capture_output=True, text=True, check=False)
            if ran.returncode:
                reason = f"Glue {version} cannot be installed: {ran.stdout}{ran.stderr}"
                (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
        ready.write_text(recipe)
    return folder / "bin/python"


def _packages(version: str) -> list[str]:
    """What the runtime and its tests need; Spark 3.5 imports distutils, which Python 3.12 has no more."""
    glue = GLUE_VERSIONS[version]
    tools = [
        f"{name}=={installed(name)}"
        for name in ("structlog", "hypothesis", "pytest", "jinja2", "pyyaml")
    ]
    distutils = ["setuptools==80.9.0"] if glue["spark"].startswith("3.") else []
    return [f"pyspark=={glue['spark']}", f"pyarrow=={glue['pyarrow']}", *tools, *distutils]


def _interpreter(version: str) -> str:
    """A Python of this version; the one of the tests, where the machine has none."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    found = shutil.which(f"python{version}")
    for python in ([found] if found else []) + sorted(
        map(str, root.glob(f"versions/{version}.*/bin/python"))
    ):
        if not subprocess.run(
            [python, "-c", "import ensurepip"], capture_output=True, check=False
        ).returncode:
            return python
    return sys.executable
