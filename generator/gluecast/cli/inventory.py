"""gluecast inventory"""

import argparse

from gluecast.cli.command import Command, print_json
from gluecast.cli.options import add_json, add_target
from gluecast.errors import ExitCode


def add_options(command: argparse.ArgumentParser) -> None:
    add_target(command)
    add_json(command)


def run(options: argparse.Namespace) -> int:
    from gluecast.inventory.inventory import inventory
    from gluecast.inventory.report import described

    found = inventory(options.target)
    if options.json:
        print_json(found.as_json())
    else:
        print(described(found))
    return ExitCode.OK


COMMAND = Command(
    "inventory",
    "list the Glue scripts and jobs of any repository, and what gluecast can do for each",
    "Read the Python scripts and Terraform code of a repository that need not know gluecast: what "
    "each Glue job reads and writes, its arguments, bookmarks and write modes, what starts it, and "
    "what gluecast can do for it, with the reason. The command changes nothing.",
    add_options,
    run,
)
