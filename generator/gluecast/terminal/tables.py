"""Plain-text tables."""

from collections.abc import Container, Sequence


def table(
    header: Sequence[str], rows: Sequence[Sequence[str]], numeric: Container[int] = ()
) -> str:
    """A table with aligned columns; the columns in `numeric` are right-aligned."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = [header, ["-" * width for width in widths], *rows]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if index in numeric else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )
