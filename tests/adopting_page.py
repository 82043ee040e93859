"""docs/adopting.md, read for what it tells to type and to write."""

import re

from gluecast.template.bundled import TEMPLATE_ROOT

PAGE = (TEMPLATE_ROOT / "docs/adopting.md").read_text(encoding="utf-8")


def headings() -> list[str]:
    """The sections that have commands, in order."""
    return [heading for heading in _sections() if commands(heading)]


def commands(heading: str) -> list[str]:
    """The commands of a section, block by block."""
    return re.findall(r"^```sh\n(.*?)^```", _sections()[heading], re.MULTILINE | re.DOTALL)


def files(heading: str) -> dict[str, str]:
    """The files that a section shows, by path."""
    form = r"^`([\w./-]+)`:\n\n```\w+\n(.*?)^```"
    return dict(re.findall(form, _sections()[heading], re.MULTILINE | re.DOTALL))


def snippets(heading: str, language: str) -> list[str]:
    """The code of a section that is no file of its own."""
    found = re.findall(
        rf"^```{language}\n(.*?)^```", _sections()[heading], re.MULTILINE | re.DOTALL
    )
    return [text for text in found if text not in files(heading).values()]


def _sections() -> dict[str, str]:
    parts = re.split(r"^## (.*)\n", PAGE, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))
