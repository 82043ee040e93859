"""Write docs/commands.md from the help of the commands: python3 generator docs."""

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager

from gluecast.cli import parser
from gluecast.template.bundled import TEMPLATE_ROOT

PAGE = TEMPLATE_ROOT / "docs" / "commands.md"

_INTRODUCTION = """\
# Commands of gluecast

This page is the output of `gluecast --help` and `gluecast COMMAND --help`. `python3 generator docs`
writes it from the code in generator/gluecast/cli/.
"""


def main() -> None:
    """Write the page."""
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(commands_page(), encoding="utf-8")
    print(f"wrote {PAGE}")


def commands_page() -> str:
    """The page: the help of gluecast and of all commands, for a terminal with 100 columns."""
    root = parser()
    [commands] = [each for each in root._actions if isinstance(each, argparse._SubParsersAction)]
    with _plain_terminal():
        helps = {"": root.format_help()}
        helps |= {name: command.format_help() for name, command in commands.choices.items()}
    sections = [
        f"{f'## {name}' if name else '## gluecast'}\n\n```text\n{text}```\n"
        for name, text in helps.items()
    ]
    return "\n".join([_INTRODUCTION, *sections])


@contextmanager
def _plain_terminal() -> Iterator[None]:
    """Set the width and colors that argparse reads from the environment."""
    before = {name: os.environ.get(name) for name in ("COLUMNS", "NO_COLOR")}
    os.environ.update(COLUMNS="100", NO_COLOR="1")
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


if __name__ == "__main__":
    main()
