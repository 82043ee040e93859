"""The base class that a repository has of its own, and how it comes to stand on the platform's.

The class keeps its name, its module, and everything that the platform does not have: helpers, hooks,
what its constructor sets up. What the platform does in its place is taken out. What neither stays nor
is replaced for certain is named in a note, or makes the conversion refuse.
"""

import ast
import builtins
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import libcst as cst

from gluecast.adopt.base_constructor import BY_HAND, NEW_BASE, constructor_of
from gluecast.adopt.job_classes import extending
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
)
from gluecast.adopt.rewriting import (
    Statement,
    paired,
    source_of,
    statement,
    with_base,
    with_body,
    with_import,
)
from gluecast.errors import GluecastError

HOOKS = ("extract", "transform", "custom_validation", "load")
REPLACED = ("load_data", "run", "main", "spark")
"""What the platform does in place of the repository's own class."""

_IMPORT = f"from glue_runtime.adopted import {NEW_BASE}\n"
_SIGNATURES = {
    "load_data": ["data_type", "fallback_path"],
    "run": [],
    "main": ["job_name", "argv"],
    "spark": [],
}
"""What the platform's take, without self."""

_MEANS_THE_SAME = (
    *("job_name", "args", "environment", "spark", "logger", "job_run_id", "trigger_type"),
    *("source_bucket", "source_object_key", "is_event_triggered"),
)
"""Attributes of a job that a team's class may set too."""

_SET_ANYWAY = ("job_name", "args", "environment", "logger", "job_run_id")
"""Class attributes that the platform's constructor puts its own in front of."""

_HARMLESS = ("log", "logger", "logging", "time", "datetime", "timedelta", "date")
_HARMLESS_METHODS = (".isoformat", ".total_seconds")
"""Calls of a run() that nobody misses: the platform logs and takes the time too."""

_REPLACED_BASES = ("ABC", "object")
"""What the platform's class stands for among the bases."""

_WHOLE_DIRECTORY = (
    "",
    "# Tables are overwritten, so a run for one uploaded file reads the whole directory too. A job that",
    "# writes file by file says whole_directory = False.",
)
"""What stands above whole_directory."""


@dataclass(frozen=True)
class Conversion:
    """The base class's module as it is to be, and what became of its parts."""

    text: str
    kept: list[str]
    replaced: list[str]
    whole_directory: bool
    notes: list[str]


def convert(base: Module, platform: str, others: Sequence[Module]) -> Conversion:
    """Put the class of `base` on top of the platform's class, whose module's text is `platform`.

    Raises:
        GluecastError: that cannot be done by a rule; the message says what to do by hand.
    """
    node = _base_class(base)
    attributes = _attributes(_base_class(Module("glue_runtime/base_job.py", platform)))
    source = source_of(base, BY_HAND)
    written = _written_class(source)
    pairs = paired(base, node, written)
    heirs = [(module, each) for module, each, _ in extending([base, *others])]
    for module, each in [(base, node), *heirs]:
        _refuse_clashes(module, each, attributes)
        _refuse_hooks(module, each)
    _refuse_maker(base, node)
    _refuse_signatures(base, node, others)
    mixins, notes = _mixins(base, node, others, attributes)
    functions = {each.name: each for each in node.body if isinstance(each, Function)}
    replaced = {
        name
        for name, function in functions.items()
        if name in REPLACED or (name in HOOKS and _is_abstract(function)) or name == "__init__"
    }
    initial = functions.get("__init__")
    constructor = next((line for said, line in pairs if said is initial), None)
    assert constructor is None or isinstance(constructor, cst.FunctionDef)
    changed, dropped = constructor_of(base, initial, source, constructor, attributes, mixins)
    notes += [*dropped, *_notes(functions, attributes)]
    unused = _unused_methods(source, pairs, replaced, changed, [*notes, *(_.text for _ in others)])
    overwrites = _overwrites([base, *others])
    body: list[Statement] = []
    for said, line in pairs:
        name = said.name if isinstance(said, Function) else ""
        if said is initial:
            body += [changed] if changed else []
        elif name not in replaced | unused:
            body.append(line)
        if overwrites and said is node.body[0]:
            body.append(statement(source, "whole_directory = True\n", _WHOLE_DIRECTORY))
    bom = BOM if base.text.startswith(BOM) else ""
    result = Conversion(
        text=bom + _assembled(base, source, written, body),
        kept=[name for name in functions if name not in replaced | unused],
        replaced=sorted((replaced | unused) - {"__init__"}),
        whole_directory=overwrites,
        notes=notes,
    )
    _refuse_broken(base, result.text)
    return result


def _refuse_broken(base: Module, text: str) -> None:
    """Refuse to write what Python does not read.

    Raises:
        GluecastError: it would be written.
    """
    try:
        ast.parse(text.removeprefix(BOM))
    except SyntaxError as error:
        raise GluecastError(
            f"expected {NAME} of {base.path} in a form that can be converted, found one that becomes "
            f"no Python code ({error.msg} in line {error.lineno}); {BY_HAND}"
        ) from error


# --- looking ---------------------------------------------------------------------------------------


def _base_class(module: Module) -> ast.ClassDef:
    return next(node for node in module.classes if node.name == NAME)


def _attributes(node: ast.ClassDef) -> set[str]:
    """What a class and its constructor define."""
    names = {each.name for each in node.body if isinstance(each, Function)}
    for said in node.body:
        if isinstance(said, ast.AnnAssign):
            names |= {last_name(said.target)}
        if isinstance(said, Function) and said.name == "__init__":
            names |= {name for each in said.body for name in own_targets(each)}
    return names


def _is_abstract(function: Function) -> bool:
    """Whether a hook only says that a job must have it."""
    if any(last_name(each) == "abstractmethod" for each in function.decorator_list):
        return True
    body = [each for each in function.body if not is_text(each)]
    return all(isinstance(each, ast.Pass | ast.Raise) for each in body)


def _overwrites(modules: Iterable[Module]) -> bool:
    """Whether the code speaks of overwriting anywhere: a load() may do it by way of any function."""
    return any(
        "overwrite" in module.text.lower()
        for module in modules
        if not module.path.startswith("tests/")
    )


def _notes(functions: Mapping[str, Function], attributes: set[str]) -> Iterator[str]:
    """What run() and main() did and the platform's do not."""
    if "main" in functions:
        yield (
            f"your main() is replaced: the platform's takes further arguments of the command line if "
            f"{NAME} names them, arguments = (...)"
        )
    run = functions.get("run")
    if run is None:
        return
    if more := sorted(set(_further_calls(run, attributes))):
        yield (
            f"your run() also called {', '.join(more)}: the platform's does not; override run() in "
            f"your {NAME}, and call super().run() there"
        )
    if any(isinstance(each, ast.Return) and each.value for each in ast.walk(run)):
        yield "your run() returned something: the platform's returns nothing"
    order = [name for name in _own_calls(run) if name in ("transform", "custom_validation")]
    if order[:2] == ["custom_validation", "transform"]:
        yield (
            "your run() called custom_validation() before transform(): the platform's calls it "
            "after; a rule about columns that transform() drops belongs into transform()"
        )


def _calls(function: Function) -> list[ast.expr]:
    """What a function calls, in order."""
    found = (each for each in ast.walk(function) if isinstance(each, ast.Call))
    ordered = sorted(found, key=lambda each: (each.end_lineno or 0, each.end_col_offset or 0))
    return [each.func for each in ordered]


def _own_calls(function: Function) -> list[str]:
    """x of self.x()."""
    return [
        each.attr for each in _calls(function) if isinstance(each, ast.Attribute) and is_own(each)
    ]


def _further_calls(run: Function, attributes: set[str]) -> Iterator[str]:
    """What run() called besides hooks, logs, clocks and what Python has."""
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
    first = [*_words(called.removeprefix("self.")), ""][0].removeprefix("_")
    return first in _HARMLESS or called.endswith(_HARMLESS_METHODS)


# --- converting ------------------------------------------------------------------------------------


def _refuse_clashes(base: Module, node: ast.ClassDef, attributes: set[str]) -> None:
    """Refuse names that mean something else in the platform's class.

    Raises:
        GluecastError: there are some.
    """
    methods = {each.name for each in node.body if isinstance(each, Function)}
    allowed = {*HOOKS, *REPLACED, "__init__"}
    # The platform's constructor sets its attributes after a class attribute of the same name.
    assigned = {name for each in node.body for name in _bound(each)} & (attributes | {*REPLACED})
    stored = {
        each.attr
        for each in ast.walk(node)
        if isinstance(each, ast.Attribute) and is_stored(each) and is_own(each, attributes)
    }
    clashes = {*((methods & attributes) - allowed), *(assigned - {*HOOKS, *_SET_ANYWAY})}
    clashes |= stored - {*_MEANS_THE_SAME}
    if clashes:
        raise GluecastError(
            f"expected names in {node.name} of {base.path} that the platform's has not, found "
            f"{', '.join(sorted(clashes))}; rename them, or {BY_HAND}"
        )


def _refuse_hooks(module: Module, node: ast.ClassDef) -> None:
    """Refuse hooks that are not called as the platform calls them.

    Raises:
        GluecastError: there is one.
    """
    for function in node.body:
        if not isinstance(function, Function) or function.name not in HOOKS:
            continue
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
                f"found {_signature(function)}; the platform's run() hands over nothing else; "
                f"change it, or {BY_HAND}"
            )


def _signature(function: Function) -> str:
    kind = "async " if isinstance(function, ast.AsyncFunctionDef) else ""
    kind = "static " if _is_static(function) else kind
    return f"{kind}({ast.unparse(function.args)})"


def _is_static(function: Function) -> bool:
    return any(last_name(each) == "staticmethod" for each in function.decorator_list)


def _refuse_maker(base: Module, node: ast.ClassDef) -> None:
    """Refuse a class whose constructor a decorator writes.

    Raises:
        GluecastError: it is one.
    """
    made = {"dataclass", "define", "attrs", "frozen", "mutable", "s"}
    for decorator in node.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if last_name(called) in made:
            raise GluecastError(
                f"expected {NAME} of {base.path} with a constructor of its own, found "
                f"@{ast.unparse(decorator)}; {BY_HAND}"
            )


def _bound(statement: ast.stmt) -> set[str]:
    """The names that a statement of a class gives a value to, functions at its top left out."""
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


def _refuse_signatures(base: Module, node: ast.ClassDef, others: Sequence[Module]) -> None:
    """Refuse methods that the platform's cannot stand for, since they are called in another way.

    Raises:
        GluecastError: there is one.
    """
    keywords = {
        keyword.arg
        for module in (base, *others)
        for call in ast.walk(module.tree)
        if isinstance(call, ast.Call) and last_name(call.func) == "load_data"
        for keyword in call.keywords
    }
    for function in node.body:
        if not isinstance(function, Function) or function.name not in REPLACED:
            continue
        arguments = function.args
        names = [each.arg for each in (*arguments.posonlyargs, *arguments.args)][1:]
        more = bool(arguments.vararg or arguments.kwarg or arguments.kwonlyargs)
        more |= isinstance(function, ast.AsyncFunctionDef)
        expected = _SIGNATURES[function.name]
        # The first one may be called anything, where no call names it.
        if function.name == "load_data" and names and names[0] not in keywords:
            names[0] = expected[0]
        if more or names != expected[: len(names)]:
            raise GluecastError(
                f"expected {function.name}({', '.join(expected)}) in {NAME} of {base.path}, found "
                f"{_signature(function)}; {BY_HAND}"
            )


def _mixins(
    base: Module, node: ast.ClassDef, others: Sequence[Module], attributes: set[str]
) -> tuple[list[ast.expr], list[str]]:
    """What the class extends that may have a constructor, and what is to be told of it.

    Raises:
        GluecastError: it has one, or something else that the platform's class has.
    """
    own_bases = [each for each in node.bases if _stays(each)]
    for keyword in node.keywords:
        is_abc = any(last_name(each) == "ABC" for each in node.bases)
        if keyword.arg == "metaclass" and not is_abc and last_name(keyword.value) != "ABCMeta":
            raise GluecastError(
                f"expected a metaclass of {NAME} in {base.path} that goes with ABC, found "
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
            if name not in classes or name == NAME:
                unknown.append(each)
                continue
            methods = {_.name for _ in classes[name].body if isinstance(_, Function)}
            assigned = {more for part in classes[name].body for more in _bound(part)}
            clashes = (methods | assigned) & {*attributes, *REPLACED, "__init__", "__new__"}
            if clashes - {*HOOKS}:
                raise GluecastError(
                    f"expected {name}, which {NAME} of {base.path} extends, without what the "
                    f"platform's class has, found {', '.join(sorted(clashes - {*HOOKS}))}; {BY_HAND}"
                )
            waiting += classes[name].bases
    return unknown, [
        f"{NAME} also extends {ast.unparse(each)}, which comes before the platform's class: see that "
        "it has no run(), load_data() or spark, and a constructor only if that hands (job_name, "
        "args) on to super().__init__()"
        for each in unknown
    ]


def _unused(kept: Mapping[str, str], gone: Iterable[str], outside: Iterable[str]) -> set[str]:
    """Private methods that what is replaced has called, and nothing else does."""
    callers, others = "\n".join(gone), "\n".join(outside)
    unused: set[str] = set()
    while True:
        found = {
            name
            for name in kept.keys() - unused
            if name.startswith("_") and not name.startswith("__")
            if _mentions(callers, name) and not _mentions(others, name)
            if not any(
                _mentions(text, name)
                for other, text in kept.items()
                if other != name and other not in unused
            )
        }
        if not found:
            return unused
        unused |= found
        callers += "\n".join(kept[name] for name in found)


def _mentions(text: str, name: str) -> bool:
    return name in _words(text)


def _words(text: str) -> list[str]:
    """The words of a text, also those in quotes and comments, which may name a method too."""
    return "".join(each if each.isalnum() or each == "_" else " " for each in text).split()


def _unused_methods(
    source: cst.Module,
    pairs: Sequence[tuple[ast.stmt, Statement]],
    replaced: set[str],
    constructor: cst.FunctionDef | None,
    elsewhere: Sequence[str],
) -> set[str]:
    """Private methods that nothing needs once what is replaced is gone."""
    kept: dict[str, str] = {}
    gone: list[str] = []
    outside = [*elsewhere, source.code_for_node(constructor) if constructor else ""]
    outside += [source.code_for_node(each) for each in source.body if not _is_written_class(each)]
    outside += [source.code_for_node(each) for each in _written_class(source).decorators]
    for said, each in pairs:
        code = source.code_for_node(each)
        if not isinstance(said, Function):
            outside.append(code)
        elif said.name in replaced:
            gone.append(code)
        else:
            kept[said.name] = kept.get(said.name, "") + code
    return _unused(kept, gone, outside)


# --- text ------------------------------------------------------------------------------------------


def _written_class(source: cst.Module) -> cst.ClassDef:
    found = next(each for each in source.body if _is_written_class(each))
    return cst.ensure_type(found, cst.ClassDef)


def _is_written_class(found: cst.CSTNode) -> bool:
    return isinstance(found, cst.ClassDef) and found.name.value == NAME


def _assembled(
    base: Module, source: cst.Module, written: cst.ClassDef, body: Sequence[Statement]
) -> str:
    new = with_base(written, NEW_BASE, _REPLACED_BASES)
    new = with_body(new, body or [statement(source, "pass\n")])
    statements = [new if each is written else each for each in source.body]
    changed = source.with_changes(body=statements)
    return with_import(changed, base.tree, _IMPORT, NAME).code


def _stays(base: ast.expr) -> bool:
    return last_name(base) not in _REPLACED_BASES
