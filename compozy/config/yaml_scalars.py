"""What a plain YAML scalar means: the core schema of YAML 1.2, as far as JSON can carry it.

====================================  =======================================================================
``true True TRUE false False FALSE``  booleans; ``yes no on off y n`` are text
``null Null NULL ~`` and nothing      null
``12 -3 0x1f 0o17``                   integers of any size
``1.5 1e3 .5``                        floats
``012``                               text: a leading zero marks a code or a phone number, and dropping it loses it
``1:30``, ``2026-01-31``, ``1_000``   text
``.inf .nan 1e999``                   refused: JSON has no such number
====================================  =======================================================================

Source: https://yaml.org/spec/1.2.2/#103-core-schema; the two deliberate differences are ``012`` and the last row.
"""

import math
import re
import sys
from typing import Final

from compozy.domain.json import Json

_CONSTANTS: Final[dict[str, Json]] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("null", "Null", "NULL", "~", ""), None),
}
_DECIMAL: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_HEXADECIMAL: Final = re.compile(r"0x[0-9a-fA-F]+")
_OCTAL: Final = re.compile(r"0o[0-7]+")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


def plain_scalar(text: str) -> Json:
    """Return the value of an unquoted scalar.

    Raises:
        ValueError: It is a number that JSON cannot carry, or has more digits than Python converts.
    """
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in "+-.0123456789":
        return text
    for pattern, base in ((_DECIMAL, 10), (_HEXADECIMAL, 16), (_OCTAL, 8)):
        if pattern.fullmatch(text):
            return _integer(text, base)
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f"{text} is not a JSON number")
    if _FLOAT.fullmatch(text):
        number = float(text)
        if not math.isfinite(number):
            raise ValueError(f"{text} is too large for a float")
        return number
    return text


def _integer(text: str, base: int) -> int:
    """Return the integer, of at most as many digits as :class:`int` reads in decimal."""
    limit = sys.get_int_max_str_digits()
    if limit and len(text) > limit:
        raise ValueError(f"the number has more than {limit} digits")
    return int(text, base)
