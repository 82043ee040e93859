"""The rendered Terraform code on this machine: whether it can be tried, and a copy to try."""

import functools
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from glue_runtime.local.glue_versions import GLUE_VERSIONS
from glue_runtime.local.wheels import archive_of
from tasks.examples import RENDERED
from tools import skip_because

PROVIDER_ALONE = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
"""


@functools.cache
def why_no_terraform() -> str:
    """Why the Terraform code cannot be tried here; nothing when it can, and always in CI.

    In CI a missing tool is a failure, not a skip.
    """
    if os.environ.get("CI"):
        return ""
    if shutil.which("terraform") is None:
        return "terraform is not installed"
    if not os.environ.get("TF_PROVIDER_MIRROR") and not _provider_can_be_installed():
        return "the AWS provider cannot be installed and TF_PROVIDER_MIRROR names no mirror"
    return ""


def _provider_can_be_installed() -> bool:
    """Whether an empty configuration gets the provider; none of the project's own code is asked."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "main.tf").write_text(PROVIDER_ALONE)
        command = ["terraform", f"-chdir={folder}", "init", "-input=false"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


needs_terraform = skip_because(why_no_terraform())
"""The mark of tests that apply or check Terraform code with the real provider."""


def repository_with_archive(target: Path) -> Path:
    """A copy of the example repository, with an archive as `make build` writes it."""
    ignored = shutil.ignore_patterns(".terraform*", "__pycache__")
    copied = shutil.copytree(RENDERED, target, ignore=ignored)
    write_archives(copied)
    return copied


def write_archives(repository: Path) -> None:
    """Files in the places where `make build` writes the runtime and the packages of jobs without their own."""
    (repository / "build/wheels").mkdir(parents=True, exist_ok=True)
    packages = re.findall(r'"(structlog==[^"]+)"', (repository / "pyproject.toml").read_text())
    wheels = [archive_of(version, packages).name for version in GLUE_VERSIONS]
    for name in ("glue_runtime.zip", *(f"wheels/{each}" for each in wheels)):
        (repository / "build" / name).write_bytes(b"an archive")


def initialise(environment: Path) -> None:
    """Run terraform init in a folder, without a backend."""
    mirror = os.environ.get("TF_PROVIDER_MIRROR")
    options = [f"-plugin-dir={mirror}"] if mirror else []
    subprocess.run(
        ["terraform", f"-chdir={environment}", "init", "-backend=false", *options],
        capture_output=True,
        check=True,
    )
