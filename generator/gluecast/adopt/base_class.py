"""Make the base class of a repository extend the platform's.

The class keeps its name, its module, and everything that the platform does not have: helpers, hooks,
what its constructor sets up. The conversion removes what the platform does instead. For code that
is neither clearly kept nor clearly replaced, it adds a note or refuses.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import libcst as cst

from gluecast.adopt.base_constructor import BY_HAND, NEW_BASE, Constructor, constructor_of
from gluecast.adopt.job_classes import extending
from gluecast.adopt.own_load import own_load_of
from gluecast.adopt.python_module import (
    BOM,
    Function,
    Module,
    is_text,
    last_name,
    own_targets,
    words,
)
from gluecast.adopt.reasons import Reasons
from gluecast.adopt.refusals import (
    REPLACED,
    REPLACED_BASES,
    mixins_of,
    refuse_calls_of_hooks,
    refuse_clashes,
    refuse_hook,
    refuse_maker,
    refuse_own_run,
    refuse_signature,
)
from gluecast.adopt.replaced_run import HOOKS, Replacement, notes_on_main, replacement_of
from gluecast.adopt.rewriting import (
    Statement,
    paired,
    refuse_shared_lines,
    source_of,
    statement,
    with_base,
    with_body,
    with_import,
    with_statement_for,
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

_OF_RUN = """\
@classmethod
def of_run(cls, job_name, args):
    return cls({"JOB_NAME": job_name, **args})
"""
"""How the platform makes a job whose constructor takes (self, args)."""

_APPENDS = ("", "# What load() does to its target: an event run reads one file only.")
"""The lines above own_load."""


@dataclass(frozen=True)
class Conversion:
    """The new text of the base class's module, and what was kept, replaced and lost.

    `overwriting` are the places where code replaces or deletes rows.
    """

    text: str
    kept: list[str]
    replaced: list[str]
    whole_directory: bool
    own_load: str | None
    notes: list[str]
    lost: list[str]
    overwriting: list[str]


def convert(
    base: Module,
    platform: str,
    others: Sequence[Module],
    *,
    accept_losses: bool = False,
    reasons: Reasons | None = None,
) -> Conversion:
    """Make the class of `base` extend the platform's class; `platform` is the text of its module.

    `reasons` are those against the adoption so far.

    Raises:
        GluecastError: no rule covers the class; the message has every reason, and what to do by hand.
    """
    reasons = reasons or Reasons()
    node = _base_class(base)
    attributes = _attributes(_base_class(Module("glue_runtime/base_job.py", platform)))
    heirs = [(module, each) for module, each, _ in extending([base, *others])]
    _check_classes(base, node, heirs, attributes, reasons)
    functions = {each.name: each for each in node.body if isinstance(each, Function)}
    for function in functions.values():
        reasons.of(refuse_signature, base, function, others)
    mixins, notes = reasons.of(mixins_of, base, node, others, attributes) or ([], [])
    run = replacement_of(functions, attributes)
    if run.lost and not accept_losses:
        reasons.add([_lost(base, run)])
    class_ = reasons.of(_read, base, node, run)
    if class_ is None:
        reasons.refuse()
    assert class_
    constructor = reasons.of(
        constructor_of,
        base,
        functions.get("__init__"),
        class_.source,
        class_.function("__init__"),
        attributes,
        mixins,
        reasons,
    )
    reasons.refuse()
    assert constructor
    notes += [*constructor.notes, *notes_on_main(base, functions), *run.notes]
    return _converted(base, others, class_, run, constructor, notes)


def _lost(base: Module, run: Replacement) -> str:
    return (
        f"expected {run.name}() of {base.base_class} in {base.path} to do between its hooks only what "
        f"the platform's run() does, found {', '.join(run.lost)}; move it into extract(), transform(), "
        "custom_validation() or load(), or leave it out: adopt with --accept-losses"
    )


def _check_classes(
    base: Module,
    node: ast.ClassDef,
    heirs: Sequence[tuple[Module, ast.ClassDef]],
    attributes: set[str],
    reasons: Reasons,
) -> None:
    """Look for what is in the way in the base class and in every job."""
    for module, each in [(base, node), *heirs]:
        reasons.of(refuse_clashes, module, each, attributes)
        for function in each.body:
            if isinstance(function, Function):
                reasons.of(refuse_hook, module, each, function)
    for module, each in heirs:
        reasons.of(refuse_own_run, module, each)
    for module in {module.path: module for module, _ in heirs}.values():
        reasons.of(refuse_calls_of_hooks, module)
    reasons.of(refuse_maker, base, node)


@dataclass(frozen=True)
class _Class:
    """The base class as ast and as libcst: its statements in pairs."""

    node: ast.ClassDef
    source: cst.Module
    written: cst.ClassDef
    pairs: Sequence[tuple[ast.stmt, Statement]]

    def function(self, name: str) -> cst.FunctionDef | None:
        """The code of a method; None without it."""
        found = [
            code
            for parsed, code in self.pairs
            if isinstance(parsed, Function) and parsed.name == name
            if isinstance(code, cst.FunctionDef)
        ]
        return found[-1] if found else None


def _read(base: Module, node: ast.ClassDef, run: Replacement) -> _Class:
    source = source_of(base, BY_HAND)
    written = _written_class(source, base.base_class)
    if run.is_kept:
        methods = (each for each in node.body if isinstance(each, Function))
        refuse_shared_lines(base, next(each for each in methods if each.name == run.name))
    return _Class(node, source, written, paired(base, node, written))


def _converted(
    base: Module,
    others: Sequence[Module],
    class_: _Class,
    run: Replacement,
    constructor: Constructor,
    notes: list[str],
) -> Conversion:
    functions = {each.name: each for each in class_.node.body if isinstance(each, Function)}
    changed = {"__init__": constructor.code, run.name: _with_platforms_run(class_, run)}
    replaced = {
        name
        for name, function in functions.items()
        if (name in REPLACED and not changed.get(name) and not _starts(function, run))
        or (name in HOOKS and _is_abstract(function))
        or name == "__init__"
    }
    new = {name: code for name, code in changed.items() if code}
    unused = _unused_methods(base, class_, replaced, new, [*notes, *(_.text for _ in others)])
    found = own_load_of([base, *others])
    overwrites = bool(found.replacing)
    heirs = [each for _, each, _ in extending([base, *others])]
    writes = not overwrites and any(_has_a_load(each) for each in [class_.node, *heirs])
    own_load = "appends" if writes and found.appends else None
    if writes and not own_load:
        notes.append(_DECLARE_LOAD)
    body: list[Statement] = []
    for parsed, line in class_.pairs:
        name = parsed.name if isinstance(parsed, Function) else ""
        if name in new and parsed is functions[name]:
            body.append(new[name])
        elif name not in replaced | unused:
            body.append(line)
        if overwrites and parsed is class_.node.body[0]:
            body.append(statement(class_.source, "whole_directory = True\n", _WHOLE_DIRECTORY))
        if own_load and parsed is class_.node.body[0]:
            body.append(statement(class_.source, f'own_load = "{own_load}"\n', _APPENDS))
    body += _further_methods(class_.source, functions, run, constructor)
    bom = BOM if base.text.startswith(BOM) else ""
    result = Conversion(
        text=bom + _assembled(base, class_, body),
        kept=[name for name in functions if name not in replaced | unused],
        replaced=sorted((replaced | unused) - {"__init__"}),
        whole_directory=overwrites,
        own_load=own_load,
        notes=notes,
        lost=list(run.lost),
        overwriting=list(found.replacing),
    )
    _refuse_broken(base, result.text)
    return result


def _with_platforms_run(class_: _Class, run: Replacement) -> cst.FunctionDef | None:
    """The method that called the hooks, with a call of the platform's run() instead; or None."""
    code = class_.function(run.name) if run.is_kept else None
    if code is None:
        return None
    called = statement(class_.source, "super().run()\n")
    changed = with_statement_for(code, run.path, range(run.first, run.last + 1), called, run.drops)
    assert isinstance(changed, cst.FunctionDef)
    return changed


def _starts(function: Function, run: Replacement) -> bool:
    """Whether this is a run() that calls the method that called the hooks."""
    return run.is_kept and function.name == "run" != run.name and not _is_abstract(function)


def _further_methods(
    source: cst.Module,
    functions: Mapping[str, Function],
    run: Replacement,
    constructor: Constructor,
) -> Iterator[Statement]:
    """The methods through which the platform makes a job and runs it, where the class has others."""
    own = functions.get("run")
    if run.is_kept and run.name != "run" and (own is None or _is_abstract(own)):
        yield statement(source, f"def run(self) -> None:\n    self.{run.name}()\n", [""])
    if not constructor.takes_job_name:
        yield statement(source, _OF_RUN, [""])


def _refuse_broken(base: Module, text: str) -> None:
    """Refuse a conversion that is not valid Python.

    Raises:
        GluecastError: it is not.
    """
    try:
        ast.parse(text.removeprefix(BOM))
    except SyntaxError as error:
        raise GluecastError(
            f"expected {base.base_class} of {base.path} in a form that can be converted, found one whose "
            f"conversion is not valid Python ({error.msg} in line {error.lineno}); {BY_HAND}"
        ) from error


# --- looking ---------------------------------------------------------------------------------------


def _base_class(module: Module) -> ast.ClassDef:
    return next(node for node in module.classes if node.name == module.base_class)


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
    base: Module,
    class_: _Class,
    replaced: set[str],
    new: Mapping[str, cst.FunctionDef],
    elsewhere: Sequence[str],
) -> set[str]:
    """Private methods that nothing calls after the replacement."""
    kept: dict[str, str] = {}
    gone: list[str] = []
    source = class_.source
    outside = [*elsewhere, *(source.code_for_node(each) for each in new.values())]
    outside += [source.code_for_node(each) for each in source.body if each is not class_.written]
    outside += [source.code_for_node(each) for each in class_.written.decorators]
    for parsed, each in class_.pairs:
        code = source.code_for_node(each)
        if not isinstance(parsed, Function):
            outside.append(code)
        elif parsed.name in {*replaced, *new}:
            gone.append(code)
        else:
            kept[parsed.name] = kept.get(parsed.name, "") + code
    return _unused(kept, gone, outside)


# --- text ------------------------------------------------------------------------------------------


def _written_class(source: cst.Module, name: str) -> cst.ClassDef:
    found = next(
        each for each in source.body if isinstance(each, cst.ClassDef) and each.name.value == name
    )
    return cst.ensure_type(found, cst.ClassDef)


def _assembled(base: Module, class_: _Class, body: Sequence[Statement]) -> str:
    new = with_base(class_.written, NEW_BASE, REPLACED_BASES)
    new = with_body(new, body or [statement(class_.source, "pass\n")])
    statements = [new if each is class_.written else each for each in class_.source.body]
    changed = class_.source.with_changes(body=statements)
    return with_import(changed, base.tree, _IMPORT, base.base_class).code
