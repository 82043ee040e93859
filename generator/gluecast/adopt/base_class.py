"""Make the base class of a repository extend the platform's.

The class keeps its name, its module, and everything that the platform does not have: helpers, hooks,
what its constructor sets up. The conversion removes what the platform does instead. For code that
is neither clearly kept nor clearly replaced, it adds a note or refuses.
"""

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import libcst as cst

from gluecast.adopt.base_constructor import BY_HAND, NEW_BASE, constructor_of
from gluecast.adopt.job_classes import extending
from gluecast.adopt.python_module import (
    BOM,
    NAME,
    Function,
    Module,
    is_text,
    last_name,
    own_targets,
    words,
)
from gluecast.adopt.refusals import (
    HOOKS,
    REPLACED,
    REPLACED_BASES,
    mixins_of,
    refuse_clashes,
    refuse_hooks,
    refuse_maker,
    refuse_signatures,
)
from gluecast.adopt.replaced_run import notes_on_run
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

_DECLARE_LOAD = (
    'declare what load() does to its target: own_load = "appends", "replaces_source" or '
    '"replaces_all"; until then, runs for uploaded files fail'
)
_IMPORT = f"from glue_runtime.adopted import {NEW_BASE}\n"
_WHOLE_DIRECTORY = (
    "",
    "# Jobs overwrite their tables, so a run for one uploaded file reads the whole directory too. A",
    "# job that writes file by file sets whole_directory = False.",
)
"""The lines above whole_directory."""

_APPENDS = ("", "# What load() does to its target: an event run reads one file only.")
"""The lines above own_load."""


@dataclass(frozen=True)
class Conversion:
    """The new text of the base class's module, and what was kept and replaced."""

    text: str
    kept: list[str]
    replaced: list[str]
    whole_directory: bool
    own_load: str | None
    notes: list[str]


def convert(base: Module, platform: str, others: Sequence[Module]) -> Conversion:
    """Make the class of `base` extend the platform's class; `platform` is the text of its module.

    Raises:
        GluecastError: no rule covers the class; the message says what to do by hand.
    """
    node = _base_class(base)
    attributes = _attributes(_base_class(Module("glue_runtime/base_job.py", platform)))
    source = source_of(base, BY_HAND)
    written = _written_class(source)
    pairs = paired(base, node, written)
    heirs = [(module, each) for module, each, _ in extending([base, *others])]
    for module, each in [(base, node), *heirs]:
        refuse_clashes(module, each, attributes)
        refuse_hooks(module, each)
    refuse_maker(base, node)
    refuse_signatures(base, node, others)
    mixins, notes = mixins_of(base, node, others, attributes)
    functions = {each.name: each for each in node.body if isinstance(each, Function)}
    replaced = {
        name
        for name, function in functions.items()
        if name in REPLACED or (name in HOOKS and _is_abstract(function)) or name == "__init__"
    }
    initial = functions.get("__init__")
    constructor = next((code for parsed, code in pairs if parsed is initial), None)
    assert constructor is None or isinstance(constructor, cst.FunctionDef)
    changed, dropped = constructor_of(base, initial, source, constructor, attributes, mixins)
    notes += [*dropped, *notes_on_run(functions, attributes)]
    unused = _unused_methods(source, pairs, replaced, changed, [*notes, *(_.text for _ in others)])
    overwrites = _overwrites([base, *others])
    writes = not overwrites and any(_has_a_load(each) for each in [node, *(n for _, n in heirs)])
    own_load = _own_load([base, *others]) if writes else None
    if writes and not own_load:
        notes.append(_DECLARE_LOAD)
    body: list[Statement] = []
    for parsed, line in pairs:
        name = parsed.name if isinstance(parsed, Function) else ""
        if parsed is initial:
            body += [changed] if changed else []
        elif name not in replaced | unused:
            body.append(line)
        if overwrites and parsed is node.body[0]:
            body.append(statement(source, "whole_directory = True\n", _WHOLE_DIRECTORY))
        if own_load and parsed is node.body[0]:
            body.append(statement(source, f'own_load = "{own_load}"\n', _APPENDS))
    bom = BOM if base.text.startswith(BOM) else ""
    result = Conversion(
        text=bom + _assembled(base, source, written, body),
        kept=[name for name in functions if name not in replaced | unused],
        replaced=sorted((replaced | unused) - {"__init__"}),
        whole_directory=overwrites,
        own_load=own_load,
        notes=notes,
    )
    _refuse_broken(base, result.text)
    return result


def _refuse_broken(base: Module, text: str) -> None:
    """Refuse a conversion that is not valid Python.

    Raises:
        GluecastError: it is not.
    """
    try:
        ast.parse(text.removeprefix(BOM))
    except SyntaxError as error:
        raise GluecastError(
            f"expected {NAME} of {base.path} in a form that can be converted, found one whose "
            f"conversion is not valid Python ({error.msg} in line {error.lineno}); {BY_HAND}"
        ) from error


# --- looking ---------------------------------------------------------------------------------------


def _base_class(module: Module) -> ast.ClassDef:
    return next(node for node in module.classes if node.name == NAME)


def _attributes(node: ast.ClassDef) -> set[str]:
    """The names that a class and its constructor define."""
    names = {each.name for each in node.body if isinstance(each, Function)}
    for parsed in node.body:
        if isinstance(parsed, ast.AnnAssign):
            names |= {last_name(parsed.target)}
        if isinstance(parsed, Function) and parsed.name == "__init__":
            names |= {name for each in parsed.body for name in own_targets(each)}
    return names


def _is_abstract(function: Function) -> bool:
    """Whether a hook is abstract: a job must implement it."""
    if any(last_name(each) == "abstractmethod" for each in function.decorator_list):
        return True
    body = [each for each in function.body if not is_text(each)]
    return all(isinstance(each, ast.Pass | ast.Raise) for each in body)


def _has_a_load(node: ast.ClassDef) -> bool:
    functions = (each for each in node.body if isinstance(each, Function))
    return any(each.name == "load" and not _is_abstract(each) for each in functions)


def _overwrites(modules: Iterable[Module]) -> bool:
    """Whether the code mentions overwriting anywhere: a load() may call any function."""
    return any(
        "overwrite" in module.text.lower()
        for module in modules
        if not module.path.startswith("tests/")
    )


def _own_load(modules: Iterable[Module]) -> str | None:
    """What load() does to its target, if the code names a Spark mode that keeps existing data."""
    texts = {
        str(node.value).lower()
        for module in modules
        if not module.path.startswith("tests/")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return "appends" if "append" in texts else None


def _unused(kept: Mapping[str, str], gone: Iterable[str], outside: Iterable[str]) -> set[str]:
    """Private methods that only replaced code called."""
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
    return name in words(text)


def _unused_methods(
    source: cst.Module,
    pairs: Sequence[tuple[ast.stmt, Statement]],
    replaced: set[str],
    constructor: cst.FunctionDef | None,
    elsewhere: Sequence[str],
) -> set[str]:
    """Private methods that nothing calls after the replacement."""
    kept: dict[str, str] = {}
    gone: list[str] = []
    outside = [*elsewhere, source.code_for_node(constructor) if constructor else ""]
    outside += [source.code_for_node(each) for each in source.body if not _is_written_class(each)]
    outside += [source.code_for_node(each) for each in _written_class(source).decorators]
    for parsed, each in pairs:
        code = source.code_for_node(each)
        if not isinstance(parsed, Function):
            outside.append(code)
        elif parsed.name in replaced:
            gone.append(code)
        else:
            kept[parsed.name] = kept.get(parsed.name, "") + code
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
    new = with_base(written, NEW_BASE, REPLACED_BASES)
    new = with_body(new, body or [statement(source, "pass\n")])
    statements = [new if each is written else each for each in source.body]
    changed = source.with_changes(body=statements)
    return with_import(changed, base.tree, _IMPORT, NAME).code
