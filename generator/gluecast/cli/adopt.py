"""gluecast adopt"""

import argparse

from gluecast.cli.command import Command, print_json, say
from gluecast.cli.options import add_dry_run, add_json, add_questionnaire, add_target, answers
from gluecast.errors import ExitCode, GluecastError


def add_options(command: argparse.ArgumentParser) -> None:
    add_target(command)
    add_questionnaire(command)
    command.add_argument(
        "--keep-base-class", action="store_true", help="do not change the base class of the jobs"
    )
    command.add_argument(
        "--base-class",
        metavar="NAME",
        help="the class of the repository that its jobs extend; without it, BaseGlueJob",
    )
    command.add_argument(
        "--jobs-folder",
        metavar="DIR",
        help="the folder of the jobs; without it, the one folder that has them all",
    )
    command.add_argument(
        "--accept-losses",
        action="store_true",
        help="leave out what the base class's run() did between its hooks; the report lists it",
    )
    command.add_argument(
        "--events",
        action="store_true",
        help="change no job: write the Terraform code that lets uploads start the Glue jobs",
    )
    add_dry_run(command)
    add_json(command)


def run(options: argparse.Namespace) -> int:
    if options.events:
        return _events(options)
    from gluecast.adopt.adoption import adopt
    from gluecast.adopt.python_module import NAME
    from gluecast.adopt.report import described

    say("Reading the repository and the template ...")
    adoption = adopt(
        options.target,
        template=options.template,
        ref=options.to,
        data=answers(options),
        defaults=options.defaults,
        keep_base_class=options.keep_base_class,
        base_class=options.base_class or NAME,
        jobs_folder=options.jobs_folder or "",
        accept_losses=options.accept_losses,
        dry_run=options.dry_run,
        say=say,
    )
    if options.json:
        print_json(adoption.as_json())
    else:
        print(described(adoption, dry_run=options.dry_run))
    return ExitCode.OK


def _events(options: argparse.Namespace) -> int:
    from gluecast.events.adopt_events import adopt_events, described

    for name in ("keep_base_class", "base_class", "jobs_folder", "accept_losses"):
        if getattr(options, name):
            raise GluecastError(
                f"expected --events without --{name.replace('_', '-')}: it changes no class"
            )
    say("Reading the repository and the template ...")
    events = adopt_events(
        options.target,
        template=options.template,
        ref=options.to,
        data=answers(options),
        dry_run=options.dry_run,
    )
    if options.json:
        print_json(events.as_json())
    else:
        print(described(events, dry_run=options.dry_run))
    return ExitCode.OK


COMMAND = Command(
    "adopt",
    "migrate an existing repository of Glue jobs to the platform",
    "Add the runtime and the Terraform modules to a repository whose jobs extend a base class of the "
    "team's own, and make that class extend the runtime's. Jobs, tests, schedules and all other "
    "files stay as they are. The command prints the remaining manual steps. With --events, any Glue "
    "jobs stay as they are, and uploads start them.",
    add_options,
    run,
)
