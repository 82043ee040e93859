"""Run git, independent of the settings for a person at a terminal and of a git that called us."""

import os
import re
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from gluecast.errors import GluecastError

_OF_A_REPOSITORY = (
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX"),
    *("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH"),
    *("GIT_NAMESPACE", "GIT_CONFIG", "GIT_SHALLOW_FILE", "GIT_GRAFT_FILE", "GIT_REPLACE_REF_BASE"),
    *("GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS"),
    *("GIT_ICASE_PATHSPECS", "GIT_EXTERNAL_DIFF", "GIT_DIFF_OPTS"),
)
"""Variables with which a git hook or alias names its own repository, and options of one command."""

_SETTINGS = {
    "advice.detachedHead": "false",
    "color.ui": "false",
    "commit.gpgSign": "false",
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.safecrlf": "false",
    "log.showSignature": "false",
    "safe.bareRepository": "all",
    "tag.gpgSign": "false",
}
"""Settings for every command: no hooks, no signatures, no colors, and clones of templates are bare."""

_VARIABLES = {
    "GIT_EDITOR": ":",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
"""A prompt, an editor or a pager would block unseen; messages are parsed in English."""


def environment(inherited: Mapping[str, str]) -> dict[str, str]:
    """The environment of a git command, and of programs that run git; a second call changes nothing."""
    found = {name: value for name, value in inherited.items() if name not in _OF_A_REPOSITORY}
    found |= _VARIABLES
    number_of_settings = found.get("GIT_CONFIG_COUNT") or "0"
    if not number_of_settings.isdecimal():
        raise GluecastError(f"expected a number in GIT_CONFIG_COUNT, found {number_of_settings}")
    count = int(number_of_settings)
    given = {
        (found.get(f"GIT_CONFIG_KEY_{number}"), found.get(f"GIT_CONFIG_VALUE_{number}"))
        for number in range(count)
    }
    for name, value in _SETTINGS.items():
        if (name, value) not in given:
            found |= {f"GIT_CONFIG_KEY_{count}": name, f"GIT_CONFIG_VALUE_{count}": value}
            count += 1
    return {**found, "GIT_CONFIG_COUNT": str(count)}


_OLDEST = (2, 31)
"""Older ones ignore the settings in GIT_CONFIG_COUNT."""


def isolate() -> None:
    """Give this process the environment, for the libraries in it that run git.

    Raises:
        GluecastError: git is too old to take it.
    """
    wanted = environment(os.environ)
    for name in os.environ.keys() - wanted.keys():
        del os.environ[name]
    os.environ.update(wanted)
    with suppress(FileNotFoundError):  # some commands do not need git
        said = subprocess.run(
            ["git", "version"], capture_output=True, check=False, text=True
        ).stdout
        numbers = re.search(r"(\d+)\.(\d+)", said)
        if numbers and (int(numbers[1]), int(numbers[2])) < _OLDEST:
            raise GluecastError(f"expected git 2.31 or newer, found {said.strip()}")


def git(
    folder: Path,
    *arguments: str,
    stdin: bytes = b"",
    more: Mapping[str, str] | None = None,
) -> bytes:
    """Run git in a folder; returns its output. `more` adds environment variables.

    Raises:
        GluecastError: git failed, or is not installed.
    """
    ran = run_git(folder, *arguments, stdin=stdin, more=more)
    if ran.returncode:
        lines = ran.stderr.decode(errors="replace").strip().splitlines()
        reason = next((line for line in lines if line.startswith(("fatal:", "error:"))), None)
        command = next(word for word in arguments if not word.startswith("-") and "=" not in word)
        raise GluecastError(
            f"git {command} failed in {folder}: {reason or ' '.join(lines[-1:]) or 'no reason'}"
        )
    return ran.stdout


def run_git(
    folder: Path,
    *arguments: str,
    stdin: bytes = b"",
    more: Mapping[str, str] | None = None,
) -> "subprocess.CompletedProcess[bytes]":
    """Run git in a folder, for commands whose exit code is a result.

    Raises:
        GluecastError: git is not installed, or the folder does not exist.
    """
    try:
        return subprocess.run(
            ["git", *arguments],
            cwd=folder,
            input=stdin,
            env={**environment(os.environ), **(more or {})},
            capture_output=True,
            check=False,
        )
    except FileNotFoundError as error:
        missing = "git" if error.filename == "git" else f"the folder {folder}"
        raise GluecastError(f"expected {missing}, found none") from error
