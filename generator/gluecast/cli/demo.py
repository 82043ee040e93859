"""gluecast demo"""

import argparse
from pathlib import Path

from gluecast.cli.command import Command
from gluecast.errors import ExitCode


def add_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "target",
        nargs="?",
        type=Path,
        default=Path("demo-platform"),
        help="folder of the repository (default: %(default)s); an earlier demo is run again",
    )


def run(options: argparse.Namespace) -> int:
    from gluecast.demo import run_demo

    run_demo(options.target)
    return ExitCode.OK


COMMAND = Command(
    "demo",
    "generate a repository with three jobs and run each one both ways",
    "Generate a repository with three example jobs, run each one for one uploaded file and for "
    "its whole directory, and show the results.",
    add_options,
    run,
)
