"""Migrate an existing repository to the platform; its jobs and tests stay as they are.

The migration adds the runtime and the Terraform modules, and makes the repository's base class
extend the runtime's. It leaves out the rest of the platform (environments, build), because the
repository has its own; `_platform.yml` records these exclusions for updates.
"""

import re
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from gluecast.adopt.base_class import Conversion, convert
from gluecast.adopt.guesses import guesses_of
from gluecast.adopt.job_classes import Job, find_base_class, find_jobs
from gluecast.adopt.python_module import NAME, Module
from gluecast.adopt.reasons import Reasons
from gluecast.adopt.report import Adoption, listed
from gluecast.errors import GluecastError
from gluecast.repository.file import EXECUTABLE, REGULAR, SYMLINK, File
from gluecast.repository.git import run_git
from gluecast.repository.layers import ANSWERS_FOLDER, PLATFORM
from gluecast.repository.work_tree import WorkTree
from gluecast.template.copy import copy_template, read_questions
from gluecast.template.registries import glue_versions
from gluecast.terminal.progress import Say
from gluecast.update.merge import Change, Kind
from gluecast.update.refusals import refuse_uncommitted
from gluecast.update.transaction import ready, write

RUNTIME = "src/glue_runtime"
BASE_CLASS = f"{RUNTIME}/base_job.py"
ANSWERS_FILE = f"{ANSWERS_FOLDER}/{PLATFORM}.yml"
STANDARD_FOLDER = "src/jobs"
MODULES, OTHER_MODULES = "modules", "gluecast"

LEFT_OUT = (
    # The repository has its own build, checks and documentation.
    "/.github/",
    "/.gitignore",
    "/.pre-commit-config.yaml",
    "/Makefile",
    "/README.md",
    "/docs/deploying.md",
    "/docs/existing-account.md",
    "/docs/jobs.md",
    "/docs/operating.md",
    "/docs/other-regions.md",
    "/docs/querying.md",
    "/pyproject.toml",
    # Its Terraform code already defines buckets and Glue jobs.
    "/infrastructure/*/data_platform/",
    "/infrastructure/environments/",
    "/infrastructure/deployer/",
    "/tooling/",
)
"""The files of the platform that an adopted repository does not get."""


def adopt(
    start: Path,
    *,
    template: str | None = None,
    ref: str | None = None,
    data: Mapping[str, Any],
    defaults: bool = False,
    keep_base_class: bool = False,
    base_class: str = NAME,
    jobs_folder: str = "",
    accept_losses: bool = False,
    dry_run: bool = False,
    say: Say = print,
) -> Adoption:
    """Migrate the repository around `start` to the platform; with `dry_run`, only report how.

    base_class: the class of the repository that its jobs extend.
    jobs_folder: the folder of the jobs, relative to the repository; by default the one that has them all.
    accept_losses: convert the base class even if its run() did more than the platform's.

    Raises:
        GluecastError: it cannot be adopted without a loss; the message has every reason, and nothing
            was changed.
        KeyboardInterrupt: the user cancelled the questions.
    """
    repository = _repository(start, jobs_folder)
    tree = ready(repository, say)
    if tree.entry(ANSWERS_FILE):
        return Adoption(repository, already=True)
    modules = _python_files(tree, base_class)
    own = [module for module in modules if not module.path.startswith("tests/")]
    base = find_base_class(own, base_class)
    reasons = Reasons()
    jobs = find_jobs(own)
    folder_of_jobs = reasons.of(_folder_of, jobs, base_class, jobs_folder) or STANDARD_FOLDER
    reasons.of(_refuse_own_runtime, tree)
    code = _terraform_code(tree)
    versions = glue_versions(read_questions(template, ref))
    with tempfile.TemporaryDirectory(prefix="gluecast-") as folder:
        # The name of the folder is the default project name.
        first = Path(folder, "first", repository.name)
        copy_template(
            first,
            template=template,
            ref=ref,
            data={"layer": "platform", **data},
            defaults=defaults,
            guesses=guesses_of(tree, base, code, versions),
        )
        taken = _taken(first, tree)
        second = Path(folder, "second", repository.name)
        left_out = [*LEFT_OUT, *(f"/{path}" for path in taken)]
        settings = {
            "modules": _modules_folder(first, tree),
            "left_out": left_out,
            "jobs_folder": folder_of_jobs,
        }
        copy_template(
            second,
            template=template,
            ref=ref,
            data={**_answers(first), **data, **settings, "layer": "platform"},
            defaults=True,
        )
        answers, files = _answers(second), _files(second)
        needs = _needs(first)
    reasons.of(_refuse_taken, files, tree)
    changes = [Change(PLATFORM, path, Kind.NEW, file) for path, file in files.items()]
    theirs = [] if keep_base_class else [_changed(tree, base, base.text)]
    reasons.of(refuse_uncommitted, tree, [*changes, *theirs])
    conversion = None
    if not keep_base_class:
        others = [module for module in modules if module is not base]
        platform = files[BASE_CLASS].data.decode()
        conversion = convert(base, platform, others, accept_losses=accept_losses, reasons=reasons)
        changes.append(_changed(tree, base, conversion.text))
    reasons.refuse()
    if not dry_run:
        write(tree, changes, (), "adopt")
    return Adoption(
        repository=repository,
        base=base.path,
        base_class=base_class,
        jobs=jobs,
        answers=answers,
        conversion=conversion,
        writes=sorted(files),
        theirs=taken,
        notes=[
            *_notes(tree, base, jobs, code, conversion, taken, needs, versions),
            *_ignored(tree, files),
        ],
    )


# --- looking at the repository ---------------------------------------------------------------------


def _repository(start: Path, jobs_folder: str) -> Path:
    """The nearest folder from `start` upwards that has the folder of jobs, or else `start` itself.

    Raises:
        GluecastError: there is no git repository, or no such folder of jobs.
    """
    folder = start.resolve()
    found = run_git(folder, "rev-parse", "--show-toplevel")
    if found.returncode:
        raise GluecastError(
            f"expected a git repository in {folder}, found none: git init, git add --all, git commit"
        )
    top = Path(found.stdout.decode().rstrip("\n"))
    above = [each for each in (folder, *folder.parents) if each.is_relative_to(top)]
    repository = next((each for each in above if (each / _standing(jobs_folder)).is_dir()), None)
    if repository is None and jobs_folder:
        raise GluecastError(
            f"expected --jobs-folder to name a folder in {folder} or above it, found no {jobs_folder} "
            "there; name it relative to the folder that you adopt"
        )
    return repository or folder


def _standing(jobs_folder: str) -> str:
    return PurePosixPath(jobs_folder or STANDARD_FOLDER).as_posix()


def _python_files(tree: WorkTree, base_class: str) -> list[Module]:
    """Every Python file that git tracks; a link is found where its target is.

    Raises:
        GluecastError: a file that may hold the base class or a job cannot be read.
    """
    found = []
    for path in sorted(tree.entries):
        file = tree.on_disk(path) if path.endswith(".py") else None
        if file and file.mode != SYMLINK:
            found.append(Module(path, _text(path, file.data, base_class), base_class))
    return found


def _text(path: str, data: bytes, base_class: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        if base_class.encode() in data:
            raise GluecastError(f"expected UTF-8 in {path}, found {error.reason}") from error
        return data.decode(errors="replace")


def _terraform_code(tree: WorkTree) -> str:
    paths = [path for path in sorted(tree.entries) if path.endswith((".tf", ".tfvars"))]
    found = (tree.on_disk(path) for path in paths)
    return "\n".join(file.data.decode("utf-8", "replace") for file in found if file)


def _folder_of(jobs: Sequence[Job], base_class: str, jobs_folder: str) -> str:
    """The folder that has every job.

    Raises:
        GluecastError: there are no jobs, or they are in several folders.
    """
    if not jobs:
        raise GluecastError(
            f"expected classes that extend {base_class}, found none; nothing to adopt"
        )
    folders = {PurePosixPath(job.path).parent.as_posix() for job in jobs}
    if not jobs_folder and len(folders) == 1:
        return folders.pop()
    folder = _standing(jobs_folder)
    elsewhere = [job.path for job in jobs if PurePosixPath(job.path).parent.as_posix() != folder]
    if elsewhere:
        raise GluecastError(
            f"expected every job in {folder}, where the platform looks for it, found "
            f"{listed(elsewhere[:5])}{' and more' if elsewhere[5:] else ''}; name the folder of all jobs "
            "with --jobs-folder, or git mv them, and adopt again"
        )
    return folder


# --- what is written -------------------------------------------------------------------------------


def _files(folder: Path) -> dict[str, File]:
    return {
        path.relative_to(folder).as_posix(): File(
            EXECUTABLE if path.stat().st_mode & 0o100 else REGULAR, path.read_bytes()
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _answers(folder: Path) -> dict[str, Any]:
    recorded = yaml.safe_load((folder / ANSWERS_FILE).read_text(encoding="utf-8"))
    return {
        name: value
        for name, value in recorded.items()
        if not name.startswith("_") and name not in ("layer", "occasion")
    }


def _needs(rendered: Path) -> tuple[str, str, str]:
    """The runtime's requirements: packages for pip, the one that Glue has, the oldest Python."""
    project = tomllib.loads((rendered / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    dev = project["optional-dependencies"]["dev"]
    on_glue = next(each for each in dev if each.startswith("pyarrow=="))
    packages = listed(project["dependencies"])
    return packages, on_glue, project["requires-python"].removeprefix(">=")


def _taken(rendered: Path, tree: WorkTree) -> list[str]:
    """Files of the platform that the repository has too, with different content."""
    return [
        path
        for path, file in _files(rendered).items()
        if not path.startswith(("infrastructure/", f"{RUNTIME}/"))
        and not any(f"/{path}".startswith(pattern) for pattern in LEFT_OUT)
        and tree.entry(path) not in (None, file.entry)
    ]


def _modules_folder(rendered: Path, tree: WorkTree) -> str:
    """The folder for the Terraform modules, without modules of the same names."""
    names = [path.name for path in (rendered / "infrastructure" / MODULES).iterdir()]
    own = tree.folder / "infrastructure" / MODULES
    return OTHER_MODULES if any((own / name).exists() for name in names) else MODULES


def _refuse_own_runtime(tree: WorkTree) -> None:
    """Refuse a repository that has a package with the runtime's name.

    Raises:
        GluecastError: it has.
    """
    if (tree.folder / RUNTIME).exists():
        raise GluecastError(
            f"expected no {RUNTIME}, the folder of the platform's runtime, found it; rename yours: "
            f"git mv {RUNTIME} src/own_runtime, change the imports, and commit"
        )


def _refuse_taken(files: Iterable[str], tree: WorkTree) -> None:
    """Refuse to write next to the repository's own files of the same purpose.

    Raises:
        GluecastError: there is such a file.
    """
    taken = [path for path in files if path.startswith("infrastructure/") and tree.entry(path)]
    if taken:
        raise GluecastError(
            f"expected {taken[0]} to be free for the platform, found a file of yours; move it"
        )


def _changed(tree: WorkTree, base: Module, text: str) -> Change:
    before = tree.on_disk(base.path)
    mode = before.mode if before else REGULAR
    return Change(PLATFORM, base.path, Kind.MERGED, File(mode, text.encode()))


# --- what people have to do ------------------------------------------------------------------------


def _notes(
    tree: WorkTree,
    base: Module,
    jobs: Sequence[Job],
    code: str,
    conversion: Conversion | None,
    taken: Sequence[str],
    needs: tuple[str, str, str],
    versions: Sequence[str],
) -> Iterator[str]:
    if conversion is None:
        yield (
            f"make {base.base_class} in {base.path} a subclass of glue_runtime.adopted.AdoptedGlueJob; remove "
            "its load_data(), its run() and what its constructor sets up for them"
        )
    else:
        yield from conversion.notes
    packages, on_glue, python = needs
    yield (
        f"to test your jobs, install {packages} and {on_glue}, on Python {python} or newer; "
        f"on AWS, --additional-python-modules installs {packages}"
    )
    deployed = set(re.findall(r'\bglue_version\s*=\s*"([0-9.]+)"', code))
    if others := sorted(deployed.difference(versions)):
        expected = " or ".join(sorted(versions))
        yield f"expected glue_version {expected} of your Glue jobs, found {listed(others)}: change it"
    yield "add build/ and .local-lake/ to .gitignore"
    if "tests/conftest.py" in taken:
        yield (
            'for the tests of new jobs: pytest_plugins = ["glue_runtime.testing"] in tests/conftest.py, '
            "instead of your own fixture spark, and --import-mode=importlib for pytest"
        )
    for job in jobs:
        for source in job.sources:
            if not (tree.folder / "tests/test_data" / job.name / source).is_dir():
                yield (
                    f"a local run of {job.name} without a path in load_data() looks for "
                    f"tests/test_data/{job.name}/{source}/"
                )
    yield "on AWS, once: add the runtime, the arguments, one block per environment; see the docs"
    yield "for each source, when you are ready: add a block in infrastructure/jobs; see the docs"


def _ignored(tree: WorkTree, files: Iterable[str]) -> Iterator[str]:
    names = "\0".join(files).encode()
    found = run_git(tree.folder, "check-ignore", "--no-index", "-z", "--stdin", stdin=names)
    ignored = found.stdout.decode().split("\0")[:-1]
    if ignored:
        yield f"your .gitignore ignores written files: allow {listed(ignored[:3])}"
