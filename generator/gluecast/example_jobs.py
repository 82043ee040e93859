"""The three example jobs: their answers, and a function that renders them."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from gluecast.template.bundled import TEMPLATE_ROOT

ANSWERS = TEMPLATE_ROOT / "examples" / "answers"
JOBS = ("sales_etl", "customer_import", "product_catalog")


def copier_copy(
    template: str,
    target: Path,
    data: Mapping[str, Any],
    *,
    ref: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run ``copier copy --defaults`` with these answers and extra environment variables.

    Without `ref`, Copier takes the template's latest release; ``HEAD`` is the working tree.

    Raises:
        subprocess.CalledProcessError: Copier failed; its ``stderr`` says why.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".yml", encoding="utf-8") as data_file:
        yaml.safe_dump(dict(data), data_file)
        data_file.flush()
        options = ["--defaults", "--quiet", "--data-file", data_file.name]
        if ref:
            options += ["--vcs-ref", ref]
        subprocess.run(
            [sys.executable, "-m", "copier", "copy", *options, template, str(target)],
            env={**os.environ, **(environment or {})},
            check=True,
            capture_output=True,
            text=True,
        )


def answers(name: str) -> dict[str, Any]:
    """The answers in examples/answers/<name>.yml."""
    loaded: dict[str, Any] = yaml.safe_load((ANSWERS / f"{name}.yml").read_text(encoding="utf-8"))
    return loaded
