"""What the sniffer proposes for a file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_WIDTH = 88


@dataclass(frozen=True)
class Proposal:
    """The Source of a file.

    columns: the types of the columns by their names, as in SQL.
    options: the options that differ from their defaults.
    notes: what speaks against the proposal, one sentence each.
    rows: the number of rows in the sample, all of which the Source reads, but for the invalid ones.
    """

    prefix: str
    suffix: str
    file_format: str
    columns: Mapping[str, str]
    options: Mapping[str, str]
    notes: Sequence[str]
    rows: int | None = None
    invalid: int = 0

    @property
    def schema(self) -> str:
        """The columns as in SQL."""
        return ", ".join(f"{quoted(name)} {kind}" for name, kind in self.columns.items())

    def source(self) -> str:
        """The declaration in Python."""
        lines = [
            "Source(",
            f"    prefix={_text(self.prefix)},",
            f"    suffix={_text(self.suffix)},",
            f"    file_format={_text(self.file_format)},",
            *_schema(self.schema),
        ]
        if self.options:
            lines += ["    options={"]
            lines += [f"        {_text(k)}: {_text(v)}," for k, v in self.options.items()]
            lines += ["    },"]
        return "\n".join([*lines, ")"])

    def as_json(self) -> dict[str, object]:
        """The proposal as plain data."""
        return {**vars(self), "schema": self.schema, "source": self.source()}


def quoted(name: str) -> str:
    """A column's name as in SQL."""
    is_plain = name.isascii() and name.isidentifier()
    return name if is_plain else f"`{name.replace('`', '``')}`"


def _text(value: str) -> str:
    quote = "'" if '"' in value and "'" not in value else '"'
    shown = repr(value)[1:-1]
    if quote == '"':
        shown = shown.replace("\\'", "'").replace('"', '\\"')
    return f"{quote}{shown}{quote}"


def _schema(schema: str) -> list[str]:
    """The schema on one line, or on as many as it takes."""
    if len(schema) < _WIDTH - 14:
        return [f"    schema={_text(schema)},"]
    lines, line = [], ""
    for part in schema.split(", "):
        if line and len(line) + len(part) > _WIDTH - 14:
            lines.append(line)
            line = ""
        line += f"{part}, "
    lines.append(line.removesuffix(", "))
    return ["    schema=(", *(f"        {_text(each)}" for each in lines), "    ),"]
