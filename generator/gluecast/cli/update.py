"""gluecast update"""

import argparse
from pathlib import Path

from gluecast.cli.command import Command, print_json, say, say_other_templates
from gluecast.cli.options import add_data, add_dry_run, add_json, add_target, address, answers
from gluecast.errors import ExitCode, GluecastError
from gluecast.terminal.progress import counted

_AFTER_CONFLICTS = """
Resolve the conflicts, git add the files, then: gluecast update --continue
To go back to where you were: gluecast update --abort"""


def add_options(command: argparse.ArgumentParser) -> None:
    add_target(command)
    command.add_argument(
        "--to", metavar="REF", help="release, branch or commit (default: the newest release)"
    )
    command.add_argument(
        "--only",
        nargs="+",
        default=[],
        metavar="JOB",
        help="update only these jobs; _platform stands for the files that all jobs share",
    )
    command.add_argument(
        "--template",
        metavar="PATH_OR_URL",
        help="the new address of a template that has moved; it is recorded for every job",
    )
    add_data(command)
    add_dry_run(command)
    add_json(command)
    command.add_argument(
        "--summary", type=Path, metavar="FILE", help="write a pull request body to FILE"
    )
    ending = command.add_mutually_exclusive_group()
    ending.add_argument(
        "--continue",
        action="store_true",
        dest="resume",
        help="finish the update after you have resolved its conflicts",
    )
    ending.add_argument(
        "--abort", action="store_true", help="restore every file as it was before the update"
    )


def run(options: argparse.Namespace) -> int:
    if options.abort or options.resume:
        ending = "--abort" if options.abort else "--continue"
        for name in ("to", "only", "template", "data", "dry_run", "summary"):
            if getattr(options, name):
                raise GluecastError(
                    f"expected {ending} without other options of an update, found "
                    f"--{name.replace('_', '-')}"
                )
        return _abort(options) if options.abort else _continue(options)
    return _update(options)


def _abort(options: argparse.Namespace) -> int:
    from gluecast.update.update import abort_update

    edited = abort_update(options.target)
    if options.json:
        print_json({"aborted": True, "copies": {path: str(copy) for path, copy in edited}})
        return ExitCode.OK
    for path, copy in edited:
        print(f"{path} was edited since; a copy is in {copy}")
    print("Every file is as it was before the update.")
    return ExitCode.OK


def _continue(options: argparse.Namespace) -> int:
    from gluecast.update.update import continue_update

    answers = continue_update(options.target)
    if options.json:
        print_json({"continued": True, "answers": answers})
        return ExitCode.OK
    moved = f" Updated answers: {', '.join(answers)}." if answers else ""
    print(f"Done.{moved} Commit the result.")
    return ExitCode.OK


def _update(options: argparse.Namespace) -> int:
    from gluecast.update.report import as_markdown, described
    from gluecast.update.update import update

    target, only = _target_and_jobs(options.target, options.only)
    say_other_templates(target)
    report = update(
        target,
        to=options.to,
        only=only,
        template=address(options.template) if options.template else None,
        data=answers(options),
        dry_run=options.dry_run,
        say=say,
        counting=counted,
    )
    if options.summary:
        options.summary.write_text(as_markdown(report), encoding="utf-8")
    if options.json:
        print_json(report.as_json())
    elif not report.versions:
        from gluecast.jobs.check import current_version

        print(f"Nothing to do: {current_version(options.target)}")
    else:
        print(described(report, every_file=options.dry_run))
        if report.conflicts and not options.dry_run:
            print(_AFTER_CONFLICTS)
    return ExitCode.CONFLICT if report.conflicts else ExitCode.OK


def _target_and_jobs(target: Path, only: list[str]) -> tuple[Path, list[str]]:
    """The repository and the jobs: in `--only sales orders lake`, the folder lake is no job."""
    from gluecast.repository.layers import read_layers, repository_around

    if target != Path() or len(only) < 2 or not repository_around(Path(only[-1])):
        return target, only
    around = repository_around(target)
    if around and only[-1] in {layer.name for layer in read_layers(around)}:
        return target, only
    return Path(only[-1]), only[:-1]


COMMAND = Command(
    "update",
    "update all jobs, and the files they share, to a newer template",
    "Merge a newer template into the platform and all jobs at once. The command writes nothing "
    "before it has decided on every file. It leaves conflicts in the files with the usual markers "
    "and in git's index: resolve them, git add, then --continue; or roll back with --abort.",
    add_options,
    run,
)
