"""The command line of gluecast: it parses and prints; the work is done elsewhere."""

import argparse
import gc
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gluecast.errors import ExitCode, GluecastError
from gluecast.progress import counted

EXIT_CODES = "exit codes:\n" + "\n".join(f"  {code:>3}  {code.meaning}" for code in ExitCode)

TARGET = "the repository, or a folder in it (default: the current folder)"


def parser() -> argparse.ArgumentParser:
    """Every command and option; its help is the reference."""
    root = argparse.ArgumentParser(
        prog="gluecast",
        description="Dual-mode AWS Glue jobs from one template: add them, list them, and carry a\n"
        "newer template into all of them at once, keeping what was edited by hand.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    root.add_argument("--version", action=_Version, help="show the version, which is a release's")
    commands = root.add_subparsers(required=True, metavar="COMMAND")

    demo = _command(
        commands,
        "demo",
        "scaffold a repository with three jobs and run each of them both ways",
        "Scaffold a repository with three example jobs, run each of them for one uploaded file "
        "and for its whole directory, and show what happened.",
        _demo,
    )
    demo.add_argument(
        "target",
        nargs="?",
        type=Path,
        default=Path("demo-platform"),
        help="folder of the repository (default: %(default)s); an earlier demo is run again",
    )

    new = _command(
        commands,
        "new",
        "add a job to a repository, or begin one",
        "Ask the template's questions and write the job; in a new folder, also what all jobs "
        "share. The template is the published one, at the release of this package.",
        _new,
    )
    new.add_argument("target", nargs="?", type=Path, default=Path(), metavar="TARGET", help=TARGET)
    _add_questionnaire(new)

    adopt = _command(
        commands,
        "adopt",
        "bring a repository of Glue jobs that was there before under the platform",
        "Add the runtime and the Terraform modules to a repository whose jobs extend a BaseGlueJob of "
        "its own, and let that class extend the runtime's. Jobs, tests, schedules and every other "
        "file stay as they are. What is left to do is told.",
        _adopt,
    )
    adopt.add_argument(
        "target", nargs="?", type=Path, default=Path(), metavar="TARGET", help=TARGET
    )
    _add_questionnaire(adopt)
    adopt.add_argument(
        "--keep-base-class", action="store_true", help="leave the class BaseGlueJob as it is"
    )
    adopt.add_argument("--dry-run", action="store_true", help="say what would be done")
    adopt.add_argument("--json", action="store_true", help="print the report as JSON")

    listing = _command(
        commands,
        "list",
        "show every job: source, format, triggers, template version, edits",
        "Show every job: its source, format, what starts it on AWS, the version of the template "
        "it was written from, and how many of its files were edited since.",
        _list,
    )
    listing.add_argument(
        "target", nargs="?", type=Path, default=Path(), metavar="TARGET", help=TARGET
    )
    listing.add_argument("--json", action="store_true", help="print JSON")

    update = _command(
        commands,
        "update",
        "bring all jobs, and what they share, to a newer template",
        "Merge a newer template into the platform and every job at once. Every file is decided "
        "on before the first is written. Conflicts are left in the files with the usual markers "
        "and in git's index; resolve them, git add, then --continue; or go back with --abort.",
        _update,
    )
    update.add_argument(
        "target", nargs="?", type=Path, default=Path(), metavar="TARGET", help=TARGET
    )
    update.add_argument(
        "--to", metavar="REF", help="release, branch or commit (default: the newest release)"
    )
    update.add_argument(
        "--only",
        nargs="+",
        default=[],
        metavar="JOB",
        help="these jobs alone; _platform is what all jobs share",
    )
    update.add_argument(
        "--dry-run", action="store_true", help="say what would happen to every file"
    )
    update.add_argument("--json", action="store_true", help="print the report as JSON")
    update.add_argument(
        "--summary", type=Path, metavar="FILE", help="write a pull request's body to FILE"
    )
    ending = update.add_mutually_exclusive_group()
    ending.add_argument(
        "--continue",
        action="store_true",
        dest="resume",
        help="finish, after conflicts are resolved",
    )
    ending.add_argument("--abort", action="store_true", help="put every file back as it was before")

    check = _command(
        commands,
        "check",
        "is a newer template there, was its part edited, do the jobs fit together",
        "Look for a newer template (exit code 4), for edits in files that the template owns (8), "
        "and for what is wrong with the jobs (16): two that claim the same uploads, an output "
        "inside an input, duplicate names, names over an AWS limit, a module that does not say for "
        "sure what its job is called on AWS, answers that the template refuses, conflict markers. The exit code is the sum of what was found.",
        _check,
    )
    check.add_argument(
        "target", nargs="?", type=Path, default=Path(), metavar="TARGET", help=TARGET
    )
    check.add_argument("--json", action="store_true", help="print JSON")

    docs = _command(
        commands,
        "docs",
        "write a page about all jobs: what starts them, what they read and write",
        "Write one HTML file about all jobs, as the Terraform code and the job modules say: "
        "sources, declared columns, rules, schedules, tables, and the way from one to the next as "
        "a picture. It needs no network. The same repository gives the same bytes, so that the "
        "file can be committed.",
        _docs,
    )
    docs.add_argument("target", nargs="?", type=Path, default=Path(), metavar="TARGET", help=TARGET)
    docs.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="the file to write (default: docs/catalogue.html of the repository)",
    )

    rename = _command(
        commands,
        "rename",
        "give a job another name, with all its files",
        "Move the module, tests, data, Terraform code and answers of a job to another name, with "
        "what was edited in them. On AWS the job keeps its name, its table and its runs: `moved` "
        "blocks tell Terraform of the new name, and nothing is replaced. Where the platform or the "
        "module is such that Terraform would replace it, the rename is refused.",
        _rename,
    )
    rename.add_argument("old", metavar="OLD", help="the job's name")
    rename.add_argument("new", metavar="NEW", help="its new name")
    rename.add_argument(
        "target", nargs="?", type=Path, default=Path(), metavar="TARGET", help=TARGET
    )

    remove = _command(
        commands,
        "remove",
        "remove a job and all its files",
        "Remove the module, tests, data, Terraform code and answers of a job. All must be "
        "committed, so that git can bring them back.",
        _remove,
    )
    remove.add_argument("job", metavar="JOB", help="the job's name")
    remove.add_argument(
        "target", nargs="?", type=Path, default=Path(), metavar="TARGET", help=TARGET
    )
    return root


class _Version(argparse.Action):
    """Looks the version up only when it is asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str, **options: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, **options)

    def __call__(self, parser: argparse.ArgumentParser, *arguments: Any) -> None:
        from importlib.metadata import version

        print(f"gluecast {version('gluecast')}")
        parser.exit()


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command, and exit with an ExitCode."""
    options = parser().parse_args(argv)
    # A command lives for seconds; looking for cycles would be a quarter of what an update costs.
    gc.disable()
    try:
        sys.exit(options.run(options))
    except GluecastError as error:
        print(f"gluecast {options.command}: {error}", file=sys.stderr)
        sys.exit(ExitCode.FAILED)
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)
    finally:
        gc.enable()


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    purpose: str,
    description: str,
    run: Any,
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=purpose, description=description)
    command.set_defaults(run=run, command=name)
    return command


def _add_questionnaire(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--template", metavar="PATH_OR_URL", help="another template's git repository"
    )
    command.add_argument("--to", metavar="REF", help="its release, branch or commit to use")
    command.add_argument(
        "--data", action="append", default=[], metavar="NAME=VALUE", help="answer a question"
    )
    command.add_argument(
        "--defaults", action="store_true", help="ask nothing: take the default where no answer is"
    )


def _demo(options: argparse.Namespace) -> int:
    from gluecast.demo import run_demo

    run_demo(options.target)
    return ExitCode.OK


def _new(options: argparse.Namespace) -> int:
    from gluecast.new import new, next_steps

    _say("Reading the template ...")
    repository, jobs = new(
        options.target,
        template=options.template,
        ref=options.to,
        data=_answers(options),
        defaults=options.defaults,
        say=_say,
    )
    print(next_steps(repository, jobs))
    return ExitCode.OK


def _adopt(options: argparse.Namespace) -> int:
    from gluecast.adopting import adopt, described

    _say("Reading the repository and the template ...")
    adoption = adopt(
        options.target,
        template=options.template,
        ref=options.to,
        data=_answers(options),
        defaults=options.defaults,
        keep_base_class=options.keep_base_class,
        dry_run=options.dry_run,
        say=_say,
    )
    if options.json:
        print(_json(adoption.as_json()))
    else:
        print(described(adoption, dry_run=options.dry_run))
    return ExitCode.OK


def _answers(options: argparse.Namespace) -> dict[str, str]:
    """What --data gives, by the name of the question."""
    data = {}
    for answer in options.data:
        name, separator, value = answer.partition("=")
        if not separator:
            raise GluecastError(f"expected --data NAME=VALUE, found {answer}")
        data[name] = value
    return data


def _list(options: argparse.Namespace) -> int:
    from gluecast.listing import as_table, jobs

    found = jobs(options.target, counted)
    print(_json([job.as_json() for job in found]) if options.json else as_table(found))
    return ExitCode.OK


def _update(options: argparse.Namespace) -> int:
    from gluecast.update import (
        abort_update,
        as_markdown,
        continue_update,
        described,
        update,
    )

    if options.abort:
        for path in abort_update(options.target):
            print(f"{path} was edited since; that content is in gluecast/aborted of git's folder")
        print("Every file is as it was before the update.")
        return ExitCode.OK
    if options.resume:
        answers = continue_update(options.target)
        moved = f" The answers moved on: {', '.join(answers)}." if answers else ""
        print(f"Done.{moved} Commit the result.")
        return ExitCode.OK
    report = update(
        options.target,
        to=options.to,
        only=options.only,
        dry_run=options.dry_run,
        say=_say,
        counting=counted,
    )
    if options.summary:
        options.summary.write_text(as_markdown(report), encoding="utf-8")
    if options.json:
        print(_json(report.as_json()))
    else:
        print(described(report, every_file=options.dry_run))
        if report.conflicts and not options.dry_run:
            print(
                "\nResolve the conflicts, git add the files, then: gluecast update --continue\n"
                "To go back to where you were: gluecast update --abort"
            )
    return ExitCode.CONFLICT if report.conflicts else ExitCode.OK


def _check(options: argparse.Namespace) -> int:
    from gluecast.check import check, described

    findings = check(options.target, counted)
    print(_json(findings.as_json()) if options.json else described(findings))
    return findings.exit_code


def _docs(options: argparse.Namespace) -> int:
    from gluecast.catalogue.page import write_page

    path, count = write_page(options.target, options.output)
    print(f"{count} job{'' if count == 1 else 's'} in {path}")
    return ExitCode.OK


def _rename(options: argparse.Namespace) -> int:
    from gluecast.renaming import rename

    outcome = rename(options.target, options.old, options.new)
    print("\n".join(outcome.files))
    for path in outcome.conflicts:
        print(f"conflict in {path}: resolve it, git add, gluecast update --continue (or --abort)")
    _print_left(outcome.left)
    for path in outcome.mentions:
        print(f"{path} still mentions {options.old}")
    if outcome.deployed_name is None:
        print(
            "This version of the template has no name on AWS apart from the job's: terraform apply "
            f"replaces {options.old} by {options.new}. To keep it there, take this back, "
            "gluecast update first, and rename then."
        )
    elif outcome.own_terraform:
        print(
            f"Its output stays {outcome.deployed_name}. Its Glue job is in Terraform code of your "
            f"own: let the script there be src/jobs/{options.new}.py and the key in glue_job_arns "
            f"{options.new}, and leave the Glue job's name."
        )
    elif not outcome.conflicts and outcome.deployed_name != options.new:
        print(f"On AWS it stays {outcome.deployed_name}: terraform apply replaces nothing.")
    return ExitCode.CONFLICT if outcome.conflicts else ExitCode.OK


def _remove(options: argparse.Namespace) -> int:
    from gluecast.renaming import remove

    outcome = remove(options.target, options.job)
    print("\n".join(f"removed {line}" for line in outcome.files))
    _print_left(outcome.left)
    for path in outcome.mentions:
        print(f"{path} still mentions {options.job}")
    return ExitCode.OK


def _print_left(paths: Sequence[str]) -> None:
    for path in paths:
        print(f"{path} is unknown to git, and stays where it is")


def _say(line: str) -> None:
    """Progress does not mix with what a command prints."""
    print(line, file=sys.stderr)


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


if __name__ == "__main__":
    main()
