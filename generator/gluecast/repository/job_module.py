"""Read what the module of a job declares from its source code, without importing it."""

import ast
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gluecast.errors import GluecastError
from gluecast.repository.job_start import started_class, starts_job
from gluecast.repository.schema_columns import Column, columns_of

_SOURCE_FIELDS = (
    *("prefix", "suffix", "file_format", "schema", "multiline", "routes", "options", "bucket"),
)
"""The parameters of glue_runtime.Source, in their order."""

_BASES = ("glue_runtime.BaseGlueJob", "glue_runtime.base_job.BaseGlueJob", "abc.ABC")
"""Base classes whose jobs write their tables with the runtime's load()."""


@dataclass(frozen=True)
class Source:
    """A source as the module declares it. A computed value is returned as its code.

    `computed` is the code of a schema that is not a literal. Without it and without columns, the
    source declares no schema. `bucket` is empty for the bronze bucket.
    """

    prefix: str
    suffix: str
    format: str
    columns: tuple[Column, ...] = ()
    computed: str = ""
    multiline: bool = False
    routes: Mapping[str, str] = field(default_factory=dict)
    bucket: str = ""

    @property
    def pattern(self) -> str:
        """``sales/*.csv``."""
        return f"{self.prefix}*{self.suffix}"

    @property
    def computes_bucket(self) -> bool:
        """Whether a run computes the bucket."""
        return not re.fullmatch(r"[a-z0-9.{}-]*", self.bucket)


@dataclass(frozen=True)
class JobModule:
    """What can be determined about a job without running it.

    `name` names its output; `purpose` is the first paragraph of the module's docstring; `computed`
    is the code of sources that are not literals; `loads` are the names that it gives to
    load_data(); `hooks` are the methods it overrides; `comments` are what it says of columns of its
    table, by name. `standard` is true if all its base classes
    are the runtime's or in the module. `is_started` is false for a module that only defines what
    others use, such as a base class.
    """

    name: str
    purpose: str = ""
    sources: tuple[Source, ...] = ()
    computed: str = ""
    loads: tuple[str, ...] = ()
    whole_directory: bool = False
    hooks: frozenset[str] = frozenset()
    owner: str = ""
    comments: Mapping[str, str] = field(default_factory=dict)
    standard: bool = False
    is_started: bool = True

    @property
    def inputs(self) -> tuple[str, ...]:
        """What it reads: the patterns of its sources, or else the names that it loads."""
        return tuple(source.pattern for source in self.sources) or self.loads


def read_module(path: Path) -> JobModule:
    """Read ``src/jobs/sales_etl.py``.

    Raises:
        GluecastError: it is not Python code.
    """
    tree = _parsed(path)
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    started, name = started_class(tree, classes) or (next(iter(classes), ""), path.stem)
    family = list(_family(started, classes))
    names = _Names([*(_assigned(each) for each in family), _assigned(tree)])
    declared = names.node("sources") if family else None
    sources, computed = _sources(declared, names)
    imported = _imported(tree)
    outside = [base for each in family for base in each.bases if not _is_in(base, classes)]
    return JobModule(
        name=name or path.stem,
        purpose=_purpose(tree, path.stem),
        sources=sources,
        computed=computed,
        loads=tuple(_loads(tree, names)),
        whole_directory=names.value("whole_directory") is True if family else False,
        hooks=frozenset(
            node.name for each in family for node in each.body if isinstance(node, ast.FunctionDef)
        ),
        owner=str(names.value("owner") or "") if family else "",
        comments=_comments(names.value("column_comments")) if family else {},
        standard=bool(outside) and all(_full_name(base, imported) in _BASES for base in outside),
        is_started=starts_job(tree) or not classes or declared is not None,
    )


def constants(path: Path) -> dict[str, str]:
    """The string constants of a module: ``LAKE_PREFIX = "data-lake"``; none without the file.

    Raises:
        GluecastError: it is not Python code.
    """
    if not path.is_file():
        return {}
    assigned = _assigned(_parsed(path))
    names = _Names([assigned])
    values = {name: names.value(name) for name in assigned}
    return {name: value for name, value in values.items() if isinstance(value, str)}


class _UnknownError(Exception):
    """The value is computed at run time."""


class _Names:
    """The values of names, by scope, innermost first."""

    def __init__(self, scopes: list[dict[str, ast.expr]]) -> None:
        self.known: dict[str, ast.expr] = {}
        for scope in reversed(scopes):
            self.known.update(scope)

    def node(self, name: str) -> ast.expr | None:
        """The expression assigned to a name, resolved through other names."""
        seen: set[str] = set()
        node = self.known.get(name)
        while isinstance(node, ast.Name) and node.id in self.known and node.id not in seen:
            seen.add(node.id)
            node = self.known[node.id]
        return node

    def value(self, name: str) -> Any:
        """The literal value of a name; None if it has none."""
        try:
            return self.resolve(self.known.get(name))
        except _UnknownError:
            return None

    def resolve(self, node: ast.expr | None, depth: int = 0) -> Any:
        """Resolve a constant, a name, concatenated strings, or a dictionary of strings."""
        match node:
            case ast.Constant():
                return node.value
            case ast.Name() if node.id in self.known and depth < 8:
                return self.resolve(self.known[node.id], depth + 1)
            case ast.BinOp(op=ast.Add()):
                left, right = self.resolve(node.left, depth), self.resolve(node.right, depth)
                if isinstance(left, str) and isinstance(right, str):
                    return left + right
            case ast.Dict():
                return {
                    str(self.resolve(key, depth)): str(self.resolve(value, depth))
                    for key, value in zip(node.keys, node.values, strict=True)
                }
        raise _UnknownError

    def text(self, node: ast.expr | None, default: str = "") -> str:
        """The string value of an expression, or its code."""
        if node is None:
            return default
        try:
            return str(self.resolve(node))
        except _UnknownError:
            return ast.unparse(node)


def _parsed(path: Path) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            return ast.parse(path.read_text(encoding="utf-8"), path.name)
    except (SyntaxError, ValueError, OSError) as error:
        raise GluecastError(f"expected Python code in {path}, found {error}") from error


def _assigned(scope: ast.Module | ast.ClassDef) -> dict[str, ast.expr]:
    """The last expression assigned to each name of a scope."""
    found: dict[str, ast.expr] = {}
    for statement in scope.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found[name] = value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                found[name] = value
            case ast.AugAssign(target=ast.Name(id=name), op=op, value=value) if name in found:
                found[name] = ast.BinOp(found[name], op, value)
    return found


def _imported(tree: ast.Module) -> dict[str, str]:
    """Full names by local names, as in ``from glue_runtime import BaseGlueJob as Base``."""
    return {
        each.asname or each.name: f"{node.module}.{each.name}"
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and not node.level
        for each in node.names
    }


def _full_name(node: ast.expr, imported: Mapping[str, str]) -> str:
    text = ast.unparse(node)
    return imported.get(text, text)


def _is_in(base: ast.expr, classes: Mapping[str, ast.ClassDef]) -> bool:
    return isinstance(base, ast.Name) and base.id in classes


def _family(name: str, classes: Mapping[str, ast.ClassDef]) -> Iterator[ast.ClassDef]:
    """A class and those of its base classes that are in the same module."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        name = waiting.pop(0)
        if name in classes and name not in seen:
            seen.add(name)
            yield classes[name]
            waiting += [base.id for base in classes[name].bases if isinstance(base, ast.Name)]


def _sources(declared: ast.expr | None, names: _Names) -> tuple[tuple[Source, ...], str]:
    """The sources, or the code that computes them."""
    if declared is None:
        return (), ""
    if not isinstance(declared, ast.Tuple | ast.List):
        return (), ast.unparse(declared)
    found = []
    for element in declared.elts:
        node = names.node(element.id) if isinstance(element, ast.Name) else element
        if not (isinstance(node, ast.Call) and _called(node) == "Source"):
            return (), ast.unparse(declared)
        found.append(_source(node, names))
    return tuple(found), ""


def _loads(tree: ast.Module, names: _Names) -> Iterator[str]:
    """The names in calls of ``self.load_data("sales")``, each once; a computed one is left out."""
    seen = set()
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="load_data"), args=[first, *_]):
                try:
                    name = names.resolve(first)
                except _UnknownError:
                    continue
                if isinstance(name, str) and name not in seen:
                    seen.add(name)
                    yield name


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _source(call: ast.Call, names: _Names) -> Source:
    given: dict[str, ast.expr] = dict(zip(_SOURCE_FIELDS, call.args, strict=False))
    given |= {each.arg: each.value for each in call.keywords if each.arg}
    schema, computed = None, ""
    try:
        schema = names.resolve(given["schema"]) if "schema" in given else None
    except _UnknownError:
        computed = ast.unparse(given["schema"])
    return Source(
        prefix=names.text(given.get("prefix")),
        suffix=names.text(given.get("suffix")),
        format=names.text(given.get("file_format")),
        columns=columns_of(schema) if isinstance(schema, str) else (),
        computed=computed,
        multiline=names.text(given.get("multiline")) == "True",
        routes=_routes(given.get("routes"), names),
        bucket=_bucket(names.text(given.get("bucket"))),
    )


def _bucket(text: str) -> str:
    return "" if text == "None" else text


def _routes(node: ast.expr | None, names: _Names) -> Mapping[str, str]:
    """The names of routes by their patterns; computed routes are one pattern without a name."""
    if node is None:
        return {}
    try:
        found = names.resolve(node)
    except _UnknownError:
        return {ast.unparse(node): ""}
    return found if isinstance(found, dict) else {}


def _comments(declared: object) -> Mapping[str, str]:
    return declared if isinstance(declared, dict) else {}


def _purpose(tree: ast.Module, job: str) -> str:
    """The first paragraph of the docstring, unless it is the template's default."""
    paragraph = (ast.get_docstring(tree) or "").split("\n\n")[0]
    text = " ".join(paragraph.split()).removeprefix(f"{job}: ")
    return "" if text.startswith("from ") and text.endswith(f"silver table {job}.") else text
