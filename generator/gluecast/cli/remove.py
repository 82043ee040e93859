"""gluecast remove"""

import argparse

from gluecast.cli.command import Command, print_untracked
from gluecast.cli.options import add_target
from gluecast.errors import ExitCode


def add_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("job", metavar="JOB", help="the job's name")
    add_target(command)


def run(options: argparse.Namespace) -> int:
    from gluecast.jobs.remove import remove

    outcome = remove(options.target, options.job)
    print("\n".join(f"removed {line}" for line in outcome.files))
    print_untracked(outcome.left)
    for path in outcome.mentions:
        print(f"{path} still mentions {options.job}")
    return ExitCode.OK


COMMAND = Command(
    "remove",
    "remove a job and all its files",
    "Remove the module, tests, data, Terraform code and answers of a job. All of them must be "
    "committed, so that git can bring them back.",
    add_options,
    run,
)
