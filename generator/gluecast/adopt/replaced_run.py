"""Replace the middle of the run() of a base class: what calls the hooks gives way to the platform's.

What the method does before, after and around the calls of the hooks stays, such as an audit trail or a
notification of a failure. What it does between them would be lost.
"""

import ast
import builtins
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gluecast.adopt.python_module import Function, Module, is_own, is_stored, words

HOOKS = ("extract", "transform", "custom_validation", "load")
"""The methods that the platform's run() calls."""

_HARMLESS = ("log", "logger", "logging", "time", "datetime", "timedelta", "date", "print")
_HARMLESS_METHODS = (".isoformat", ".total_seconds")
"""Calls that need no note: the platform logs and measures time too."""

_OF_FRAMES = (".count", ".cache", ".persist", ".unpersist", ".printSchema", ".show")
"""Calls that change no row; they matter where a decision depends on them."""


@dataclass(frozen=True)
class Replacement:
    """What becomes of the method that calls the hooks.

    `name` is empty if no method does. `path` leads to the block of the calls: the indices of the
    statements around it, outermost first. `first` and `last` are the calls' statements in that block.
    `drops` are the statements of the block that only log what they had. `is_kept` says whether anything
    is left of the method; `lost` is what is not, each with its line.
    """

    name: str = ""
    path: Sequence[int] = ()
    first: int = 0
    last: int = 0
    drops: Sequence[int] = ()
    is_kept: bool = False
    lost: Sequence[str] = ()
    notes: Sequence[str] = field(default_factory=list)


def replacement_of(functions: Mapping[str, Function], attributes: set[str]) -> Replacement:
    """What becomes of the method of these that calls the hooks; run() if none calls two of them."""
    calling = [each for each in functions.values() if {"extract", "load"} <= {*_hooks_in(each)}]
    if len(calling) != 1:
        run = functions.get("run")
        calls = list(_further([run], attributes)) if run else []
        others = [f"{each.name}() in line {each.lineno}" for each in calling if each is not run]
        return Replacement(name="run" if run else "", lost=[*calls, *others])
    function = calling[0]
    path, block = _block_of(function)
    numbers = [number for number, each in enumerate(block) if _hooks_in(each)]
    first, last = numbers[0], numbers[-1]
    inner = block[first : last + 1]
    bound = {name for each in inner for node in ast.walk(each) if (name := _bound_by(node))}
    drops = [
        number
        for number, each in enumerate(block)
        if not first <= number <= last and _only_logs(each, attributes) and _uses(each, bound)
    ]
    gone = {id(node) for each in (*inner, *(block[n] for n in drops)) for node in ast.walk(each)}
    left = [node for node in ast.walk(function) if id(node) not in gone]
    lost = [*_further(inner, attributes), *_early_ends(inner)]
    rest = [*_further_of(left, attributes), *_decorators(function)]
    if rest and any(isinstance(node, ast.Name) and node.id in bound for node in left):
        # It needs what the hooks gave: nothing of the method can stay.
        return Replacement(function.name, lost=[*lost, *rest], notes=list(_notes(function)))
    is_kept = bool(rest) or function.name != "run"
    return Replacement(
        function.name, path, first, last, drops, is_kept, lost, list(_notes(function))
    )


def notes_on_main(base: Module, functions: Mapping[str, Function]) -> Iterator[str]:
    """A note on main() if there is one."""
    if "main" in functions:
        yield (
            "your main() is replaced: the platform's reads further command-line arguments if "
            f"{base.base_class} lists them in arguments = (...)"
        )


def _notes(function: Function) -> Iterator[str]:
    if any(isinstance(each, ast.Return) and each.value for each in ast.walk(function)):
        yield f"your {function.name}() returned something: the platform's returns nothing"
    order = [name for name in _hooks_in(function) if name in ("transform", "custom_validation")]
    if order[:2] == ["custom_validation", "transform"]:
        yield (
            f"your {function.name}() called custom_validation() before transform(): the platform's "
            "calls it after; move a rule about columns that transform() drops into transform()"
        )


def _block_of(function: Function) -> tuple[list[int], list[ast.stmt]]:
    """The innermost block with all calls of hooks: through try and with, where nothing else has any."""
    path: list[int] = []
    block = function.body
    while True:
        numbers = [number for number, each in enumerate(block) if _hooks_in(each)]
        inner = block[numbers[0]] if len(numbers) == 1 else None
        if not isinstance(inner, ast.Try | ast.With):
            return path, block
        heads = [*ast.iter_child_nodes(inner)]
        if any(_hooks_in(each) for each in heads if each not in inner.body):
            return path, block
        path.append(numbers[0])
        block = inner.body


def _hooks_in(node: ast.AST) -> list[str]:
    """``extract`` for each self.extract(), in the order of the calls."""
    found = (each for each in ast.walk(node) if isinstance(each, ast.Call))
    ordered = sorted(found, key=lambda each: (each.end_lineno or 0, each.end_col_offset or 0))
    return [
        each.func.attr
        for each in ordered
        if isinstance(each.func, ast.Attribute) and is_own(each.func, HOOKS)
    ]


# --- what it does besides --------------------------------------------------------------------------


def _further(nodes: Sequence[ast.AST], attributes: set[str]) -> Iterator[str]:
    yield from _further_of([each for node in nodes for each in ast.walk(node)], attributes)


def _further_of(nodes: Sequence[ast.AST], attributes: set[str]) -> Iterator[str]:
    """What the nodes do besides calling hooks, logging, reading clocks, and raising."""
    raised = {
        id(each.exc) for each in nodes if isinstance(each, ast.Raise) and each.exc is not None
    }
    decisions = {
        id(inner)
        for each in nodes
        if isinstance(each, ast.If | ast.While | ast.IfExp)
        for inner in ast.walk(each.test)
    }
    found = []
    for node in nodes:
        if isinstance(node, ast.Call):
            if id(node) not in raised and not _is_harmless(node, decides=id(node) in decisions):
                found.append((node.lineno, f"{_called(node)}()"))
        elif isinstance(node, ast.Attribute) and is_stored(node) and node.attr not in attributes:
            found.append((node.lineno, f"{ast.unparse(node)} = ..."))
    for line, text in dict.fromkeys(sorted(found)):
        yield f"{text} in line {line}"


def _called(node: ast.Call) -> str:
    return ast.unparse(node.func).removeprefix("self.").partition("\n")[0]


def _is_harmless(node: ast.Call, *, decides: bool) -> bool:
    name = ast.unparse(node.func)
    own = name.startswith("self.")
    first, _, rest = name.removeprefix("self.").partition(".")
    if own and not rest and (first in (*HOOKS, "load_data") or first.startswith("_log")):
        return True
    if (own and first in ("args", "logger")) or name == "self.spark.stop":
        return True
    if not own and name in dir(builtins):
        return True
    word = [*words(first), ""][0].removeprefix("_")
    if word in _HARMLESS or name.endswith(_HARMLESS_METHODS):
        return True
    return name.endswith(_OF_FRAMES) and not decides


def _early_ends(nodes: Sequence[ast.stmt]) -> Iterator[str]:
    for each in nodes:
        for node in ast.walk(each):
            if isinstance(node, ast.Return) and each is not node:
                yield f"a return before the end in line {node.lineno}"


def _decorators(function: Function) -> Iterator[str]:
    for each in function.decorator_list:
        yield f"@{ast.unparse(each)} in line {each.lineno}"


def _only_logs(node: ast.stmt, attributes: set[str]) -> bool:
    return isinstance(node, ast.Expr | ast.Assign) and not [*_further([node], attributes)]


def _uses(node: ast.AST, names: set[str]) -> bool:
    return any(isinstance(each, ast.Name) and each.id in names for each in ast.walk(node))


def _bound_by(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) and is_stored(node) else ""
