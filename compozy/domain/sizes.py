"""Sizes in bytes as people write them: ``256mb``, ``1.5 GiB``.

Pydantic has ``ByteSize`` for this, which reads ``1,000mb`` as one byte, and bits besides.
"""

import re
from fractions import Fraction
from typing import Final

from compozy.domain.errors import InvalidError, Problem
from compozy.domain.json import Json

_BYTES: Final[dict[str, int]] = {
    "b": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "tb": 10**12,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
    "tib": 2**40,
}
SIZE_UNITS: Final = tuple(_BYTES)
"""Every unit, in lower case."""

_BIGGEST_FIRST: Final = sorted(_BYTES.items(), key=lambda unit: -unit[1])

# At most 18 digits on each side of the point, so that no text makes the arithmetic slow.
_SIZE: Final = re.compile(r"(\d{1,18}(?:\.\d{1,18})?)\s*([a-z]+)", re.ASCII | re.IGNORECASE)

_HINT: Final = 'write for example "256mb" or "1gib"'


def parse_size(value: Json) -> int:
    """Return the bytes that a text names: a number with its unit.

    >>> parse_size("256mb"), parse_size("1.5 KiB")
    (256000000, 1536)

    Args:
        value: A number with b, kb, mb, gb, tb (powers of 1000) or kib, mib, gib, tib (powers of 1024), in any case. A
            bare number is refused, because nobody can see its unit.

    Raises:
        InvalidError: It is not a size, or is no whole number of bytes.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        raise InvalidError(
            Problem(message=f"{value} is a number without a unit", hint=f'write "{value}mb" for megabytes')
        )
    found = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    unit = _BYTES.get(found[2].lower()) if found is not None else None
    if found is None or unit is None:
        raise InvalidError(Problem(message=f"{value!r} is not a size", hint=_HINT))
    size = Fraction(found[1]) * unit
    if size.denominator != 1:
        raise InvalidError(Problem(message=f"{value!r} is not a whole number of bytes", hint="round it"))
    return int(size)


def format_size(size_bytes: int) -> str:
    """Return the shortest spelling in one unit, which :func:`parse_size` reads back exactly.

    >>> format_size(256_000_000), format_size(1536), format_size(1001)
    ('256mb', '1536b', '1001b')

    Args:
        size_bytes: Not negative; nothing that Compozy measures is.
    """
    if size_bytes < 0:
        raise ValueError(f"{size_bytes!r} is negative")
    if not size_bytes:
        return "0b"
    return next(f"{size_bytes // unit}{name}" for name, unit in _BIGGEST_FIRST if size_bytes % unit == 0)
