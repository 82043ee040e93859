"""The definition of a command, and functions that print for all commands."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Command:
    """One command. `purpose` is its line in `gluecast --help`; `run` returns the exit code."""

    name: str
    purpose: str
    description: str
    add_options: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


def say(line: str) -> None:
    """Print progress on standard error, separate from the command's output."""
    print(line, file=sys.stderr)


def say_unfinished(target: Path) -> None:
    """Mention an update that was killed or waits for its conflicts to be resolved."""
    from gluecast.update.update import unfinished

    if found := unfinished(target):
        say(found)


def say_other_templates(target: Path) -> None:
    """Mention the answers files of other templates, which no command touches."""
    from gluecast.repository.layers import find_repository, of_other_templates

    for layer in of_other_templates(find_repository(target)):
        say(f"{layer.answers_file} is of another template, {layer.source}; it is left alone.")


def print_json(value: Any) -> None:
    """Print a result as JSON."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def print_untracked(paths: Sequence[str]) -> None:
    """List the files that a command left in place because git does not track them."""
    for path in paths:
        print(f"{path} is untracked; left in place")
