"""gluecast sniff"""

import argparse
from pathlib import Path

from gluecast.cli.command import Command, print_json, say
from gluecast.errors import ExitCode


def add_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", type=Path, metavar="FILE", help="a file of the source")
    command.add_argument("--prefix", help="prefix of the source (default: from the file's name)")
    command.add_argument("--json", action="store_true", help="print the proposal as JSON")


def run(options: argparse.Namespace) -> int:
    from gluecast.sniff.runtime import import_runtime

    import_runtime()
    from gluecast.sniff.sniff import sniff

    found = sniff(options.file, options.prefix)
    if options.json:
        print_json(found.as_json())
        return ExitCode.OK
    if found.rows is not None:
        say(f"Read {found.rows - found.invalid} of {found.rows} rows exactly.")
    for note in found.notes:
        say(f"- {note}")
    print(f"{found.source()},")
    return ExitCode.OK


COMMAND = Command(
    "sniff",
    "propose the Source that reads a file exactly",
    "Look at a file, or the first 8 MiB of a large one, and print the Source that reads it exactly, with its "
    "columns and options; on standard error, what speaks against it. Needs: pip install 'gluecast[sniff]'.",
    add_options,
    run,
)
