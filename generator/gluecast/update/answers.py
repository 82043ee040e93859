"""The answers file in a merge: the template writes its answers, the user may add comments."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from gluecast.repository.layers import read_layer


def answers_changed(before: bytes, after: bytes) -> str | None:
    """The first answer that differs between two answers files; None if only comments do."""
    one, other = (read_layer("answers", data).recorded for data in (before, after))
    return next((key for key in {**one, **other} if one.get(key) != other.get(key)), None)


def with_comments(ours: bytes, theirs: bytes) -> bytes:
    """The template's answers file with the comments of the user's.

    A comment stays above the answer, or behind it. Where that would change an answer, and if the
    template no longer has the answer, the comment is at the end of the file.
    """
    mine, template = ours.decode("utf-8-sig"), theirs.decode("utf-8-sig")
    try:
        placed = _placed(_comments(mine), template)
        if yaml.safe_load(placed) == yaml.safe_load(template):
            return placed.encode()
    except yaml.YAMLError:
        pass  # Copier's parser reads some files that this one does not
    known = {line.strip() for line in template.split("\n")}
    lines = (line.strip() for line in mine.split("\n"))
    last = [line for line in lines if line.startswith("#") and line not in known]
    return "\n".join([template.rstrip("\n"), *last, ""]).encode()


@dataclass(frozen=True)
class _Comment:
    """A comment, the answer that it is about ("" for none), and the space between its value and it.

    Without such a space, it stands on a line of its own.
    """

    text: str
    key: str
    space: str = ""


def _placed(comments: list[_Comment], template: str) -> str:
    """The template's text with comments."""
    lines = template.rstrip("\n").split("\n")
    starts = _key_lines(template)
    ends = [*sorted(starts)[1:], len(lines)]
    one_line = {
        starts[start] for start, end in zip(sorted(starts), ends, strict=True) if end == start + 1
    }
    written: list[str] = []
    left = [each for each in comments if each.text not in {line.strip() for line in lines}]
    for number, line in enumerate(lines):
        key = starts.get(number)
        about = [each for each in left if key and each.key == key]
        behind = [each for each in about if each.space and key in one_line]
        written += [each.text for each in about if each not in behind]
        written.append("".join([line, *(each.space + each.text for each in behind)]))
        left = [each for each in left if each not in about]
    return "\n".join([*written, *(each.text for each in left), ""])


def _comments(text: str) -> list[_Comment]:
    """Every comment of an answers file, in its order."""
    found = []
    starts = _key_lines(text)
    ends = _values_end(text)
    for number, line, start in _comment_places(text):
        above = [start_line for start_line in starts if start_line <= number]
        key = starts[max(above)] if above else ""
        if start == 0 or not line[:start].strip():
            # Behind the value of the answer above it, it is about the next one.
            if not above or number > ends[key]:
                below = [start_line for start_line in starts if start_line > number]
                key = starts[min(below)] if below else ""
            found.append(_Comment(line[start:], key))
        else:
            value = line[:start].rstrip()
            found.append(_Comment(line[start:], key, line[len(value) : start]))
    return found


def _key_lines(text: str) -> dict[int, str]:
    """The line of each answer, and its name."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    return {key.start_mark.line: str(key.value) for key, _ in node.value} if node else {}


def _values_end(text: str) -> dict[str, int]:
    """The last line of each answer's value."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    found = {}
    for key, value in node.value if node else ():
        # The end of a block is the start of what follows it.
        end = value.end_mark.line - (value.end_mark.column == 0)
        found[str(key.value)] = max(end, key.start_mark.line)
    return found


def _comment_places(text: str) -> Iterator[tuple[int, str, int]]:
    """Number, text and start of the comment of each line that has one."""
    values = [
        (token.start_mark.index, token.end_mark.index, token.style)
        for token in yaml.scan(text, Loader=yaml.SafeLoader)
        if isinstance(token, yaml.ScalarToken)
    ]
    offset = 0
    for number, line in enumerate(text.split("\n")):
        for found in re.finditer(r"(?:^|(?<=[ \t]))#", line):
            place = offset + found.start()
            inside = [value for value in values if value[0] <= place < value[1]]
            # Behind | or >, a comment is still outside of the text.
            heads = [
                value
                for value in inside
                if value[2] in ("|", ">") and "\n" not in text[value[0] : place]
            ]
            if len(inside) == len(heads):
                yield number, line.rstrip("\r"), found.start()
                break
        offset += len(line) + 1
