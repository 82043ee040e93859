"""Histories of a lake: uploads, deletions, events, schedules, runs side by side and killed ones."""

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from glue_runtime.errors import SourceNotFoundError
from interleaving import Interleaving

NAMES = ("a", "b")
ALWAYS_THERE = "always there"
BOTH = "both"
"""The trigger of one run over both files, as a batch of uploads starts it."""

Change = tuple[str, list[int] | None]
"""A file's name, and the values that are uploaded under it, or None: it is deleted."""


class World(ABC):
    """A lake, and what is still to happen: each upload's event, and the next schedule.

    loses_events: whether uploads start no runs, so that the next schedule has to find them.
    """

    def __init__(self) -> None:
        self.due: set[str] = set()
        self.deleted: set[str] = set()
        self.loses_events = False
        self.interleaving: Interleaving | None = None

    @abstractmethod
    def empty(self) -> None:
        """Begin anew."""

    @abstractmethod
    def put(self, name: str, values: list[int] | None) -> None:
        """Upload a file, or delete it."""

    @abstractmethod
    def has(self, name: str) -> bool:
        """Whether there is such a file now."""

    @abstractmethod
    def start(self, trigger: str) -> None:
        """Run the job for a file, for `BOTH` or, if the trigger is "schedule", over the directory."""

    @abstractmethod
    def check(self) -> None:
        """Compare the table with that of one clean run."""

    def change(self, name: str, values: list[int] | None) -> None:
        """Upload a file with these values, which starts a run, or delete it."""
        self.put(name, values)
        if values is None:
            self.deleted.add(name)
        self.due.add("schedule" if values is None or self.loses_events else name)

    def run(self, trigger: str) -> None:
        """Let one trigger have its run, which fails only where there is nothing to read."""
        self.due -= due_of(trigger)
        try:
            self.start(trigger)
        except SourceNotFoundError:
            # An event that comes late, after its file and the rows of its file have gone; the file may
            # have come back since, with an event of its own. A run over both files goes on without it.
            assert trigger in self.deleted or not self.has(trigger)

    def together(
        self,
        triggers: list[str],
        changes: list[Change],
        turns: list[int],
        kills: list[int | None],
    ) -> None:
        """Let runs and changes happen at once; what is killed becomes due again."""
        names = [f"run {number}" for number in range(len(triggers))]
        actors: dict[str, Callable[[], None]] = {
            name: lambda trigger=trigger: self.run(trigger)  # type: ignore[misc]
            for name, trigger in zip(names, triggers, strict=True)
        }
        if changes:
            actors["changes"] = lambda: self._change_step_by_step(changes)
        everyone = list(actors)
        order: Iterator[str] = (everyone[turn % len(everyone)] for turn in turns)
        killed_after = {
            name: kill for name, kill in zip(names, kills, strict=False) if kill is not None
        }
        self.interleaving = Interleaving(actors, order, killed_after)
        self.interleaving.run()
        for name, trigger in zip(names, triggers, strict=True):
            if name in self.interleaving.killed:
                self.due |= {"schedule"} if self.loses_events else due_of(trigger)
        failed, self.interleaving = self.interleaving.failed, None
        for error in failed.values():
            raise error

    def _change_step_by_step(self, changes: list[Change]) -> None:
        for name, values in changes:
            assert self.interleaving
            self.interleaving.step()
            self.change(name, values)


def due_of(trigger: str) -> set[str]:
    """The triggers for which this one stands."""
    return {*NAMES} if trigger == BOTH else {trigger}


def in_stretches(stretches: list[tuple[int, int]]) -> list[int]:
    """Whose turn it is, step by step: who goes on, counted from the one before, and for how long."""
    turns, actor = [], 0
    for others, steps in stretches:
        turns += [actor] * steps
        actor = (actor + 1 + others) % 3
    return turns


# What is rare elsewhere is common here: two runs over one file while it changes, one of which waits
# for the other to end.
triggers = st.sampled_from(["a", "a", "b", BOTH, "schedule", "schedule"])
values = st.lists(st.integers(-2, 9), max_size=3)
changes = st.tuples(st.sampled_from(["a", "a", "b"]), st.one_of(values, values, values, st.none()))
steps = st.sampled_from((1, 2, 3, 5, 8, 30, 30, 30))
phases = st.tuples(
    st.lists(triggers, min_size=1, max_size=2),
    st.lists(changes, max_size=2),
    st.lists(st.tuples(st.integers(0, 1), steps), min_size=3, max_size=8).map(in_stretches),
    st.one_of(st.just([]), st.lists(st.one_of(st.none(), st.integers(0, 14)), max_size=2)),
)


@dataclass(frozen=True)
class History:
    """What happens: files and changes of them, and runs over them while they change.

    first: the files that there are when it begins.
    phases: the arguments of `World.together`, one after another.
    last: in which order the runs that are still due have their turn.
    """

    first: Sequence[Change]
    phases: Sequence[tuple[list[str], list[Change], list[int], list[int | None]]]
    last: Sequence[str] = (*NAMES, "schedule")

    def happen(self, world: World) -> None:
        """Let it happen, and check that it has ended as one clean run would."""
        world.empty()
        world.due.clear()
        world.deleted.clear()
        world.change(ALWAYS_THERE, [7])
        for change in self.first:
            world.change(*change)
        for phase in self.phases:
            world.together(*phase)
        for trigger in [*self.last, ALWAYS_THERE]:
            if trigger in world.due:
                world.run(trigger)
        world.check()


histories = st.builds(
    History,
    st.lists(changes, max_size=2),
    st.lists(phases, min_size=1, max_size=3),
    st.permutations([*NAMES, "schedule"]),
)


def races() -> list[History]:
    """Every race of two runs and a change: the first run does some steps, then the file changes, the
    other run does some, the first one goes on or is killed, and what is left comes to its end."""
    found = []
    for one, other, processed, changed, before, between in itertools.product(
        ("a", BOTH, "schedule"),
        ("a", "b", BOTH, "schedule"),
        (False, True),
        (("a", [2, 3]), ("a", []), ("a", None), ("b", [4])),
        range(16),
        (0, 3, 6, 30),
    ):
        if other == "b" and changed[0] != "b":
            continue
        ready: list = [(["a"], [], [], [])] * processed
        turns = [0] * before + [2] * 3 + [1] * between + [0] * 30
        for killed in ([], [before]) if between == 30 else ([],):
            race = ([one, other], [changed], turns, killed)
            found.append(History([("a", [1, 2])], [*ready, race]))
    return found
