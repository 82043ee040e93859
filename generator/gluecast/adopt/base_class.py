"""The base class that a repository has of its own, and how it comes to stand on the platform's.

The class keeps its name, its module, and everything that the platform does not have: helpers, hooks,
what its constructor sets up. What the platform does in its place is taken out. What neither stays nor
is replaced for certain is named in a note, or makes the conversion refuse.
"""

import ast
import builtins
import io
import re
import tokenize
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import indent

from gluecast.adopt.base_constructor import BY_HAND, NEW_BASE, constructor_of
from gluecast.adopt.job_classes import extending
from gluecast.adopt.python_module import (
    BOM,
    NAME,
    Function,
    Module,
    head_end,
    indentation,
    is_own,
    is_stored,
    is_text,
    last_name,
    lines_of,
    own_targets,
    parts_of,
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

_HARMLESS = (
    r"(self\.)?_?(log|logger|logging|time|datetime|timedelta|date)\b|.*\.(isoformat|total_seconds)$"
)
"""Calls of a run() that nobody misses: the platform logs and takes the time too."""

_WHOLE_DIRECTORY = """\
# Tables are overwritten, so a run for one uploaded file reads the whole directory too. A job that
# writes file by file says whole_directory = False.
whole_directory = True
"""


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
    text = base.text.removeprefix(BOM)
    bom = BOM if text != base.text else ""
    crlf = 0 < text.count("\r\n") == text.count("\n")
    base = Module(base.path, text.replace("\r\n", "\n") if crlf else text)
    node = _base_class(base)
    attributes = _attributes(_base_class(Module("glue_runtime/base_job.py", platform)))
    parts = parts_of(base, node)
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
    constructor, dropped = constructor_of(base, functions.get("__init__"), attributes, mixins)
    notes += [*dropped, *_notes(functions, attributes)]
    texts = {
        name: "".join(text for part, text in parts.items() if getattr(part, "name", "") == name)
        for name in functions
    }
    kept = {name: text for name, text in texts.items() if name not in replaced}
    outside = [*notes, constructor, _outside(base, node), *(each.text for each in others)]
    outside += [text for part, text in parts.items() if not isinstance(part, Function)]
    unused = _unused(kept, [texts[name] for name in replaced], outside)
    overwrites = _overwrites([base, *others])
    body = ""
    for statement in node.body:
        name = statement.name if isinstance(statement, Function) else ""
        if name == "__init__":
            body += constructor
        elif name not in replaced | unused:
            body += parts[statement]
        if overwrites and statement is node.body[0]:
            body += f"\n{indent(_WHOLE_DIRECTORY, indentation(base.text, node))}"
    text = bom + _assembled(base, node, body)
    result = Conversion(
        text=text.replace("\n", "\r\n") if crlf else text,
        kept=[name for name in kept if name not in unused],
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
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign):
            names |= {last_name(statement.target)}
        if isinstance(statement, Function) and statement.name == "__init__":
            names |= {name for each in statement.body for name in own_targets(each)}
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
        if function in raised or known in dir(builtins) or re.match(_HARMLESS, name):
            continue
        yield name.removeprefix("self.")


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
    return re.search(rf"\b{re.escape(name)}\b", text) is not None


# --- text ------------------------------------------------------------------------------------------


def _outside(base: Module, node: ast.ClassDef) -> str:
    lines = lines_of(base.text)
    return "".join([*lines[: node.lineno - 1], *lines[node.end_lineno or node.lineno :]])


def _assembled(base: Module, node: ast.ClassDef, body: str) -> str:
    text = base.text
    lines = lines_of(text)
    rest = "".join(lines[node.end_lineno or node.lineno :])
    last = _above(base, node)
    before = "".join(lines[:last]) + ("\n" if last else "")
    between = "".join(lines[last : node.lineno - 1])
    if not between.startswith(("\n", "\r\n", "\f")):
        between = f"\n\n{between}"
    own = body if body.strip() else f"{indentation(text, node)}pass\n"
    return f"{before}{_IMPORT}{between}{_class_line(text, node)}\n{own}{rest}"


def _class_line(text: str, node: ast.ClassDef) -> str:
    bases = [*(ast.unparse(each) for each in node.bases if _stays(each)), NEW_BASE]
    for keyword in node.keywords:
        value = ast.unparse(keyword.value)
        bases.append(f"{keyword.arg}={value}" if keyword.arg else f"**{value}")
    head = "".join(lines_of(text)[node.lineno - 1 : head_end(text, node)])
    tokens = tokenize.generate_tokens(io.StringIO(head).readline)
    comments = [each.string for each in tokens if each.type == tokenize.COMMENT]
    return "  ".join([f"class {NAME}({', '.join(bases)}):", *comments])


def _above(base: Module, node: ast.ClassDef) -> int:
    """How many lines stay above the new import: those of the module's head and of its imports."""
    lines = lines_of(base.text)
    last = 0
    while last < 2 and re.match(r"#!|#.*coding[:=]", lines[last]):
        last += 1
    comment = next(number for number, line in enumerate(lines) if not line.startswith("#"))
    if not lines[comment].strip():
        last = comment
    for number, each in enumerate(base.tree.body):
        end = each.end_lineno or each.lineno
        is_head = isinstance(each, ast.Import | ast.ImportFrom) or (number == 0 and is_text(each))
        if each.lineno <= last or (is_head and each.lineno < node.lineno):
            last = max(last, end)
    return last


def _stays(base: ast.expr) -> bool:
    return last_name(base) not in ("ABC", "object")
