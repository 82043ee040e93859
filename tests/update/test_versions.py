"""Which version a template has, which one is recorded: moving tags, submodules, shallow clones, addresses."""

import subprocess
from pathlib import Path

import plumbum
import pytest
import yaml

from gluecast.cli import main
from gluecast.errors import GluecastError
from gluecast.jobs.check import check
from gluecast.jobs.new import new
from gluecast.template.bundled import commit
from gluecast.update.answers import with_comments
from small_template import (
    ANSWERS,
    BASE,
    JOB,
    SmallTemplate,
    edit,
    edit_and_commit,
    git,
    quietly,
    tree,
    versions,
)

SALES = "src/jobs/sales.py"


@pytest.fixture
def small(tmp_path: Path) -> SmallTemplate:
    return SmallTemplate(tmp_path / "template")


@pytest.fixture
def repository(small: SmallTemplate, tmp_path: Path) -> Path:
    return small.repository(tmp_path / "repository", "sales")


def fixed(small: SmallTemplate, word: str, tag: str) -> None:
    small.replace(JOB, "line 02", f"line 02{word}")
    small.release(tag)


# --- tags ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("annotated", [False, True])
@pytest.mark.parametrize("moving", ["v1", "1", "stable", "latest"])
def test_a_tag_that_moves_is_not_recorded(
    small: SmallTemplate, repository: Path, moving: str, annotated: bool
) -> None:
    def move() -> None:
        git(small.folder, "tag", "--force", *(["-am", "-"] if annotated else []), moving)

    fixed(small, ",", "v1.1.0")
    move()
    quietly(repository)
    assert versions(repository) == {'_commit: "v1.1.0"'}
    commit(repository, "Updated")

    fixed(small, ";", "v1.2.0")
    move()

    assert check(repository).outdated
    quietly(repository)
    assert versions(repository) == {'_commit: "v1.2.0"'}
    assert (
        "line 02;" in (repository / SALES).read_text()
        or "line 02,;" in (repository / SALES).read_text()
    )


def test_a_new_job_does_not_record_a_tag_that_moves(small: SmallTemplate, tmp_path: Path) -> None:
    git(small.folder, "tag", "-am", "-", "v1")
    lake = tmp_path / "lake"
    for data in ({"layer": "platform"}, {"job_name": "sales"}):
        new(lake, template=str(small.folder), data=data, defaults=True)

    assert versions(lake) == {'_commit: "v1.0.0"'}


def test_a_recorded_tag_that_moves_is_refused_with_what_to_write(
    small: SmallTemplate, repository: Path
) -> None:
    edit_and_commit(repository, ".copier-answers/sales.yml", "v1.0.0", "v1")
    git(small.folder, "tag", "v1")
    fixed(small, ",", "v1.1.0")
    git(small.folder, "tag", "--force", "v1")

    with pytest.raises(
        GluecastError, match=r"found v1, a tag that moves .*v1\.1\.0 today.*v1\.0\.0"
    ):
        quietly(repository)
    assert any("a tag that moves" in problem for problem in check(repository).problems)

    edit_and_commit(repository, ".copier-answers/sales.yml", '"v1"', '"v1.0.0"')
    quietly(repository)
    assert versions(repository) == {'_commit: "v1.1.0"'}


def test_a_template_whose_tags_are_no_versions_is_followed_by_its_head(
    small: SmallTemplate, tmp_path: Path
) -> None:
    git(small.folder, "tag", "release-1", "v1.0.0^{}")
    git(small.folder, "tag", "--delete", "v1.0.0")
    made = small.repository(tmp_path / "repository", "sales", version="release-1")
    assert versions(made) == {'_commit: "release-1"'}
    fixed(small, ",", "release-2")

    quietly(made)

    assert "line 02," in (made / SALES).read_text()


def test_releases_that_name_no_commit_are_refused(small: SmallTemplate, repository: Path) -> None:
    (small.folder / "RELEASES").write_bytes(b"v9.0.0 " + b"1" * 40 + b"\n# \xff\n")
    commit(small.folder, "A wrong commit")

    with pytest.raises(
        GluecastError, match=r"expected a version of the template .* found v9\.0\.0"
    ):
        quietly(repository)


@pytest.fixture
def one_number(small: SmallTemplate, tmp_path: Path) -> Path:
    """A repository of v1, whose template releases v1, v2, v3."""
    git(small.folder, "tag", "v1", "v1.0.0^{}")
    git(small.folder, "tag", "--delete", "v1.0.0")
    return small.repository(tmp_path / "repository", "sales", version="v1")


def test_tags_of_one_number_are_releases(small: SmallTemplate, one_number: Path) -> None:
    fixed(small, ",", "v2")
    small.replace(BASE, "line 03", "line 03, unreleased")
    commit(small.folder, "Not released")

    assert {newest for _, newest in check(one_number).outdated.values()} == {"v2"}
    quietly(one_number)

    assert versions(one_number) == {'_commit: "v2"'}
    assert "unreleased" not in (one_number / "src/base.py").read_text()
    assert check(one_number).outdated == {}
    fixed(small, ";", "v10")
    commit(one_number, "Updated")
    quietly(one_number)
    assert versions(one_number) == {'_commit: "v10"'}


# --- submodules, shallow clones --------------------------------------------------------------------


def test_the_files_of_a_submodule_are_those_of_the_version(
    small: SmallTemplate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gitconfig").write_text('[protocol "file"]\n\tallow = always\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    shared = tmp_path / "shared"
    shared.mkdir()
    git(shared, "init", "--quiet", "--initial-branch=main")
    (shared / "rules.txt").write_text("first\n")
    commit(shared, "First")
    git(small.folder, "submodule", "--quiet", "add", "../shared", "template/{{ platform }}/shared")
    small.release("v1.1.0")
    with plumbum.local.env(GIT_CONFIG_GLOBAL=str(tmp_path / "gitconfig")):
        made = small.repository(tmp_path / "repository", "sales", version="v1.1.0")
    (made / "shared/.git").unlink()  # Copier writes it
    git(made, "rm", "--cached", "-rq", "shared")
    commit(made, "Without the link to the submodule")
    assert (made / "shared/rules.txt").read_text() == "first\n"
    assert check(made).edited == {}
    (shared / "rules.txt").write_text("second\n")
    commit(shared, "Second")
    git(small.folder / "template/{{ platform }}/shared", "pull", "--quiet")
    small.release("v2.0.0")

    quietly(made)

    assert (made / "shared/rules.txt").read_text() == "second\n"
    assert not (made / "shared/.git").exists()
    assert versions(made) == {'_commit: "v2.0.0"'}


def test_a_shallow_template_is_named(
    small: SmallTemplate, repository: Path, tmp_path: Path
) -> None:
    fixed(small, ",", "v2.0.0")
    shallow = tmp_path / "shallow"
    address = f"file://{small.folder}"
    subprocess.run(["git", "clone", "-q", "--depth=1", address, shallow], check=True)

    with pytest.raises(GluecastError, match=r"shallow clone without it; .* git fetch --unshallow"):
        quietly(repository, template=str(shallow))

    git(shallow, "fetch", "--quiet", "--unshallow", "--tags")
    quietly(repository, template=str(shallow))
    assert versions(repository) == {'_commit: "v2.0.0"'}


# --- addresses, and questions ----------------------------------------------------------------------


def test_a_template_at_another_address_is_recorded_for_every_layer(
    small: SmallTemplate, repository: Path, tmp_path: Path
) -> None:
    edit_and_commit(repository, SALES, "line 05", "line 05, mine")
    fixed(small, ",", "v2.0.0")
    moved = small.folder.rename(tmp_path / "moved")

    with pytest.raises(
        GluecastError, match="if the template has moved: gluecast update --template"
    ):
        quietly(repository)
    report = quietly(repository, template=str(moved))

    assert not report.conflicts
    answers = [path.read_text() for path in (repository / ".copier-answers").glob("*.yml")]
    assert all(f'_src_path: "{moved}"' in text for text in answers)
    assert versions(repository) == {'_commit: "v2.0.0"'}
    assert "line 05, mine" in (repository / SALES).read_text()
    commit(repository, "Updated")
    assert not quietly(repository).versions


def test_an_address_alone_can_change(
    small: SmallTemplate, repository: Path, tmp_path: Path
) -> None:
    before = tree(repository)
    moved = small.folder.rename(tmp_path / "moved")

    quietly(repository, template=str(moved))

    changed = {path for path, file in tree(repository).items() if before[path] != file}
    assert changed == {".copier-answers/_platform.yml", ".copier-answers/sales.yml"}
    assert versions(repository) == {'_commit: "v1.0.0"'}


def test_a_template_at_a_url_can_be_the_new_address(small: SmallTemplate, repository: Path) -> None:
    fixed(small, ",", "v2.0.0")

    quietly(repository, template=f"file://{small.folder}")

    answers = (repository / ".copier-answers/sales.yml").read_text()
    assert f'_src_path: "file://{small.folder}"' in answers
    assert '_commit: "v2.0.0"' in answers


def test_the_answers_of_another_template_are_left_alone(
    small: SmallTemplate, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = repository / ".copier-answers/linters.yml"
    theirs.write_text("_commit: 1.2.3\n_src_path: gh:else/where\nproject: lake\n")
    commit(repository, "Another template")
    fixed(small, ",", "v2.0.0")

    assert {*check(repository).outdated} == {"_platform", "sales"}
    with pytest.raises(SystemExit) as ended:
        main(["update", str(repository)])

    assert ended.value.code == 0
    assert ".copier-answers/linters.yml is of another template" in capsys.readouterr().err
    assert "1.2.3" in theirs.read_text()
    assert '"v2.0.0"' in (repository / ".copier-answers/sales.yml").read_text()


@pytest.fixture
def with_question(small: SmallTemplate) -> SmallTemplate:
    """A version 2 that asks for a region, which has no default."""
    config = small.folder / "copier.yml"
    region = "region: {type: str, when: \"{{ layer == 'job' }}\"}\n"
    config.write_text(config.read_text() + region)
    small.replace(JOB, "line 02", "{{ region }}")
    small.release("v2.0.0")
    return small


def test_a_new_question_without_a_default_is_answered(
    with_question: SmallTemplate, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = tree(repository)

    def gluecast(*arguments: str) -> int:
        with pytest.raises(SystemExit) as ended:
            main(["update", str(repository), *arguments])
        return int(ended.value.code or 0)

    assert gluecast() == 1
    assert "expected an answer to region, which is new" in capsys.readouterr().err
    assert gluecast("--data", "regoin=eu") == 1
    assert "expected the name of a question, found regoin" in capsys.readouterr().err
    assert tree(repository) == before
    assert gluecast("--data", "region=eu") == 0

    assert "eu" in (repository / SALES).read_text().splitlines()
    assert 'region: "eu"' in (repository / ".copier-answers/sales.yml").read_text()
    assert "region" not in (repository / ".copier-answers/_platform.yml").read_text()
    assert gluecast("--data", "region=us") == 1
    assert "expected a newer version" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["job_name", "layer"])
def test_data_does_not_rename_a_job(small: SmallTemplate, repository: Path, name: str) -> None:
    fixed(small, ",", "v2.0.0")

    with pytest.raises(GluecastError, match="to rename one: gluecast rename"):
        quietly(repository, data={name: "other"})


def test_an_answer_that_is_not_recorded_gives_the_same_with_and_without_the_cache(
    small: SmallTemplate, tmp_path: Path
) -> None:
    config = small.folder / "copier.yml"
    config.write_text(config.read_text() + "word: {type: str, default: x, secret: true}\n")
    small.write("{{ platform }}/word.txt.jinja", "{{ word }}\nline 1\n")
    made = small.repository(tmp_path / "repository", "sales")
    small.release("v2.0.0")
    quietly(made, data={"word": "mine"})
    commit(made, "v2")
    small.write("{{ platform }}/word.txt.jinja", "{{ word }}\nline 1\nline 2\nline 3\n")
    small.release("v3.0.0")

    quietly(made)

    assert "mine" in (made / "word.txt").read_text()


def test_the_folder_behind_the_jobs_is_no_job(
    small: SmallTemplate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.repository(tmp_path / "lake", "sales", "orders")
    fixed(small, ",", "v2.0.0")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SystemExit) as ended:
        main(["update", "--only", "_platform", "sales", "lake"])

    assert ended.value.code == 0
    assert versions(tmp_path / "lake") == {'_commit: "v1.0.0"', '_commit: "v2.0.0"'}


# --- comments in the answers -----------------------------------------------------------------------


COMMENTED = """\
# Ours since May.
_commit: "v1.0.0"  # pinned until the audit
_src_path: "{address}"
# Which job?
job_name: "sales" # "#1", they say
layer: "job"
# The end.
"""


def test_comments_in_the_answers_stay(small: SmallTemplate, repository: Path) -> None:
    answers = repository / ".copier-answers/sales.yml"
    answers.write_text(COMMENTED.format(address=small.folder))
    commit(repository, "Comments")
    fixed(small, ",", "v2.0.0")

    quietly(repository)

    assert answers.read_text() == COMMENTED.format(address=small.folder).replace("v1.0.0", "v2.0.0")


ANSWER = '_commit: "v2"\n_src_path: "/t"\njob_name: "sales"\nlist: ["a", "b"]\ntext: "one\\ntwo"\n'


@pytest.mark.parametrize(
    ("ours", "kept"),
    [
        ('\ufeff# first\n_commit: "v1"\n', ["# first"]),
        ('_commit: "v1"\r\njob_name: "sales"  # crlf\r\n', ['job_name: "sales"  # crlf\n']),
        (
            '_commit: "v1"\nlist:\n  # why\n  - a  # one\n  - b\njob_name: x\n',
            ['# why\nlist: ["a", "b"]  # one'],
        ),
        ('_commit: "v1"\nlist: [a,  # one\n  b]  # two\n', ['list: ["a", "b"]  # one  # two']),
        ('_commit: "v1"\ntext: |  # head\n  one\n  # no comment\njob_name: x\n', ["# head"]),
        ('_commit: "v1 # none"  # one\n', ['_commit: "v2"  # one\n']),
        ('# a\n\n# b\n_commit: "v1"\ngone: 1  # c\n# d\n', ["# a\n# b\n_commit", "# c", "# d"]),
        ('_commit: "v1"\t# tab\n# full\n', ["# full"]),
    ],
)
def test_every_comment_stays_and_no_value_changes(ours: str, kept: list[str]) -> None:
    result = with_comments(ours.encode(), ANSWER.encode()).decode()

    assert yaml.safe_load(result) == yaml.safe_load(ANSWER)
    for each in kept:
        assert each in result
    assert "no comment" not in result


def test_comments_made_amid_conflicts_stay(small: SmallTemplate, repository: Path) -> None:
    from gluecast.update.update import continue_update

    edit_and_commit(repository, SALES, "line 02", "line 02, mine")
    fixed(small, ",", "v2.0.0")
    quietly(repository)
    answers = repository / ".copier-answers/sales.yml"
    edit(repository, ".copier-answers/sales.yml", '"v1.0.0"', '"v1.0.0"  # soon v2')
    git(repository, "checkout", "--ours", SALES)
    git(repository, "add", SALES)

    continue_update(repository)

    assert '_commit: "v2.0.0"  # soon v2\n' in answers.read_text()


def test_answers_that_were_changed_amid_conflicts_are_not_overwritten(
    small: SmallTemplate, repository: Path
) -> None:
    from gluecast.update.update import continue_update

    edit_and_commit(repository, SALES, "line 02", "line 02, mine")
    fixed(small, ",", "v2.0.0")
    quietly(repository)
    edit(repository, ".copier-answers/sales.yml", '"sales"', '"sold"')
    git(repository, "checkout", "--ours", SALES)
    git(repository, "add", SALES)
    before = tree(repository)

    with pytest.raises(GluecastError, match="found another job_name"):
        continue_update(repository)

    assert tree(repository) == before


def test_an_answer_that_the_template_no_longer_has_keeps_its_comment(
    small: SmallTemplate, tmp_path: Path
) -> None:
    config = small.folder / "copier.yml"
    config.write_text(config.read_text() + "owner: {type: str, default: me}\n")
    small.write("{{ _copier_conf.answers_file }}.jinja", ANSWERS)
    small.release("v1.1.0")
    made = small.repository(tmp_path / "repository", "sales", version="v1.1.0")
    edit_and_commit(made, ".copier-answers/sales.yml", 'owner: "me"', 'owner: "me"  # ask Ann')
    edit_and_commit(made, ".copier-answers/sales.yml", '"v1.1.0"', '"v1.1.0"  # pinned')
    config.write_text(config.read_text().replace("owner: {type: str, default: me}\n", ""))
    fixed(small, ",", "v2.0.0")

    quietly(made)

    text = (made / ".copier-answers/sales.yml").read_text()
    assert '_commit: "v2.0.0"  # pinned' in text
    assert "ask Ann" in text
