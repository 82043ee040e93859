"""gluecast docs"""

import argparse
from pathlib import Path

from gluecast.cli.command import Command
from gluecast.cli.options import add_target
from gluecast.errors import ExitCode


def add_options(command: argparse.ArgumentParser) -> None:
    add_target(command)
    command.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="the file to write (default: docs/catalogue.html of the repository)",
    )


def run(options: argparse.Namespace) -> int:
    from gluecast.catalogue.page import write_page

    path, count = write_page(options.target, options.output)
    print(f"{count} job{'' if count == 1 else 's'} in {path}")
    return ExitCode.OK


COMMAND = Command(
    "docs",
    "write an HTML page about all jobs: what starts them, what they read and write",
    "Write one HTML file about all jobs, as the Terraform code and the job modules declare them: "
    "sources, columns, rules, schedules, tables, and a diagram of the data flow. The page needs no "
    "network. The output is deterministic, so you can commit the file.",
    add_options,
    run,
)
