"""A small template of two layers with releases, and repositories rendered from it."""

import subprocess
from pathlib import Path

import copier

from gluecast.template.bundled import commit
from gluecast.update.report import Report
from gluecast.update.update import update

COPIER_YML = """\
_subdirectory: template
_answers_file: ".copier-answers/{{ '_platform' if layer | default('job') == 'platform' else job_name | default('') }}.yml"
_skip_if_exists: [once.txt]
layer: {type: str, choices: [job, platform], default: job}
job_name:
  type: str
  when: "{{ layer == 'job' }}"
  validator: "{{ 'expected lower case' if job_name != job_name | lower }}"
platform: {type: str, when: false, default: "{{ '.' if layer == 'platform' else '' }}"}
job: {type: str, when: false, default: "{{ '.' if layer == 'job' else '' }}"}
"""
ANSWERS = "{% for name, value in _copier_answers.items() %}{{ name }}: {{ value | to_json }}\n{% endfor %}"
JOB = "{{ job }}/src/jobs/{{ job_name }}.py.jinja"
BASE = "{{ platform }}/src/base.py"
LINES = "".join(f"line {number:02}\n" for number in range(1, 21))


class SmallTemplate:
    """A template's repository. `write` and `remove` change a file; `release` commits and tags."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        git(folder, "init", "--quiet", "--initial-branch=main")
        (folder / "copier.yml").write_text(COPIER_YML)
        self.write("{{ _copier_conf.answers_file }}.jinja", ANSWERS)
        self.write(BASE, LINES)
        self.write("{{ platform }}/once.txt", "first\n")
        self.write(JOB, "# {{ job_name }}\n" + LINES)
        self.write("{{ job }}/tests/test_{{ job_name }}.py.jinja", "# {{ job_name }}\n" + LINES)
        self.release("v1.0.0")

    def write(self, path: str, text: str | bytes) -> None:
        target = self.folder / "template" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode() if isinstance(text, str) else text)

    def replace(self, path: str, old: str, new: str) -> None:
        text = (self.folder / "template" / path).read_text()
        assert old in text
        self.write(path, text.replace(old, new))

    def move(self, path: str, target: str) -> None:
        text = (self.folder / "template" / path).read_bytes()
        self.remove(path)
        self.write(target, text)

    def remove(self, path: str) -> None:
        (self.folder / "template" / path).unlink()

    def release(self, tag: str) -> None:
        commit(self.folder, tag, tag)

    def repository(self, folder: Path, *jobs: str, version: str = "v1.0.0") -> Path:
        """A committed repository of the platform and these jobs, at one version."""
        copy = {"defaults": True, "quiet": True, "vcs_ref": version}
        copier.run_copy(str(self.folder), folder, {"layer": "platform"}, **copy)
        for job in jobs:
            copier.run_copy(str(self.folder), folder, {"job_name": job}, **copy)
        git(folder, "init", "--quiet", "--initial-branch=main")
        commit(folder, "All of it")
        return folder


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def tree(repository: Path) -> dict[str, tuple[str, bytes]]:
    """Mode and content of every file of a work tree, but for git's own."""
    found = {}
    for path in sorted(repository.rglob("*")):
        name = path.relative_to(repository).as_posix()
        if name.split("/")[0] == ".git" or (path.is_dir() and not path.is_symlink()):
            continue
        if path.is_symlink():
            found[name] = ("link", str(path.readlink()).encode())
        else:
            found[name] = ("x" if path.stat().st_mode & 0o100 else "-", path.read_bytes())
    return found


def edit(repository: Path, path: str, old: str, new: str) -> None:
    target = repository / path
    text = target.read_text()
    assert old in text
    target.write_text(text.replace(old, new))


def edit_and_commit(repository: Path, path: str, old: str, new: str) -> None:
    edit(repository, path, old, new)
    commit(repository, "An edit")


def quietly(*arguments: object, **options: object) -> Report:
    return update(*arguments, say=lambda line: None, **options)  # type: ignore[arg-type]


def versions(repository: Path) -> set[str]:
    files = (repository / ".copier-answers").glob("*.yml")
    return {line for file in files for line in file.read_text().splitlines() if "_commit" in line}


def conflict(small: SmallTemplate, repository: Path) -> Report:
    """A conflict in sales, and a fix for all."""
    edit_and_commit(repository, "src/jobs/sales.py", "line 02", "line 02, mine")
    small.replace(JOB, "line 02", "line 02, fixed")
    small.write("{{ job }}/docs/{{ job_name }}.md", "new\n")
    small.release("v2.0.0")
    return quietly(repository)


KILLED = """
import os, sys
from pathlib import Path
import gluecast.repository.disk as disk
from gluecast.update.update import update

replace, left = os.replace, int(sys.argv[2])
def replace_then_die(source, target):
    global left
    replace(source, target)
    left -= 1
    if not left:
        os.kill(os.getpid(), int(sys.argv[3]))
disk.os.replace = replace_then_die
update(Path(sys.argv[1]))
"""
