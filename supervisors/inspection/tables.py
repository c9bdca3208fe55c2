"""Sets text in columns, for people who read a terminal."""

import math
from collections.abc import Collection, Iterable, Sequence

_SHOWN = 6  # names of a chain that are shown in full; of a longer one the middle is left out


def table(header: Sequence[str], rows: Iterable[Sequence[str]], *, right: Collection[str] = ()) -> str:
    """Return a header and rows with aligned columns, two spaces apart.

    Args:
        header: The headings.
        rows: As many cells each as there are headings.
        right: Headings of the columns that are aligned to the right: numbers.
    """
    lines = [tuple(header), *map(tuple, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]

    def set_line(cells: Sequence[str]) -> str:
        columns = zip(header, cells, widths, strict=True)
        return "  ".join(
            cell.rjust(width) if head in right else cell.ljust(width) for head, cell, width in columns
        ).rstrip()

    return "\n".join(map(set_line, lines))


def seconds(value: float | None) -> str:
    """Return a duration as people write it: ``2.5 s``; milliseconds are the finest that is shown."""
    if value is None:
        return "-"
    if math.isinf(value):
        return "no limit"
    return f"{value:.3f}".rstrip("0").rstrip(".") + " s"


def arrows(names: Sequence[str]) -> str:
    """Return a chain as ``a -> b -> c``; the middle of a long one is left out."""
    if len(names) <= _SHOWN:
        return " -> ".join(names)
    head, tail = names[: _SHOWN // 2], names[-(_SHOWN // 2) :]
    return " -> ".join([*head, f"({len(names) - _SHOWN} more)", *tail])


def indent(text: str, by: str = "  ") -> str:
    """Return the text with each line moved to the right."""
    return "\n".join(f"{by}{line}" for line in text.splitlines())
