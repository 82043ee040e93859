"""The registries in copier.yml: tables that are the single source of their facts.

Copier does not ask for the variables `formats` and `glue_versions`. The template derives choices,
pins and checks from them; this package and its tests read them here.
"""

from collections.abc import Mapping
from typing import Any

import yaml

from gluecast.template.bundled import TEMPLATE_ROOT

Registry = dict[str, dict[str, Any]]
"""An entry by its name."""


def packings() -> list[str]:
    """The ends of the names of packed files."""
    questions = yaml.safe_load((TEMPLATE_ROOT / "copier.yml").read_text(encoding="utf-8"))
    endings: list[str] = yaml.safe_load(questions["packings"]["default"])
    return endings


def registry(name: str, questions: Mapping[str, Any] | None = None) -> Registry:
    """A registry by its name; empty in a template that predates it.

    `questions` is the template's copier.yml; None is the one of this checkout.
    """
    if questions is None:
        text = (TEMPLATE_ROOT / "copier.yml").read_text(encoding="utf-8")
        questions = yaml.safe_load(text)
    entries: Registry = yaml.safe_load(questions[name]["default"]) if name in questions else {}
    return entries


def glue_versions(questions: Mapping[str, Any]) -> list[str]:
    """The Glue versions that a template offers; before 0.3.0, from the choices."""
    return list(
        registry("glue_versions", questions) or questions["glue_version"]["choices"].values()
    )
