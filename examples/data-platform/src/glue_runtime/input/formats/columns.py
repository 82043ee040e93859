# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Check the column names of a file."""

from collections import Counter
from collections.abc import Sequence

from glue_runtime.input.formats.interface import Contract, UnreadableFileError

_ROOM = 4000

IF_RIGHT = " (if that is right, declare "
"""The beginning of an advice on columns."""


def check_columns(names: Sequence[str], contract: Contract) -> None:
    """Check that each name is unique, and that the names are those of the contract.

    Raises:
        UnreadableFileError: a name is duplicate, undeclared, or missing.
    """
    counts = Counter(name.casefold() for name in names)
    if twice := {name for name in names if name and counts[name.casefold()] > 1}:
        raise UnreadableFileError(f"the column {min(twice)!r} twice")
    if not names:
        raise UnreadableFileError("no column at all")
    if contract.fields and (complaint := unexpected_columns(names, contract)):
        raise UnreadableFileError(complaint)


def unexpected_columns(found: Sequence[str], contract: Contract) -> str | None:
    """Compare column names with those of the contract, ignoring order and case; None if they match."""
    expected = [field.name for field in contract.fields or ()]
    have, want = ({name.casefold() for name in names} for names in (found, expected))
    missing = [
        name
        for name in expected
        if name.casefold() not in have and name.casefold() not in contract.optional
    ]
    extra = [name for name in found if name.casefold() not in want]
    if contract.keeps_new_columns:
        extra = []
    if not missing and not extra:
        return None
    parts = [f"lacks {_listed(missing)}"] * bool(missing)
    parts += [f"has {_listed(extra)} too"] * bool(extra)
    complaint = f"the columns {_listed(found)}; it {' and '.join(parts)}"
    return complaint + (_advice(missing, extra) if have & want else "")


def _listed(names: Sequence[str]) -> str:
    """Names as they stand in a message, as far as it has room for them."""
    text = ", ".join(names)
    return text if len(text) <= _ROOM else f"{text[:_ROOM]}..."


def _advice(missing: Sequence[str], extra: Sequence[str]) -> str:
    """What to declare if such files are right."""
    declare = [f"{_listed(missing)} as COMMENT 'optional'"] * bool(missing)
    declare += ['options={"schemaEvolutionMode": "none"} to ignore what it has more'] * bool(extra)
    return f"{IF_RIGHT}{' and '.join(declare)})"
