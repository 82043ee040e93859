"""Find the classes that extend the base class, under any imported name."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gluecast.adopt.python_module import NAME, Function, Module, last_name
from gluecast.errors import GluecastError

_Index = Mapping[str, Sequence[Module]]
"""Modules by the last part of their names."""


@dataclass(frozen=True)
class Job:
    """A class that extends the base class. `sources` are the arguments of its load_data() calls."""

    name: str
    class_name: str
    path: str
    sources: list[str]


def find_base_class(modules: Sequence[Module], name: str = NAME) -> Module:
    """The module that defines the base class.

    Raises:
        GluecastError: there is none, or there are several.
    """
    found = [each for each in modules if any(node.name == name for node in each.classes)]
    if not found:
        others = _likely_bases(modules)
        advice = (
            f"name yours with --base-class ({', '.join(others)}), or"
            if others
            else "`gluecast inventory` shows what it can do for your jobs, and"
        )
        raise GluecastError(
            f"expected a class {name}, found none in the Python files outside of tests; {advice} "
            "start a repository with `gluecast new`"
        )
    if len(found) > 1:
        paths = " and ".join(module.path for module in found)
        raise GluecastError(
            f"expected one class {name}, found it in {paths}; remove all but one, or adopt the folder "
            "of one of them"
        )
    return found[0]


def _likely_bases(modules: Sequence[Module]) -> list[str]:
    """The classes that others extend and that have a hook of a job, by name."""
    extended = {
        last_name(base) for module in modules for node in module.classes for base in node.bases
    }
    return sorted(
        {
            node.name
            for module in modules
            for node in module.classes
            if node.name in extended
            and any(isinstance(each, Function) and each.name == "extract" for each in node.body)
        }
    )


def find_jobs(modules: Sequence[Module]) -> list[Job]:
    """Every class that extends the base class, directly or indirectly, by path."""
    heirs = extending(modules)
    inner = {name for _, _, bases in heirs for name in bases}
    return [
        Job(
            module.path.rpartition("/")[2].removesuffix(".py"), node.name, module.path, _loads(node)
        )
        for module, node, _ in heirs
        if node.name not in inner
    ]


def extending(modules: Sequence[Module]) -> list[tuple[Module, ast.ClassDef, set[str]]]:
    """The classes that extend the base class, each with the names of its base classes."""
    index: dict[str, list[Module]] = {}
    for module in modules:
        index.setdefault(_dotted(module).rpartition(".")[2], []).append(module)
    names = {module.path: _Names(module, index) for module in modules}
    classes = [
        (module, node, {names[module.path].original(each) for each in node.bases})
        for module in modules
        for node in module.classes
    ]
    name = modules[0].base_class if modules else NAME
    found = {name}
    while more := {node.name for _, node, bases in classes if bases & found} - found:
        found |= more
    return [each for each in classes if each[2] & found and each[1].name != name]


class _Names:
    """Resolve the names in a module to their original names."""

    def __init__(self, module: Module, index: _Index) -> None:
        self.index = index
        self.given: dict[str, str] = {}
        self.imported: dict[str, str] = {}
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    self._import_from(node.module or "", alias)
            elif isinstance(node, ast.Import):
                self.imported |= {each.asname or each.name: each.name for each in node.names}
        for statement in module.tree.body:
            if isinstance(statement, ast.Assign) and last_name(statement.value):
                original = self.original(statement.value)
                self.given |= {
                    each.id: original for each in statement.targets if isinstance(each, ast.Name)
                }

    def _import_from(self, source: str, alias: ast.alias) -> None:
        local = alias.asname or alias.name
        self.imported[local] = f"{source}.{alias.name}"
        self.given[local] = _original(alias.name, source, self.index)

    def original(self, node: ast.expr) -> str:
        """``BaseGlueJob`` for Base and base_job.Base, if Base is an alias of BaseGlueJob."""
        if isinstance(node, ast.Subscript):
            return self.original(node.value)
        if isinstance(node, ast.Attribute):
            source = ast.unparse(node.value)
            return _original(node.attr, self.imported.get(source, source), self.index)
        name = last_name(node)
        return self.given.get(name, name)


def _dotted(module: Module) -> str:
    return module.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _original(name: str, source: str, index: _Index, seen: frozenset[str] = frozenset()) -> str:
    """The original name of `name`, imported from the module `source`."""
    for module in index.get(source.rpartition(".")[2], ()):
        # Whatever Python's path is, and for relative imports, the end of the name is the same.
        if module.path in seen or not f".{_dotted(module)}".endswith(f".{source.lstrip('.')}"):
            continue
        for node in module.tree.body:
            further = seen | {module.path}
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    if name == (alias.asname or alias.name):
                        return _original(alias.name, node.module or "", index, further)
            elif isinstance(node, ast.Assign) and name in map(last_name, node.targets):
                return last_name(node.value) or name
    return name


def _loads(node: ast.ClassDef) -> list[str]:
    calls = (each for each in ast.walk(node) if isinstance(each, ast.Call) and each.args)
    names = [each.args[0] for each in calls if last_name(each.func) == "load_data"]
    return [str(each.value) for each in names if isinstance(each, ast.Constant)]
