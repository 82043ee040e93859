"""gluecast new: the right repository, the right template, no answer that goes nowhere."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from prompt_toolkit.application import create_app_session
from prompt_toolkit.document import Document
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput
from prompt_toolkit.validation import ValidationError

from gluecast.errors import GluecastError
from gluecast.jobs.check import check
from gluecast.jobs.new import new, next_steps
from gluecast.repository.layers import read_layers
from gluecast.template.bundled import commit
from gluecast.template.versions import RELEASES
from gluecast.terminal.questions import ask_text
from gluecast.update.update import update
from small_template import SmallTemplate, git, tree


@pytest.fixture
def small(tmp_path: Path) -> SmallTemplate:
    return SmallTemplate(tmp_path / "template")


@pytest.fixture
def repository(small: SmallTemplate, tmp_path: Path) -> Path:
    return small.repository(tmp_path / "repository", "sales")


def test_in_a_folder_of_a_repository_the_job_goes_to_the_repository(repository: Path) -> None:
    found, jobs = new(repository / "src/jobs", data={"job_name": "orders"}, defaults=True)

    assert (found, jobs) == (repository, ["orders"])
    assert not (repository / "src/jobs/.copier-answers").exists()


def test_the_next_job_is_of_the_platforms_template_and_version(
    small: SmallTemplate, repository: Path
) -> None:
    small.replace("{{ platform }}/src/base.py", "line 02", "newer")
    commit(small.folder, "Newer", tag="v9.0.0")

    new(repository, data={"job_name": "orders"}, defaults=True)

    layers = read_layers(repository)
    assert len({(layer.source, layer.version) for layer in layers}) == 1
    assert "newer" not in (repository / "src/base.py").read_text()


def test_a_release_whose_tag_did_not_arrive_is_taken(small: SmallTemplate, tmp_path: Path) -> None:
    sha = git(small.folder, "rev-parse", "HEAD").strip()
    (small.folder / RELEASES).write_text(f"v5.0.0 {sha}\n")
    commit(small.folder, "Name the release")

    repository, _ = new(
        tmp_path / "new",
        template=str(small.folder),
        ref="v5.0.0",
        data={"job_name": "orders"},
        defaults=True,
    )

    assert not (repository / RELEASES).exists()
    with pytest.raises(GluecastError, match=r"found v6.0.0; its releases: .*v5.0.0"):
        new(tmp_path / "no", template=str(small.folder), ref="v6.0.0", data={}, defaults=True)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            {"shedule": "none"},
            "expected the name of a question, found shedule; .*are layer, job_name$",
        ),
        ({"layer": "job"}, "expected layer=platform, as all jobs of the repository have it, found"),
    ],
)
def test_an_answer_that_would_go_nowhere_is_refused_and_nothing_is_written(
    repository: Path, data: dict[str, str], message: str
) -> None:
    before = tree(repository)

    with pytest.raises(GluecastError, match=message):
        new(repository, data={"job_name": "orders", **data}, defaults=True)

    assert tree(repository) == before


def test_no_job_is_added_while_an_update_has_conflicts(
    small: SmallTemplate, repository: Path
) -> None:
    (repository / "src/base.py").write_text("ours\n")
    commit(repository, "Ours")
    small.replace("{{ platform }}/src/base.py", "line 01", "theirs")
    commit(small.folder, "Theirs", tag="v9.0.0")
    assert update(repository, say=lambda line: None).conflicts

    with pytest.raises(GluecastError, match="expected no unfinished update"):
        new(repository, data={"job_name": "orders"}, defaults=True)


def test_the_next_steps_are_those_that_are_left(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository)

    steps = next_steps(repository, ["sales"])

    assert "cd " not in steps
    assert "git init" not in steps
    assert str(repository) in steps


def test_a_job_that_cannot_be_written_leaves_nothing(
    small: SmallTemplate, repository: Path
) -> None:
    """A file in its way, which is written after its answers, its module and its data."""
    for path in ("data/{{ job_name }}/{{ job_name }}.csv", "zz.txt.jinja"):
        small.write("{{ job }}/" + path, "of {{ job_name }}\n")
    commit(small.folder, "More files")
    (repository / "zz.txt").write_text("mine\n")
    before = tree(repository)
    folders = {path for path in repository.rglob("*") if path.is_dir()}

    with pytest.raises(GluecastError):
        new(
            repository,
            template=str(small.folder),
            ref="main",
            data={"job_name": "orders"},
            defaults=True,
        )

    assert tree(repository) == before
    assert {path for path in repository.rglob("*") if path.is_dir()} == folders


def test_a_template_with_uncommitted_changes_is_taken_by_its_commit_alone(
    small: SmallTemplate, tmp_path: Path
) -> None:
    git(small.folder, "tag", "--delete", "v1.0.0")
    small.write("{{ platform }}/src/base.py", "not committed\n")
    asked = {"template": str(small.folder), "data": {"layer": "platform"}, "defaults": True}

    with pytest.raises(GluecastError, match=r"uncommitted changes, found some in .*--to HEAD"):
        new(tmp_path / "new", **asked)  # type: ignore[arg-type]
    assert not (tmp_path / "new").exists()

    new(tmp_path / "new", ref="HEAD", **asked)  # type: ignore[arg-type]

    assert "not committed" not in (tmp_path / "new/src/base.py").read_text()
    assert git(small.folder, "rev-parse", "HEAD").startswith(
        read_layers(tmp_path / "new")[0].version
    )


def test_a_template_that_cannot_be_reached_is_named_and_so_is_the_way_out(tmp_path: Path) -> None:
    address = "http://127.0.0.1:1/gluecast.git"

    with pytest.raises(
        GluecastError, match=rf"expected the template at {address}.*--template PATH"
    ):
        new(tmp_path / "lake", template=address, data={"job_name": "sales"}, defaults=True)

    assert not (tmp_path / "lake").exists()


@pytest.fixture
def typed() -> Iterator[Callable[[str], None]]:
    """Types at a terminal; ``\r`` is Enter."""
    with create_pipe_input() as keyboard, create_app_session(input=keyboard, output=DummyOutput()):
        yield keyboard.send_text


def test_what_is_typed_takes_the_place_of_a_default_and_enter_accepts_it(
    template: Path, tmp_path: Path, typed: Callable[[str], None]
) -> None:
    typed("orders_import\rlanding/orders/\r\r\rrate(1 day)\r\r\rmy-lake\r\r\r\r")

    repository, jobs = new(tmp_path / "lake", template=str(template), data={})

    platform, job = read_layers(repository)
    assert jobs == ["orders_import"]
    assert job.recorded["prefix"] == "landing/orders/"
    assert (job.recorded["suffix"], job.recorded["format"]) == (".csv", "csv")
    assert (job.recorded["schedule"], job.recorded["timezone"]) == ("rate(1 day)", "UTC")
    assert platform.recorded["lake_prefix"] == "my-lake"
    assert platform.recorded["environments"] == ["dev", "prod"]


def test_an_answer_that_is_refused_can_be_typed_again(
    template: Path, tmp_path: Path, typed: Callable[[str], None]
) -> None:
    """Ctrl-U deletes what was typed."""
    typed("Orders\r\x15orders\r")

    others = {"prefix": "o/", "suffix": ".csv", "format": "csv", "schedule": "none"}
    platform = {"project_name": "ab", "lake_prefix": "ab", "region": "eu-west-1"}
    data = {**others, **platform, "environments": "[dev]", "glue_version": "5.1"}
    _, jobs = new(tmp_path / "lake", template=str(template), data=data)

    assert jobs == ["orders"]


def test_the_error_at_a_terminal_begins_with_what_was_expected() -> None:
    question = ask_text("Job", validate=lambda _: "Validation error for question 'job': expected a")

    [validator] = [question.application.current_buffer.validator]
    assert validator is not None
    with pytest.raises(ValidationError) as refused:
        validator.validate(Document("x"))
    assert refused.value.message == "expected a"


def test_a_readme_and_a_gitignore_that_are_there_stay(template: Path, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    (tmp_path / ".gitignore").write_text(".venv/\n")
    said: list[str] = []
    answers = {"template": str(template), "data": {"job_name": "sales"}, "defaults": True}

    repository, _ = new(tmp_path, say=said.append, **answers)  # type: ignore[arg-type]

    assert (tmp_path / "README.md").read_text() == "mine"
    assert (tmp_path / ".gitignore").read_text() == ".venv/\n"
    assert said[0] == ".gitignore stays as it is."
    assert ".local-lake/" in said[1]
    assert ".venv/" not in said[1]
    git(repository, "init", "--quiet")
    commit(repository, "All of it")
    found = check(repository)
    assert (found.edited, found.problems) == ({}, [])


def test_other_files_in_the_way_are_refused_at_once_and_all_of_them(
    template: Path, tmp_path: Path
) -> None:
    for name in ("Makefile", "pyproject.toml", "README.md", "notes.txt"):
        (tmp_path / name).write_text("mine")
    before = tree(tmp_path)

    with pytest.raises(GluecastError, match=r"found Makefile, pyproject.toml in .*; move them"):
        new(tmp_path, template=str(template), data={"job_name": "sales"}, defaults=True)

    assert tree(tmp_path) == before


def test_a_job_for_the_uploads_of_another_one_is_refused(template: Path, tmp_path: Path) -> None:
    of_template = {"template": str(template), "defaults": True}
    new(tmp_path, data={"job_name": "sales"}, **of_template)  # type: ignore[arg-type]
    rule = tmp_path / "infrastructure/jobs/sales.tf"
    rule.write_text(rule.read_text().replace('"sales/"', '"landing/"'))
    before = tree(tmp_path)

    for prefix, suffix in [("landing/", ".csv"), ("landing/eu/", "_full.csv")]:
        with pytest.raises(GluecastError, match=r"found landing/\*\.csv of sales"):
            answers = {"job_name": "orders", "prefix": prefix, "suffix": suffix}
            new(tmp_path, data=answers, **of_template)  # type: ignore[arg-type]

    assert tree(tmp_path) == before


def test_a_terraform_file_of_someone_else_is_not_overwritten(
    template: Path, tmp_path: Path
) -> None:
    of_template = {"template": str(template), "defaults": True}
    new(tmp_path, data={"job_name": "sales"}, **of_template)  # type: ignore[arg-type]
    (tmp_path / "infrastructure/jobs/orders.tf").write_text("# mine\n")

    with pytest.raises(GluecastError, match=r"found infrastructure/jobs/orders\.tf \(or move"):
        new(tmp_path, data={"job_name": "orders"}, **of_template)  # type: ignore[arg-type]


def test_a_wrong_name_lists_the_questions_that_are_asked(template: Path, tmp_path: Path) -> None:
    with pytest.raises(GluecastError, match="found prefx; the questions are ") as refused:
        new(tmp_path, template=str(template), data={"prefx": "a/"}, defaults=True)

    listed = str(refused.value).rpartition("are ")[2].split(", ")
    questions = yaml.safe_load((template / "copier.yml").read_text())
    assert listed == [name for name, form in questions.items() if "help" in form]
