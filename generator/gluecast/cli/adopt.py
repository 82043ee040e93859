"""gluecast adopt"""

import argparse

from gluecast.cli.command import Command, print_json, say
from gluecast.cli.options import add_dry_run, add_json, add_questionnaire, add_target, answers
from gluecast.errors import ExitCode, GluecastError


def add_options(command: argparse.ArgumentParser) -> None:
    add_target(command)
    add_questionnaire(command)
    command.add_argument(
        "--keep-base-class", action="store_true", help="do not change the class BaseGlueJob"
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
    from gluecast.adopt.report import described

    say("Reading the repository and the template ...")
    adoption = adopt(
        options.target,
        template=options.template,
        ref=options.to,
        data=answers(options),
        defaults=options.defaults,
        keep_base_class=options.keep_base_class,
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

    if options.keep_base_class:
        raise GluecastError("expected --events without --keep-base-class: it changes no class")
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
    "Add the runtime and the Terraform modules to a repository whose jobs extend the team's own "
    "BaseGlueJob, and make that class extend the runtime's. Jobs, tests, schedules and all other "
    "files stay as they are. The command prints the remaining manual steps. With --events, any Glue "
    "jobs stay as they are, and uploads start them.",
    add_options,
    run,
)
