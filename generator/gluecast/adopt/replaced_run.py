"""Find what the run() and main() of a base class did that the platform's do not."""

import ast
import builtins
from collections.abc import Iterator, Mapping

from gluecast.adopt.python_module import NAME, Function, is_own, words

_HARMLESS = ("log", "logger", "logging", "time", "datetime", "timedelta", "date")
_HARMLESS_METHODS = (".isoformat", ".total_seconds")
"""Calls that need no note: the platform logs and measures time too."""


def notes_on_run(functions: Mapping[str, Function], attributes: set[str]) -> Iterator[str]:
    """Notes on what run() and main() did that the platform's do not."""
    if "main" in functions:
        yield (
            f"your main() is replaced: the platform's reads further command-line arguments if {NAME} "
            "lists them in arguments = (...)"
        )
    run = functions.get("run")
    if run is None:
        return
    if more := sorted(set(_further_calls(run, attributes))):
        yield (
            f"your run() also called {', '.join(more)}, which the platform's does not: override run() "
            f"in your {NAME}, and call super().run() there"
        )
    if any(isinstance(each, ast.Return) and each.value for each in ast.walk(run)):
        yield "your run() returned something: the platform's returns nothing"
    order = [name for name in _own_calls(run) if name in ("transform", "custom_validation")]
    if order[:2] == ["custom_validation", "transform"]:
        yield (
            "your run() called custom_validation() before transform(): the platform's calls it "
            "after; move a rule about columns that transform() drops into transform()"
        )


def _calls(function: Function) -> list[ast.expr]:
    """The calls in a function, in order."""
    found = (each for each in ast.walk(function) if isinstance(each, ast.Call))
    ordered = sorted(found, key=lambda each: (each.end_lineno or 0, each.end_col_offset or 0))
    return [each.func for each in ordered]


def _own_calls(function: Function) -> list[str]:
    """``x`` for each self.x()."""
    return [
        each.attr for each in _calls(function) if isinstance(each, ast.Attribute) and is_own(each)
    ]


def _further_calls(run: Function, attributes: set[str]) -> Iterator[str]:
    """The calls in run() besides hooks, logging, clocks and Python's builtins."""
    raised = {
        each.exc.func
        for each in ast.walk(run)
        if isinstance(each, ast.Raise) and isinstance(each.exc, ast.Call)
    }
    for function in _calls(run):
        name = ast.unparse(function)
        own = isinstance(function, ast.Attribute) and is_own(function)
        known = name.removeprefix("self.").split(".")[0]
        if own and (known in attributes or known.startswith("_log")):
            continue
        if function in raised or known in dir(builtins) or _is_harmless(name):
            continue
        yield name.removeprefix("self.")


def _is_harmless(called: str) -> bool:
    first = [*words(called.removeprefix("self.")), ""][0].removeprefix("_")
    return first in _HARMLESS or called.endswith(_HARMLESS_METHODS)
