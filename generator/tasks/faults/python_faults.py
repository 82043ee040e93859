"""Faults in Python code, by the operators of Cosmic Ray."""

from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

from tasks.faults.fault import Fault, GoneError

_FAMILIES = ("AddNot", "ExceptionReplacer", "NumberReplacer", "Replace", "ZeroIterationForLoop")
_PAIRS = {
    "ReplaceBinaryOperator": (
        "Add_Sub",
        "Sub_Add",
        "Mul_Div",
        "Div_Mul",
        "FloorDiv_Mul",
        "Mod_Mul",
    ),
    "ReplaceComparisonOperator": (
        *("Eq_NotEq", "NotEq_Eq", "Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt", "Is_IsNot", "IsNot_Is"),
    ),
    "ReplaceUnaryOperator": ("Delete_Not", "USub_UAdd"),
}
"""Of the operators that replace one sign with another, those whose result mostly still runs."""


@cache
def operators() -> tuple[str, ...]:
    """The sorted names of the operators in use."""
    return tuple(sorted(name for name in operator_names() if _is_used(name.split("/")[1])))


def _is_used(name: str) -> bool:
    family, _, pair = name.partition("_")
    if family in _PAIRS:
        return pair in _PAIRS[family]
    return family.startswith(_FAMILIES)


def faults_of(root: Path, file: str) -> Iterator[Fault]:
    """All faults that the operators produce in a file."""
    code = (root / file).read_text(encoding="utf-8")
    lines, tree = code.splitlines(), get_ast(code)
    for operator in operators():
        seen: Counter[str] = Counter()
        for number in _lines(operator, tree):
            line = lines[number - 1].strip()
            yield Fault(file, line, seen[line], operator)
            seen[line] += 1


def planted(code: str, fault: Fault) -> str:
    """The code with a fault in it.

    Raises:
        GoneError: the code does not have the fault's line, or too few of them.
    """
    lines, tree = code.splitlines(), get_ast(code)
    places = [
        occurrence
        for occurrence, number in enumerate(_lines(fault.change, tree))
        if lines[number - 1].strip() == fault.line
    ]
    if fault.number >= len(places):
        raise GoneError(fault.name)
    changed = mutate_code(code, get_operator(fault.change)(), places[fault.number])
    if changed is None or changed == code:
        raise GoneError(fault.name)
    return str(changed)


def _lines(operator: str, tree: Any) -> Iterator[int]:
    """The line of each place that an operator changes, in the operator's order."""
    made = get_operator(operator)()
    for node in ast_nodes(tree):
        for (number, _), _ in made.mutation_positions(node):
            yield number
