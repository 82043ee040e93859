"""A repository that the template wrote: where it is, and the layers it is made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from gluecast.errors import GluecastError

ANSWERS_FOLDER = ".copier-answers"
PLATFORM = "_platform"

# The parser in C is ten times as fast, and a thousand jobs are a thousand files.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Layer:
    """One rendering of the template: the platform, or one job.

    `source` is the template's address and `version` what `git describe` called its commit.
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
        """The job's name on AWS, and of its output: the one that it had before it was renamed."""
        return str(self.recorded.get("deployed_name", self.name))

    @property
    def former_names(self) -> list[str]:
        """The names that a renamed job had in this repository, the oldest first."""
        return [str(name) for name in self.recorded.get("former_names", [])]


def find_repository(start: Path) -> Path:
    """The nearest folder from `start` upwards that has answers of the template.

    Raises:
        GluecastError: there is none.
    """
    if found := repository_around(start):
        return found
    folder = start.resolve()
    if not folder.is_dir():
        raise GluecastError(f"expected a folder, found none at {folder}")
    raise GluecastError(
        f"expected a repository of the template, found no {ANSWERS_FOLDER} in {folder} or above it; "
        "`gluecast new` makes one"
    )


def repository_around(start: Path) -> Path | None:
    """The same, if there is one."""
    folder = start.resolve()
    above = (folder, *folder.parents)
    return next((each for each in above if (each / ANSWERS_FOLDER).is_dir()), None)


def read_layers(repository: Path) -> list[Layer]:
    """Every layer of a repository, by name; the platform comes first.

    Raises:
        GluecastError: an answers file cannot be read, or there is none.
    """
    paths = sorted((repository / ANSWERS_FOLDER).glob("*.yml"))
    if not paths:
        raise GluecastError(f"expected answers in {repository / ANSWERS_FOLDER}, found none")
    return sorted(
        (read_layer(path.stem, path.read_bytes(), path) for path in paths),
        key=lambda each: (not each.is_platform, each.name),
    )


def select(layers: Sequence[Layer], names: Sequence[str]) -> list[Layer]:
    """The layers of these names, or all of them when no name is given.

    Raises:
        GluecastError: a name is not there.
    """
    known = {layer.name for layer in layers}
    for name in names:
        if name not in known:
            raise GluecastError(
                f"expected one of {', '.join(sorted(known))}, found {name}"
                if known
                else f"expected a job that the template wrote, found none here, so not {name} either"
            )
    return [layer for layer in layers if not names or layer.name in names]


def read_layer(name: str, answers: bytes, path: Path | None = None) -> Layer:
    """The layer of an answers file's content; errors name `path`.

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
