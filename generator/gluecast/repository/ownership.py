"""Whose a file is: a file of the template says so in its first lines."""

OWNED_BY_TEMPLATE = b"Owned by the gluecast template"


def owned_by_template(content: bytes) -> bool:
    """Whether a file says in its first lines that the template owns it."""
    return OWNED_BY_TEMPLATE in b"\n".join(content.splitlines()[:2])
