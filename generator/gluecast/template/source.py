"""The source of a template: its versions, and checkouts of the versions in use."""

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from gluecast.errors import GluecastError
from gluecast.repository.git import git, run_git
from gluecast.template.versions import (
    newest,
    only_releases,
    releases,
    tags,
    version_of,
    version_order,
)

_SHORTCUTS = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/"}


_AS_STORED = (
    *("-c", "core.autocrlf=false", "-c", "core.eol=lf", "-c", "core.symlinks=true"),
    *("-c", f"core.attributesFile={os.devnull}"),
)
"""The template's files are checked out the same on every machine."""


@dataclass
class Source:
    """The repository of a template on this machine.

    `git` is its git directory. `releases` maps the name of each release to its commit, even if the
    tags were not fetched; `moving` are the tags that name another commit after each release.
    """

    address: str
    git: Path
    scratch: Path
    releases: Mapping[str, str]
    moving: Mapping[str, str] = field(default_factory=dict)
    _checkouts: dict[str, "Checkout"] = field(default_factory=dict)
    _resolved: dict[str, str] = field(default_factory=dict)
    _ancestors: dict[tuple[str, str], bool] = field(default_factory=dict)

    def recorded(self, version: str) -> str:
        """The commit of a version that an answers file records.

        Raises:
            GluecastError: the template has no such version, or the version is a tag that moves.
        """
        if version in self.moving and self.releases:
            today = self.version(self.moving[version])
            raise GluecastError(
                f"expected a release or a commit in _commit, found {version}, a tag that moves from "
                f"release to release (it is {today} today); write the release that the files were "
                f"rendered from there: {self._known()}"
            )
        return self.resolve(version)

    def resolve(self, ref: str) -> str:
        """Resolve a tag, branch, `git describe` name (v0.1.0-4-gabc) or commit to a commit.

        Raises:
            GluecastError: the template has no such version.
        """
        if ref not in self._resolved:
            self._resolved[ref] = self._commit(self.releases.get(ref, ref), ref)
        return self._resolved[ref]

    def _commit(self, name: str, ref: str) -> str:
        for name in (name, f"refs/remotes/origin/{name}"):
            command = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"]
            found = run_git(self.git, *command)
            if found.returncode == 0:
                return found.stdout.decode().strip()
        if git(self.git, "rev-parse", "--is-shallow-repository").strip() == b"true":
            raise GluecastError(
                f"expected the version {ref} of the template, found that {self.address} is a shallow "
                "clone without it; in that folder: git fetch --unshallow --tags"
            )
        raise GluecastError(
            f"expected a version of the template {self.address}, found {ref}; its releases: "
            f"{self._known()}"
        )

    def _known(self) -> str:
        return ", ".join(sorted(self.releases, key=version_order)) or "none"

    def is_older(self, ref: str, other: str) -> bool:
        """Whether one version is older than another, by history or else by name.

        History has precedence, because a name may not reveal the releases before it, such as an
        abbreviated commit, or a `git describe` name from a clone without tags.

        Raises:
            GluecastError: the template has no such version.
        """
        ours, theirs = self.resolve(ref), self.resolve(other)
        if ours == theirs or self._leads_to(theirs, ours):
            return False
        if self._leads_to(ours, theirs):
            return True
        named, others = version_of(ref), version_of(other)
        return bool(named and others and named < others)

    def _leads_to(self, ancestor: str, commit: str) -> bool:
        if (ancestor, commit) not in self._ancestors:
            asked = run_git(self.git, "merge-base", "--is-ancestor", ancestor, commit)
            self._ancestors[ancestor, commit] = asked.returncode == 0
        return self._ancestors[ancestor, commit]

    def commits_since(self, ref: str) -> int:
        """The number of commits of HEAD that a version does not have.

        Raises:
            GluecastError: the template has no such version.
        """
        return int(git(self.git, "rev-list", "--count", f"{self.resolve(ref)}..HEAD"))

    def latest(self) -> str:
        """The newest release, or HEAD if there is none."""
        return newest(self.releases) or "HEAD"

    def version(self, commit: str) -> str:
        """What an answers file records for a commit: its release, or its `git describe` name.

        A name that moves from commit to commit is never recorded.
        """
        of_commit = [name for name, released in self.releases.items() if released == commit]
        if of_commit:
            return max(of_commit, key=version_order)
        names = [f"--match={name}" for name in self.releases] or ["--exclude=*"]
        described = git(self._with_all_tags, "describe", "--tags", "--always", *names, commit)
        return described.decode().strip()

    @cached_property
    def _with_all_tags(self) -> Path:
        """The repository, or a clone of it where not every release has a tag."""
        missing = self.releases.keys() - tags(self.git).keys()
        if not missing:
            return self.git
        clone = Path(tempfile.mkdtemp(dir=self.scratch))
        git(self.scratch, "clone", "--quiet", "--bare", "--shared", str(self.git), str(clone))
        for name in missing:
            run_git(clone, "tag", name, self.releases[name])
        return clone

    def checkout(self, commit: str) -> "Checkout":
        """Check out the template's files at one commit, once."""
        if commit not in self._checkouts:
            folder = Path(tempfile.mkdtemp(dir=self.scratch))
            git_dir = git(self.git, "rev-parse", "--absolute-git-dir").decode().strip()
            with tempfile.TemporaryDirectory(dir=self.scratch) as scratch:
                more = {"GIT_INDEX_FILE": f"{scratch}/index"}
                here = (f"--git-dir={git_dir}", "--work-tree=.", *_AS_STORED)
                git(folder, *here, "read-tree", commit, more=more)
                git(folder, *here, "checkout-index", "--all", more=more)
            if (folder / ".gitmodules").exists():
                folder = self._with_submodules(commit)
            self._checkouts[commit] = Checkout(self.address, commit, self.version(commit), folder)
        return self._checkouts[commit]

    def _with_submodules(self, commit: str) -> Path:
        """A clone of the template at one commit; submodules at relative addresses start at its own."""
        folder = Path(tempfile.mkdtemp(dir=self.scratch))
        origin = run_git(self.git, "config", "remote.origin.url").stdout.decode().strip()
        git(self.scratch, "clone", "--quiet", "--shared", "--no-checkout", str(self.git), str(folder))
        git(folder, "remote", "set-url", "origin", origin or str(self.git))
        git(folder, *_AS_STORED, "checkout", "--quiet", "--detach", commit)
        command = ("submodule", "--quiet", "update", "--init", "--recursive", "--force")
        git(folder, *_AS_STORED, *command)
        return folder


@dataclass(frozen=True)
class Checkout:
    """The template's files at one commit. `version` is what an answers file records."""

    address: str
    commit: str
    version: str
    folder: Path


def open_source(address: str, repository: Path, scratch: Path) -> Source:
    """Open a template by its recorded address: a path, a URL, or gh:owner/name.

    A relative path starts at `repository`. A remote template is cloned into `scratch`, once.

    Raises:
        GluecastError: there is no git repository.
    """
    local = _local(address, repository)
    if local is None:
        local = scratch / f"remote-{abs(hash(address))}.git"
        try:
            git(scratch, "clone", "--quiet", "--bare", "--", _url(address), str(local))
        except GluecastError as error:
            reason = str(error).partition(": ")[2].removeprefix("fatal: ")
            raise GluecastError(f"expected the template at {address}, found: {reason}") from error
    else:
        _check_repository(local)
    released = releases(local)
    moving = {name: commit for name, commit in tags(local).items() if name not in released}
    return Source(address, local, scratch, released, moving)


def _check_repository(local: Path) -> None:
    try:
        git(local if local.is_dir() else local.parent, "rev-parse", "--git-dir")
    except GluecastError as error:
        if "not a git repository" not in str(error):
            raise
        raise GluecastError(
            f"expected the template in {local}, found no git repository; "
            "an update needs the version that a job was rendered from"
        ) from error


def latest_release(address: str, repository: Path) -> tuple[str | None, str]:
    """The newest release of a template and the commit of its HEAD, without cloning it.

    Raises:
        GluecastError: there is no git repository.
    """
    local = _local(address, repository)
    listing = git(repository, "ls-remote", "--", str(local) if local else _url(address)).decode()
    refs = {name: commit for commit, name in (line.split("\t") for line in listing.splitlines())}
    names = [name.removeprefix("refs/tags/") for name in refs if name.startswith("refs/tags/")]
    tagged = {name: "" for name in names if not name.endswith("^{}")}
    return newest(only_releases(tagged) | (releases(local) if local else {})), refs.get("HEAD", "")


def _local(address: str, repository: Path) -> Path | None:
    path = repository / Path(address).expanduser()
    return path if path.exists() else None


def _url(address: str) -> str:
    for shortcut, host in _SHORTCUTS.items():
        if address.startswith(shortcut):
            return f"{host}{address.removeprefix(shortcut).strip('/').removesuffix('.git')}.git"
    return address.removeprefix("git+")
