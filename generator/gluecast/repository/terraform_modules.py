"""The module blocks and the values of Terraform files.

The blocks of a file are parsed once, and remembered in the git directory.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from gluecast.errors import GluecastError
from gluecast.repository.git import run_git
from gluecast.repository.work_tree import state_folder

Module = Mapping[str, Any]


class TerraformError(GluecastError):
    """A Terraform file cannot be read; the message says which, and why."""


@contextmanager
def remembered_modules(repository: Path, folder: str) -> Iterator[Callable[[Path], list[Module]]]:
    """A function that gives the module blocks of a file; `folder` names the files read with it.

    Without a git directory, or without the right to write there, every file is parsed each time.
    """
    place = None
    # A new repository has neither a folder nor a git directory yet.
    asked = ("rev-parse", "--show-prefix", "--git-dir")
    found = run_git(repository, *asked) if repository.is_dir() else None
    if found and found.returncode == 0:
        prefix, git_dir = os.fsdecode(found.stdout).split("\n")[:2]
        place = state_folder(repository / git_dir, prefix) / f"modules-{folder}.json"
    known = _read(place)
    parsed: dict[str, list[Module]] = {}

    def modules(path: Path) -> list[Module]:
        try:
            data = path.read_bytes()
        except OSError as error:
            raise TerraformError(f"expected Terraform code in {path}, found {error}") from error
        digest = hashlib.sha256(_parser().encode() + data).hexdigest()
        if digest not in parsed:
            parsed[digest] = known[digest] if digest in known else _parse(path, data)
        return parsed[digest]

    yield modules
    if place and parsed.keys() != known.keys():
        _write(place, parsed)


def values_of(path: Path) -> Mapping[str, Any]:
    """The values of a file of variables, such as terraform.tfvars.

    Raises:
        TerraformError: it cannot be read.
    """
    try:
        return _code(path, path.read_bytes())
    except OSError as error:
        raise TerraformError(f"expected Terraform code in {path}, found {error}") from error


def _parse(path: Path, data: bytes) -> list[Module]:
    return [body for block in _code(path, data).get("module", []) for body in block.values()]


def _code(path: Path, data: bytes) -> Mapping[str, Any]:
    # Importing the parser takes longer than reading the modules of a hundred files from the cache.
    import hcl2
    from lark.exceptions import LarkError

    options = hcl2.SerializationOptions(with_comments=False, strip_string_quotes=True)
    try:
        code: Mapping[str, Any] = hcl2.loads(data.decode(), serialization_options=options)
    except (LarkError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0]
        raise TerraformError(f"expected Terraform code in {path}, found {reason}") from error
    return code


@cache
def _parser() -> str:
    return f"python-hcl2 {version('python-hcl2')}"


def _read(place: Path | None) -> dict[str, list[Module]]:
    try:
        known = json.loads(place.read_bytes()) if place else {}
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _write(place: Path, parsed: Mapping[str, list[Module]]) -> None:
    fresh = place.with_name(f"{place.name}.{os.getpid()}")
    with suppress(OSError, TypeError):  # the next command parses again
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(json.dumps(parsed), encoding="utf-8")
        os.replace(fresh, place)
