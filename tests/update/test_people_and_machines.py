"""Random sequences of commands and of what people and machines do between them.

One invariant: no content that a person made and did not delete is without a copy (in a file, in git, or
where the tool said), and the answers never claim a version whose changes are not there.
"""

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from gluecast.errors import GluecastError
from gluecast.jobs.rename import rename
from gluecast.repository.git import git as quiet_git
from gluecast.repository.git import run_git
from gluecast.update.update import abort_update, continue_update, update
from small_template import BASE, JOB, SmallTemplate, git

FILES = (
    "src/base.py",
    "src/jobs/sales.py",
    "tests/test_sales.py",
    ".env",
    "docs/sales.md",
    "once.txt",
)
RELEASES = ("v1.1.0", "v1.2.0", "v2.0.0", "v3.0.0")
TEST = "{{ job }}/tests/test_{{ job_name }}.py.jinja"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository at v1, and a template whose later versions change, add, remove and move files.

    Every version marks the files that it renders, so that a file tells which version it is of.
    """
    folder = tmp_path_factory.mktemp("model")
    small = SmallTemplate(folder / "template")
    small.write("{{ platform }}/.gitignore.jinja", ".env\n")
    small.write("{{ platform }}/.env", "version v1.0.0\n")
    small.release("v1.0.1")
    repository = small.repository(folder / "repository", "sales", version="v1.0.1")
    git(repository, "rm", "--cached", "--quiet", ".env")
    commit_tracked(repository, "Ignored")

    def mark(name: str) -> None:
        for path in (BASE, JOB):
            text = (
                (small.folder / "template" / path)
                .read_text()
                .replace("line 10", f"is {name}\nline 10")
            )
            small.write(path, text)
        small.write("{{ platform }}/.env", f"version {name}\n")

    mark("v1.1.0")
    small.write("{{ job }}/docs/{{ job_name }}.md", "docs\n")
    small.release("v1.1.0")
    mark("v1.2.0")
    small.replace(TEST, "line 02", "line 02, fixed")
    small.release("v1.2.0")
    mark("v2.0.0")
    small.move(TEST, "{{ job }}/tests/unit/test_{{ job_name }}.py.jinja")
    small.replace(BASE, "line 02", "line 02, fixed")
    small.remove("{{ platform }}/once.txt")
    small.release("v2.0.0")
    mark("v3.0.0")
    small.remove("{{ job }}/docs/{{ job_name }}.md")
    small.replace(JOB, "line 02", "line 02, fixed")
    small.release("v3.0.0")
    return repository


def commit_tracked(repository: Path, message: str) -> None:
    """Commit as a person does: what git ignores stays out."""
    git(repository, "add", "--all")
    author = ["-c", "user.name=me", "-c", "user.email=me@localhost"]
    git(repository, *author, "commit", "--quiet", "--allow-empty", "--no-verify", "-m", message)


LINES = st.sampled_from([0, 1, 2, 9, 10, 11, 25])
"""Places in a file: beside the lines that the template changes, and elsewhere."""


def amid(state: "People") -> bool:
    """Whether an update was killed, or has conflicts: what people do then is tried most."""
    return (state.repository / ".git/gluecast/update.json").exists()


class People(RuleBasedStateMachine):
    """What may happen to a repository. `made` are the lines that a person wrote and did not delete."""

    prepared: Path

    @initialize()
    def start(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="gluecast-model-"))
        self.repository = self.folder / "repository"
        shutil.copytree(self.prepared, self.repository, symlinks=True)
        self.made: set[bytes] = set()
        self.named: list[Path] = []
        self.number = 0
        self.decided: set[str] = set()

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            shutil.rmtree(self.folder)

    # --- people --------------------------------------------------------------------------------

    @rule(path=st.sampled_from(FILES), line=LINES, kept=st.booleans())
    def edit(self, path: str, line: int, kept: bool) -> None:
        file = self.repository / path
        if not file.is_file():
            return
        self.number += 1
        mine = f"mine {self.number} of {path}".encode()
        lines = file.read_bytes().splitlines()
        for gone in self._mine_in(b"\n".join(lines if not kept else [])):
            self.made.discard(gone)
        lines = [*lines[:line], mine, *lines[line:]] if kept else [mine]
        file.write_bytes(b"\n".join(lines) + b"\n")
        self.made.add(mine)

    @rule(path=st.sampled_from(FILES))
    def delete(self, path: str) -> None:
        file = self.repository / path
        if file.is_file():
            self.made -= self._mine_in(file.read_bytes())
            file.unlink()

    @rule()
    def commit(self) -> None:
        # As a person who does not look: also files with conflict markers.
        commit_tracked(self.repository, f"commit {self.number}")

    @rule()
    def stash(self) -> None:
        author = ["-c", "user.name=me", "-c", "user.email=me@localhost"]
        run_git(self.repository, *author, "stash", "--quiet")

    @rule()
    def unstash(self) -> None:
        run_git(self.repository, "stash", "pop", "--quiet")

    @rule()
    def reset(self) -> None:
        for path in quiet_git(self.repository, "diff", "--name-only", "HEAD").decode().split():
            if (self.repository / path).is_file():
                self.made -= self._mine_in((self.repository / path).read_bytes())
        git(self.repository, "reset", "--quiet", "--hard")
        # What was only in the files that git has just replaced is deleted by the person.

    @precondition(amid)
    @rule(path=st.sampled_from(FILES), side=st.sampled_from(["--ours", "--theirs"]))
    def checkout(self, path: str, side: str) -> None:
        if self._is_unmerged(path):
            self.made -= (
                self._mine_in((self.repository / path).read_bytes())
                if (self.repository / path).is_file()
                else set()
            )
            run_git(self.repository, "checkout", "--quiet", side, "--", path)
            # Keeping one's own version of a conflict is a decision against the template's.
            self.decided.add(path)

    @rule()
    def add(self) -> None:
        git(self.repository, "add", "--all")

    @precondition(lambda self: not amid(self))
    @rule(setting=st.sampled_from(["core.autocrlf", "core.fileMode"]), on=st.booleans())
    def configure(self, setting: str, on: bool) -> None:
        value = on if setting == "core.autocrlf" else not on
        git(self.repository, "config", setting, str(value).lower())

    @precondition(lambda self: not amid(self))
    @rule(path=st.sampled_from(FILES), on=st.booleans())
    def skip_worktree(self, path: str, on: bool) -> None:
        flag = "--skip-worktree" if on else "--no-skip-worktree"
        run_git(self.repository, "update-index", flag, path)

    # --- machines ------------------------------------------------------------------------------

    @precondition(lambda self: not amid(self))
    @rule(version=st.sampled_from(RELEASES), after=st.integers(1, 9))
    def be_killed(self, version: str, after: int) -> None:
        process = os.fork()
        if process:
            os.waitpid(process, 0)
            return
        replace = os.replace

        def replace_then_die(source: Path, target: Path) -> None:
            nonlocal after
            replace(source, target)
            after -= 1
            if not after:
                os._exit(9)

        os.replace = replace_then_die  # type: ignore[assignment]
        with suppress(GluecastError):
            update(self.repository, to=version, say=lambda line: None)
        os._exit(0)

    # --- commands ------------------------------------------------------------------------------

    @rule(version=st.sampled_from(RELEASES))
    def update(self, version: str) -> None:
        self._run(lambda: update(self.repository, to=version, say=note))

    @rule()
    def update_to_the_newest(self) -> None:
        self._run(lambda: update(self.repository, say=note))

    @rule(path=st.sampled_from(FILES), line=LINES)
    def edit_and_update(self, path: str, line: int) -> None:
        self.edit(path, line, True)
        self.update_to_the_newest()

    @rule(path=st.sampled_from(FILES[:3]), line=LINES)
    def edit_commit_and_update(self, path: str, line: int) -> None:
        self.edit(path, line, True)
        self.commit()
        self.update_to_the_newest()

    @precondition(amid)
    @rule()
    def end(self) -> None:
        self._run(lambda: continue_update(self.repository))

    @precondition(amid)
    @rule()
    def abort(self) -> None:
        for path, copy in self._run(lambda: abort_update(self.repository)) or []:
            self.named.append(copy)
            note(f"{path} is in {copy}")

    @precondition(lambda self: not amid(self))
    @rule(new=st.sampled_from(["sales", "sold"]), old=st.sampled_from(["sales", "sold"]))
    def rename(self, old: str, new: str) -> None:
        if old != new:
            self._run(lambda: rename(self.repository, old, new))

    def _run(self, command):  # type: ignore[no-untyped-def]
        try:
            return command()
        except GluecastError as error:
            note(f"refused: {error}")
            return None

    # --- what holds ----------------------------------------------------------------------------

    @invariant()
    def nothing_is_lost(self) -> None:
        if not hasattr(self, "folder"):
            return
        missing = {mine for mine in self.made if not self._is_on_disk(mine)}
        missing -= {mine for mine in missing if any(mine in each for each in self._in_git())}
        assert not missing

    @invariant()
    def no_answers_claim_what_is_not_there(self) -> None:
        if not hasattr(self, "folder"):
            return
        for answers in (self.repository / ".copier-answers").glob("*.yml"):
            claimed = answers.read_text().split('_commit: "')[1].split('"')[0]
            written = self._marked(answers.stem)
            assert written is None or claimed <= "v1.0.1" or claimed in written, (
                answers.name,
                claimed,
            )

    def _marked(self, layer: str) -> str | None:
        """The text of the layer's marked file; None if a person has replaced or deleted it."""
        path = "src/base.py" if layer == "_platform" else f"src/jobs/{layer}.py"
        file = self.repository / path
        if not file.is_file():
            return None
        text = file.read_text()
        if "line 20" not in text or path in self.decided or self._is_unmerged(path):
            return None
        return text

    def _mine_in(self, data: bytes) -> set[bytes]:
        return {mine for mine in self.made if mine in data.replace(b"\r\n", b"\n").split(b"\n")}

    def _is_on_disk(self, mine: bytes) -> bool:
        places = [path for path in self.repository.rglob("*") if ".git" not in path.parts]
        places += [each for copy in self.named for each in (copy, *copy.rglob("*"))]
        return any(mine in path.read_bytes() for path in places if path.is_file())

    def _in_git(self) -> list[bytes]:
        """Every content that a commit, a stash or the index has."""
        listing = quiet_git(
            self.repository, "rev-list", "--objects", "--all", "--reflog", "--indexed-objects"
        )
        return [
            quiet_git(self.repository, "cat-file", "-p", line.split()[0].decode())
            for line in listing.splitlines()
        ]

    def _is_unmerged(self, path: str) -> bool:
        return bool(git(self.repository, "ls-files", "--unmerged", path))


def test_nothing_that_a_person_made_is_lost(prepared: Path) -> None:
    machine = type("Prepared", (People,), {"prepared": prepared})
    examples = int(os.environ.get("GLUECAST_HISTORIES", "30"))
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
