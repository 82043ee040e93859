"""MiniStack, an emulator of AWS by other hands, to compare ours with."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from emulated_aws.server import EmulatedAws
from gluecast.template.bundled import TEMPLATE_ROOT

VERSION = "1.5.33"


def environment() -> Path:
    """The folder of an environment that MiniStack is installed in, kept in this project.

    MiniStack pins boto's core, so it cannot share ours. `.venv-PACKAGE/VERSION` marks a finished
    installation. Where it cannot be installed the test is skipped; in CI it fails.
    """
    folder = TEMPLATE_ROOT / ".venv-ministack"
    if (folder / VERSION).exists():
        return folder
    for command in (
        [sys.executable, "-m", "venv", "--clear", folder],
        [folder / "bin/python", "-m", "pip", "install", "--quiet", f"ministack=={VERSION}"],
    ):
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        if ran.returncode:
            reason = f"MiniStack cannot be installed: {ran.stdout}{ran.stderr}"
            (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    (folder / VERSION).touch()
    return folder


@contextmanager
def second_emulator(folder: Path) -> Iterator[EmulatedAws]:
    """MiniStack on a free port of this machine, for as long as the context is open.

    folder: takes what it writes.
    """
    log = folder / "ministack.log"
    settings = {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": "0", "TMPDIR": str(folder)}
    command = [environment() / "bin/ministack"]
    with (
        log.open("w") as output,
        subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **settings}
        ) as process,
    ):
        try:
            yield EmulatedAws(_endpoint(process, log))
        finally:
            process.terminate()


def _endpoint(process: subprocess.Popen[bytes], log: Path) -> str:
    """What it says, once it listens."""
    while process.poll() is None:
        started = re.search(r"Running on (http://127\.0\.0\.1:\d+) ", log.read_text())
        if started:
            return started[1]
        time.sleep(0.05)
    raise RuntimeError(f"MiniStack did not start: {log.read_text()}")
