"""Run a command, and end it when the process that started this one is gone.

    python keeper.py FILE COMMAND ...

The standard input is a pipe of that process: it ends with it, also after kill -9. The file gets the number of
the process, which is that of its group too.
"""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

_PATIENCE = 10
"""Seconds that the command has to end by itself after it was asked to."""


def end(child: "subprocess.Popen[bytes]") -> None:
    """End a command and the processes of its group."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(child.pid, number)
        except ProcessLookupError:
            return
        try:
            child.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            continue


def main() -> int:
    file, *command = sys.argv[1:]
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    Path(file).write_text(str(child.pid), encoding="utf-8")

    def watch() -> None:
        os.read(0, 1)
        end(child)

    threading.Thread(target=watch, daemon=True).start()
    code = child.wait()
    end(child)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
