"""``printf``: Go's verbs for the values that templates know.

``%s`` and ``%v`` write any value's text, ``%d`` ``%x`` ``%X`` ``%o`` ``%b`` ``%c`` integers, ``%f`` ``%e`` ``%g``
numbers, ``%q`` quoted text, ``%t`` booleans, with the flags ``-+0`` and space, a width and a precision.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from compozy.domain.json import Json
from compozy.templates.errors import ArgumentError
from compozy.templates.functions.arguments import integer, number, text
from compozy.templates.functions.strings import go_quoted
from compozy.templates.limits import check_size
from compozy.templates.values import kind, to_text

_VERB: Final = re.compile(r"%(?P<flags>[-+ 0]*)(?P<width>[0-9]*)(?:\.(?P<precision>[0-9]*))?(?P<verb>.?)", re.DOTALL)
_WIDEST: Final = 1000


def _printf(layout: Json, *values: Json) -> str:
    remaining = iter(values)
    written = _VERB.sub(lambda match: _written(match, remaining), text(layout))
    if leftover := len(list(remaining)):
        raise ArgumentError(f"{leftover} more values than verbs in the format")
    check_size(len(written))
    return written


def _written(match: re.Match[str], values: Iterator[Json]) -> str:
    if match["verb"] == "%":
        return "%"
    write = _VERBS.get(match["verb"])
    if write is None:
        raise ArgumentError(f'no verb "{match[0]}"; there are {" ".join("%" + verb for verb in _VERBS)} and %%')
    width, precision = int(match["width"] or 0), int(match["precision"] or 0)
    if width > _WIDEST or precision > _WIDEST:
        raise ArgumentError(f"a width or precision above {_WIDEST}")
    try:
        value = next(values)
    except StopIteration:
        raise ArgumentError(f'no value for the verb "{match[0]}"') from None
    body = write(value, None if match["precision"] is None else precision)
    return _padded(body, match["flags"], width, numeric=match["verb"] in _NUMERIC)


def _padded(body: str, flags: str, width: int, *, numeric: bool) -> str:
    if numeric and not body.startswith("-"):
        body = ("+" if "+" in flags else " " if " " in flags else "") + body
    if "-" in flags:
        return body.ljust(width)
    if "0" in flags and numeric:
        return body.zfill(width)
    return body.rjust(width)


def _float_writer(style: str) -> Callable[[Json, int | None], str]:
    def write(value: Json, precision: int | None) -> str:
        if style == "g" and precision is None:
            return repr(float(number(value))).removesuffix(".0")
        return format(_float(value), f".{6 if precision is None else precision}{style}")

    return write


def _float(value: Json) -> float:
    try:
        return float(number(value))
    except OverflowError as error:
        raise ArgumentError("the number is too large for a float") from error


def _integer_writer(base: str) -> Callable[[Json, int | None], str]:
    return lambda value, _: format(_whole(value), base)


def _whole(value: Json) -> int:
    if isinstance(value, float) and not value.is_integer():
        raise ArgumentError(f"wants an integer, got {value}; write %v, or convert it with int")
    return integer(value)


def _character(value: Json, _: int | None) -> str:
    try:
        return chr(_whole(value))
    except (ValueError, OverflowError) as error:
        raise ArgumentError("%c wants the number of a character") from error


def _boolean(value: Json, _: int | None) -> str:
    if isinstance(value, bool):
        return to_text(value)
    raise ArgumentError(f"%t wants a boolean, got {kind(value)}")


_VERBS: Final[Mapping[str, Callable[[Json, int | None], str]]] = {
    "s": lambda value, precision: to_text(value)[:precision],
    "v": lambda value, _: to_text(value),
    "q": lambda value, _: go_quoted(to_text(value)),
    "t": _boolean,
    "d": _integer_writer("d"),
    "x": _integer_writer("x"),
    "X": _integer_writer("X"),
    "o": _integer_writer("o"),
    "b": _integer_writer("b"),
    "c": _character,
    "f": _float_writer("f"),
    "e": _float_writer("e"),
    "g": _float_writer("g"),
}
_NUMERIC: Final = frozenset("dxXobfeg")

TABLE: Final[Mapping[str, Callable[..., Any]]] = {
    "printf": _printf,
    "print": lambda *values: "".join(map(to_text, values)),
}
"""The formatting functions by their names in templates."""
