"""Render the example repository: python3 generator examples."""

import shutil
import tempfile
import tomllib
from pathlib import Path

from gluecast.example_jobs import JOBS, answers, copier_copy
from gluecast.template.bundled import PUBLISHED_AT, TEMPLATE_ROOT, published, snapshot

RENDERED = TEMPLATE_ROOT / "examples" / "data-platform"


def main() -> None:
    """Replace examples/data-platform with a fresh rendering of the working tree."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / "data-platform"
        render_examples(fresh)
        shutil.rmtree(RENDERED, ignore_errors=True)
        shutil.copytree(fresh, RENDERED)
    print(f"rendered {', '.join(JOBS)} into {RENDERED}")


def render_examples(target: Path) -> None:
    """Render the three example jobs into an empty folder, as if from the published release."""
    with tempfile.TemporaryDirectory() as folder:
        release = snapshot(Path(folder) / "template", tag=f"v{version()}")
        environment = published(release, cache=Path(folder) / "cache")
        for job in JOBS:
            data = {**answers("platform"), **answers(job)}
            copier_copy(PUBLISHED_AT, target, data, environment=environment)


def version() -> str:
    """The version of this project, which is that of the next release."""
    text = (TEMPLATE_ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return str(tomllib.loads(text)["project"]["version"])


if __name__ == "__main__":
    main()
