"""The source of a template: its versions, and checkouts of the versions in use."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gluecast.errors import GluecastError
from gluecast.repository.git import git, run_git
from gluecast.template.versions import newest, releases, tags, version_of, version_order

_SHORTCUTS = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/"}


@dataclass
class Source:
    """The repository of a template on this machine.

    `git` is its git directory. `releases` maps the name of each release to its commit, even if the
    tags were not fetched.
    """

    address: str
    git: Path
    scratch: Path
    releases: Mapping[str, str]
    _checkouts: dict[str, "Checkout"] = field(default_factory=dict)
    _resolved: dict[str, str] = field(default_factory=dict)
    _ancestors: dict[tuple[str, str], bool] = field(default_factory=dict)

    def resolve(self, ref: str) -> str:
        """Resolve a tag, branch, `git describe` name (v0.1.0-4-gabc) or commit to a commit.

        Raises:
            GluecastError: the template has no such version.
        """
        if ref not in self._resolved:
            self._resolved[ref] = self.releases.get(ref) or self._commit(ref)
        return self._resolved[ref]

    def _commit(self, ref: str) -> str:
        for name in (ref, f"refs/remotes/origin/{ref}"):
            command = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"]
            found = run_git(self.git, *command)
            if found.returncode == 0:
                return found.stdout.decode().strip()
        known = ", ".join(sorted(self.releases, key=version_order)) or "none"
        raise GluecastError(
            f"expected a version of the template {self.address}, found {ref}; its releases: {known}"
        )

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

    def checkout(self, commit: str) -> "Checkout":
        """Check out the template's files at one commit, once."""
        if commit not in self._checkouts:
            folder = self.scratch / f"checkout-{len(self._checkouts)}-{abs(hash(self.address))}"
            git(
                self.scratch,
                "clone",
                "--quiet",
                "--shared",
                "--no-checkout",
                str(self.git),
                str(folder),
            )
            for name in set(self.releases) - tags(folder).keys():
                run_git(folder, "tag", name, self.releases[name])
            git(
                folder, "-c", "advice.detachedHead=false", "checkout", "--quiet", "--detach", commit
            )
            version = git(folder, "describe", "--tags", "--always").decode().strip()
            self._checkouts[commit] = Checkout(self.address, commit, version, folder)
        return self._checkouts[commit]


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
        git(scratch, "clone", "--quiet", "--bare", "--", _url(address), str(local))
    else:
        _check_repository(local)
    return Source(address, local, scratch, releases(local))


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
    return newest(tagged | (releases(local) if local else {})), refs.get("HEAD", "")


def _local(address: str, repository: Path) -> Path | None:
    path = repository / Path(address).expanduser()
    return path if path.exists() else None


def _url(address: str) -> str:
    for shortcut, host in _SHORTCUTS.items():
        if address.startswith(shortcut):
            return f"{host}{address.removeprefix(shortcut).strip('/').removesuffix('.git')}.git"
    return address.removeprefix("git+")
