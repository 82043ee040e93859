"""gluecast check"""

import argparse

from gluecast.cli.command import Command, print_json, say_other_templates, say_unfinished
from gluecast.cli.options import add_json, add_target
from gluecast.terminal.progress import counted


def add_options(command: argparse.ArgumentParser) -> None:
    add_target(command)
    add_json(command)


def run(options: argparse.Namespace) -> int:
    from gluecast.jobs.check import check, described

    say_unfinished(options.target)
    say_other_templates(options.target)
    findings = check(options.target, counted)
    if options.json:
        print_json(findings.as_json())
    else:
        print(described(findings))
    return findings.exit_code


COMMAND = Command(
    "check",
    "report outdated, edited or inconsistent jobs",
    "Report a newer template (exit code 4), edits in files that the template owns (8), and "
    "inconsistent jobs (16): two that claim the same uploads, an output inside an input, duplicate "
    "names, names over an AWS limit, a job that nothing starts, a job whose name on AWS is unclear, a job "
    "that reads what its role may not, answers that the template refuses, conflict markers. The exit code is the sum "
    "of these codes. It also lists the jobs whose roles read all of bronze and write all of silver, and what breaks if "
    "they are narrowed.",
    add_options,
    run,
)
