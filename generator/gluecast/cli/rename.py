"""gluecast rename"""

import argparse

from gluecast.cli.command import Command, print_untracked
from gluecast.cli.options import add_target
from gluecast.errors import ExitCode


def add_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("old", metavar="OLD", help="the job's name")
    command.add_argument("new", metavar="NEW", help="its new name")
    add_target(command)


def run(options: argparse.Namespace) -> int:
    from gluecast.jobs.rename import rename

    outcome = rename(options.target, options.old, options.new)
    print("\n".join(outcome.files))
    for path in outcome.conflicts:
        print(f"conflict in {path}: resolve it, git add, gluecast update --continue (or --abort)")
    print_untracked(outcome.left)
    for path in outcome.mentions:
        print(f"{path} still mentions {options.old}")
    if outcome.deployed_name is None:
        print(
            "This version of the template names a job on AWS after its module: terraform apply "
            f"replaces {options.old} with {options.new}. To keep it, undo this rename, run "
            "gluecast update, and then rename."
        )
    elif outcome.own_terraform:
        print(
            f"Its output stays {outcome.deployed_name}. Your own Terraform code defines its Glue "
            f"job: set the script there to src/jobs/{options.new}.py and the key in glue_job_arns to "
            f"{options.new}, and keep the Glue job's name."
        )
    elif not outcome.conflicts and outcome.deployed_name != options.new:
        print(f"On AWS it stays {outcome.deployed_name}: terraform apply replaces nothing.")
    return ExitCode.CONFLICT if outcome.conflicts else ExitCode.OK


COMMAND = Command(
    "rename",
    "rename a job and all its files; on AWS it keeps its name",
    "Move the module, tests, data, Terraform code and answers of a job to a new name, together "
    "with your edits. On AWS the job keeps its name, its table and its runs: `moved` blocks tell "
    "Terraform the new name, and it replaces nothing. The command refuses a rename after which "
    "Terraform would replace the job.",
    add_options,
    run,
)
