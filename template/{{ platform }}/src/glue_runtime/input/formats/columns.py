# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Check the column names of a file."""

from collections.abc import Sequence

from glue_runtime.input.formats.interface import Contract, UnreadableFileError


def check_columns(names: Sequence[str], contract: Contract) -> None:
    """Check that each name is unique, and that the names are those of the contract.

    Raises:
        UnreadableFileError: a name is duplicate, undeclared, or missing.
    """
    lowered = [name.casefold() for name in names]
    if twice := {name for name in names if lowered.count(name.casefold()) > 1}:
        raise UnreadableFileError(f"the column {min(twice)!r} twice")
    if not names:
        raise UnreadableFileError("no column at all")
    if contract.fields:
        expected = [field.name for field in contract.fields]
        if complaint := unexpected_columns(names, expected):
            raise UnreadableFileError(complaint)


def unexpected_columns(found: Sequence[str], expected: Sequence[str]) -> str | None:
    """Compare column names, ignoring order and case; None if they match."""
    have, want = ({name.casefold() for name in names} for names in (found, expected))
    if have == want:
        return None
    missing = [name for name in expected if name.casefold() not in have]
    extra = [name for name in found if name.casefold() not in want]
    parts = [f"lacks {', '.join(missing)}"] * bool(missing)
    parts += [f"has {', '.join(extra)} too"] * bool(extra)
    return f"the columns {', '.join(found)}; it {' and '.join(parts)}"
