"""The command line: it parses arguments, calls one function, and prints the result."""

import argparse
import gc
import sys
from collections.abc import Sequence
from typing import Any

from gluecast.cli import (
    adopt,
    check,
    demo,
    docs,
    inventory,
    list_jobs,
    new,
    remove,
    rename,
    sniff,
    update,
)
from gluecast.cli.command import print_json
from gluecast.errors import ExitCode, GluecastError
from gluecast.repository.git import isolate

COMMANDS = [
    each.COMMAND
    for each in (
        *(demo, new, sniff, inventory, adopt),
        *(list_jobs, update, check, docs, rename, remove),
    )
]

_EXIT_CODES = "exit codes:\n" + "\n".join(f"  {code:>3}  {code.meaning}" for code in ExitCode)


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command and exit with an ExitCode."""
    options = parser().parse_args(argv)
    # A command runs for seconds; collecting cycles would take a quarter of an update's time.
    gc.disable()
    try:
        isolate()
        sys.exit(options.run(options))
    except (GluecastError, OSError) as error:
        print(f"gluecast {options.command}: {error}", file=sys.stderr)
        if getattr(options, "json", False):
            print_json({"error": str(error)})
        sys.exit(ExitCode.FAILED)
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)
    finally:
        gc.enable()


def parser() -> argparse.ArgumentParser:
    """The parser of all commands and options; its help is the reference."""
    root = argparse.ArgumentParser(
        prog="gluecast",
        description="Generate AWS Glue jobs that an uploaded file or a schedule starts, list them,\n"
        "and update all of them to a newer template without losing manual edits.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    root.add_argument("--version", action=_Version, help="show the version and exit")
    commands = root.add_subparsers(required=True, metavar="COMMAND")
    for each in COMMANDS:
        command = commands.add_parser(each.name, help=each.purpose, description=each.description)
        each.add_options(command)
        command.set_defaults(run=each.run, command=each.name)
    return root


class _Version(argparse.Action):
    """Looks up the version only on demand."""

    def __init__(self, option_strings: Sequence[str], dest: str, **options: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, **options)

    def __call__(self, parser: argparse.ArgumentParser, *arguments: Any) -> None:
        from importlib.metadata import version

        print(f"gluecast {version('gluecast')}")
        parser.exit()
