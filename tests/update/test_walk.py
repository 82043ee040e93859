"""The walk of docs/updating.md: every command is run, in one shell, and prints what the page shows."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from gluecast.template.bundled import TEMPLATE_ROOT, published
from gluecast.update.merge import MEANING
from tools import needs

PAGE = (TEMPLATE_ROOT / "docs/updating.md").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Step:
    """A command of the page, and what it shows; nothing where the page shows nothing."""

    command: str
    output: str


def steps(page: str) -> list[Step]:
    """The commands of the blocks `console`, in their order."""
    found = []
    for indent, block in re.findall(
        r"^( *)```console\n(.*?)^ *```", page, re.MULTILINE | re.DOTALL
    ):
        text = "\n".join(line.removeprefix(indent) for line in block.splitlines())
        for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append(Step(command, output.rstrip("\n")))
    return found


def run_in_one_shell(walk: list[Step], folder: Path, environment: dict[str, str]) -> list[str]:
    """What each command prints; what it says on standard error goes to a file beside that."""
    outputs = [folder / f"output-{number}" for number in range(len(walk))]
    script = "\n".join(
        f"{{ {step.command}\n}} > '{output}' 2> '{output}.err'"
        for step, output in zip(walk, outputs, strict=True)
    )
    (folder / "walk").mkdir()
    subprocess.run(["bash", "-c", script], cwd=folder / "walk", env=environment, check=False)
    assert not any("Traceback" in path.read_text() for path in folder.glob("output-*.err"))
    return [output.read_text().rstrip("\n") for output in outputs]


@needs("make", to="run the repository's tests")
def test_every_command_of_the_page_prints_what_the_page_shows(
    template: Path, tmp_path: Path
) -> None:
    foreign = ("VIRTUAL_ENV", "PYTHONPATH", "MAKEFLAGS", "MAKELEVEL")
    environment = {name: value for name, value in os.environ.items() if name not in foreign}
    environment |= published(template, cache=tmp_path / "cache")
    environment |= {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        **{f"GIT_{who}_NAME": "walker" for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_EMAIL": "walker@localhost" for who in ("AUTHOR", "COMMITTER")},
    }
    walk = steps(PAGE)
    assert {
        "gluecast check",
        "gluecast update --dry-run",
        "gluecast update",
        "make setup lint test",
        "gluecast update --abort",
        "gluecast update --continue",
        "gluecast rename sales_etl sales",
    } <= {step.command for step in walk}

    printed = run_in_one_shell(walk, tmp_path, environment)

    shown = [(step.command, step.output) for step in walk if step.output]
    assert [
        (step.command, output) for step, output in zip(walk, printed, strict=True) if step.output
    ] == shown, printed


def test_the_page_explains_every_kind_of_change() -> None:
    for kind, meaning in MEANING.items():
        assert f"| {kind} | {meaning} |" in PAGE
