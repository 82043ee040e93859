"""Updating all jobs at once, beside one `copier update` and commit for each, and beside the floor.

    python3 generator bench-update [JOBS ...]

In one run, interleaved: `gluecast update`; the loop over `copier update --defaults -a ...` and
`git commit` (on a sample of layers, scaled to all); the floor, which renders the changed templates
with bare Jinja and calls `git merge-tree` once; what has nothing to do; `gluecast check`, the first
time and when what the template wrote is remembered, as an update finds it too; `gluecast list`. CPU is that of the
process and of everything it started.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gluecast.repository.layers import Layer
from gluecast.template.bundled import commit, snapshot
from gluecast.template.renderer import Renderer
from gluecast.template.source import open_source
from gluecast.terminal.tables import table

SAMPLE = 4
"""Layers that the loop is measured on."""

FLOOR = """
import subprocess, sys
from pathlib import Path
import jinja2
repository, old, new, jobs = Path(sys.argv[1]), *map(Path, sys.argv[2:4]), int(sys.argv[4])
environment = jinja2.Environment(keep_trailing_newline=True)
for template in (old, new):
    text = (template / "template/{{ job }}/src/jobs/{{ job_name }}.py.jinja").read_text()
    compiled = environment.from_string(text)
    for number in range(jobs):
        compiled.render(job_name=f"job{number}", prefix=f"job{number}/", suffix=".csv", format="csv",
                        job_class="Job", source_name=f"job{number}", samples="csv")
subprocess.run(["git", "merge-tree", "--write-tree", "HEAD", "HEAD~1"], cwd=repository, check=True, capture_output=True)
"""


@dataclass(frozen=True)
class Cost:
    """Wall and CPU seconds, peak memory in MB."""

    wall: float
    cpu: float
    memory: float


def main(arguments: Sequence[str]) -> None:
    sizes = [int(argument) for argument in arguments] or [1, 10, 100, 1000]
    rows = []
    with tempfile.TemporaryDirectory(prefix="gluecast-bench-") as folder:
        template, versions = _template(Path(folder))
        for jobs in sizes:
            rows += _measured(jobs, template, versions, Path(folder))
    print(table(("jobs", "what", "wall s", "CPU s", "MB", "CPU / gluecast's"), rows, range(2, 6)))


def _template(folder: Path) -> tuple[Path, list[Path]]:
    """The working tree as v1; as v2 with a fix in the base class and in every job."""
    template = snapshot(folder / "template", tag="v1.0.0")
    old = shutil.copytree(template, folder / "old")
    for name in (
        "{{ job }}/src/jobs/{{ job_name }}.py.jinja",
        "{{ platform }}/src/glue_runtime/base_job.py",
    ):
        path = template / "template" / name
        path.write_text(path.read_text() + "\n# A fix of v2.\n")
    commit(template, "A fix", tag="v2.0.0")
    return template, [old, template]


def _repository(jobs: int, template: Path, folder: Path) -> Path:
    """A repository of v1 with so many jobs, every tenth of them edited by hand."""
    repository, scratch = folder / f"repository{jobs}", folder / f"scratch{jobs}"
    for each in (repository, scratch):
        each.mkdir()
    source = open_source(str(template), repository, scratch)
    renderer = Renderer(source.checkout(source.resolve("v1.0.0")))
    layers = [("_platform", {"layer": "platform"})]
    layers += [(f"job{n}", {"layer": "job", "job_name": f"job{n}"}) for n in range(jobs)]
    for name, answers in layers:
        layer = Layer(name, str(template), "v1.0.0", {**answers, "occasion": "update"})
        for path, file in renderer.render(layer, repository, strict=True).files.items():
            target = repository / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.data)
    _git(repository, "init", "--quiet")
    commit(repository, "All of it")
    for number in range(0, jobs, 10):
        module = repository / f"src/jobs/job{number}.py"
        module.write_text(module.read_text().replace("F.lower", "F.upper"))
    commit(repository, "Edits")
    return repository


def _measured(
    jobs: int, template: Path, versions: list[Path], folder: Path
) -> list[tuple[str, ...]]:
    repository = _repository(jobs, template, folder)
    python, layers = sys.executable, jobs + 1
    gluecast = [python, "-m", "gluecast.cli"]
    floor = [python, "-c", FLOOR, str(repository), *map(str, versions), str(jobs)]
    costs: dict[str, list[Cost]] = {}

    def run(name: str, command: list[str], scale: float = 1, codes: tuple[int, ...] = (0,)) -> None:
        costs.setdefault(name, []).append(_cost(command, repository, scale, codes))

    for _ in range(1 if jobs > 100 else 3):
        run("import copier", [python, "-c", "import copier"])
        shutil.rmtree(repository / ".git/gluecast", ignore_errors=True)
        codes = tuple(range(0, 32, 4))
        run("gluecast check, the first", [*gluecast, "check"], codes=codes)
        run("gluecast check", [*gluecast, "check"], codes=codes)
        run("gluecast list", [*gluecast, "list"])
        run("gluecast update", [*gluecast, "update"])
        commit(repository, "Updated")
        run("nothing to do", [*gluecast, "update"])
        _git(repository, "reset", "--quiet", "--hard", "HEAD~1")
        run("the floor", floor)
        names = ["_platform", *(f"job{n}" for n in range(min(jobs, SAMPLE - 1)))]
        loop = " && ".join(
            f"{python} -m copier update --quiet --defaults -a .copier-answers/{name}.yml"
            f" && git add -A && git -c user.name=a -c user.email=a@a commit -qm {name}"
            for name in names
        )
        run(f"the loop (from {len(names)} layers)", ["sh", "-c", loop], layers / len(names))
        _git(repository, "reset", "--quiet", "--hard", f"HEAD~{len(names)}")
    cpu = {name: _median(found, lambda cost: cost.cpu) for name, found in costs.items()}
    copier, ours = cpu["import copier"], cpu["gluecast update"]
    print(
        f"{jobs} jobs, ratios of CPU: update without import copier to the floor "
        f"{(ours - copier) / cpu['the floor']:.1f}; to import copier: the first check "
        f"{cpu['gluecast check, the first'] / copier:.1f}, the second {cpu['gluecast check'] / copier:.2f}"
    )
    return [
        (
            str(jobs),
            name,
            f"{_median(found, lambda cost: cost.wall):.2f}",
            f"{_median(found, lambda cost: cost.cpu):.2f}",
            f"{_median(found, lambda cost: cost.memory):.0f}",
            f"{_median(found, lambda cost: cost.cpu) / ours:.2f}",
        )
        for name, found in costs.items()
    ]


def _cost(command: list[str], folder: Path, scale: float, codes: tuple[int, ...]) -> Cost:
    started = time.monotonic()
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stderr
    said = process.stderr.read()
    process.stderr.close()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in codes:
        raise SystemExit(f"{' '.join(command)[:200]} failed: {said.decode()}")
    wall = time.monotonic() - started
    # Linux counts the peak in kilobytes, macOS in bytes.
    memory = used.ru_maxrss / (1024 if sys.platform == "linux" else 1024 * 1024)
    return Cost(wall * scale, (used.ru_utime + used.ru_stime) * scale, memory)


def _median(costs: list[Cost], of: Callable[[Cost], float]) -> float:
    return statistics.median(of(cost) for cost in costs)


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)


if __name__ == "__main__":
    main(sys.argv[1:])
