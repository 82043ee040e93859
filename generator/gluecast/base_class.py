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
import warnings
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from textwrap import indent
from typing import NoReturn

from gluecast.errors import GluecastError

NAME = "BaseGlueJob"
HOOKS = ("extract", "transform", "custom_validation", "load")
REPLACED = ("load_data", "run", "main", "spark")
"""What the platform does in place of the repository's own class."""

_NEW_BASE = "AdoptedGlueJob"
_IMPORT = f"from glue_runtime.adopted import {_NEW_BASE}\n"
_BY_HAND = f"adopt with --keep-base-class and make the class one of glue_runtime.adopted.{_NEW_BASE} by hand"
_SIGNATURES = {
    "load_data": ["data_type", "fallback_path"],
    "run": [],
    "main": ["job_name", "argv"],
    "spark": [],
}
"""What the platform's take, without self."""

_ARGUMENTS = {
    "env": "environment",
    "bucket": "source_bucket",
    "object_key": "source_object_key",
    "JOB_RUN_ID": "job_run_id",
}
"""Which argument the platform's constructor keeps under which name."""

_SAME_VALUES = {
    "job_name": ("job_name",),
    "args": ("args", "dict(args)", "args or {}", "args.copy()"),
}
"""What a constructor sets as the platform's does."""

_CHANGES = ("update", "setdefault", "pop", "popitem", "clear")
"""What changes a dict."""

_MEANS_THE_SAME = (
    *("job_name", "args", "environment", "spark", "logger", "job_run_id", "trigger_type"),
    *("source_bucket", "source_object_key", "is_event_triggered"),
)
"""Attributes of a job that a team's class may set too."""

_SET_ANYWAY = ("job_name", "args", "environment", "logger", "job_run_id")
"""Class attributes that the platform's constructor puts its own in front of."""

_BOM = "\ufeff"
_HARMLESS = (
    r"(self\.)?_?(log|logger|logging|time|datetime|timedelta|date)\b|.*\.(isoformat|total_seconds)$"
)
"""Calls of a run() that nobody misses: the platform logs and takes the time too."""
_WHOLE_DIRECTORY = """\
# Tables are overwritten, so a run for one uploaded file reads the whole directory too. A job that
# writes file by file says whole_directory = False.
whole_directory = True
"""

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """A Python file of the repository, by its path there."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed file; nothing, where it is no Python code and does not speak of the base class.

        Raises:
            GluecastError: it speaks of the base class and is no Python code.
        """
        try:
            with warnings.catch_warnings(action="ignore"):
                return ast.parse(self.text.removeprefix(_BOM))
        except (SyntaxError, ValueError) as error:
            if NAME not in self.text:
                return ast.Module([], [])
            found = (
                f"{error.msg} in line {error.lineno}"
                if isinstance(error, SyntaxError)
                else str(error)
            )
            raise GluecastError(f"expected Python code in {self.path}, found {found}") from error

    @property
    def classes(self) -> Iterator[ast.ClassDef]:
        """The classes that the module defines at its top."""
        return (node for node in self.tree.body if isinstance(node, ast.ClassDef))


@dataclass(frozen=True)
class Job:
    """A class that extends the base class. `sources` are what it calls load_data() for."""

    name: str
    class_name: str
    path: str
    sources: list[str]


@dataclass(frozen=True)
class Conversion:
    """The base class's module as it is to be, and what became of its parts."""

    text: str
    kept: list[str]
    replaced: list[str]
    whole_directory: bool
    notes: list[str]


def find_base_class(modules: Sequence[Module]) -> Module:
    """The module that defines the class BaseGlueJob.

    Raises:
        GluecastError: there is none, or there are several.
    """
    found = [each for each in modules if any(node.name == NAME for node in each.classes)]
    if not found:
        raise GluecastError(
            f"expected a class {NAME}, found none in the Python files outside of tests; "
            "`gluecast new` begins a repository without one"
        )
    if len(found) > 1:
        paths = " and ".join(module.path for module in found)
        raise GluecastError(f"expected one class {NAME}, found it in {paths}; remove all but one")
    return found[0]


def find_jobs(modules: Sequence[Module]) -> list[Job]:
    """Every class that extends BaseGlueJob, also by way of another class, by path."""
    heirs = _heirs(modules)
    inner = {name for _, _, bases in heirs for name in bases}
    return [
        Job(
            module.path.rpartition("/")[2].removesuffix(".py"), node.name, module.path, _loads(node)
        )
        for module, node, _ in heirs
        if node.name not in inner
    ]


def _heirs(modules: Sequence[Module]) -> list[tuple[Module, ast.ClassDef, set[str]]]:
    """The classes that extend BaseGlueJob, each with the names of what it extends."""
    names = {module.path: _Names(module, modules) for module in modules}
    classes = [
        (module, node, {names[module.path].original(each) for each in node.bases})
        for module in modules
        for node in module.classes
    ]
    found = {NAME}
    while more := {node.name for _, node, bases in classes if bases & found} - found:
        found |= more
    return [each for each in classes if each[2] & found and each[1].name != NAME]


class _Names:
    """What the names in a module are called where they come from."""

    def __init__(self, module: Module, modules: Sequence[Module]) -> None:
        self.modules = modules
        self.given: dict[str, str] = {}
        self.imported: dict[str, str] = {}
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    self._import_from(node.module or "", alias)
            elif isinstance(node, ast.Import):
                self.imported |= {each.asname or each.name: each.name for each in node.names}
        for statement in module.tree.body:
            if isinstance(statement, ast.Assign) and _last_name(statement.value):
                original = self.original(statement.value)
                self.given |= {
                    each.id: original for each in statement.targets if isinstance(each, ast.Name)
                }

    def _import_from(self, source: str, alias: ast.alias) -> None:
        local = alias.asname or alias.name
        self.imported[local] = f"{source}.{alias.name}"
        self.given[local] = _original(alias.name, _found(source, self.modules), self.modules)

    def original(self, node: ast.expr) -> str:
        """BaseGlueJob of Base and of base_job.Base, where Base is another name of BaseGlueJob."""
        if isinstance(node, ast.Subscript):
            return self.original(node.value)
        if isinstance(node, ast.Attribute):
            source = ast.unparse(node.value)
            where = _found(self.imported.get(source, source), self.modules)
            return _original(node.attr, where, self.modules)
        name = _last_name(node)
        return self.given.get(name, name)


def _found(name: str, modules: Iterable[Module]) -> list[Module]:
    """The modules that an import of this name may mean, whatever is on Python's path."""
    end = f"/{name.replace('.', '/')}"
    return [
        module
        for module in modules
        if f"/{module.path.removesuffix('.py').removesuffix('/__init__')}".endswith(end)
    ]


def _original(name: str, where: Iterable[Module], modules: Sequence[Module]) -> str:
    """What `name` of one of these modules is called where it comes from."""
    for module in where:
        for node in module.tree.body:
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    if alias.asname == name and alias.name != name:
                        others = [each for each in modules if each is not module]
                        return _original(alias.name, _found(node.module or "", others), others)
            elif (
                isinstance(node, ast.Assign)
                and _last_name(node.value) not in ("", name)
                and any(_last_name(each) == name for each in node.targets)
            ):
                others = [each for each in modules if each is not module]
                return _original(_last_name(node.value), [], others)
    return name


def convert(base: Module, platform: str, others: Sequence[Module]) -> Conversion:
    """Put the class of `base` on top of the platform's class, whose module's text is `platform`.

    Raises:
        GluecastError: that cannot be done by a rule; the message says what to do by hand.
    """
    text = base.text.removeprefix(_BOM)
    bom = _BOM if text != base.text else ""
    crlf = 0 < text.count("\r\n") == text.count("\n")
    base = Module(base.path, text.replace("\r\n", "\n") if crlf else text)
    node = _base_class(base)
    attributes = _attributes(_base_class(Module("glue_runtime/base_job.py", platform)))
    parts = _parts(base, node)
    heirs = [(module, each) for module, each, _ in _heirs([base, *others])]
    for module, each in [(base, node), *heirs]:
        _refuse_clashes(module, each, attributes)
        _refuse_hooks(module, each)
    _refuse_maker(base, node)
    _refuse_signatures(base, node, others)
    mixins, notes = _mixins(base, node, others, attributes)
    functions = {each.name: each for each in node.body if isinstance(each, _Function)}
    replaced = {
        name
        for name, function in functions.items()
        if name in REPLACED or (name in HOOKS and _is_abstract(function)) or name == "__init__"
    }
    constructor, dropped = _constructor(base, functions.get("__init__"), attributes, mixins)
    notes += [*dropped, *_notes(functions, attributes)]
    texts = {
        name: "".join(text for part, text in parts.items() if getattr(part, "name", "") == name)
        for name in functions
    }
    kept = {name: text for name, text in texts.items() if name not in replaced}
    outside = [*notes, constructor, _outside(base, node), *(each.text for each in others)]
    outside += [text for part, text in parts.items() if not isinstance(part, _Function)]
    unused = _unused(kept, [texts[name] for name in replaced], outside)
    overwrites = _overwrites([base, *others])
    body = ""
    for statement in node.body:
        name = statement.name if isinstance(statement, _Function) else ""
        if name == "__init__":
            body += constructor
        elif name not in replaced | unused:
            body += parts[statement]
        if overwrites and statement is node.body[0]:
            body += f"\n{indent(_WHOLE_DIRECTORY, _indentation(base.text, node))}"
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
        ast.parse(text.removeprefix(_BOM))
    except SyntaxError as error:
        raise GluecastError(
            f"expected {NAME} of {base.path} in a form that can be converted, found one that becomes "
            f"no Python code ({error.msg} in line {error.lineno}); {_BY_HAND}"
        ) from error


# --- looking ---------------------------------------------------------------------------------------


def _base_class(module: Module) -> ast.ClassDef:
    return next(node for node in module.classes if node.name == NAME)


def _last_name(node: ast.expr) -> str:
    """BaseGlueJob of BaseGlueJob, and of base_job.BaseGlueJob."""
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def _loads(node: ast.ClassDef) -> list[str]:
    calls = (each for each in ast.walk(node) if isinstance(each, ast.Call) and each.args)
    names = [each.args[0] for each in calls if _last_name(each.func) == "load_data"]
    return [str(each.value) for each in names if isinstance(each, ast.Constant)]


def _attributes(node: ast.ClassDef) -> set[str]:
    """What a class and its constructor define."""
    names = {each.name for each in node.body if isinstance(each, _Function)}
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign):
            names |= {_last_name(statement.target)}
        if isinstance(statement, _Function) and statement.name == "__init__":
            names |= {name for each in statement.body for name in _own_targets(each)}
    return names


def _own_targets(statement: ast.stmt) -> set[str]:
    """x and y of `self.x = self.y = 1`; nothing of what assigns to something else."""
    targets: Sequence[ast.expr] = ()
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    own = [
        each.attr
        for each in targets
        if isinstance(each, ast.Attribute)
        and isinstance(each.value, ast.Name)
        and each.value.id == "self"
    ]
    return set(own) if len(own) == len(targets) else set()


def _is_abstract(function: _Function) -> bool:
    """Whether a hook only says that a job must have it."""
    if any(_last_name(each) == "abstractmethod" for each in function.decorator_list):
        return True
    body = [each for each in function.body if not _is_text(each)]
    return all(isinstance(each, ast.Pass | ast.Raise) for each in body)


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _overwrites(modules: Iterable[Module]) -> bool:
    """Whether the code speaks of overwriting anywhere: a load() may do it by way of any function."""
    return any(
        "overwrite" in module.text.lower()
        for module in modules
        if not module.path.startswith("tests/")
    )


def _notes(functions: Mapping[str, _Function], attributes: set[str]) -> Iterator[str]:
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


def _calls(function: _Function) -> list[ast.expr]:
    """What a function calls, in order."""
    found = (each for each in ast.walk(function) if isinstance(each, ast.Call))
    ordered = sorted(found, key=lambda each: (each.end_lineno or 0, each.end_col_offset or 0))
    return [each.func for each in ordered]


def _own_calls(function: _Function) -> list[str]:
    """x of self.x()."""
    return [
        each.attr for each in _calls(function) if isinstance(each, ast.Attribute) and _own(each)
    ]


def _own(node: ast.Attribute, attributes: Container[str] | None = None) -> bool:
    """Whether this is self.x, with x among the attributes if they are given."""
    own = isinstance(node.value, ast.Name) and node.value.id == "self"
    return own and (attributes is None or node.attr in attributes)


def _further_calls(run: _Function, attributes: set[str]) -> Iterator[str]:
    """What run() called besides hooks, logs, clocks and what Python has."""
    raised = {
        each.exc.func
        for each in ast.walk(run)
        if isinstance(each, ast.Raise) and isinstance(each.exc, ast.Call)
    }
    for function in _calls(run):
        name = ast.unparse(function)
        own = isinstance(function, ast.Attribute) and _own(function)
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
    methods = {each.name for each in node.body if isinstance(each, _Function)}
    allowed = {*HOOKS, *REPLACED, "__init__"}
    # The platform's constructor sets its attributes after a class attribute of the same name.
    assigned = {name for each in node.body for name in _bound(each)} & (attributes | {*REPLACED})
    stored = {
        each.attr
        for each in ast.walk(node)
        if isinstance(each, ast.Attribute) and _is_stored(each) and _own(each, attributes)
    }
    clashes = {*((methods & attributes) - allowed), *(assigned - {*HOOKS, *_SET_ANYWAY})}
    clashes |= stored - {*_MEANS_THE_SAME}
    if clashes:
        raise GluecastError(
            f"expected names in {node.name} of {base.path} that the platform's has not, found "
            f"{', '.join(sorted(clashes))}; rename them, or {_BY_HAND}"
        )


def _refuse_hooks(module: Module, node: ast.ClassDef) -> None:
    """Refuse hooks that are not called as the platform calls them.

    Raises:
        GluecastError: there is one.
    """
    for function in node.body:
        if not isinstance(function, _Function) or function.name not in HOOKS:
            continue
        called_with = ["self"] if function.name == "extract" else ["self", "df"]
        arguments = function.args
        names = [*arguments.posonlyargs, *arguments.args]
        required = len(names) - len(arguments.defaults)
        named = [each for each in arguments.kw_defaults if each is None]
        enough = len(names) >= len(called_with) or arguments.vararg
        if named or required > len(called_with) or not enough or _is_static(function):
            raise GluecastError(
                f"expected {function.name}({', '.join(called_with)}) in {node.name} of {module.path}, "
                f"found ({ast.unparse(arguments)}); the platform's run() hands over nothing else; "
                f"change it, or {_BY_HAND}"
            )


def _is_static(function: _Function) -> bool:
    return any(_last_name(each) == "staticmethod" for each in function.decorator_list)


def _refuse_maker(base: Module, node: ast.ClassDef) -> None:
    """Refuse a class whose constructor a decorator writes.

    Raises:
        GluecastError: it is one.
    """
    made = {"dataclass", "define", "attrs", "frozen", "mutable", "s"}
    for decorator in node.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if _last_name(called) in made:
            raise GluecastError(
                f"expected {NAME} of {base.path} with a constructor of its own, found "
                f"@{ast.unparse(decorator)}; {_BY_HAND}"
            )


def _bound(statement: ast.stmt) -> set[str]:
    """The names that a statement of a class gives a value to, functions at its top left out."""
    if isinstance(statement, _Function | ast.ClassDef):
        return set()
    if isinstance(statement, ast.AnnAssign) and statement.value is None:
        return set()
    names: set[str] = set()
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, _Function | ast.ClassDef):
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
        if isinstance(call, ast.Call) and _last_name(call.func) == "load_data"
        for keyword in call.keywords
    }
    for function in node.body:
        if not isinstance(function, _Function) or function.name not in REPLACED:
            continue
        arguments = function.args
        names = [each.arg for each in (*arguments.posonlyargs, *arguments.args)][1:]
        more = arguments.vararg or arguments.kwarg or arguments.kwonlyargs
        expected = _SIGNATURES[function.name]
        # The first one may be called anything, where no call names it.
        if function.name == "load_data" and names and names[0] not in keywords:
            names[0] = expected[0]
        if more or names != expected[: len(names)]:
            raise GluecastError(
                f"expected {function.name}({', '.join(expected)}) in {NAME} of {base.path}, found "
                f"({ast.unparse(arguments)}); {_BY_HAND}"
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
        is_abc = any(_last_name(each) == "ABC" for each in node.bases)
        if keyword.arg == "metaclass" and not is_abc and _last_name(keyword.value) != "ABCMeta":
            raise GluecastError(
                f"expected a metaclass of {NAME} in {base.path} that goes with ABC, found "
                f"{ast.unparse(keyword.value)}; {_BY_HAND}"
            )
    classes = {each.name: each for module in (base, *others) for each in module.classes}
    unknown = []
    for each in own_bases:
        waiting: list[ast.expr] = [each]
        seen: set[str] = set()
        while waiting:
            found = waiting.pop()
            name = _last_name(found.value if isinstance(found, ast.Subscript) else found)
            if name in ("ABC", "object", "Generic", "Protocol", *seen):
                continue
            seen.add(name)
            if name not in classes or name == NAME:
                unknown.append(each)
                continue
            methods = {_.name for _ in classes[name].body if isinstance(_, _Function)}
            assigned = {more for part in classes[name].body for more in _bound(part)}
            clashes = (methods | assigned) & {*attributes, *REPLACED, "__init__", "__new__"}
            if clashes - {*HOOKS}:
                raise GluecastError(
                    f"expected {name}, which {NAME} of {base.path} extends, without what the "
                    f"platform's class has, found {', '.join(sorted(clashes - {*HOOKS}))}; {_BY_HAND}"
                )
            waiting += classes[name].bases
    return unknown, [
        f"{NAME} also extends {ast.unparse(each)}, which comes before the platform's class: see that "
        "it has no run(), load_data() or spark, and a constructor only if that hands (job_name, "
        "args) on to super().__init__()"
        for each in unknown
    ]


# --- the constructor -------------------------------------------------------------------------------


def _constructor(
    base: Module, function: _Function | None, attributes: set[str], mixins: Sequence[ast.expr]
) -> tuple[str, list[str]]:
    """The constructor that does what the platform's does not, and what is to be told of it.

    The text is empty when nothing is left.

    Raises:
        GluecastError: it is not (self, job_name, args), or does what no rule can keep.
    """
    _refuse_parameters(base, function)
    assert function
    parts = _parts(base, function)
    environment = _environment(base, function)
    kept, notes = "", []
    for statement in function.body:
        if _is_text(statement) or isinstance(statement, ast.Pass):
            continue
        if _is_super(statement):
            if mixins:
                _refuse(base, statement, "no call of a constructor that is not in this repository")
            continue
        targets = _own_targets(statement)
        if targets and targets <= attributes:
            if note := _replaced_value(base, statement, targets):
                notes.append(note)
            continue
        for each in ast.walk(statement):
            if _is_super_call(each):
                _refuse(base, each, "super().__init__() in a line of its own")
            if isinstance(each, ast.Attribute) and _is_stored(each) and _own(each, attributes):
                _refuse(base, each, f"self.{each.attr} = ... in a line of its own")
        kept += parts[statement]
    head = function.args.defaults or function.decorator_list
    if not (kept or environment or head):
        return "", notes
    args = "args or {}" if _may_be_none(function) else "args"
    if environment:
        args = f'{{"env": {environment}, **{f"({args})" if " " in args else args}}}'
    first = function.body[0]
    text = parts[first] if _is_text(first) else ""
    call = f"{_indentation(base.text, function)}super().__init__(job_name, {args})\n"
    return _head(base, function) + text + call + kept, notes


def _refuse(base: Module, node: ast.AST, expected: str) -> NoReturn:
    line = getattr(node, "lineno", 0)
    raise GluecastError(
        f"expected {expected} in the constructor of {NAME} in {base.path}, found "
        f"{_shortened(node)} in line {line}; {_BY_HAND}"
    )


def _shortened(node: ast.AST) -> str:
    text = ast.unparse(node).splitlines()[0]
    return text if len(text) <= 60 else f"{text[:57]}..."


def _refuse_parameters(base: Module, function: _Function | None) -> None:
    """Refuse a constructor that is not called as the platform's is.

    Raises:
        GluecastError: it is not, or there is none.
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
            f"{f'({found})' if function else found}; {_BY_HAND}"
        )
    assert function
    for each in ast.walk(function):
        if isinstance(each, ast.Name) and _is_stored(each) and each.id in names:
            _refuse(base, each, f"{each.id} as it was handed over")
        if (
            (isinstance(each, ast.Subscript) and _is_stored(each))
            or (isinstance(each, ast.Attribute) and each.attr in _CHANGES)
        ) and ast.unparse(each.value) == "args":
            _refuse(base, each, "args as they were handed over")


def _is_stored(node: ast.AST) -> bool:
    return isinstance(getattr(node, "ctx", None), ast.Store | ast.Del)


def _environment(base: Module, function: _Function) -> str:
    """The default of the argument env as code, where the constructor has one.

    Raises:
        GluecastError: it cannot be told.
    """
    found = set()
    own = {
        each.id for each in ast.walk(function) if isinstance(each, ast.Name) and _is_stored(each)
    }
    for each in ast.walk(function):
        if isinstance(each, ast.Call) and _argument(each) == "env" and len(each.args) == 2:
            code = ast.get_source_segment(base.text, each.args[1]) or ""
        elif isinstance(each, ast.BoolOp) and _argument(each.values[0]) == "env":
            code = (ast.get_source_segment(base.text, each) or "").replace("self.args", "args")
        else:
            continue
        names = {node.id for node in ast.walk(ast.parse(f"({code})")) if isinstance(node, ast.Name)}
        if names & {*own, "self"}:
            _refuse(base, each, "a default of env that needs nothing of the constructor's own")
        found.add(code)
    if len(found) > 1:
        _refuse(base, function, "one default of env")
    return found.pop() if found else ""


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


def _replaced_value(base: Module, statement: ast.stmt, targets: set[str]) -> str:
    """What is to be told of an assignment whose target the platform sets; empty: it sets the same.

    Raises:
        GluecastError: the platform would not find the environment.
    """
    assert isinstance(statement, ast.Assign | ast.AnnAssign)
    value = statement.value
    code = ast.unparse(value) if value else "None"
    if targets == {"environment"}:
        first = value.values[0] if isinstance(value, ast.BoolOp) else value
        if not first or _argument(first) != "env":
            _refuse(base, statement, 'self.environment = args["env"]')
        return ""
    [target, *more] = targets
    same = code in {"None", *_SAME_VALUES.get(target, ())} or (
        value is not None and _ARGUMENTS.get(_argument(value)) == target and "," not in code
    )
    if not more and (same or (target == "logger" and re.match(r"(logging\.)?getLogger\(", code))):
        return ""
    return (
        f"your constructor had {_shortened(statement)}: the platform sets its own; what else that "
        f"did is to be done in your {NAME}, after super().__init__()"
    )


def _may_be_none(function: _Function) -> bool:
    """Whether a job may hand over None for its arguments."""
    annotation = function.args.args[2].annotation
    told = [annotation, *function.args.defaults[-1:]]
    if any(re.search(r"\b(None|Optional)\b", ast.unparse(each)) for each in told if each):
        return True
    choices = (each for each in ast.walk(function) if isinstance(each, ast.BoolOp))
    return any(ast.unparse(each.values[0]) == "args" for each in choices)


def _is_super(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and _is_super_call(statement.value)


def _is_super_call(node: ast.AST) -> bool:
    """Whether this calls the constructor of what the class extends."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    holder = ast.unparse(node.func.value)
    return (
        node.func.attr == "__init__"
        and re.match(r"super\(|(abc\.)?ABC$|object$", holder) is not None
    )


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


def _parts(base: Module, node: ast.ClassDef | _Function) -> dict[ast.stmt, str]:
    """The lines of each statement of a body, with the blank lines and comments before it.

    Raises:
        GluecastError: two statements share a line.
    """
    lines = _lines(base.text)
    end = _head_end(base.text, node)
    parts = {}
    for statement in node.body:
        if statement.lineno <= end:
            raise GluecastError(
                f"expected one statement in a line, found two in line {statement.lineno} of "
                f"{base.path}; put each in a line of its own"
            )
        last = statement.end_lineno or statement.lineno
        parts[statement] = "".join(lines[end:last])
        end = last
    return parts


def _indentation(text: str, node: ast.ClassDef | _Function) -> str:
    """The blanks or tabs before the statements of a body."""
    first = node.body[0]
    return _lines(text)[first.lineno - 1].encode()[: first.col_offset].decode()


def _head(base: Module, node: ast.ClassDef | _Function) -> str:
    """From the end of what comes before to the colon."""
    lines = _lines(base.text)
    first = min([node.lineno, *(each.lineno for each in node.decorator_list)]) - 1
    while first and (not lines[first - 1].strip() or lines[first - 1].lstrip().startswith("#")):
        first -= 1
    return "".join(lines[first : _head_end(base.text, node)])


def _head_end(text: str, node: ast.ClassDef | _Function) -> int:
    """The number of the line that ends in the colon.

    Raises:
        GluecastError: the body stands on this line too.
    """
    lines = _lines(text)
    first = node.body[0]
    decorators: list[ast.expr] = getattr(first, "decorator_list", [])
    number = min([first.lineno, *(each.lineno for each in decorators)]) - 1
    while number >= node.lineno and lines[number - 1].strip()[:1] in ("", "#"):
        number -= 1
    if number < node.lineno:
        raise GluecastError(
            f"expected the body of {node.name} on lines of its own, found it in line {node.lineno}; "
            "put it there"
        )
    return number


def _lines(text: str) -> list[str]:
    """The lines as Python counts them, with their ends."""
    return io.StringIO(text, newline="").readlines()


def _outside(base: Module, node: ast.ClassDef) -> str:
    lines = _lines(base.text)
    return "".join([*lines[: node.lineno - 1], *lines[node.end_lineno or node.lineno :]])


def _assembled(base: Module, node: ast.ClassDef, body: str) -> str:
    text = base.text
    lines = _lines(text)
    rest = "".join(lines[node.end_lineno or node.lineno :])
    last = _above(base, node)
    before = "".join(lines[:last]) + ("\n" if last else "")
    between = "".join(lines[last : node.lineno - 1]) or "\n\n"
    own = body if body.strip() else f"{_indentation(text, node)}pass\n"
    return f"{before}{_IMPORT}{between}{_class_line(text, node)}\n{own}{rest}"


def _class_line(text: str, node: ast.ClassDef) -> str:
    bases = [*(ast.unparse(each) for each in node.bases if _stays(each)), _NEW_BASE]
    for keyword in node.keywords:
        value = ast.unparse(keyword.value)
        bases.append(f"{keyword.arg}={value}" if keyword.arg else f"**{value}")
    head = "".join(_lines(text)[node.lineno - 1 : _head_end(text, node)])
    tokens = tokenize.generate_tokens(io.StringIO(head).readline)
    comments = [each.string for each in tokens if each.type == tokenize.COMMENT]
    return "  ".join([f"class {NAME}({', '.join(bases)}):", *comments])


def _above(base: Module, node: ast.ClassDef) -> int:
    """How many lines stay above the new import: those of the module's head and of its imports."""
    lines = _lines(base.text)
    last = 0
    while last < 2 and re.match(r"#!|#.*coding[:=]", lines[last]):
        last += 1
    for number, each in enumerate(base.tree.body):
        end = each.end_lineno or each.lineno
        is_head = isinstance(each, ast.Import | ast.ImportFrom) or (number == 0 and _is_text(each))
        if each.lineno <= last or (is_head and each.lineno < node.lineno):
            last = max(last, end)
    return last


def _stays(base: ast.expr) -> bool:
    return _last_name(base) not in ("ABC", "object")
