"""The template in this checkout, and a snapshot of it that Copier can render."""

import os
import shutil
from pathlib import Path

from gluecast.repository.git import git

_IN_THE_WHEEL = Path(__file__).resolve().parents[1] / "bundle"

IS_INSTALLED = _IN_THE_WHEEL.is_dir()
"""Whether this package was installed from a wheel; otherwise it runs from a clone."""

TEMPLATE_ROOT = _IN_THE_WHEEL if IS_INSTALLED else Path(__file__).resolve().parents[3]
"""The folder of copier.yml."""

PUBLISHED_AT = "https://github.com/gluecast/gluecast.git"
"""The template's source as answers files record it."""


def snapshot(target: Path, tag: str | None = None) -> Path:
    """Copy the template into a new git repository at `target`, and commit it.

    Copier reads a template from git and ignores uncommitted files; the snapshot of a clone has
    every file that git would track, edited or new. `tag` makes it a release.
    """
    target.mkdir(parents=True)
    for name in _files():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(TEMPLATE_ROOT / name, target / name)
    git(target, "init", "--quiet", "--initial-branch=main")
    commit(target, "Snapshot of the working tree", tag)
    return target


def _files() -> list[str]:
    if IS_INSTALLED:
        paths = (path for path in TEMPLATE_ROOT.rglob("*") if path.is_file())
        names = [path.relative_to(TEMPLATE_ROOT).as_posix() for path in paths]
    else:
        listing = git(TEMPLATE_ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
        names = os.fsdecode(listing).split("\0")
    of_template = [name for name in names if name.startswith(("template/", "copier.yml"))]
    return [name for name in of_template if (TEMPLATE_ROOT / name).is_file()]


def commit(repository: Path, message: str, tag: str | None = None) -> None:
    """Commit everything in a repository with a fixed author, and tag it."""
    git(repository, "add", "--all", "--force")
    author = ["-c", "user.name=gluecast", "-c", "user.email=gluecast@localhost"]
    options = ["--quiet", "--no-verify", "--no-gpg-sign", "--allow-empty"]
    git(repository, *author, "commit", *options, "--message", message)
    if tag:
        git(repository, *author, "tag", "--annotate", "--no-sign", "--message", tag, tag)


def published(repository: Path, cache: Path) -> dict[str, str]:
    """Environment variables that make git read `repository` for the published address."""
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{repository.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": PUBLISHED_AT,
        "COPIER_CACHE_DIR": str(cache),
    }
