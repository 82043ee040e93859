"""The pages of the documentation, and the commands on them that a reader would type."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gluecast.template.bundled import TEMPLATE_ROOT
from tasks.examples import RENDERED

PROGRAMS = frozenset(
    (
        *(
            "aws",
            "bash",
            "cd",
            "copier",
            "cp",
            "curl",
            "docker",
            "echo",
            "export",
            "git",
            "gluecast",
        ),
        *(
            "make",
            "mkdir",
            "mv",
            "pip",
            "pipx",
            "printf",
            "pytest",
            "python",
            "python3",
            "rm",
            "sh",
        ),
        *("sudo", "terraform", "touch", "uv", "uvx"),
    )
)
"""What a command begins with. A line of a block that begins with something else is output."""

NOT_TYPED = frozenset(("text", "python", "hcl", "json", "sql", "toml", "yaml", "mermaid", "diff"))
"""Kinds of fenced blocks that show something else than commands."""


@dataclass(frozen=True)
class Page:
    """A page of this project, or of the repositories that it renders."""

    path: Path

    @property
    def name(self) -> str:
        """README.md, docs/cost.md, rendered README.md"""
        if self.path.is_relative_to(RENDERED):
            return f"rendered {self.path.relative_to(RENDERED).as_posix()}"
        return self.path.relative_to(TEMPLATE_ROOT).as_posix()

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def commands(self) -> list[str]:
        """The commands in the order of the page, without their comments."""
        return commands(self.text)


def pages() -> list[Page]:
    """Every page, those of the rendered repository last."""
    ours = ["README.md", "CONTRIBUTING.md"]
    found = [TEMPLATE_ROOT / name for name in ours if (TEMPLATE_ROOT / name).is_file()]
    found += sorted((TEMPLATE_ROOT / "docs").rglob("*.md"))
    found += [RENDERED / "README.md", *sorted((RENDERED / "docs").rglob("*.md"))]
    return [Page(path) for path in found]


def commands(text: str) -> list[str]:
    """The commands in a text of Markdown."""
    return [command for block in typed_blocks(text) for command in _commands(block)]


def typed_blocks(text: str) -> Iterator[list[str]]:
    """The lines of each block that may hold commands: indented by four spaces, or fenced."""
    fence, kind, block, before = "", "", [], ""
    for line in [*text.splitlines(), "end"]:
        opened = re.match(r" {0,3}(```+|~~~+)\s*(\w*)", line)
        if fence:
            if opened and opened[1].startswith(fence) and not opened[2]:
                fence = ""
                if kind not in NOT_TYPED:
                    yield block
                block = []
            else:
                block.append(line)
        elif line.startswith("    ") and (block or not before.strip()):
            block.append(line[4:])
        elif line.strip() or not block:
            if block:
                yield block
                block = []
            if opened:
                fence, kind = opened[1], opened[2]
        before = line


def _commands(block: list[str]) -> Iterator[str]:
    """Commands of a block; one that ends in a backslash goes on in the next line."""
    joined = re.sub(r" *\\\n *", " ", "\n".join(block))
    for line in joined.splitlines():
        command = re.sub(r"(^|\s+)#( .*)?$", "", line.strip().removeprefix("$ ")).rstrip()
        program = re.sub(r"^(\w+=\S* )*", "", command).split(" ")[0]
        if program in PROGRAMS:
            yield command
