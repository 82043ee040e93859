"""A rendered repository: where it is, and its layers."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from gluecast.errors import GluecastError
from gluecast.repository.git import run_git

ANSWERS_FOLDER = ".copier-answers"
PLATFORM = "_platform"

# The C parser is ten times as fast, which matters with a thousand answers files.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Layer:
    """One rendering of the template: the platform, or one job.

    `source` is the template's address and `version` the `git describe` name of its commit.
    `recorded` is the whole answers file, with `_src_path` and `_commit`.
    """

    name: str
    source: str
    version: str
    recorded: Mapping[str, Any]

    @property
    def answers_file(self) -> str:
        """Its path in the repository: ``.copier-answers/sales_etl.yml``."""
        return f"{ANSWERS_FOLDER}/{self.name}.yml"

    @property
    def is_platform(self) -> bool:
        return self.name == PLATFORM

    @property
    def deployed_name(self) -> str:
        """The name of the job and its output on AWS: the name before any rename."""
        return str(self.recorded.get("deployed_name", self.name))

    @property
    def former_names(self) -> list[str]:
        """The former names of a renamed job, oldest first."""
        return [str(name) for name in self.recorded.get("former_names", [])]


JOBS = "src/jobs"
"""The folder of the jobs that the template writes."""


def job_modules(repository: Path, layers: Iterable[Layer]) -> dict[str, Path]:
    """The modules of all jobs by name; those of a migrated repository may be in another folder too."""
    recorded = [str(each.recorded.get("jobs_folder", JOBS)) for each in layers if each.is_platform]
    return {
        path.stem: path
        for folder in dict.fromkeys([*recorded, JOBS])
        for path in sorted((repository / folder).glob("*.py"))
        if path.stem != "__init__"
    }


def find_repository(start: Path) -> Path:
    """The nearest folder from `start` upwards that has answers files.

    Raises:
        GluecastError: there is none.
    """
    if found := repository_around(start):
        return found
    folder = start.resolve()
    if not folder.is_dir():
        raise GluecastError(f"expected a folder, found none at {folder}")
    _refuse_sparse(folder, f":(top,glob)**/{ANSWERS_FOLDER}/*.yml")
    raise GluecastError(
        f"expected a repository of the template, found no {ANSWERS_FOLDER} in {folder} or above it; "
        "`gluecast new` creates one"
    )


def repository_around(start: Path) -> Path | None:
    """The same, or None if there is none."""
    folder = start.resolve()
    above = (folder, *folder.parents)
    return next((each for each in above if (each / ANSWERS_FOLDER).is_dir()), None)


def read_layers(repository: Path) -> list[Layer]:
    """Every layer of a repository, by name; the platform comes first.

    The answers files of other templates in the folder do not count.

    Raises:
        GluecastError: an answers file cannot be read, or there is none.
    """
    _refuse_sparse(repository, ANSWERS_FOLDER)
    found = _answers(repository)
    if not found:
        raise GluecastError(f"expected answers in {repository / ANSWERS_FOLDER}, found none")
    return sorted(
        (layer for layer in found if _is_ours(layer)),
        key=lambda each: (not each.is_platform, each.name),
    )


def _refuse_sparse(folder: Path, paths: str) -> None:
    """Refuse answers files that a sparse checkout leaves out.

    Raises:
        GluecastError: there are some.
    """
    listing = run_git(folder, "ls-files", "-t", "-z", "--full-name", "--", paths).stdout
    left_out = [os.fsdecode(each)[2:] for each in listing.split(b"\0") if each.startswith(b"S ")]
    if left_out:
        above = os.path.dirname(left_out[0])
        raise GluecastError(
            f"expected the answers on disk, found {left_out[0]} outside the sparse checkout: "
            f"git sparse-checkout add {above}"
        )


def of_other_templates(repository: Path) -> list[Layer]:
    """The answers of other templates that are in the same folder."""
    return [layer for layer in _answers(repository) if not _is_ours(layer)]


def _answers(repository: Path) -> list[Layer]:
    paths = sorted((repository / ANSWERS_FOLDER).glob("*.yml"))
    return [read_layer(path.stem, path.read_bytes(), path) for path in paths]


def _is_ours(layer: Layer) -> bool:
    return layer.is_platform or "job_name" in layer.recorded


def select(layers: Sequence[Layer], names: Sequence[str]) -> list[Layer]:
    """The layers of these names, or all layers if no name is given.

    Raises:
        GluecastError: there is no layer of a name.
    """
    known = {layer.name for layer in layers}
    for name in names:
        if name not in known:
            raise GluecastError(
                f"expected one of {', '.join(sorted(known))}, found {name}"
                if known
                else f"expected a rendered job called {name}, found no rendered job here"
            )
    return [layer for layer in layers if not names or layer.name in names]


def read_layer(name: str, answers: bytes, path: Path | None = None) -> Layer:
    """Parse the content of an answers file; errors name `path`.

    Raises:
        GluecastError: it is not an answers file.
    """
    where = path or f"{ANSWERS_FOLDER}/{name}.yml"
    try:
        recorded = yaml.load(answers.decode(), Loader=_Loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0]
        raise GluecastError(f"expected YAML in {where}, found {reason}") from error
    for key in ("_src_path", "_commit"):
        if not isinstance(recorded, dict) or not isinstance(recorded.get(key), str):
            raise GluecastError(
                f"expected a text {key} in {where}, found none; restore the file from git"
            )
    return Layer(name, recorded["_src_path"], recorded["_commit"], recorded)
