"""Runs side by side and killed at any step, in an order that a test decides.

A run does its work in steps: each look at a file, each move, each deletion, and the write itself.
Between two steps it waits until it has its turn. A killed run does nothing more: not even clean up.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from glue_runtime.spark import storage
from glue_runtime.spark.storage import Storage
from glue_runtime.tables.parquet import ParquetTable

STEPS = [(Storage, name) for name in ("files", "file", "move", "delete", "delete_folder")]


class Killed(BaseException):
    """As after kill -9: no handler of an ordinary error sees it."""


class Interleaving:
    """Lets several actors do their steps in a given order.

    actors: what each of them does, by name.
    turns: who does the next step, and so on; when these are used up, each goes on to its end.
    killed_after: how many steps an actor does before it is killed.
    """

    def __init__(
        self,
        actors: Mapping[str, Callable[[], None]],
        turns: Iterator[str],
        killed_after: Mapping[str, int],
    ) -> None:
        self._turns = turns
        self._steps_left = dict(killed_after)
        self._waiting = threading.Condition()
        self._alive = list(actors)
        self._holder = self._alive[0]
        self._threads = [
            threading.Thread(target=self._live, args=item, name=item[0]) for item in actors.items()
        ]
        self.killed: set[str] = set()
        self.failed: dict[str, BaseException] = {}

    def run(self) -> None:
        """Let them live until the last one has ended."""
        for thread in self._threads:
            thread.start()
        for thread in self._threads:
            thread.join()

    def step(self) -> None:
        """Called by an actor before each of its steps: waits for its turn."""
        name = threading.current_thread().name
        if name not in self._alive:
            return
        if name in self.killed or self._steps_left.get(name) == 0:
            self.killed.add(name)
            raise Killed
        if name in self._steps_left:
            self._steps_left[name] -= 1
        with self._waiting:
            self._pass_on()
            self._waiting.wait_for(lambda: self._holder == name)

    def _live(self, name: str, action: Callable[[], None]) -> None:
        with self._waiting:
            self._waiting.wait_for(lambda: self._holder == name)
        try:
            action()
        except Killed:
            pass
        except BaseException as error:
            self.failed[name] = error
        finally:
            with self._waiting:
                self._alive.remove(name)
                self._pass_on()

    def _pass_on(self) -> None:
        if self._alive:
            wanted = next((name for name in self._turns if name in self._alive), None)
            self._holder = wanted or self._alive[0]
        self._waiting.notify_all()


def in_steps(monkeypatch: pytest.MonkeyPatch, current: Callable[[], Interleaving | None]) -> None:
    """Divide the work of every run into steps of the interleaving that is current."""

    def stepping(original: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any) -> Any:
            if interleaving := current():
                interleaving.step()
            return original(*args)

        return step

    monkeypatch.setattr(storage, "PARALLEL", 1)
    for owner, name in [*STEPS, (ParquetTable, "stage")]:
        monkeypatch.setattr(owner, name, stepping(getattr(owner, name)))
