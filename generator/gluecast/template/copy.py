"""Copy a template into a folder, like `copier copy`, with one-line errors."""

import re
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import copier
import yaml
from copier.errors import CopierAnswersInterrupt, CopierError
from jinja2 import TemplateError
from plumbum import ProcessExecutionError

from gluecast.errors import GluecastError
from gluecast.repository.git import git, run_git
from gluecast.repository.layers import ANSWERS_FOLDER
from gluecast.template.bundled import PUBLISHED_AT
from gluecast.template.compiled_once import compiled_once
from gluecast.template.source import Source, open_source
from gluecast.template.versions import newest, only_releases, tags
from gluecast.terminal.questions import replacing_defaults


def copy_template(
    target: Path,
    *,
    template: str | None,
    ref: str | None,
    data: Mapping[str, Any],
    defaults: bool,
    guesses: Mapping[str, Any] | None = None,
    known: Mapping[str, Any] | None = None,
) -> None:
    """Copy a template, or the published one, into a folder. `guesses` replace defaults.

    `known` answers questions that a template may have, and that nobody is asked.

    Raises:
        GluecastError: an answer is invalid, or the template cannot be read.
        KeyboardInterrupt: the user cancelled the questions.
    """
    template, ref = _address(template, ref)
    asked, ref, recorded = _checked(template, ref, data)
    known = {name: value for name, value in (known or {}).items() if name in asked}
    before = _answers_files(target)
    try:
        with replacing_defaults(), compiled_once():
            copier.run_copy(
                template,
                target,
                {**known, **data},
                vcs_ref=ref,
                defaults=defaults,
                user_defaults=dict(guesses or {}),
                quiet=True,
                unsafe=False,
            )
    except CopierAnswersInterrupt as error:
        raise KeyboardInterrupt from error
    except ProcessExecutionError as error:
        lines = [
            line for line in error.stderr.splitlines() if line.startswith(("fatal:", "error:"))
        ]
        reason = lines[0] if lines else f"git exited with {error.retcode}"
        raise GluecastError(f"expected the template in {template}, found: {reason}") from error
    except (CopierError, TemplateError, ValueError, OSError) as error:
        raise GluecastError(" ".join(str(error).split())) from error
    for path, text in _answers_files(target).items():
        if text != before.get(path):
            path.write_text(_COMMIT.sub(lambda line: f"{line[1]}{recorded}{line[3]}", text, 1), "utf-8")


_COMMIT = re.compile(r"""^(_commit: ["']?)([^"'\s]+)(["']?)$""", re.MULTILINE)


def _answers_files(repository: Path) -> dict[Path, str]:
    return {path: path.read_text("utf-8") for path in (repository / ANSWERS_FOLDER).glob("*.yml")}


def read_questions(template: str | None, ref: str | None) -> dict[str, Any]:
    """The copier.yml of a template, or of the published one, at a version.

    Raises:
        GluecastError: the template cannot be read, or has no such version.
    """
    address, ref = _address(template, ref)
    with tempfile.TemporaryDirectory(prefix="gluecast-") as folder:
        source = _opened(address, Path(folder))
        return _questions(source, _commit(source, ref))


def platform_files(
    template: str | None, ref: str | None, data: Mapping[str, Any]
) -> dict[str, bytes]:
    """The files that the platform has in a new repository with these answers, by path.

    Raises:
        GluecastError: an answer is invalid, or the template cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="gluecast-") as folder:
        target = Path(folder, "repository")
        answers = {**data, "layer": "platform"}
        copy_template(target, template=template, ref=ref, data=answers, defaults=True)
        paths = [path for path in target.rglob("*") if path.is_file()]
        return {path.relative_to(target).as_posix(): path.read_bytes() for path in paths}


def _address(template: str | None, ref: str | None) -> tuple[str, str | None]:
    if template is None:
        return PUBLISHED_AT, ref or f"v{version('gluecast')}"
    path = Path(template).expanduser()
    return str(path.resolve()) if path.exists() else template, ref


def _opened(address: str, scratch: Path) -> Source:
    try:
        return open_source(address, Path.cwd(), scratch)
    except GluecastError as error:
        raise GluecastError(
            f"{error}; if it cannot be reached, use a clone of it: --template PATH"
        ) from error


def _commit(source: Source, ref: str | None) -> str:
    """The commit of `ref`; without it, Copier takes the newest tag, or else HEAD."""
    return source.resolve(ref or newest(only_releases(tags(source.git))) or "HEAD")


def _questions(source: Source, commit: str) -> dict[str, Any]:
    code = git(source.git, "show", f"{commit}:copier.yml").decode()
    questions: dict[str, Any] = yaml.safe_load(code)
    return questions


def _checked(
    template: str, ref: str | None, data: Mapping[str, Any]
) -> tuple[Mapping[str, Any], str | None, str]:
    """The template's questions, the version for Copier to check out, and the version to record for it.

    Copier would record any tag of the commit, also one that moves.

    Raises:
        GluecastError: the template cannot be read, or lacks the version or a question of `data`.
    """
    with tempfile.TemporaryDirectory(prefix="gluecast-") as folder:
        source = _opened(template, Path(folder))
        tagged = tags(source.git)
        commit = _commit(source, ref)
        asked = _questions(source, commit)
        recorded = source.version(commit)
        if ref is None and not tagged and _is_dirty(source.git):
            # Copier would commit the changes to a copy, and record a commit that is nowhere else.
            raise GluecastError(
                f"expected a template without uncommitted changes, found some in {template}; commit "
                "them, or use the last commit with --to HEAD"
            )
    questions = {name: each for name, each in asked.items() if not name.startswith("_")}
    if unknown := sorted(data.keys() - questions.keys()):
        answerable = [name for name, question in questions.items() if _is_asked(question)]
        raise GluecastError(
            f"expected the name of a question, found {unknown[0]}; the questions are "
            f"{', '.join(answerable)}"
        )
    return questions, (commit if ref and ref not in tagged else ref), recorded


def _is_asked(question: Any) -> bool:
    """Whether a user is ever asked; a question may also be its default alone."""
    if not isinstance(question, dict):
        return True
    return question.get("when") is not False and question.get("ask") is not False


def _is_dirty(template: Path) -> bool:
    return bool(run_git(template, "status", "--porcelain").stdout)
