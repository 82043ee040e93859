"""Run git."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from gluecast.errors import GluecastError


def git(
    folder: Path,
    *arguments: str,
    stdin: bytes = b"",
    environment: Mapping[str, str] | None = None,
) -> bytes:
    """Run git in a folder; returns its output.

    Raises:
        GluecastError: git failed, or is not installed.
    """
    ran = run_git(folder, *arguments, stdin=stdin, environment=environment)
    if ran.returncode:
        lines = ran.stderr.decode(errors="replace").strip().splitlines()
        reason = next((line for line in lines if line.startswith(("fatal:", "error:"))), None)
        raise GluecastError(
            f"git {arguments[0]} failed in {folder}: {reason or ' '.join(lines[-1:]) or 'no reason'}"
        )
    return ran.stdout


def run_git(
    folder: Path,
    *arguments: str,
    stdin: bytes = b"",
    environment: Mapping[str, str] | None = None,
) -> "subprocess.CompletedProcess[bytes]":
    """Run git in a folder, for commands whose exit code is a result.

    Raises:
        GluecastError: git is not installed, or the folder does not exist.
    """
    # A password prompt would block unseen; messages are parsed in English.
    settings = {**os.environ, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", **(environment or {})}
    try:
        return subprocess.run(
            ["git", *arguments],
            cwd=folder,
            input=stdin,
            env=settings,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError as error:
        missing = "git" if error.filename == "git" else f"the folder {folder}"
        raise GluecastError(f"expected {missing}, found none") from error
