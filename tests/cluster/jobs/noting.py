"""A module of the repository that functions of its jobs use on the executors."""

import os
import time
from pathlib import Path

from pyspark import TaskContext

_noted: set[int] = set()


def note(folder: str | None) -> None:
    """Write which task of which executor this is; wait while the folder has a file `hold.<partition>.<attempt>`."""
    context = TaskContext.get()
    if not folder or context is None or context.taskAttemptId() in _noted:
        return
    _noted.add(context.taskAttemptId())
    task = f"{context.partitionId()}.{context.attemptNumber()}"
    unfinished = Path(folder, f".{context.taskAttemptId()}")
    unfinished.write_text(str(executor()))
    unfinished.rename(Path(folder, f"task.{task}.{context.taskAttemptId()}"))
    while Path(folder, f"hold.{task}").exists():
        time.sleep(0.05)


def executor() -> int:
    """The process of the executor: the parent of the process that has forked this one."""
    about = Path(f"/proc/{os.getppid()}/stat").read_text(encoding="utf-8")
    return int(about.rpartition(")")[2].split()[1])
