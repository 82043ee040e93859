"""Every release can be named without tags, and updated to the template as it stands."""

import shutil
import subprocess
import tomllib
from pathlib import Path

import copier
import pytest

from gluecast.repository.layers import read_layers
from gluecast.repository.ownership import owned_by_template
from gluecast.template.bundled import TEMPLATE_ROOT, commit, snapshot
from gluecast.template.versions import RELEASES, read_releases, tags, version_of
from gluecast.update.update import update
from small_template import SmallTemplate, git, tree
from tasks.examples import version
from tasks.releases import make_tags

RELEASED = read_releases((TEMPLATE_ROOT / RELEASES).read_text())


def test_each_release_is_a_commit_of_this_history_that_calls_itself_so() -> None:
    assert RELEASED
    for name, sha in RELEASED.items():
        git(TEMPLATE_ROOT, "merge-base", "--is-ancestor", sha, "HEAD")
        project = tomllib.loads(git(TEMPLATE_ROOT, "show", f"{sha}:pyproject.toml"))["project"]
        assert f"v{project['version']}" == name


def test_this_project_is_the_release_after_the_last_and_the_changelog_has_all() -> None:
    changelog = (TEMPLATE_ROOT / "CHANGELOG.md").read_text()

    for name in [*RELEASED, f"v{version()}"]:
        assert f"\n## {name.removeprefix('v')}" in changelog
        assert (version_of(name) or 0) <= version_of(version())  # type: ignore[operator]


def test_one_command_makes_the_tags_in_a_clone_that_came_without(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--no-tags", "--shared", str(TEMPLATE_ROOT), str(clone))
    shutil.copy(TEMPLATE_ROOT / RELEASES, clone)

    assert make_tags(clone) == sorted(RELEASED)
    assert tags(clone) == RELEASED
    assert make_tags(clone) == []


def test_an_update_finds_a_release_whose_tag_did_not_arrive(tmp_path: Path) -> None:
    small = SmallTemplate(tmp_path / "template")
    repository = small.repository(tmp_path / "repository", "sales")
    lines = [f"v1.0.0 {git(small.folder, 'rev-parse', 'HEAD').strip()}"]
    small.replace("{{ platform }}/src/base.py", "line 02", "fixed")
    commit(small.folder, "A fix")
    lines.append(f"v2.0.0 {git(small.folder, 'rev-parse', 'HEAD').strip()}")
    (small.folder / RELEASES).write_text("# releases\n" + "\n".join(lines) + "\n")
    commit(small.folder, "Name the release")
    git(small.folder, "tag", "--delete", "v1.0.0")

    update(repository, say=lambda line: None)

    assert {layer.version for layer in read_layers(repository)} == {"v2.0.0"}
    assert "fixed" in (repository / "src/base.py").read_text()


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A template's repository with all releases, and the working tree as the newest."""
    folder = tmp_path_factory.mktemp("history")
    template = folder / "template"
    template.mkdir()
    git(template, "init", "--quiet", "--initial-branch=main")
    for name in sorted(RELEASED, key=lambda each: version_of(each)):  # type: ignore[arg-type, return-value]
        empty(template)
        archive = [
            "git",
            "-C",
            str(TEMPLATE_ROOT),
            "archive",
            RELEASED[name],
            "template",
            "copier.yml",
        ]
        files = subprocess.run(archive, check=True, capture_output=True).stdout
        subprocess.run(["tar", "-x", "-C", str(template)], input=files, check=True)
        commit(template, name, tag=name)
    empty(template)
    newest = snapshot(folder / "newest")
    shutil.rmtree(newest / ".git")
    shutil.copytree(newest, template, dirs_exist_ok=True)
    commit(template, "The working tree", tag="v999.0.0")
    return template


def empty(repository: Path) -> None:
    for name in ("template", "copier.yml"):
        git(repository, "rm", "-r", "--quiet", "--ignore-unmatch", name)


def rendered(template: Path, folder: Path, release: str, **further: str) -> Path:
    for job in ("sales_etl", "b_c"):
        copier.run_copy(
            str(template),
            folder,
            {"job_name": job, "project_name": "same", "schedule": "cron(0 2 * * ? *)", **further},
            vcs_ref=release,
            defaults=True,
            quiet=True,
        )
    git(folder, "init", "--quiet")
    commit(folder, "All of it")
    return folder


@pytest.mark.parametrize("release", RELEASED)
def test_a_repository_of_any_release_is_updated_to_the_template_as_it_stands(
    history: Path, tmp_path: Path, release: str
) -> None:
    repository = rendered(history, tmp_path / "old", release)
    edited = shutil.copytree(repository, tmp_path / "edited")
    module = edited / "src/jobs/sales_etl.py"
    module.write_text(module.read_text() + "\n# mine\n")
    commit(edited, "An edit")

    update(repository, say=lambda line: None)
    update(edited, say=lambda line: None)

    # An update narrows the role of no job.
    fresh = tree(rendered(history, tmp_path / "fresh", "v999.0.0", rights="wide"))
    assert tree(repository) == fresh
    left = tree(edited)
    assert b"# mine" in left["src/jobs/sales_etl.py"][1]
    assert {path for path in fresh if left[path] != fresh[path]} == {"src/jobs/sales_etl.py"}


@pytest.mark.parametrize("place", [0.3, 0.8])
@pytest.mark.parametrize("release", RELEASED)
def test_an_edit_of_a_file_that_has_moved_follows_it_or_is_a_conflict_that_has_it(
    history: Path, tmp_path: Path, release: str, place: float
) -> None:
    repository = rendered(history, tmp_path / "edited", release)
    tokens = {
        path: edit_at(repository / path, place, f"# mine: {number} {place}")
        for number, (path, (_, data)) in enumerate(tree(repository).items())
        if owned_by_template(data)
    }
    commit(repository, "An edit of every file of the template's")

    report = update(repository, say=lambda line: None)

    followed = b"\0".join(data for _, data in tree(repository).values())
    conflicts = b"\0".join(unmerged(repository).values())
    assert unmerged(repository).keys() <= {change.path for change in report.conflicts}
    assert {path for path, token in tokens.items() if token not in followed + conflicts} == set()
    moved = [change for change in report.changes if change.moved_from]
    assert moved
    for change in moved:
        assert tokens[str(change.moved_from)] in (repository / change.path).read_bytes()


def edit_at(file: Path, place: float, token: str) -> bytes:
    """Insert a line; gives it."""
    lines = file.read_text().splitlines(keepends=True)
    lines.insert(max(2, int(len(lines) * place)), token + "\n")
    file.write_text("".join(lines))
    return token.encode()


def unmerged(repository: Path) -> dict[str, bytes]:
    """What git's index has of each path in conflict: base, ours and theirs, one after the other."""
    found: dict[str, bytes] = {}
    for line in git(repository, "ls-files", "--unmerged", "-z").split("\0")[:-1]:
        head, path = line.split("\t")
        found[path] = (
            found.get(path, b"") + git(repository, "cat-file", "blob", head.split()[1]).encode()
        )
    return found
