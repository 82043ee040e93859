"""The runtime as the template holds it, importable: an edit there is tested without rendering first.

The package is laid out in a folder of its own: a link to each file of the template, and the few files
that are rendered. Beside it are the jobs, the tests and the test data of the rendered example.
"""

import atexit
import shutil
import sys
import tempfile
from pathlib import Path

import yaml

from gluecast.template import runtime
from gluecast.template.runtime import SOURCE
from tasks.examples import RENDERED

__all__ = ["SOURCE", "lay_out", "make_importable"]


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
    """Write the package into this folder, with the answers of the rendered example."""
    answers = RENDERED / ".copier-answers/_platform.yml"
    return runtime.lay_out(folder, yaml.safe_load(answers.read_text(encoding="utf-8")))
