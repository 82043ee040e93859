"""A reader of the documentation, who types what it says."""

import hashlib
import os
import pty
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gluecast.template.bundled import TEMPLATE_ROOT, published

BIN = Path(sys.executable).parent
_PAUSE = 0.4


@dataclass
class Reader:
    """Types commands one after another, and follows ``cd``.

    folder: where the reader stands. environment: of the commands. jobs: what the reader answers when
    the template asks for the name of a job; all other questions get their default.
    """

    folder: Path
    environment: Mapping[str, str]
    jobs: list[str] = field(default_factory=lambda: ["sales_etl", "customer_import"])

    def types(self, command: str, codes: Iterable[int] = (0,)) -> str:
        """Run a command; gives what it prints.

        Raises:
            AssertionError: it left with another exit code than these.
        """
        if command.startswith("cd "):
            self.folder = (self.folder / command.removeprefix("cd ")).resolve(strict=True)
            return ""
        if command.startswith("make "):
            equip(self.folder)
        code, printed = self._asked(command) if _asks(command) else self._run(command)
        assert code in codes, f"{command}\nleft with {code}, in {self.folder}:\n{printed}"
        return printed

    def _run(self, command: str) -> tuple[int, str]:
        ran = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return ran.returncode, ran.stdout

    def _asked(self, command: str) -> tuple[int, str]:
        """Run a command that asks, on a terminal: Enter at every pause but for a job's name."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            ["bash", "-c", command],
            cwd=self.folder,
            env=dict(self.environment),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        named = command.startswith("copier update")
        printed, deadline = b"", time.monotonic() + 120
        while time.monotonic() < deadline:
            ready, _, _ = select.select([ours], [], [], _PAUSE)
            try:
                if ready:
                    printed += os.read(ours, 65536)
                elif process.poll() is not None:
                    break
                elif named or b"Job name" in printed:
                    os.write(ours, b"\r" if named else f"{self.jobs.pop(0)}\r".encode())
                    named = True
            except OSError:  # the other side is closed
                break
        os.close(ours)
        return process.wait(timeout=10), printed.decode(errors="replace")


def environment(template: Path, folder: Path) -> dict[str, str]:
    """What a reader's shell has: this project's commands, and the template at its address."""
    foreign = ("VIRTUAL_ENV", "PYTHONPATH", "MAKEFLAGS", "MAKELEVEL", "JOB", "ENV", "FILE")
    inherited = {name: value for name, value in os.environ.items() if name not in foreign}
    author = {
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "reader"), ("EMAIL", "reader@localhost"))
    }
    return {
        **inherited,
        **author,
        **published(template, cache=folder / "cache"),
        "PATH": os.pathsep.join([str(_own_pip(folder)), str(BIN), inherited["PATH"]]),
        "PROMPT_TOOLKIT_NO_CPR": "1",
        "TERM": "xterm",
        "COLUMNS": "200",
    }


def _own_pip(folder: Path) -> Path:
    """A pip that installs into an environment of its own, made when it is first used.

    The dependencies are left out: they are what this environment has.
    """
    tools, own = folder / "tools", folder / "installed"
    tools.mkdir()
    script = f'[ -d "{own}" ] || "{sys.executable}" -m venv "{own}"'
    script += f'\nexec "{own}/bin/python" -m pip "$@" --no-deps --quiet'
    (tools / "pip").write_text(f"#!/bin/sh\n{script}\n")
    (tools / "pip").chmod(0o755)
    return tools


def equip(repository: Path) -> None:
    """Give a rendered repository the environment of this project in place of one of its own.

    It has the same packages; tests/repository/test_make.py compares their pins, and runs make setup.
    """
    own = repository / ".venv"
    if own.exists() or not (repository / "src/glue_runtime").is_dir():
        return
    (own / "bin").mkdir(parents=True)
    path = f"{repository / 'src'}{os.pathsep}$PYTHONPATH"
    for name, words in {
        "python": sys.executable,
        "ruff": shutil.which("ruff", path=str(BIN)),
    }.items():
        script = own / "bin" / name
        script.write_text(f'#!/bin/sh\nPYTHONPATH="{path}" exec "{words}" "$@"\n')
        script.chmod(0o755)
    for stamp in ("ready", "operations", "infra", "e2e"):
        (own / stamp).touch()


def clone(target: Path) -> Path:
    """A clone of this project, with what is not committed, and an origin of its own."""
    origin = target.with_suffix(".git")
    for words in (["--bare", str(TEMPLATE_ROOT), str(origin)], [str(origin), str(target)]):
        subprocess.run(["git", "clone", "--quiet", *words], check=True)
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=TEMPLATE_ROOT, check=True, capture_output=True, text=True)
    for name in filter(None, names.stdout.split("\0")):
        if (TEMPLATE_ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(TEMPLATE_ROOT / name, target / name)
        else:
            (target / name).unlink(missing_ok=True)
    return target


def equip_clone(target: Path) -> Path:
    """Give a clone the environment of this project, as the first task of a contributor makes it."""
    (target / ".venv/bin").mkdir(parents=True)
    _script(target / ".venv/bin/python", sys.executable, str(target / "generator"))
    recipe = (target / "pyproject.toml").read_bytes() + f"{target} {sys.version}".encode()
    (target / ".venv/ready").write_text(hashlib.sha256(recipe).hexdigest())
    return target


def _script(path: Path, program: str, python_path: str) -> None:
    path.write_text(f'#!/bin/sh\nPYTHONPATH="{python_path}" exec "{program}" "$@"\n')
    path.chmod(0o755)


def _asks(command: str) -> bool:
    words = command.split()
    asking = words[:2] in (["copier", "copy"], ["copier", "update"], ["gluecast", "new"])
    return asking and not {"--defaults", "--help"} & set(words)
