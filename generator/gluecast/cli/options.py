"""The options that several commands share."""

import argparse
from pathlib import Path

from gluecast.errors import GluecastError


def add_target(command: argparse.ArgumentParser) -> None:
    """The repository that the command works on."""
    command.add_argument(
        "target",
        nargs="?",
        type=Path,
        default=Path(),
        metavar="TARGET",
        help="the repository, or a folder in it (default: the current folder)",
    )


def add_json(command: argparse.ArgumentParser) -> None:
    """Print JSON in place of text."""
    command.add_argument("--json", action="store_true", help="print the report as JSON")


def add_dry_run(command: argparse.ArgumentParser) -> None:
    """Write nothing."""
    command.add_argument(
        "--dry-run", action="store_true", help="report what would happen; write nothing"
    )


def add_questionnaire(command: argparse.ArgumentParser) -> None:
    """The template to render, and the answers to its questions."""
    command.add_argument(
        "--template",
        metavar="PATH_OR_URL",
        help="git repository of the template, such as a local clone",
    )
    command.add_argument(
        "--to", metavar="REF", help="release, branch or commit of the template to use"
    )
    add_data(command)
    command.add_argument(
        "--defaults",
        action="store_true",
        help="ask nothing; use the default for every question without an answer",
    )


def add_data(command: argparse.ArgumentParser) -> None:
    """Answers to questions."""
    command.add_argument(
        "--data",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="the answer to one question; repeat the option for more",
    )


def address(template: str) -> str:
    """The address of a template as it is recorded: a folder has its absolute path."""
    path = Path(template).expanduser()
    return str(path.resolve()) if path.exists() else template


def answers(options: argparse.Namespace) -> dict[str, str]:
    """The answers given with --data, by question name.

    Raises:
        GluecastError: a --data value is not NAME=VALUE.
    """
    data = {}
    for answer in options.data:
        name, separator, value = answer.partition("=")
        if not separator:
            raise GluecastError(f"expected --data NAME=VALUE, found {answer}")
        data[name] = value
    return data
