"""The base class that a repository has of its own, and how it comes to stand on the platform's.

The class keeps its name, its module, and everything that the platform does not have: helpers, hooks,
what its constructor sets up. What the platform does in its place is taken out.
"""

import ast
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from gluecast.errors import GluecastError

NAME = "BaseGlueJob"
HOOKS = ("extract", "transform", "custom_validation", "load")
REPLACED = ("load_data", "run", "main", "spark")
"""What the platform does in place of the repository's own class."""

_NEW_BASE = "AdoptedGlueJob"
_IMPORT = f"from glue_runtime.adopted import {_NEW_BASE}\n"
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
        """The parsed file.

        Raises:
            GluecastError: it is no Python code.
        """
        try:
            return ast.parse(self.text)
        except SyntaxError as error:
            raise GluecastError(
                f"expected Python code in {self.path}, found {error.msg} in line {error.lineno}"
            ) from error

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
    classes = [(module, node) for module in modules for node in module.classes]
    bases = {NAME}
    while True:
        heirs = {node.name for _, node in classes if bases & set(map(_last_name, node.bases))}
        if heirs <= bases:
            break
        bases |= heirs
    inner = {name for _, node in classes for name in map(_last_name, node.bases)}
    return [
        Job(
            module.path.rpartition("/")[2].removesuffix(".py"), node.name, module.path, _loads(node)
        )
        for module, node in classes
        if node.name in bases - {NAME} - inner
    ]


def convert(base: Module, platform: str, others: Sequence[Module]) -> Conversion:
    """Put the class of `base` on top of the platform's class, whose module's text is `platform`.

    Raises:
        GluecastError: that cannot be done by a rule; the message says what to do by hand.
    """
    crlf = "\r\n" in base.text
    base = Module(base.path, base.text.replace("\r\n", "\n"))
    node = _base_class(base)
    attributes = _attributes(_base_class(Module("glue_runtime/base_job.py", platform)))
    parts = _parts(base.text, node)
    _refuse_clashes(base, node, attributes)
    functions = {each.name: each for each in node.body if isinstance(each, _Function)}
    replaced = {
        name
        for name, function in functions.items()
        if name in REPLACED or (name in HOOKS and _is_abstract(function)) or name == "__init__"
    }
    constructor = _constructor(base, functions.get("__init__"), attributes)
    kept = {name: parts[function] for name, function in functions.items() if name not in replaced}
    unused = _unused(kept, [constructor, _outside(base, node), *(module.text for module in others)])
    overwrites = _overwrites([base, *others])
    body = ""
    for statement in node.body:
        name = statement.name if isinstance(statement, _Function) else ""
        if name == "__init__":
            body += constructor
        elif name not in replaced | unused:
            body += parts[statement]
        if overwrites and statement is node.body[0]:
            body += f"\n{_WHOLE_DIRECTORY}"
    text = _assembled(base.text, node, body)
    text = _without_unused_imports(text, _imported_from(base, others))
    return Conversion(
        text=text.replace("\n", "\r\n") if crlf else text,
        kept=[name for name in kept if name not in unused],
        replaced=sorted((replaced | unused) - {"__init__"}),
        whole_directory=overwrites,
        notes=list(_notes(functions.get("run"), attributes)),
    )


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


def _notes(run: _Function | None, attributes: set[str]) -> Iterator[str]:
    """What run() did and the platform's does not."""
    if run is None:
        return
    found = (each for each in ast.walk(run) if isinstance(each, ast.Call))
    ordered = sorted(found, key=lambda each: (each.end_lineno or 0, each.end_col_offset or 0))
    calls = [
        each.func.attr
        for each in ordered
        if isinstance(each.func, ast.Attribute)
        and isinstance(each.func.value, ast.Name)
        and each.func.value.id == "self"
    ]
    more = sorted(
        {name for name in calls if name not in attributes and not name.startswith("_log")}
    )
    if more:
        yield (
            f"your run() also called {', '.join(more)}: the platform's does not; override run() in "
            f"your {NAME}, and call super().run() there"
        )
    order = [name for name in calls if name in ("transform", "custom_validation")]
    if order[:2] == ["custom_validation", "transform"]:
        yield (
            "your run() called custom_validation() before transform(): the platform's calls it "
            "after; a rule about columns that transform() drops belongs into transform()"
        )


# --- converting ------------------------------------------------------------------------------------


def _refuse_clashes(base: Module, node: ast.ClassDef, attributes: set[str]) -> None:
    """Refuse names that mean something else in the platform's class.

    Raises:
        GluecastError: there are some.
    """
    allowed = {*HOOKS, *REPLACED, "__init__"}
    clashes = sorted((_attributes(node) & attributes) - allowed)
    methods = {each.name for each in node.body if isinstance(each, _Function)}
    clashes = [name for name in clashes if name in methods]
    if clashes:
        raise GluecastError(
            f"expected names in {NAME} of {base.path} that the platform's has not, found "
            f"{', '.join(clashes)}; rename them, or adopt with --keep-base-class and make the class "
            f"one of glue_runtime.adopted.{_NEW_BASE} by hand"
        )


def _constructor(base: Module, function: _Function | None, attributes: set[str]) -> str:
    """The constructor that does what the platform's does not; empty when nothing is left.

    Raises:
        GluecastError: it does not take a job's name and arguments.
    """
    if function is None:
        return ""
    names = [each.arg for each in function.args.args]
    required = len(names) - len(function.args.defaults)
    if len(names) < 3 or required > 3:
        raise GluecastError(
            f"expected {NAME}(job_name, args) in {base.path}, found ({', '.join(names)}); adopt with "
            f"--keep-base-class and make the class one of glue_runtime.adopted.{_NEW_BASE} by hand"
        )
    parts = _parts(base.text, function)
    kept = [
        parts[each]
        for each in function.body
        if not _is_text(each) and not _is_super(each) and not _is_known(each, attributes)
    ]
    text = ast.get_source_segment(base.text, function) or ""
    default = re.search(r"""\.get\(\s*["']env["']\s*,\s*(["']\w+["'])\s*\)""", text)
    if not kept and not default:
        return ""
    arguments = f'{{"env": {default[1]}, **{names[2]}}}' if default else names[2]
    head = _head(base.text, function)
    call = f"        super().__init__({names[1]}, {arguments})\n"
    return head + call + "".join(kept)


def _is_super(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and ast.unparse(statement).startswith("super()")


def _is_known(statement: ast.stmt, attributes: set[str]) -> bool:
    """Whether all that a statement does is to set what the platform's constructor sets."""
    targets = _own_targets(statement)
    return bool(targets) and targets <= attributes


def _unused(kept: Mapping[str, str], texts: Iterable[str]) -> set[str]:
    """Private methods that only what is replaced has called."""
    outside = "\n".join(texts)
    unused: set[str] = set()
    while True:
        found = {
            name
            for name in kept.keys() - unused
            if name.startswith("_") and not name.startswith("__")
            if not _mentions(outside, name)
            and not any(
                _mentions(text, name)
                for other, text in kept.items()
                if other != name and other not in unused
            )
        }
        if not found:
            return unused
        unused |= found


def _mentions(text: str, name: str) -> bool:
    return re.search(rf"\b{re.escape(name)}\b", text) is not None


# --- text ------------------------------------------------------------------------------------------


def _parts(text: str, node: ast.ClassDef | _Function) -> dict[ast.stmt, str]:
    """The lines of each statement of a body, with the blank lines and comments before it."""
    lines = _lines(text)
    end = _head_end(text, node)
    parts = {}
    for statement in node.body:
        last = statement.end_lineno or statement.lineno
        parts[statement] = "".join(lines[end:last])
        end = last
    return parts


def _head(text: str, node: ast.ClassDef | _Function) -> str:
    """From the end of what comes before to the colon."""
    lines = _lines(text)
    first = min([node.lineno, *(each.lineno for each in node.decorator_list)]) - 1
    while first and (not lines[first - 1].strip() or lines[first - 1].lstrip().startswith("#")):
        first -= 1
    return "".join(lines[first : _head_end(text, node)])


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


def _assembled(text: str, node: ast.ClassDef, body: str) -> str:
    lines = _lines(text)
    rest = "".join(lines[node.end_lineno or node.lineno :])
    above = [
        each
        for number, each in enumerate(ast.parse(text).body)
        if isinstance(each, ast.Import | ast.ImportFrom) or (number == 0 and _is_text(each))
    ]
    last = max((each.end_lineno or 0 for each in above if each.lineno < node.lineno), default=0)
    before = "".join(lines[:last]) + ("\n" if last else "")
    between = "".join(lines[last : node.lineno - 1]) or "\n\n"
    own = body if body.strip() else "    pass\n"
    bases = [*(ast.unparse(each) for each in node.bases if _stays(each)), _NEW_BASE]
    return f"{before}{_IMPORT}{between}class {NAME}({', '.join(bases)}):\n{own}{rest}"


def _stays(base: ast.expr) -> bool:
    return _last_name(base) not in ("ABC", "object")


def _imported_from(base: Module, others: Sequence[Module]) -> set[str]:
    """What other modules import from this one by name."""
    module = base.path.rpartition("/")[2].removesuffix(".py")
    return {
        alias.name
        for other in others
        for node in ast.walk(other.tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[-1] == module
        for alias in node.names
    }


def _without_unused_imports(text: str, needed: set[str]) -> str:
    """The text without imports that only what is replaced has used."""
    tree = ast.parse(text)
    used = {each.id for each in ast.walk(tree) if isinstance(each, ast.Name)} | needed
    lines = _lines(text)
    for node in reversed(tree.body):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            continue
        aliases = [
            each for each in node.names if (each.asname or each.name).split(".")[0] in used | {"*"}
        ]
        if len(aliases) == len(node.names):
            continue
        node.names = aliases
        fresh = [f"{ast.unparse(node)}\n"] if aliases else []
        lines[node.lineno - 1 : node.end_lineno] = fresh
    return "".join(lines)
