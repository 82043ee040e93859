"""Render layers in memory, many from one checkout of the template.

Copier renders one layer at a time into a folder, and sets everything up again for each. This module
shares the checkout, the Jinja environment and every compiled template. It uses Copier's own
questionnaire, so validators, `when`, defaults and excludes keep their meaning. Only this module and
questionnaire.py use private names of Copier; pyproject.toml pins the releases that have them, and a
test compares every layer of the real template with the output of `copier copy`.
"""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import CodeType
from typing import Any

import yaml
from copier import _jinja_ext, _main, _settings, _subproject, _template, _types
from copier.errors import CopierError
from jinja2 import Template as JinjaTemplate
from jinja2 import TemplateError

from gluecast.errors import GluecastError
from gluecast.repository.file import EXECUTABLE, REGULAR, SYMLINK, File
from gluecast.template.compiled import CompiledTemplate, Once, Plain, decided_by
from gluecast.template.questionnaire import quicker_questionnaire
from gluecast.template.rendering import Rendering
from gluecast.repository.layers import Layer
from gluecast.repository.storage import Storage
from gluecast.template.source import Checkout

_COMPILED: dict[tuple[str, str], tuple[CodeType, tuple[str, ...] | None]] = {}
"""The compiled code of each text, by Jinja's options, and the variables that determine it."""

_UNANSWERED = re.compile(r'Question "(.+)" is required')



class Renderer:
    """Renders layers from one checkout of a template."""

    def __init__(self, checkout: Checkout, storage: Storage | None = None) -> None:
        """Read the template. Files are rendered as git stores them in a repository with `storage`.

        Raises:
            GluecastError: the template needs `--trust`; only Copier may run it.
        """
        self.checkout = checkout
        self._storage = storage
        self.template = _template.Template(url=checkout.address, ref=checkout.commit)
        self.template.__dict__.update(
            vcs="git",
            local_abspath=checkout.folder.resolve(),
            commit=checkout.version,
            commit_hash=checkout.commit,
        )
        template = self.template
        with _one_line_errors(checkout.version):
            if (
                template.jinja_extensions
                or template.tasks
                or template._raw_config.get("_migrations")
            ):
                raise GluecastError(
                    f"expected a template without tasks, migrations and extensions, found one that "
                    f"runs code in {checkout.address} {checkout.version}; use copier update --trust"
                )
            self._settings = _settings.SettingsModel.from_file()
            self._environment: Any = None

    def render(
        self,
        layer: Layer,
        repository: Path,
        *,
        strict: bool,
        exclude: tuple[str, ...] = (),
        data: Mapping[str, Any] | None = None,
    ) -> Rendering:
        """Render a layer with its recorded answers.

        With `strict`, recorded answers must be valid for the version that recorded them; otherwise
        new questions get their answers from `data`, or else their defaults. `repository` is the
        destination that the questions see.

        Raises:
            GluecastError: an answer is invalid, or the template cannot be rendered.
        """
        answers = {
            name: value for name, value in layer.recorded.items() if not name.startswith("_")
        }
        worker = _main.Worker(
            src_path=layer.source,
            dst_path=repository,
            answers_file=Path(layer.answers_file),
            vcs_ref=self.checkout.commit,
            data=answers if strict else dict(data or {}),
            settings=self._settings,
            exclude=exclude,
            defaults=True,
            overwrite=True,
            quiet=True,
        )
        subproject = _subproject.Subproject(
            local_abspath=repository.absolute(), answers_relpath=Path(layer.answers_file)
        )
        subproject.__dict__["last_answers"] = {} if strict else dict(layer.recorded)
        worker.__dict__.update(template=self.template, subproject=subproject)
        operation = _main._operation.set("update")
        try:
            with _one_line_errors(f"{layer.name} at {self.checkout.version}"):
                worker.__dict__["jinja_env"] = self._shared_environment(worker)
                with _types.Phase.use(_types.Phase.PROMPT), quicker_questionnaire():
                    try:
                        worker._ask()
                    finally:
                        if not strict:
                            _refuse_lost_answers(layer, worker)
                with _types.Phase.use(_types.Phase.RENDER):
                    return self._render(worker, layer)
        finally:
            _main._operation.reset(operation)

    def _shared_environment(self, worker: _main.Worker) -> Any:
        if self._environment is None:
            environment = worker.jinja_env
            environment.auto_reload = False
            environment.cache = {}
            compiled: dict[str, CompiledTemplate] = {}
            options = repr(self.template.envops)
            marks = (
                environment.variable_start_string,
                environment.block_start_string,
                environment.comment_start_string,
            )

            def compile_once(text: str) -> CompiledTemplate:
                if not any(mark in text for mark in marks):
                    return Plain(text)
                # Two versions of a template share most of their texts.
                if (options, text) not in _COMPILED:
                    parsed = environment.parse(text)
                    _COMPILED[options, text] = environment.compile(parsed), decided_by(parsed)
                code, names = _COMPILED[options, text]
                template = JinjaTemplate.from_code(environment, code, environment.make_globals({}))
                return template if names is None else Once(template, names)

            def from_string(text: Any) -> CompiledTemplate:
                if not isinstance(text, str):
                    raise TypeError("expected a string")  # Copier then takes the value as it is
                if text not in compiled:
                    compiled[text] = compile_once(text)
                return compiled[text]

            vars(environment)["from_string"] = from_string
            self._environment = environment
        return self._environment

    def _render(self, worker: _main.Worker, layer: Layer) -> Rendering:
        files: dict[str, File] = {}
        sources: dict[str, str] = {}
        context = dict(worker._render_context())
        root = Path(worker.template_copy_root)
        for source, target, values in self._paths(
            self._tree(root), (), context, layer.answers_file
        ):
            if worker.match_exclude(Path(target)):
                continue
            if source.is_link:
                text = os.readlink(source.file)
                if source.is_template:
                    text = worker.jinja_env.from_string(text).render(values)
                files[target] = File(SYMLINK, os.fsencode(text))
            else:
                data = self._content(source)
                if source.is_template:
                    name = source.file.relative_to(self.checkout.folder.resolve()).as_posix()
                    data = worker.jinja_env.get_template(name).render(values).encode()
                files[target] = File(source.mode, data)
            sources[target] = source.path
        return Rendering(
            version=self.checkout.version,
            files=self._storage.renderings_stored(files) if self._storage else files,
            sources=sources,
            answers=worker._answers_to_remember(),
            skip=frozenset(
                path
                for path in files
                if self.template.skip_if_exists and worker.match_skip(Path(path))
            ),
        )

    def _content(self, source: "_Source") -> bytes:
        if source.path not in self._contents:
            self._contents[source.path] = source.file.read_bytes()
        return self._contents[source.path]

    @cached_property
    def _contents(self) -> dict[str, bytes]:
        return {}

    @cached_property
    def _trees(self) -> dict[Path, list["_Source | _Folder"]]:
        return {}

    def _tree(self, root: Path) -> list["_Source | _Folder"]:
        """The files and folders below a folder of the template, read once."""
        if root not in self._trees:
            self._trees[root] = self._read_tree(root, root)
        return self._trees[root]

    def _read_tree(self, folder: Path, root: Path) -> list["_Source | _Folder"]:
        suffix = self.template.templates_suffix
        keep_links = self.template.preserve_symlinks
        found: list[_Source | _Folder] = []
        names = {path.name for path in folder.iterdir()}
        for path in sorted(folder.iterdir()):
            if path.name == ".git":  # the template's, or a submodule's
                continue
            is_link = keep_links and path.is_symlink()
            if not is_link and not path.resolve().is_relative_to(self.checkout.folder.resolve()):
                raise GluecastError(f"expected files inside the template, found the link {path}")
            if path.is_dir() and not is_link:
                found.append(_Folder(path.name, self._read_tree(path, root)))
                continue
            is_template = bool(suffix) and path.name.endswith(suffix)
            if not is_template and suffix and path.name + suffix in names:
                continue
            found.append(
                _Source(
                    name=path.name.removesuffix(suffix) if is_template else path.name,
                    path=path.relative_to(root).as_posix(),
                    file=path,
                    mode=EXECUTABLE if path.lstat().st_mode & stat.S_IXUSR else REGULAR,
                    is_template=is_template or not suffix,
                    is_link=is_link,
                )
            )
        return found

    def _paths(
        self,
        nodes: "list[_Source | _Folder]",
        above: tuple[str, ...],
        context: dict[str, Any],
        answers_file: str,
    ) -> Iterator[tuple["_Source", str, dict[str, Any]]]:
        """Each file, its target path, and the variables to render it with.

        A folder or file whose name renders to nothing is skipped, with its content; one with a
        `yield` tag is repeated for each value.
        """
        for node in nodes:
            for name, values in self._names(node.name, context):
                if not name:
                    continue
                if isinstance(node, _Folder):
                    yield from self._paths(node.nodes, (*above, name), values, answers_file)
                elif name == answers_file:
                    yield node, answers_file, values
                else:
                    yield node, Path(*above, name).as_posix(), values

    def _names(self, name: str, context: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        if not any(mark in name for mark in self._marks):
            yield name, context
            return
        # Copier clears this when it compiles a text; here each text is compiled once.
        loop = _jinja_ext.get_yield_context(self._environment)
        template = self._environment.from_string(name)
        loop.yield_name = loop.yield_iterable = None
        rendered = template.render(context)
        if loop.yield_name is None:
            yield rendered, context
            return
        variable, values = loop.yield_name, list(loop.yield_iterable or ())
        for value in values:
            loop.yield_name = loop.yield_iterable = None
            inner = {**context, variable: value}
            yield template.render(inner), inner
        loop.yield_name = loop.yield_iterable = None

    @cached_property
    def _marks(self) -> tuple[str, ...]:
        """The strings that mark a name that must be rendered."""
        environment = self._environment
        return (environment.variable_start_string, environment.block_start_string)


@dataclass(frozen=True)
class _Source:
    """A file of the template: its name without the template suffix, and its path."""

    name: str
    path: str
    file: Path
    mode: str
    is_template: bool
    is_link: bool


@dataclass(frozen=True)
class _Folder:
    name: str
    nodes: "list[_Source | _Folder]"


def _refuse_lost_answers(layer: Layer, worker: _main.Worker) -> None:
    """Refuse the update where Copier would silently replace an invalid answer with a default."""
    for name, value in layer.recorded.items():
        asked = name in worker.template.questions_data and name not in worker.answers.hidden
        if asked and name not in worker.answers.last and name not in worker.data:
            raise GluecastError(
                f"the template refuses {name}: {value!r} of {layer.name} at "
                f"{worker.template.commit}; give another: gluecast update "
                f"--only {layer.name} --data {name}=..."
            )


@contextmanager
def _one_line_errors(what: str) -> Iterator[None]:
    """Shorten errors of Copier, Jinja and YAML to one line."""
    try:
        yield
    except (CopierError, TemplateError, ValueError, TypeError, OSError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        if unanswered := _UNANSWERED.fullmatch(reason):
            reason = (
                f"expected an answer to {unanswered[1]}, which is new and has no default; "
                f"give it: --data {unanswered[1]}=VALUE"
            )
        raise GluecastError(f"{what}: {reason}") from error
