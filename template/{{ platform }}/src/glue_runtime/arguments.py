# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The arguments a Glue run is started with."""

from collections.abc import Iterable, Sequence

from glue_runtime.errors import ArgumentError


def parse_arguments(argv: Sequence[str], names: Iterable[str]) -> dict[str, str]:
    """Pick ``--name value`` and ``--name=value`` from `argv` for each of `names`.

    Takes the place of ``awsglue.utils.getResolvedOptions``, for which every name is required, a
    value may not begin with a hyphen, and an unambiguous beginning stands for the whole name. Here
    every name is optional, its value is the next word whatever it looks like, and only the exact
    name counts. Other names (Glue adds its own) are ignored; of a repeated
    name the last value counts.

    Raises:
        ArgumentError: a name stands at the end without a value.
    """
    wanted = set(names)
    found: dict[str, str] = {}
    words = iter(argv)
    for word in words:
        name, has_value, value = word.removeprefix("--").partition("=")
        if not word.startswith("--") or name not in wanted:
            continue
        if not has_value:
            try:
                value = next(words)
            except StopIteration:
                raise ArgumentError(
                    f"expected a value after --{name}, found the end of the arguments; "
                    f"give --{name} VALUE or leave it out"
                ) from None
        found[name] = value
    return found
