# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Fetch the Python packages of jobs as wheels, so that no run needs a package index.

Glue takes a "zip of wheels" as one of its --additional-python-modules, and installs what its
wheels/requirements.txt names from the wheels beside it. Terraform uploads the archives, and finds
them by their names.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path

from glue_runtime import settings
from glue_runtime.local.archive import write_archive
from glue_runtime.local.glue_versions import DEFAULT, GLUE_VERSIONS

FOLDER = settings.REPOSITORY / "build" / "wheels"

_OF_RUNTIME = "structlog=="
"""What each run installs. Other dependencies in pyproject.toml, which may be yours, are not for runs."""

_PLATFORMS = [f"manylinux_2_{minor}_x86_64" for minor in (34, 28, 27, 24, 17)] + [
    "manylinux2014_x86_64"
]
"""Glue's workers have the C library 2.34 of Amazon Linux 2023, on which the wheels of older ones run too."""


def archive_of(version: str, packages: Sequence[str]) -> Path:
    """The archive with these packages for a version of Glue. Terraform composes the same name."""
    digest = hashlib.sha256(",".join(packages).encode()).hexdigest()[:12]
    return FOLDER / f"glue-{version}-{digest}.gluewheels.zip"


def packages_of_jobs() -> list[tuple[str, ...]]:
    """Each list of packages that some job needs: those of the runtime, and the job's own.

    Raises:
        ValueError: the declaration of a job is not one.
    """
    project = tomllib.loads((settings.REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    listed: list[str] = project["project"]["dependencies"]
    ours = [each for each in listed if each.startswith(_OF_RUNTIME)]
    found = {tuple(ours)}
    for job in (settings.REPOSITORY / "src/jobs").glob("*.py"):
        declaration = settings.REPOSITORY / f"infrastructure/jobs/{job.stem}.json"
        if declaration.is_file():
            found.add((*ours, *_own_packages(declaration)))
    return sorted(found)


def _own_packages(declaration: Path) -> list[str]:
    try:
        packages = json.loads(declaration.read_text(encoding="utf-8")).get("python_modules", [])
    except (ValueError, AttributeError) as error:
        raise ValueError(f"expected a JSON object in {declaration}, found: {error}") from error
    if not isinstance(packages, list) or not all(isinstance(each, str) for each in packages):
        raise ValueError(
            f'expected python_modules of {declaration} to be a list such as ["humanize==4.12.1"], '
            f"found {packages}"
        )
    return packages


def fetch(version: str, packages: Sequence[str], *, patient: bool = True) -> Path:
    """Write the archive with these packages, unless it is there.

    patient: whether to ask an index again that does not answer.

    Raises:
        RuntimeError: pip cannot download one of them as a wheel for Glue's Python.
    """
    target = archive_of(version, packages)
    if target.is_file():
        return target
    python = GLUE_VERSIONS[version].python
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "wheels"
        folder.mkdir()
        constraints = Path(name) / "constraints.txt"
        constraints.write_text("\n".join(_locked(version)), encoding="utf-8")
        command = [sys.executable, "-m", "pip", "download", "--quiet"]
        command += ["--disable-pip-version-check", "--only-binary=:all:", "--implementation=cp"]
        command += [f"--python-version={python}", *(f"--platform={each}" for each in _PLATFORMS)]
        command += [] if patient else ["--retries=0"]
        command += [f"--constraint={constraints}", f"--dest={folder}", *packages]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        if ran.returncode:
            raise RuntimeError(
                f"expected a wheel for Python {python} on Linux of each of {', '.join(packages)} "
                f"and what they need, found:\n{ran.stderr.strip()}\nGive a package another version "
                "in infrastructure/jobs/<job>.json, or let runs install from the package index: "
                'python_modules_from = "index" in terraform.tfvars'
            )
        (folder / "requirements.txt").write_text("".join(f"{each}\n" for each in packages))
        write_archive(target, Path(name), sorted(folder.iterdir()))
    return target


def _locked(version: str) -> list[str]:
    """The versions that make lock has found for a version of Glue; none without a lock."""
    part = "dev" if version == DEFAULT else f"glue-{version.replace('.', '-')}"
    lock = settings.REPOSITORY / f"requirements-{part}.txt"
    lines = lock.read_text(encoding="utf-8").splitlines() if lock.is_file() else []
    return [line.removesuffix("\\").strip() for line in lines if "==" in line and line[0].isalnum()]
