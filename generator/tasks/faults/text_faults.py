"""Faults in Terraform, Jinja, the questions, make and operations: the table in planted.toml."""

import tomllib
from pathlib import Path

from tasks.faults.fault import Fault, GoneError

TABLE = Path(__file__).with_name("planted.toml")


def table() -> list[Fault]:
    """Every fault of the table."""
    entries = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return [
        Fault(file, _line_of(change["old"]), change.get("number", 0), _named(change))
        for file, changes in entries.items()
        for change in changes
    ]


def planted(text: str, fault: Fault) -> str:
    """The text with a fault in it.

    Raises:
        GoneError: the text does not have what the fault changes.
    """
    old, new = fault.change.split(" -> ", 1)
    parts = text.split(old)
    if len(parts) < fault.number + 2:
        raise GoneError(fault.name)
    return old.join(parts[: fault.number + 1]) + new + old.join(parts[fault.number + 1 :])


def _line_of(text: str) -> str:
    return text.strip().splitlines()[0].strip()


def _named(change: dict[str, str]) -> str:
    return f"{change['old']} -> {change['new']}"
