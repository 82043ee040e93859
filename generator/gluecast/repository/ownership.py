"""The owner of a file, from its first lines."""

OWNED_BY_TEMPLATE = b"Owned by the gluecast template"


def owned_by_template(content: bytes) -> bool:
    """Whether the first lines of a file name the template as its owner."""
    return OWNED_BY_TEMPLATE in b"\n".join(content.splitlines()[:2])
