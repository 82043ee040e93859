"""Convert the constructor of a base class that will extend the platform's."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

import libcst as cst
from libcst import matchers

from gluecast.adopt.python_module import (
    BOM,
    Function,
    Module,
    is_own,
    is_stored,
    is_text,
    last_name,
    own_targets,
    words,
)
from gluecast.adopt.reasons import Reasons
from gluecast.adopt.rewriting import Statement, paired, statement, with_body
from gluecast.adopt.spark_settings import spark_settings
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

_ENVIRONMENTS = ("environment", "env", "stage")
"""The attributes in which teams keep the name of the environment."""

_SESSION = ("# The session with our settings; a local run has the platform's.",)
_KEPT_SETTINGS = "your Spark settings stay on AWS ({}); a local run has the platform's session"

_SAME_VALUES = {
    "job_name": ("job_name",),
    "args": ("args", "dict(args)", "args or {}", "args.copy()"),
}
"""The values that the platform's constructor sets too."""

_CHANGES = ("update", "setdefault", "pop", "popitem", "clear")
"""The methods that change a dict."""


@dataclass(frozen=True)
class Constructor:
    """What is left of a constructor; `code` is None if nothing is.

    `takes_job_name` is false for (self, args). `notes` are for the user.
    """

    code: cst.FunctionDef | None
    takes_job_name: bool
    notes: list[str]


def constructor_of(
    base: Module,
    function: Function | None,
    source: cst.Module,
    written: cst.FunctionDef | None,
    attributes: set[str],
    mixins: Sequence[ast.expr],
    reasons: Reasons,
) -> Constructor:
    """The statements that the platform's constructor does not replace, and notes for the user.

    Each statement that no rule covers is one of the `reasons` against the conversion.

    Raises:
        GluecastError: its parameters are neither (self, job_name, args) nor (self, args).
    """
    takes_job_name = _refuse_parameters(base, function)
    assert function and written
    pairs = paired(base, function, written)
    for each in _changed_parameters(function):
        reasons.of(_refuse, base, each, "an unchanged job_name and unchanged args")
    environment = reasons.of(_environment, base, function) or ""
    kept: list[Statement] = []
    notes: list[str] = []
    for parsed, line in pairs:
        if (
            is_text(parsed)
            or isinstance(parsed, ast.Pass)
            or reasons.of(_is_replaced_super, base, parsed, mixins)
        ):
            continue
        targets = own_targets(parsed)
        if not targets or not targets <= attributes:
            reasons.of(_refuse_hidden, base, parsed, attributes)
            kept.append(line)
        elif targets == {"spark"} and (settings := spark_settings(base, parsed)):
            kept.append(_kept_session(base, source, parsed))
            notes.append(_KEPT_SETTINGS.format(", ".join(settings)))
        else:
            notes += reasons.of(_replaced_value, base, parsed, targets) or []
    head = function.args.defaults or function.decorator_list or not takes_job_name
    if not (kept or environment or head):
        return Constructor(None, takes_job_name, notes)
    name = "job_name" if takes_job_name else _job_name(base, function)
    call = statement(source, _super_call(function, name, environment))
    texts = [line for parsed, line in pairs[:1] if is_text(parsed)]
    return Constructor(with_body(written, [*texts, call, *kept]), takes_job_name, notes)


def _job_name(base: Module, function: Function) -> str:
    """The name of the job, as a constructor (self, args) has it."""
    for each in function.body:
        if own_targets(each) == {"job_name"}:
            assert isinstance(each, ast.Assign | ast.AnnAssign)
            names = {node.id for node in ast.walk(each) if isinstance(node, ast.Name)}
            if each.value and names <= {"self", "args"}:
                return _with_args(_code_of(base, each.value))
    return 'args.get("JOB_NAME") or type(self).__name__'


def _kept_session(base: Module, source: cst.Module, parsed: ast.stmt) -> Statement:
    """The statement that starts the team's Spark session, without its assignment."""
    assert isinstance(parsed, ast.Assign | ast.AnnAssign) and parsed.value
    code = _code_of(base, parsed.value)
    code = f"({code})" if "\n" in code else code
    return statement(source, f'if self.environment != "local":\n    {code}\n', _SESSION)


def _code_of(base: Module, node: ast.expr) -> str:
    return ast.get_source_segment(base.text.removeprefix(BOM), node) or ""


def _super_call(function: Function, job_name: str, environment: str) -> str:
    args = "args or {}" if _may_be_none(function) else "args"
    if environment:
        args = f'{{"env": {environment}, **{f"({args})" if " " in args else args}}}'
    return f"super().__init__({job_name}, {args})\n"


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
        f"expected {expected} in the constructor of {base.base_class} in {base.path}, found "
        f"{_shortened(node)} in line {line}; {BY_HAND}"
    )


def _shortened(node: ast.AST) -> str:
    text = ast.unparse(node).splitlines()[0]
    return text if len(text) <= 60 else f"{text[:57]}..."


def _refuse_parameters(base: Module, function: Function | None) -> bool:
    """Whether a constructor takes the name of the job: (self, job_name, args), not (self, args).

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
    if names not in (["self", "job_name", "args"], ["self", "args"]) or more:
        raise GluecastError(
            f"expected the constructor (self, job_name, args) or (self, args) in {base.base_class} of "
            f"{base.path}, found {f'({found})' if function else found}; {BY_HAND}"
        )
    return "job_name" in names


def _changed_parameters(function: Function) -> Iterator[ast.AST]:
    """Where a constructor assigns its parameters anew, or changes args."""
    names = [each.arg for each in function.args.args]
    for each in ast.walk(function):
        if (isinstance(each, ast.Name) and is_stored(each) and each.id in names) or (
            (
                (isinstance(each, ast.Subscript) and is_stored(each))
                or (isinstance(each, ast.Attribute) and each.attr in _CHANGES)
            )
            and ast.unparse(each.value) == "args"
        ):
            yield each


def _environment(base: Module, function: Function) -> str:
    """The code of the environment's name, if it is more than the argument env.

    Raises:
        GluecastError: it uses variables of the constructor, or there are several.
    """
    own = {each.id for each in ast.walk(function) if isinstance(each, ast.Name) and is_stored(each)}
    found = {}
    for node, code in _environments(base, function):
        if {each.id for each in ast.walk(node) if isinstance(each, ast.Name)} & own:
            _refuse(base, node, "an environment that uses no variable of the constructor")
        found[code] = node
    if len(found) > 1:
        _refuse(base, function, "one default of env")
    code = next(iter(found), "")
    if "self" in {
        each.id for each in ast.walk(ast.parse(f"({code or 0})")) if isinstance(each, ast.Name)
    }:
        _refuse(base, found[code], "an environment that uses no attribute")
    return code


def _environments(base: Module, function: Function) -> Iterator[tuple[ast.expr, str]]:
    """The defaults of the argument env; or the value of self.environment, from another argument."""
    defaults = []
    for each in ast.walk(function):
        if isinstance(each, ast.Call) and _argument(each) == "env" and len(each.args) == 2:
            defaults.append((each.args[1], _code_of(base, each.args[1])))
        elif isinstance(each, ast.BoolOp) and _argument(each.values[0]) == "env":
            defaults.append((each, _with_args(_code_of(base, each))))
    yield from defaults
    reads_env = any(_argument(each) == "env" for each in ast.walk(function))
    for each in [] if reads_env else function.body:
        value = each.value if isinstance(each, ast.Assign | ast.AnnAssign) else None
        first = value.values[0] if isinstance(value, ast.BoolOp) else value
        if value and first and own_targets(each) & {*_ENVIRONMENTS} and _argument(first):
            yield value, _with_args(_code_of(base, value))


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
        if not first or not _argument(first):
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
        f"yours, set it in your {base.base_class}, after super().__init__()"
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
    annotation = function.args.args[-1].annotation
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
