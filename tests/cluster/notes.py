"""What the tasks of the job `noted` have noted, and what lets them wait."""

from dataclasses import dataclass
from pathlib import Path

from standalone import waited_for


@dataclass(frozen=True)
class Task:
    """An attempt of a task. executor: the process of its executor. number: differs for all attempts."""

    partition: int
    attempt: int
    number: int
    executor: int


class Notes:
    """The folder of the notes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()
        self.arguments = ("--notes", str(folder))

    def hold(self, partition: int) -> None:
        """Let the first attempts for this partition wait when they begin."""
        (self._folder / f"hold.{partition}.0").touch()

    def release(self) -> None:
        """Let all go on."""
        for path in self._folder.glob("hold.*"):
            path.unlink()

    def tasks(self, partition: int | None = None) -> list[Task]:
        """The attempts so far, the first one first."""
        found = []
        for path in self._folder.glob("task.*"):
            task = Task(*map(int, path.name.split(".")[1:]), int(path.read_text()))
            if partition in (None, task.partition):
                found.append(task)
        return sorted(found, key=lambda task: task.number)

    def task(self, partition: int, attempts: int = 1) -> Task:
        """Wait for the attempt of this number for a partition."""

        def look() -> Task | None:
            found = self.tasks(partition)
            return found[attempts - 1] if len(found) >= attempts else None

        return waited_for(f"attempt {attempts} for partition {partition}", look)
