"""Answers to the questions of the template, derived from a repository that is adopted."""

import ast
import re
from collections.abc import Iterator, Sequence
from typing import Any

from gluecast.adopt.python_module import Module
from gluecast.repository.work_tree import WorkTree


def guesses_of(tree: WorkTree, base: Module, code: str, versions: Sequence[str]) -> dict[str, Any]:
    """Answers derived from the repository; the user may override them."""
    found: dict[str, Any] = {}
    form = re.compile(r"infrastructure/environments/([a-z][a-z0-9]{1,9})/[^/]+\.tf")
    environments = sorted({match[1] for match in map(form.fullmatch, tree.entries) if match})
    if environments:
        found["environments"] = environments
    for name, pattern in (
        ("region", r'\bregion\s*=\s*"([a-z]{2}(?:-[a-z]+)+-[0-9])"'),
        ("lake_prefix", r'"([a-z0-9](?:-?[a-z0-9])+)-(?:\$\{[\w.]+\}|[a-z0-9]+)-(?:\$\{|bronze)'),
        ("glue_version", rf'\bglue_version\s*=\s*"({"|".join(map(re.escape, versions))})"'),
    ):
        if match := re.search(pattern, code):
            found[name] = match[1]
    lake = next(_lakes(base), None)
    return {**found, **({"lake_prefix": lake} if lake else {})}


def _lakes(base: Module) -> Iterator[str]:
    """``acme`` from f"s3://acme-{environment}-bronze/...", or from the same text for format()."""
    form = re.compile(r"s3://([a-z0-9](?:-?[a-z0-9])+)-\{[^}]*\}-bronze")
    for each in ast.walk(base.tree):
        text = ""
        if isinstance(each, ast.JoinedStr):
            parts = (
                str(part.value) if isinstance(part, ast.Constant) else "{}" for part in each.values
            )
            text = "".join(parts)
        elif isinstance(each, ast.Constant) and isinstance(each.value, str):
            text = each.value
        if match := form.search(text):
            yield match[1]
