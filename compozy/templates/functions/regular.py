"""Regular expressions as in Go: the syntax and the semantics are RE2's, and RE2 itself does the matching.

A search takes time linear in the text, whatever the pattern; Python's own engine backtracks, and one unlucky input
would then stop everything. Many searches in one text are another matter: with ``a*b|a`` each one reads to the end of a
row of ``a`` before it settles for a single one, in Go as here, so what they read together has a limit.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from re import Match
from re import compile as compile_python
from typing import Any, Final

import re2  # type: ignore[import-untyped]  # it is published without types

from compozy.domain.json import Json
from compozy.templates.errors import ArgumentError
from compozy.templates.functions.arguments import integer, text
from compozy.templates.limits import MAX_SCANNED, check_size

_MAX_MEMORY: Final = 8 * 1024 * 1024  # bytes of one expression; with less, large ones fall back to a far slower machine
_EXCERPT: Final = 60
_REFERENCE: Final = compile_python(r"\$(?:(\$)|\{(\w+)\}|(\w+))")
_NUMBER: Final = compile_python(r"0|[1-9][0-9]{0,3}")


def _compiled(pattern: Json) -> Any:
    """Return the expression; the library itself keeps the last 128."""
    source = _utf8(pattern)
    options = re2.Options()
    options.max_mem = _MAX_MEMORY
    options.log_errors = False
    try:
        return re2.compile(source, options)
    except re2.error as error:
        reason = error.args[0].decode(errors="replace")[: 2 * _EXCERPT]
        raise ArgumentError(f'"{source[:_EXCERPT]}" is not a regular expression of RE2: {reason}') from error


def _utf8(value: Json) -> str:
    given = text(value)
    try:
        given.encode()
    except UnicodeEncodeError as error:
        raise ArgumentError(f"wants a text that UTF-8 can hold, got half a character at {error.start}") from error
    return given


def _matches(expression: Any, subject: str) -> Iterator[Any]:
    """Yield the matches from left to right; none overlaps another, and an empty one never touches the last."""
    scanned, last = 0, -1
    for match in expression.finditer(subject):
        scanned += len(subject) - last
        if scanned > MAX_SCANNED:
            raise ArgumentError(f"the matches take reading {MAX_SCANNED} characters, which is the limit")
        begin, end = match.span()
        if end > begin or begin != last:
            yield match
        last = end


def _match(pattern: Json, subject: Json) -> bool:
    """Tell whether the pattern matches anywhere in the text."""
    return _compiled(pattern).search(_utf8(subject)) is not None


def _find(pattern: Json, subject: Json) -> str:
    match = _compiled(pattern).search(_utf8(subject))
    return "" if match is None else str(match[0])


def _find_all(pattern: Json, subject: Json, count: Json) -> list[str]:
    limit = integer(count)
    matches = _matches(_compiled(pattern), _utf8(subject))
    return [match[0] for match in islice(matches, limit if limit >= 0 else None)]


def _replace_all(pattern: Json, subject: Json, replacement: Json) -> str:
    """Replace every match; ``$1`` and ``${name}`` in the replacement are what a group matched, ``$$`` a dollar."""
    whole, template = _utf8(subject), text(replacement)
    parts: list[str] = []
    position = size = 0
    for match in _matches(_compiled(pattern), whole):
        parts += [whole[position : match.start()], _expanded(template, match)]
        size += len(parts[-2]) + len(parts[-1])
        check_size(size)
        position = match.end()
    return "".join([*parts, whole[position:]])


def _expanded(template: str, match: Any) -> str:
    def group(reference: Match[str]) -> str:
        if reference[1]:
            return "$"
        name = reference[2] or reference[3]
        try:
            return match[int(name) if _NUMBER.fullmatch(name) else name] or ""
        except IndexError:  # a group that there is not is empty in Go
            return ""

    return _REFERENCE.sub(group, template)


TABLE: Final[Mapping[str, Callable[..., Any]]] = {
    "regexMatch": _match,
    "regexFind": _find,
    "regexFindAll": _find_all,
    "regexReplaceAll": _replace_all,
}
"""Every function on regular expressions by its name in templates."""
