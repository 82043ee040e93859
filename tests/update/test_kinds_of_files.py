"""A file becomes a folder or a link, by the template or by the user: merged or refused, and restored."""

import itertools
import shutil
from pathlib import Path

import pytest

from gluecast.errors import GluecastError
from gluecast.template.bundled import commit
from gluecast.update.merge import Kind
from gluecast.update.update import abort_update, continue_update
from small_template import JOB, SmallTemplate, edit_and_commit, git, quietly, tree, versions

LINES = "".join(f"thing {number}\n" for number in range(12))
PLATFORM = "template/{{ platform }}"


def make(root: Path, kind: str, text: str = LINES) -> None:
    """`thing` as a file, a folder, a link to a file, a link to a folder, or nothing."""
    thing = root / "thing"
    if thing.is_dir() and not thing.is_symlink():
        shutil.rmtree(thing)
    else:
        thing.unlink(missing_ok=True)
    if kind == "file":
        thing.write_text(text)
    elif kind == "script":
        thing.write_text(text)
        thing.chmod(0o755)
    elif kind == "folder":
        thing.mkdir()
        (thing / "part").write_text(text)
        (thing / "thing").write_text("small\n")
    elif kind == "link":
        thing.symlink_to("src/base.py")
    elif kind == "link to a folder":
        thing.symlink_to("src")


KINDS = ("file", "folder", "link", "link to a folder", "script")


@pytest.fixture(scope="module", params=[*itertools.permutations(KINDS, 2)], ids="-".join)
def pair(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, str, SmallTemplate, Path]:
    """The old and the new kind of `thing`, with the template and a repository of the old version."""
    return (*request.param, *_prepared(tmp_path_factory.mktemp("kinds"), *request.param))


@pytest.mark.parametrize("mine", ["untouched", "edited", "the same", "gone", *KINDS])
def test_every_change_of_kind_arrives_or_is_refused_and_can_be_undone(
    tmp_path: Path, pair: tuple[str, str, SmallTemplate, Path], mine: str
) -> None:
    old, new, small, prepared = pair
    repository = tmp_path / "repository"
    shutil.copytree(prepared, repository, symlinks=True)
    if mine == "edited":
        for path in [repository / "thing", repository / "thing/part"]:
            if path.is_file() and not path.is_symlink():
                path.write_text(path.read_text().replace("thing 3\n", "thing 3, mine\n"))
    elif mine != "untouched":
        make(repository, {"the same": new, "gone": "nothing"}.get(mine, mine), LINES)
    if git(repository, "status", "--porcelain"):
        commit(repository, "Mine")
    # A conflict elsewhere, so that there is something to abort.
    edit_and_commit(repository, "src/jobs/sales.py", "line 02", "line 02, mine")
    before = tree(repository)
    written = (repository / "thing/part").is_file() or (repository / "thing").exists()

    try:
        report = quietly(repository)
    except GluecastError as error:
        assert "move it" in str(error), error
        assert tree(repository) == before
        assert git(repository, "status", "--porcelain") == ""
        assert mine in ("edited", *KINDS)
        return
    things = {change.path: change for change in report.changes if change.path.startswith("thing")}
    if mine == "untouched":
        assert {change.kind for change in things.values()} <= {Kind.NEW, Kind.CLEAN, Kind.REMOVED}
        assert _thing(repository) == _thing(small.folder / PLATFORM)
    if mine == "the same":
        assert not any(change.stages for change in things.values())
        assert _thing(repository) == _thing(small.folder / PLATFORM)
    if mine == "edited" and old in ("file", "script", "folder"):
        conflicts = [path for path in things if things[path].stages]
        texts = [text for _, text in _thing(repository).values()]
        assert any(b"thing 3, mine" in text for text in texts) or conflicts
    assert written or mine == "gone"

    abort_update(repository)

    assert tree(repository) == before
    assert git(repository, "status", "--porcelain") == ""


def _prepared(tmp_path: Path, old: str, new: str) -> tuple[SmallTemplate, Path]:
    """A repository where `thing` is of the old kind, and a version 2 where it is of the new one."""
    small = SmallTemplate(tmp_path / "template")
    config = small.folder / "copier.yml"
    config.write_text("_preserve_symlinks: true\n" + config.read_text())
    make(small.folder / PLATFORM, old)
    small.release("v1.1.0")
    repository = small.repository(tmp_path / "repository", "sales", version="v1.1.0")
    make(small.folder / PLATFORM, new)
    small.replace(JOB, "line 02", "line 02, fixed")
    small.release("v2.0.0")
    return small, repository


def _thing(root: Path) -> dict[str, tuple[str, bytes]]:
    return {
        path: file
        for path, file in tree(root).items()
        if path == "thing" or path.startswith("thing/")
    }


# --- files that git ignores ------------------------------------------------------------------------


@pytest.fixture
def small(tmp_path: Path) -> SmallTemplate:
    made = SmallTemplate(tmp_path / "template")
    made.write("{{ platform }}/.env", "token=\n" + LINES)
    made.write("{{ platform }}/.gitignore.jinja", ".env\n")
    made.release("v1.1.0")
    return made


@pytest.fixture
def repository(small: SmallTemplate, tmp_path: Path) -> Path:
    made = small.repository(tmp_path / "repository", "sales", version="v1.1.0")
    git(made, "rm", "--cached", "--quiet", ".env")
    git(made, "-c", "user.name=me", "-c", "user.email=me@localhost", "commit", "-qm", "Ignored")
    assert git(made, "status", "--porcelain") == ""
    return made


def test_an_edited_file_that_git_ignores_stays_and_the_templates_version_is_beside(
    small: SmallTemplate, repository: Path
) -> None:
    (repository / ".env").write_text("token=secret\n" + LINES)
    small.write("{{ platform }}/.env", "token=\nregion=\n" + LINES)
    small.replace(JOB, "line 02", "line 02, fixed")
    small.release("v2.0.0")

    [change] = [each for each in quietly(repository).changes if each.path == ".env"]

    assert change.kind == Kind.IGNORED
    assert (repository / ".env").read_text() == "token=secret\n" + LINES
    beside = repository / ".git/gluecast/ignored/.env"
    assert beside.read_text() == "token=\nregion=\n" + LINES
    assert ".git/gluecast/ignored/.env" in change.note
    assert versions(repository) == {'_commit: "v2.0.0"'}
    assert git(repository, "ls-files", ".env") == ""


def test_an_edited_file_that_git_ignores_and_the_template_drops_is_not_offered_to_git(
    small: SmallTemplate, repository: Path
) -> None:
    (repository / ".env").write_text("token=secret\n" + LINES)
    small.remove("{{ platform }}/.env")
    small.release("v2.0.0")

    report = quietly(repository)

    assert not report.conflicts
    [change] = [each for each in report.changes if each.path == ".env"]
    assert change.kind == Kind.IGNORED
    assert "git add" not in change.note
    assert (repository / ".env").read_text() == "token=secret\n" + LINES


def test_a_file_that_git_ignores_is_updated_where_nobody_edited_it(
    small: SmallTemplate, repository: Path
) -> None:
    small.write("{{ platform }}/.env", "token=\nregion=\n")
    small.release("v2.0.0")

    quietly(repository)

    assert (repository / ".env").read_text() == "token=\nregion=\n"


# --- renames ---------------------------------------------------------------------------------------


def test_a_deleted_file_does_not_return_under_a_new_name(
    small: SmallTemplate, repository: Path
) -> None:
    (repository / "tests/test_sales.py").unlink()
    commit(repository, "No tests")
    small.move(
        "{{ job }}/tests/test_{{ job_name }}.py.jinja",
        "{{ job }}/tests/unit/test_{{ job_name }}.py.jinja",
    )
    small.release("v2.0.0")

    [change] = [each for each in quietly(repository).changes if "tests/" in each.path]

    assert change.kind == Kind.KEPT_DELETED
    assert "tests/test_sales.py" in change.note
    assert not [path for path in (repository / "tests").rglob("*") if path.is_file()]


def test_the_new_name_of_another_file_is_not_taken_for_the_edited_ones(
    small: SmallTemplate, repository: Path
) -> None:
    small.write("{{ platform }}/a.txt", LINES)
    small.write("{{ platform }}/b.txt", LINES + "more\n")
    small.release("v1.2.0")
    quietly(repository)
    commit(repository, "v1.2.0")
    edit_and_commit(repository, "a.txt", "thing 3\n", "thing 3, mine\n")
    small.remove("{{ platform }}/a.txt")
    small.move("{{ platform }}/b.txt", "{{ platform }}/c.txt")
    small.release("v2.0.0")

    report = quietly(repository)

    assert [change.path for change in report.conflicts] == ["a.txt"]
    assert (repository / "c.txt").read_text() == LINES + "more\n"
    git(repository, "add", "a.txt")
    continue_update(repository)
