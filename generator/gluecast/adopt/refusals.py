"""Checks that refuse a base class that cannot extend the platform's, before anything is changed."""

import ast
from collections.abc import Sequence

from gluecast.adopt.base_constructor import BY_HAND
from gluecast.adopt.python_module import Function, Module, is_own, is_stored, last_name
from gluecast.adopt.replaced_run import HOOKS
from gluecast.errors import GluecastError

REPLACED = ("load_data", "run", "main", "spark")
"""The methods that the platform's class replaces."""

_SIGNATURES = {
    "load_data": ["data_type", "fallback_path"],
    "run": [],
    "main": ["job_name", "argv"],
    "spark": [],
}
"""The parameters of the platform's methods, without self."""

_MEANS_THE_SAME = (
    *("job_name", "args", "environment", "spark", "logger", "job_run_id", "trigger_type"),
    *("source_bucket", "source_object_key", "is_event_triggered"),
)
"""Attributes that a team's class may set too."""

_SET_ANYWAY = ("job_name", "args", "environment", "logger", "job_run_id")
"""Class attributes that the platform's constructor shadows."""

REPLACED_BASES = ("ABC", "object")
"""The base classes that the platform's class replaces."""


def refuse_clashes(base: Module, node: ast.ClassDef, attributes: set[str]) -> None:
    """Refuse names that have another meaning in the platform's class.

    Raises:
        GluecastError: there are such names.
    """
    methods = {each.name for each in node.body if isinstance(each, Function)}
    allowed = {*HOOKS, *REPLACED, "__init__"}
    # The platform's constructor overrides a class attribute of the same name.
    assigned = {name for each in node.body for name in _bound(each)} & (attributes | {*REPLACED})
    stored = {
        each.attr
        for each in ast.walk(node)
        if isinstance(each, ast.Attribute) and is_stored(each) and is_own(each, attributes)
    }
    clashes = {*((methods & attributes) - allowed), *(assigned - {*HOOKS, *_SET_ANYWAY})}
    clashes |= stored - {*_MEANS_THE_SAME}
    if clashes:
        checks = (
            " (the platform's run() calls custom_validation() with the result of transform())"
            if "validate" in methods & clashes
            else ""
        )
        raise GluecastError(
            f"expected names in {node.name} of {base.path} that the platform's class does not have, "
            f"found {', '.join(sorted(clashes))}; rename them{checks}, or {BY_HAND}"
        )


def refuse_hook(module: Module, node: ast.ClassDef, function: Function) -> None:
    """Refuse a hook with other parameters than the platform passes.

    Raises:
        GluecastError: it has others.
    """
    if function.name not in HOOKS:
        return
    called_with = ["self"] if function.name == "extract" else ["self", "df"]
    arguments = function.args
    names = [*arguments.posonlyargs, *arguments.args]
    required = len(names) - len(arguments.defaults)
    named = [each for each in arguments.kw_defaults if each is None]
    enough = len(names) >= len(called_with) or arguments.vararg
    other = _is_static(function) or isinstance(function, ast.AsyncFunctionDef)
    if named or required > len(called_with) or not enough or other:
        raise GluecastError(
            f"expected {function.name}({', '.join(called_with)}) in {node.name} of {module.path}, "
            f"found {_signature(function)}; the platform's run() passes nothing else; "
            f"change it, or {BY_HAND}"
        )


def refuse_own_run(module: Module, node: ast.ClassDef) -> None:
    """Refuse a job that runs its hooks itself: nothing would guard its load() in an event run.

    Raises:
        GluecastError: a method of it does.
    """
    for function in node.body:
        if not isinstance(function, Function) or _calls(function, "super", "run"):
            continue
        hooks = [hook for hook in ("extract", "load") if _calls(function, "self", hook)]
        if function.name == "run" or len(hooks) > 1:
            raise GluecastError(
                f"expected {node.name} of {module.path} to leave its run to {module.base_class}, found "
                f"{function.name}() in line {function.lineno}, which does not call super().run(); "
                "split it into extract(), transform() and load(), or leave the jobs as they are: "
                "gluecast adopt --events"
            )


def refuse_calls_of_hooks(module: Module) -> None:
    """Refuse code that calls extract() of a job from outside: nothing would guard its load().

    Raises:
        GluecastError: there is such code.
    """
    classes = [each for node in module.classes for each in ast.walk(node)]
    for each in ast.walk(module.tree):
        if (
            isinstance(each, ast.Call)
            and isinstance(each.func, ast.Attribute)
            and each.func.attr == "extract"
            and not (each.args or each.keywords)
            and each not in classes
        ):
            raise GluecastError(
                f"expected {module.path} to start its job with run(), found {ast.unparse(each)} in "
                f"line {each.lineno}; call run() there, or {BY_HAND}"
            )


def _calls(function: Function, owner: str, name: str) -> bool:
    """Whether a method calls self.name() or super().name()."""
    return any(
        isinstance(each, ast.Call)
        and isinstance(each.func, ast.Attribute)
        and each.func.attr == name
        and ast.unparse(each.func.value).partition("(")[0] == owner
        for each in ast.walk(function)
    )


def _signature(function: Function) -> str:
    kind = "async " if isinstance(function, ast.AsyncFunctionDef) else ""
    kind = "static " if _is_static(function) else kind
    return f"{kind}({ast.unparse(function.args)})"


def _is_static(function: Function) -> bool:
    return any(last_name(each) == "staticmethod" for each in function.decorator_list)


def refuse_maker(base: Module, node: ast.ClassDef) -> None:
    """Refuse a class whose constructor a decorator generates.

    Raises:
        GluecastError: a decorator does.
    """
    made = {"dataclass", "define", "attrs", "frozen", "mutable", "s"}
    for decorator in node.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if last_name(called) in made:
            raise GluecastError(
                f"expected {base.base_class} of {base.path} with an explicit constructor, found "
                f"@{ast.unparse(decorator)}; {BY_HAND}"
            )


def _bound(statement: ast.stmt) -> set[str]:
    """The names that a statement of a class binds, except top-level functions."""
    if isinstance(statement, Function | ast.ClassDef):
        return set()
    if isinstance(statement, ast.AnnAssign) and statement.value is None:
        return set()
    names: set[str] = set()
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Function | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        else:
            waiting += ast.iter_child_nodes(node)
    return names


def refuse_signature(base: Module, function: Function, others: Sequence[Module]) -> None:
    """Refuse a method whose parameters differ from those of the platform's replacement.

    Raises:
        GluecastError: they do.
    """
    if function.name not in REPLACED:
        return
    keywords = {
        keyword.arg
        for module in (base, *others)
        for call in ast.walk(module.tree)
        if isinstance(call, ast.Call) and last_name(call.func) == "load_data"
        for keyword in call.keywords
    }
    arguments = function.args
    names = [each.arg for each in (*arguments.posonlyargs, *arguments.args)][1:]
    more = bool(arguments.vararg or arguments.kwarg or arguments.kwonlyargs)
    more |= isinstance(function, ast.AsyncFunctionDef)
    expected = _SIGNATURES[function.name]
    # The first parameter may have any name if no call uses it as a keyword.
    if function.name == "load_data" and names and names[0] not in keywords:
        names[0] = expected[0]
    if more or names != expected[: len(names)]:
        raise GluecastError(
            f"expected {function.name}({', '.join(expected)}) in {base.base_class} of {base.path}, "
            f"found {_signature(function)}; {BY_HAND}"
        )


def mixins_of(
    base: Module, node: ast.ClassDef, others: Sequence[Module], attributes: set[str]
) -> tuple[list[ast.expr], list[str]]:
    """The other base classes that may have a constructor, and notes on them.

    Raises:
        GluecastError: one has a constructor, or another name of the platform's class.
    """
    own_bases = [each for each in node.bases if stays(each)]
    for keyword in node.keywords:
        is_abc = any(last_name(each) == "ABC" for each in node.bases)
        if keyword.arg == "metaclass" and not is_abc and last_name(keyword.value) != "ABCMeta":
            raise GluecastError(
                f"expected a metaclass of {base.base_class} in {base.path} that is compatible with ABC, found "
                f"{ast.unparse(keyword.value)}; {BY_HAND}"
            )
    classes = {each.name: each for module in (base, *others) for each in module.classes}
    unknown = []
    for each in own_bases:
        waiting: list[ast.expr] = [each]
        seen: set[str] = set()
        while waiting:
            found = waiting.pop()
            name = last_name(found.value if isinstance(found, ast.Subscript) else found)
            if name in ("ABC", "object", "Generic", "Protocol", *seen):
                continue
            seen.add(name)
            if name not in classes or name == base.base_class:
                unknown.append(each)
                continue
            methods = {_.name for _ in classes[name].body if isinstance(_, Function)}
            assigned = {more for part in classes[name].body for more in _bound(part)}
            clashes = (methods | assigned) & {*attributes, *REPLACED, "__init__", "__new__"}
            if clashes - {*HOOKS}:
                raise GluecastError(
                    f"expected no name of the platform's class in {name}, which {base.base_class} of "
                    f"{base.path} extends, found {', '.join(sorted(clashes - {*HOOKS}))}; adopt with "
                    f"--base-class {name}, or {BY_HAND}"
                )
            waiting += classes[name].bases
    return unknown, [
        f"{base.base_class} also extends {ast.unparse(each)}, which precedes the platform's class: make sure "
        "that it has no run(), load_data() or spark, and that its constructor, if any, passes "
        "(job_name, args) to super().__init__()"
        for each in unknown
    ]


def stays(base: ast.expr) -> bool:
    return last_name(base) not in REPLACED_BASES
