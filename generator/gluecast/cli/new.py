"""gluecast new"""

import argparse
import sys

from gluecast.cli.command import Command, say
from gluecast.cli.options import add_questionnaire, add_target, answers
from gluecast.errors import ExitCode


def add_options(command: argparse.ArgumentParser) -> None:
    add_target(command)
    add_questionnaire(command)


def run(options: argparse.Namespace) -> int:
    from gluecast.jobs.new import new, next_steps

    data = answers(options)
    say("Reading the template ...")
    if not options.defaults and sys.stdin.isatty():
        say("Enter accepts the answer in grey; what you type replaces it.")
    repository, jobs = new(
        options.target,
        template=options.template,
        ref=options.to,
        data=data,
        defaults=options.defaults,
        say=say,
    )
    print(next_steps(repository, jobs))
    return ExitCode.OK


COMMAND = Command(
    "new",
    "add a job to a repository, or start a new repository",
    "Ask the template's questions and write the job; in a new folder, also write the files that "
    "all jobs share. The default is the published template, at the release of this package.",
    add_options,
    run,
)
