"""Parse the columns of a SQL schema."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_COLUMN = re.compile(r"\s*(?:`((?:[^`]|``)+)`|([^\s:`]+))\s*:?\s*(.*)", re.DOTALL)
_COMMENT = re.compile(
    r"""\s+COMMENT\s+(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*$""", re.I | re.S
)
_NOT_NULL = re.compile(r"\s+NOT\s+NULL\s*$", re.I)


@dataclass(frozen=True)
class Column:
    """A column as declared: ``amount``, ``DOUBLE``."""

    name: str
    type: str
    required: bool = False
    comment: str = ""


def columns_of(schema: str) -> tuple[Column, ...]:
    """The columns of ``"id BIGINT NOT NULL, name STRING COMMENT 'of the shop'"``, in order.

    Types are returned as written; only Spark can tell whether they are valid.
    """
    return tuple(_column(part) for part in _parts(schema) if part.strip())


def _column(text: str) -> Column:
    found = _COLUMN.fullmatch(text)
    if not found:
        return Column(text.strip(), "")
    quoted, plain, rest = found.groups()
    comment = _COMMENT.search(rest)
    if comment:
        rest = rest[: comment.start()]
    type_, required = _NOT_NULL.subn("", rest)
    return Column(
        name=quoted.replace("``", "`") if quoted else plain,
        type=" ".join(type_.split()),
        required=bool(required),
        comment=re.sub(r"\\(.)", r"\1", (comment[1] or comment[2] or "")) if comment else "",
    )


def _parts(schema: str) -> Iterator[str]:
    """Split the schema at commas outside of brackets and quotes."""
    start = depth = 0
    quote = ""
    escaped = False
    for index, character in enumerate(schema):
        if quote:
            if character == quote and not escaped:
                quote = ""
            escaped = character == "\\" and not escaped
        elif character in "'\"`":
            quote = character
        elif character in "<(":
            depth += 1
        elif character in ">)":
            depth -= 1
        elif character == "," and depth == 0:
            yield schema[start:index]
            start = index + 1
    yield schema[start:]
