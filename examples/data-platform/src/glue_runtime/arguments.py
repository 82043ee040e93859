# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Parse the arguments of a Glue run."""

from collections.abc import Iterable, Sequence

from glue_runtime.errors import ArgumentError


def parse_arguments(argv: Sequence[str], names: Iterable[str]) -> dict[str, str]:
    """Pick ``--name value`` and ``--name=value`` from `argv` for each of `names`.

    This replaces ``awsglue.utils.getResolvedOptions``, which requires every name, accepts no value
    that begins with a hyphen, and accepts unambiguous prefixes of names. Here every name is
    optional, its value is the next word, whatever it looks like, and names must match exactly.
    Other names (Glue adds its own) are ignored; if a name is repeated, the last value counts.

    Raises:
        ArgumentError: the last name has no value.
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


def parse_buckets(text: str | None) -> dict[str, str]:
    """The buckets of ``--lake_buckets``, by zone: ``bronze=acme-landing,silver=acme-curated``.

    Terraform passes those that do not have the name that the platform gives them.

    Raises:
        ArgumentError: it is no such list.
    """
    pairs = [pair.partition("=") for pair in (text or "").split(",") if pair]
    if not all(zone and bucket for zone, _, bucket in pairs):
        raise ArgumentError(
            "expected the names of buckets by zone as --lake_buckets, such as "
            f"bronze=acme-landing,silver=acme-curated, found {text!r}"
        )
    return {zone: bucket for zone, _, bucket in pairs}
