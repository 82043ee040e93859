"""The pages know each other, and what they say of the code is what the code says."""

import re

import pytest

from gluecast.template.bundled import TEMPLATE_ROOT
from pages import Page, pages

OURS = [page for page in pages() if not page.name.startswith("rendered")]
LINK = re.compile(r"\[[^\]]*\]\(([^)#:]+)(?:#[^)]*)?\)", re.DOTALL)


def links(page: Page) -> list[str]:
    return LINK.findall(page.text)


@pytest.mark.parametrize("page", OURS, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Page) -> None:
    missing = [link for link in links(page) if not (page.path.parent / link).exists()]

    assert missing == []


def test_the_index_has_every_page() -> None:
    index = TEMPLATE_ROOT / "docs/README.md"
    linked = {(index.parent / link).resolve() for link in links(Page(index))}
    linked |= {path for folder in linked if folder.is_dir() for path in folder.glob("*.md")}

    assert {page.path for page in OURS if page.path.parent != TEMPLATE_ROOT} - {index} <= linked


@pytest.mark.parametrize("page", OURS, ids=lambda page: page.name)
def test_no_line_is_too_long_to_read(page: Page) -> None:
    prose = re.sub(r"^(```+).*?^\1$", "", page.text, flags=re.MULTILINE | re.DOTALL)
    long = [
        line
        for line in prose.splitlines()
        if len(line) > 115 and not line.startswith(("|", "    ")) and "](" not in line
    ]

    assert long == []
