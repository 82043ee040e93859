"""Whether the Terraform code can be tried on this machine."""

import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

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
