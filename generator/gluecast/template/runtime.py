"""The runtime of rendered repositories as the template holds it, importable without a rendering."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, StrictUndefined, meta

from gluecast.template.bundled import TEMPLATE_ROOT

SOURCE = TEMPLATE_ROOT / "template/{{ platform }}/src/glue_runtime"

_JINJA = Environment(undefined=StrictUndefined, keep_trailing_newline=True)
_JINJA.filters["to_json"] = json.dumps


def lay_out(folder: Path, answers: Mapping[str, Any]) -> Path:
    """Write the package into this folder: links to the template's files, and the rendered ones.

    answers: the answers to questions; those that are missing have their defaults.
    """
    for source in sorted(path for path in SOURCE.rglob("*") if path.is_file()):
        if "__pycache__" in source.parts:
            continue
        target = folder / "glue_runtime" / source.relative_to(SOURCE)
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.suffix == ".jinja":
            text = _rendered(source.read_text(encoding="utf-8"), answers)
            target.with_suffix("").write_text(text, encoding="utf-8")
        else:
            target.symlink_to(source)
    return folder


def _rendered(text: str, answers: Mapping[str, Any]) -> str:
    names = meta.find_undeclared_variables(_JINJA.parse(text))
    return _JINJA.from_string(text).render({name: _answer(name, answers) for name in names})


def _answer(name: str, answers: Mapping[str, Any]) -> Any:
    if name in answers:
        return answers[name]
    question = _questions()[name]
    text = _rendered(question["default"], answers)
    return yaml.safe_load(text) if question["type"] == "yaml" else text


@cache
def _questions() -> Any:
    return yaml.safe_load((TEMPLATE_ROOT / "copier.yml").read_text(encoding="utf-8"))
