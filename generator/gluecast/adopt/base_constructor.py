"""Convert the constructor of a base class that will extend the platform's."""

import ast
from collections.abc import Sequence
from typing import NoReturn

import libcst as cst
from libcst import matchers

from gluecast.adopt.python_module import (
    BOM,
    NAME,
    Function,
    Module,
    is_own,
    is_stored,
    is_text,
    last_name,
    own_targets,
    words,
)
from gluecast.adopt.rewriting import Statement, paired, statement, with_body
from gluecast.errors import GluecastError

NEW_BASE = "AdoptedGlueJob"
BY_HAND = (
    "adopt with --keep-base-class and make the class a subclass of "
    f"glue_runtime.adopted.{NEW_BASE} by hand"
)

_ARGUMENTS = {
    "env": "environment",
    "bucket": "source_bucket",
    "object_key": "source_object_key",
    "JOB_RUN_ID": "job_run_id",
}
"""The attributes that the platform's constructor sets, and the arguments they come from."""

_SAME_VALUES = {
    "job_name": ("job_name",),
    "args": ("args", "dict(args)", "args or {}", "args.copy()"),
}
"""The values that the platform's constructor sets too."""

_CHANGES = ("update", "setdefault", "pop", "popitem", "clear")
"""The methods that change a dict."""


def constructor_of(
    base: Module,
    function: Function | None,
    source: cst.Module,
    written: cst.FunctionDef | None,
    attributes: set[str],
    mixins: Sequence[ast.expr],
) -> tuple[cst.FunctionDef | None, list[str]]:
    """The statements that the platform's constructor does not replace, and notes for the user.

    The constructor is None if no statement is left.

    Raises:
        GluecastError: its parameters are not (self, job_name, args), or no rule covers a statement.
    """
    _refuse_parameters(base, function)
    assert function and written
    pairs = paired(base, function, written)
    environment = _environment(base, function)
    kept: list[Statement] = []
    notes: list[str] = []
    for parsed, line in pairs:
        if (
            is_text(parsed)
            or isinstance(parsed, ast.Pass)
            or _is_replaced_super(base, parsed, mixins)
        ):
            continue
        targets = own_targets(parsed)
        if targets and targets <= attributes:
            notes += _replaced_value(base, parsed, targets)
            continue
        _refuse_hidden(base, parsed, attributes)
        kept.append(line)
    head = function.args.defaults or function.decorator_list
    if not (kept or environment or head):
        return None, notes
    call = statement(source, _super_call(function, environment))
    texts = [line for parsed, line in pairs[:1] if is_text(parsed)]
    return with_body(written, [*texts, call, *kept]), notes


def _super_call(function: Function, environment: str) -> str:
    args = "args or {}" if _may_be_none(function) else "args"
    if environment:
        args = f'{{"env": {environment}, **{f"({args})" if " " in args else args}}}'
    return f"super().__init__(job_name, {args})\n"


def _is_replaced_super(base: Module, statement: ast.stmt, mixins: Sequence[ast.expr]) -> bool:
    """Whether this statement calls a constructor that the platform's replaces.

    Raises:
        GluecastError: the constructor is unknown.
    """
    found = isinstance(statement, ast.Expr) and _is_super_call(statement.value)
    if found and mixins:
        _refuse(base, statement, "no call of a constructor from outside this repository")
    return found


def _refuse_hidden(base: Module, statement: ast.stmt, attributes: set[str]) -> None:
    """Refuse a statement that also does what the platform's constructor does.

    Raises:
        GluecastError: the statement does.
    """
    for each in ast.walk(statement):
        if _is_super_call(each):
            _refuse(base, each, "super().__init__() as a separate statement")
        if isinstance(each, ast.Attribute) and is_stored(each) and is_own(each, attributes):
            _refuse(base, each, f"self.{each.attr} = ... as a separate statement")


def _refuse(base: Module, node: ast.AST, expected: str) -> NoReturn:
    line = getattr(node, "lineno", 0)
    raise GluecastError(
        f"expected {expected} in the constructor of {NAME} in {base.path}, found "
        f"{_shortened(node)} in line {line}; {BY_HAND}"
    )


def _shortened(node: ast.AST) -> str:
    text = ast.unparse(node).splitlines()[0]
    return text if len(text) <= 60 else f"{text[:57]}..."


def _refuse_parameters(base: Module, function: Function | None) -> None:
    """Refuse a constructor with other parameters than the platform's.

    Raises:
        GluecastError: it has other parameters, or there is no constructor.
    """
    found = ast.unparse(function.args) if function else "no constructor"
    names = [each.arg for each in function.args.args] if function else []
    more = function and (
        function.args.posonlyargs
        or function.args.vararg
        or function.args.kwonlyargs
        or function.args.kwarg
    )
    if names != ["self", "job_name", "args"] or more:
        raise GluecastError(
            f"expected the constructor (self, job_name, args) in {NAME} of {base.path}, found "
            f"{f'({found})' if function else found}; {BY_HAND}"
        )
    assert function
    for each in ast.walk(function):
        if isinstance(each, ast.Name) and is_stored(each) and each.id in names:
            _refuse(base, each, f"an unchanged {each.id}")
        if (
            (isinstance(each, ast.Subscript) and is_stored(each))
            or (isinstance(each, ast.Attribute) and each.attr in _CHANGES)
        ) and ast.unparse(each.value) == "args":
            _refuse(base, each, "unchanged args")


def _environment(base: Module, function: Function) -> str:
    """The default of the argument env as code, if the constructor has one.

    Raises:
        GluecastError: the default cannot be determined.
    """
    found = set()
    own = {each.id for each in ast.walk(function) if isinstance(each, ast.Name) and is_stored(each)}
    for each in ast.walk(function):
        if isinstance(each, ast.Call) and _argument(each) == "env" and len(each.args) == 2:
            code = ast.get_source_segment(base.text.removeprefix(BOM), each.args[1]) or ""
        elif isinstance(each, ast.BoolOp) and _argument(each.values[0]) == "env":
            code = _with_args(ast.get_source_segment(base.text.removeprefix(BOM), each) or "")
        else:
            continue
        names = {node.id for node in ast.walk(ast.parse(f"({code})")) if isinstance(node, ast.Name)}
        if names & {*own, "self"}:
            _refuse(base, each, "a default of env that uses no variable of the constructor")
        found.add(code)
    if len(found) > 1:
        _refuse(base, function, "one default of env")
    return found.pop() if found else ""


def _with_args(code: str) -> str:
    """The code with args instead of self.args, which the platform's constructor sets later."""
    found = cst.parse_expression(f"({code})")
    own = matchers.Attribute(matchers.Name("self"), matchers.Name("args"))
    changed = matchers.replace(found, own, cst.Name("args"))
    assert isinstance(changed, cst.BaseExpression)
    inner = changed.with_changes(lpar=changed.lpar[1:], rpar=changed.rpar[:-1])
    return cst.Module([]).code_for_node(inner)


def _argument(node: ast.AST) -> str:
    """x of args["x"], args.get("x") and args.get("x", default), and the same of self.args."""
    key: ast.expr | None = None
    if isinstance(node, ast.Subscript):
        key, holder = node.slice, ast.unparse(node.value)
    elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("args.get") and node.args:
        key, holder = node.args[0], ast.unparse(node.func).removesuffix(".get")
    if isinstance(key, ast.Constant) and holder in ("args", "self.args"):
        return str(key.value)
    return ""


def _replaced_value(base: Module, statement: ast.stmt, targets: set[str]) -> list[str]:
    """Notes on an assignment whose target the platform sets too; none if the value is the same.

    Raises:
        GluecastError: the platform could not find the environment.
    """
    assert isinstance(statement, ast.Assign | ast.AnnAssign)
    value = statement.value
    code = ast.unparse(value) if value else "None"
    if targets == {"environment"}:
        first = value.values[0] if isinstance(value, ast.BoolOp) else value
        if not first or _argument(first) != "env":
            _refuse(base, statement, 'self.environment = args["env"]')
        return []
    [target, *more] = targets
    same = code in {"None", *_SAME_VALUES.get(target, ())} or (
        value is not None and _ARGUMENTS.get(_argument(value)) == target and "," not in code
    )
    if not more and (same or (target == "logger" and _is_new_logger(value))):
        return []
    return [
        f"your constructor had {_shortened(statement)}: the platform sets its own; if you need "
        f"yours, set it in your {NAME}, after super().__init__()"
    ]


def _is_new_logger(value: ast.expr | None) -> bool:
    """Whether this is getLogger(...), or an attribute or call on it."""
    while isinstance(value, ast.Attribute | ast.Call | ast.Subscript):
        called = value.func if isinstance(value, ast.Call) else None
        if called and ast.unparse(called) in ("getLogger", "logging.getLogger"):
            return True
        value = called or getattr(value, "value", None)
    return False


def _may_be_none(function: Function) -> bool:
    """Whether a job may pass None for its arguments."""
    annotation = function.args.args[2].annotation
    declared = [annotation, *function.args.defaults[-1:]]
    if any(_allows_none(each) for each in declared if each):
        return True
    choices = (each for each in ast.walk(function) if isinstance(each, ast.BoolOp))
    return any(ast.unparse(each.values[0]) == "args" for each in choices)


def _allows_none(node: ast.expr) -> bool:
    """Whether this is None, or a type that includes it, also a quoted one."""
    for each in ast.walk(node):
        if isinstance(each, ast.Constant):
            if {"None", "Optional"} & {*words(str(each.value))}:
                return True
        elif isinstance(each, ast.expr) and last_name(each) == "Optional":
            return True
    return False


def _is_super_call(node: ast.AST) -> bool:
    """Whether this calls the constructor of a base class."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    holder = node.func.value
    called = ast.unparse(holder.func if isinstance(holder, ast.Call) else holder)
    expected = ("super",) if isinstance(holder, ast.Call) else ("ABC", "abc.ABC", "object")
    return node.func.attr == "__init__" and called in expected
