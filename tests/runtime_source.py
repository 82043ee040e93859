"""The runtime as the template holds it, importable: an edit there is tested without rendering first.

The package is laid out in a folder of its own: a link to each file of the template, and the few files
that are rendered. Beside it are the jobs, the tests and the test data of the rendered example.
"""

import atexit
import json
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, StrictUndefined, meta

from gluecast.template.bundled import TEMPLATE_ROOT
from tasks.examples import RENDERED

SOURCE = TEMPLATE_ROOT / "template/{{ platform }}/src/glue_runtime"

_JINJA = Environment(undefined=StrictUndefined, keep_trailing_newline=True)
_JINJA.filters["to_json"] = json.dumps


def make_importable() -> Path:
    """Put the runtime first on the path of this process; its local Spark sessions tell their workers.

    Gives the folder that holds the package. It lasts as long as the process.
    """
    repository = Path(tempfile.mkdtemp(prefix="runtime-"))
    atexit.register(shutil.rmtree, repository, ignore_errors=True)
    folder = lay_out(repository / "src")
    (folder / "jobs").symlink_to(RENDERED / "src/jobs")
    (repository / "tests").symlink_to(RENDERED / "tests")
    sys.path.insert(0, str(folder))
    return folder


def lay_out(folder: Path) -> Path:
    """Write the package into this folder: links, and the rendered files."""
    for source in sorted(path for path in SOURCE.rglob("*") if path.is_file()):
        if "__pycache__" in source.parts:
            continue
        target = folder / "glue_runtime" / source.relative_to(SOURCE)
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.suffix == ".jinja":
            text = _rendered(source.read_text(encoding="utf-8"))
            target.with_suffix("").write_text(text, encoding="utf-8")
        else:
            target.symlink_to(source)
    return folder


def _rendered(text: str) -> str:
    values = {name: _answer(name) for name in meta.find_undeclared_variables(_JINJA.parse(text))}
    return _JINJA.from_string(text).render(values)


@cache
def _answer(name: str) -> Any:
    """What the example answered to a question, or its default: a registry of copier.yml, say."""
    answers = _yaml(RENDERED / ".copier-answers/_platform.yml")
    if name in answers:
        return answers[name]
    question = _yaml(TEMPLATE_ROOT / "copier.yml")[name]
    text = _rendered(question["default"])
    return yaml.safe_load(text) if question["type"] == "yaml" else text


@cache
def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))
