"""gluecast new"""

import argparse
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gluecast.cli.command import Command, say
from gluecast.cli.options import add_questionnaire, add_target, answers
from gluecast.errors import ExitCode

if TYPE_CHECKING:
    from gluecast.sniff.proposal import Proposal


def add_options(command: argparse.ArgumentParser) -> None:
    add_target(command)
    add_questionnaire(command)
    command.add_argument(
        "--from-file",
        type=Path,
        metavar="FILE",
        help="a file of the source, which answers how its files are written; needs gluecast[sniff]",
    )


def run(options: argparse.Namespace) -> int:
    from gluecast.jobs.new import new, next_steps

    found = _sniffed(options.from_file) if options.from_file else None
    data = {**(_answers(found) if found else {}), **answers(options)}
    say("Reading the template ...")
    if not options.defaults and sys.stdin.isatty():
        say("Enter accepts the answer in grey; what you type replaces it.")
    repository, jobs = new(
        options.target,
        template=options.template,
        ref=options.to,
        data=data,
        defaults=options.defaults,
        guesses={"job_name": _job_name(options.from_file)} if options.from_file else {},
        say=say,
    )
    if found and jobs:
        _write_samples(repository, jobs[0], found, options.from_file)
    print(next_steps(repository, jobs))
    return ExitCode.OK


def _sniffed(file: Path) -> "Proposal":
    from gluecast.sniff.runtime import import_runtime

    import_runtime()
    from gluecast.sniff.sniff import sniff

    say(f"Looking at {file} ...")
    found = sniff(file)
    for note in found.notes:
        say(f"- {note}")
    return found


def _answers(found: "Proposal") -> dict[str, Any]:
    """The answers that a file gives."""
    return {
        "suffix": found.suffix,
        "format": found.file_format,
        "schema": found.schema,
        "options": json.dumps(dict(found.options)),
        "sample_data": "own",
    }


def _job_name(file: Path) -> str:
    """A name for the job: the first words of the file's name."""
    words = re.sub("[^a-z0-9]+", "_", file.name.lower().partition(".")[0]).strip("_0123456789")
    return f"{words[:34].strip('_') or 'import'}_etl"


def _write_samples(repository: Path, job: str, found: "Proposal", file: Path) -> None:
    from gluecast.jobs.new import test_data_folder
    from gluecast.sniff.samples import sample_files

    folder = test_data_folder(repository, job)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in sample_files(found, file).items():
        (folder / name).write_bytes(content)
    say(
        f"{folder.relative_to(repository)} has made-up rows, written as {file.name} is. No value of that "
        "file is in the repository, only the names of its columns."
    )


COMMAND = Command(
    "new",
    "add a job to a repository, or start a new repository",
    "Ask the template's questions and write the job; in a new folder, also write the files that "
    "all jobs share. The default is the published template, at the release of this package. With "
    "--from-file, the job reads files that are written like this one: with its format, columns, types and "
    "dialect. Its sample data are made up.",
    add_options,
    run,
)
