"""Render the example repository: python3 generator examples."""

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from gluecast.template import PUBLISHED_AT, TEMPLATE_ROOT, snapshot

ANSWERS = TEMPLATE_ROOT / "examples" / "answers"
RENDERED = TEMPLATE_ROOT / "examples" / "data-platform"
JOBS = ("sales_etl", "customer_import", "product_catalog")


def main() -> None:
    """Replace examples/data-platform by a fresh rendering of the working tree."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / "data-platform"
        render_examples(fresh)
        shutil.rmtree(RENDERED, ignore_errors=True)
        shutil.copytree(fresh, RENDERED)
    print(f"rendered {', '.join(JOBS)} into {RENDERED}")


def render_examples(target: Path) -> None:
    """Render the three example jobs into an empty folder, as from the published release."""
    with tempfile.TemporaryDirectory() as folder:
        release = snapshot(Path(folder) / "template", tag=f"v{version()}")
        environment = published(release, cache=Path(folder) / "cache")
        for job in JOBS:
            data = {**answers("platform"), **answers(job)}
            copier_copy(PUBLISHED_AT, target, data, environment=environment)


def copier_copy(
    template: str,
    target: Path,
    data: Mapping[str, Any],
    *,
    ref: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run ``copier copy --defaults`` with these answers and additions to the environment.

    Without `ref`, Copier takes the template's latest release; ``HEAD`` is the working tree.

    Raises:
        subprocess.CalledProcessError: Copier refused; its ``stderr`` says why.
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


def version() -> str:
    """The version of this project, which is the next release's."""
    text = (TEMPLATE_ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return str(tomllib.loads(text)["project"]["version"])


def published(repository: Path, cache: Path) -> dict[str, str]:
    """Environment variables with which git finds `repository` under the published address."""
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{repository.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": PUBLISHED_AT,
        "COPIER_CACHE_DIR": str(cache),
    }


if __name__ == "__main__":
    main()
