"""Tables of plain text."""

from collections.abc import Container, Sequence


def table(
    header: Sequence[str], rows: Sequence[Sequence[str]], numeric: Container[int] = ()
) -> str:
    """Columns as wide as they need to be, those of `numeric` aligned to the right."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = [header, ["-" * width for width in widths], *rows]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if index in numeric else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )
