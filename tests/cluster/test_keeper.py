"""What a test starts ends with it, however it ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from standalone import KEEPER, waited_for

STARTED = """
import subprocess, sys
command = [sys.executable, "-c", "import time; print('begun', flush=True); time.sleep(3600)"]
subprocess.Popen([sys.executable, *sys.argv[1:], *command], stdin=subprocess.PIPE).wait()
"""


def test_a_process_ends_with_the_one_that_was_killed(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    started = subprocess.Popen(
        [sys.executable, "-c", STARTED, KEEPER, pid], stdout=subprocess.PIPE, text=True
    )
    assert started.stdout is not None
    assert started.stdout.readline() == "begun\n"
    # The command may print before the keeper has written its number.
    group = int(
        waited_for("the number of the command", lambda: (pid.is_file() and pid.read_text()) or None)
    )
    os.killpg(group, 0)

    os.kill(started.pid, signal.SIGKILL)
    started.wait()

    waited_for("the end of the process", lambda: not is_alive(group) or None)


def is_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
