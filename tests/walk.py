"""A walk: the commands in the blocks `console` of a page, run in one shell, and what they print."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from gluecast.template.bundled import published


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


def walker(template: Path, folder: Path) -> dict[str, str]:
    """The environment of somebody who finds this template at its address, and has this project's commands."""
    foreign = ("VIRTUAL_ENV", "PYTHONPATH", "MAKEFLAGS", "MAKELEVEL")
    environment = {name: value for name, value in os.environ.items() if name not in foreign}
    return {
        **environment,
        **published(template, cache=folder / "cache"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        **{f"GIT_{who}_NAME": "walker" for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_EMAIL": "walker@localhost" for who in ("AUTHOR", "COMMITTER")},
    }
