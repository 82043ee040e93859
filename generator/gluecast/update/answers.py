"""The answers file in a merge: the template writes its answers, the user may add comments."""

import yaml

from gluecast.repository.layers import read_layer


def answers_changed(before: bytes, after: bytes) -> str | None:
    """The first answer that differs between two answers files; None if only comments do."""
    one, other = (read_layer("answers", data).recorded for data in (before, after))
    return next((key for key in {**one, **other} if one.get(key) != other.get(key)), None)


def with_comments(ours: bytes, theirs: bytes) -> bytes:
    """The template's answers file with the comments of the user's.

    A comment stays above or behind the answer where it stands. The comments of an answer that the
    template no longer has come last.
    """
    above, behind = _comments(ours.decode())
    template_above, _ = _comments(theirs.decode())
    lines: list[str] = []
    for line, key in _lines(theirs.decode()):
        if key is not None:
            lines += [
                each for each in above.pop(key, []) if each not in template_above.get(key, [])
            ]
            line += behind.pop(key, "")
        lines.append(line)
    known = {*lines}
    lines += [each for each in above.pop("", []) if each not in known]
    for key in {**above, **behind}:
        lines += above.get(key, [])
        if key in behind:
            lines.append(f"# {key}:{behind[key]}")
    return "".join(f"{line}\n" for line in lines).encode()


def _comments(text: str) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Comment lines above each key, and the comment behind it; "" stands for the end of the file."""
    above: dict[str, list[str]] = {}
    behind: dict[str, str] = {}
    ends = _ends(text)
    waiting: list[str] = []
    for number, (line, key) in enumerate(_lines(text)):
        if line.lstrip().startswith("#"):
            waiting.append(line)
        if key is not None:
            above[key], waiting = waiting, []
            rest = line[ends.get(number, len(line)) :]
            if rest.lstrip().startswith("#"):
                behind[key] = rest
    above[""] = waiting
    return above, behind


def _lines(text: str) -> list[tuple[str, str | None]]:
    """Every line, with the key that begins on it."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    keys = {key.start_mark.line: str(key.value) for key, _ in node.value} if node else {}
    return [(line, keys.get(number)) for number, line in enumerate(text.splitlines())]


def _ends(text: str) -> dict[int, int]:
    """The column where the last token of each line ends."""
    ends: dict[int, int] = {}
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        if token.end_mark.index > token.start_mark.index:
            ends[token.end_mark.line] = token.end_mark.column
    return ends
