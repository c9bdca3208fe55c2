"""What becomes of rendered text that looks like JSON or like a number.

Text that several parts were put together to is typed by its looks, and never at the price of precision: a number whose
spelling would change on the way back (2**53 and above, more digits than a float has, ``007``, ``1.50``) stays text.
``true`` and ``false`` stay text as well.
"""

import json
import re
from decimal import Decimal
from typing import Final

from compozy.domain.json import Json

_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,15})")
_DECIMAL: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,16})\.[0-9]{1,20}")
_EXACT_INTEGERS: Final = 2**53


def typed(text: str) -> Json:
    """Return the object, list or number that a rendered text stands for, or the text itself."""
    if text.lstrip()[:1] in {"{", "["}:
        return _parsed(text)
    if _INTEGER.fullmatch(text) and text != "-0":
        number = int(text)
        return number if abs(number) < _EXACT_INTEGERS else text
    if _DECIMAL.fullmatch(text) and repr(float(text)) == text:
        return float(text)
    return text


def parse_json(text: str) -> Json:
    """Return what the JSON text says; a decimal that a float cannot hold exactly becomes its text.

    Raises:
        ValueError: It is not JSON, or nests too deeply.
    """
    try:
        return json.loads(text, parse_float=_exact_float, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ValueError("it nests too deeply") from error


def _parsed(text: str) -> Json:
    try:
        return parse_json(text)
    except ValueError:
        return text


def _exact_float(digits: str) -> float | str:
    number = float(digits)
    return number if Decimal(repr(number)) == Decimal(digits) else digits


def _refuse_constant(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")
