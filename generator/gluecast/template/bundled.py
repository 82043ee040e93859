"""The template as it stands in this checkout, and a snapshot of it that Copier can render."""

import os
import shutil
from pathlib import Path

from gluecast.repository.git import git

TEMPLATE_ROOT = Path(__file__).resolve().parents[3]
"""The folder of copier.yml."""

PUBLISHED_AT = "https://github.com/gluecast/gluecast.git"
"""What an answers file records as the template's source."""


def snapshot(target: Path, tag: str | None = None) -> Path:
    """Copy the template's working tree into a new git repository at `target`, and commit it.

    Copier reads a template from git and passes over what is not committed; a snapshot has every
    file that git would track, edited or new. `tag` makes it a release.
    """
    target.mkdir(parents=True)
    listing = git(TEMPLATE_ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in os.fsdecode(listing).split("\0"):
        source = TEMPLATE_ROOT / name
        if name.startswith(("template/", "copier.yml")) and source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)
    git(target, "init", "--quiet", "--initial-branch=main")
    commit(target, "Snapshot of the working tree", tag)
    return target


def commit(repository: Path, message: str, tag: str | None = None) -> None:
    """Commit everything in a repository, whoever the user is, and tag it."""
    git(repository, "add", "--all", "--force")
    author = ["-c", "user.name=gluecast", "-c", "user.email=gluecast@localhost"]
    options = ["--quiet", "--no-verify", "--no-gpg-sign", "--allow-empty"]
    git(repository, *author, "commit", *options, "--message", message)
    if tag:
        git(repository, *author, "tag", "--annotate", "--no-sign", "--message", tag, tag)
