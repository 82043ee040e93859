"""gluecast list"""

import argparse
import shutil
import sys

from gluecast.cli.command import Command, print_json, say_unfinished
from gluecast.cli.options import add_json, add_target
from gluecast.errors import ExitCode
from gluecast.terminal.progress import counted


def add_options(command: argparse.ArgumentParser) -> None:
    add_target(command)
    add_json(command)


def run(options: argparse.Namespace) -> int:
    from gluecast.jobs.listing import as_table, jobs

    say_unfinished(options.target)
    found = jobs(options.target, counted)
    if options.json:
        print_json([job.as_json() for job in found])
    else:
        is_terminal = sys.stdout.isatty()
        print(as_table(found, shutil.get_terminal_size().columns if is_terminal else None))
    return ExitCode.OK


COMMAND = Command(
    "list",
    "list all jobs with source, format, triggers, template version and edits",
    "List all jobs. For each job the table shows its source, its format, what starts it on AWS, "
    "the template version that rendered it, and how many of its files you have edited since.",
    add_options,
    run,
)
