"""What the README names is there, and the questions are on their page."""

import re
import subprocess
import sys

import yaml

from gluecast.template.bundled import TEMPLATE_ROOT
from tasks.examples import RENDERED

README = (TEMPLATE_ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (TEMPLATE_ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
QUESTIONS = (TEMPLATE_ROOT / "docs/questions.md").read_text(encoding="utf-8")


def tasks() -> list[str]:
    """The names in the list of tasks that `python3 generator` prints."""
    command = [sys.executable, "generator", "help"]
    ran = subprocess.run(command, cwd=TEMPLATE_ROOT, capture_output=True, text=True, check=True)
    return re.findall(r"^  ([\w-]+) ", ran.stdout, re.MULTILINE)


def test_every_task_that_is_named_exists() -> None:
    named = set(re.findall(r"python3 generator ([\w-]+)", README + CONTRIBUTING))

    assert {"demo", "test", "examples"} <= named - {"help"} <= set(tasks())


def test_an_unknown_task_lists_the_known_ones_and_exits_with_2() -> None:
    command = [sys.executable, "generator", "no_such_task"]
    ran = subprocess.run(command, cwd=TEMPLATE_ROOT, capture_output=True, text=True, check=False)

    assert ran.returncode == 2
    assert "demo" in ran.stdout


def test_make_knows_every_task() -> None:
    makefile = (TEMPLATE_ROOT / "Makefile").read_text()

    assert re.findall(r"^TASKS := (.*)$", makefile, re.MULTILINE) == [" ".join(tasks())]


def test_a_rendered_readme_is_short_and_leads_with_the_first_day() -> None:
    readme = (RENDERED / "README.md").read_text()
    *_, day, rest = readme.split("\n## ", 2)

    assert len(readme.splitlines()) < 90
    assert re.findall(r"^(\d)\. ", day, re.MULTILINE) == ["1", "2", "3"]
    assert "Java 17 to 22" in day
    assert "gluecast docs" in day
    assert rest


def test_the_readme_says_that_spark_needs_a_java_before_the_first_command_that_does() -> None:
    assert README.index("Java 17 to 22") < README.index("make setup")


def test_every_make_target_of_the_rendered_pages_exists() -> None:
    pages = [RENDERED / "README.md", *(RENDERED / "docs").glob("*.md")]
    readme, makefile = (
        "".join(page.read_text() for page in pages),
        (RENDERED / "Makefile").read_text(),
    )
    targets = set(re.findall(r"^([a-z0-9-]+):.*?## ", makefile, re.MULTILINE))

    named = set(re.findall(r"(?:^ {4}|`)make ([a-z0-9-]+)", readme, re.MULTILINE))

    assert named <= targets
    assert len(named) > 10


def test_every_question_is_documented_with_its_default() -> None:
    questions = yaml.safe_load((TEMPLATE_ROOT / "copier.yml").read_text())
    asked = {
        name
        for name, question in questions.items()
        if isinstance(question, dict) and "help" in question
    }

    assert set(re.findall(r"^\| `(\w+)` \|", QUESTIONS, re.MULTILINE)) == asked


def test_every_format_is_documented() -> None:
    questions = yaml.safe_load((TEMPLATE_ROOT / "copier.yml").read_text())
    [row] = re.findall(r"^\| `format` .*$", QUESTIONS, re.MULTILINE)

    for name in yaml.safe_load(questions["formats"]["default"]):
        assert f"`{name}`" in row


def test_continuous_integration_runs_the_test_command() -> None:
    assert "python3 generator test" in (TEMPLATE_ROOT / ".ci/run").read_text()
