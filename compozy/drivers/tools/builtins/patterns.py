"""Patterns that tools are given: regular expressions and globs, both matched by RE2 in linear time."""

import re
from collections.abc import Callable
from typing import Any, Final

import re2  # type: ignore[import-untyped]  # it is published without types

from compozy.drivers.tools.builtins.failures import Code, failure

_MAX_MEMORY: Final = 8 * 1024 * 1024  # bytes of one expression
_EXCERPT: Final = 120
_MOST_ALTERNATIVES: Final = 64


def expression(pattern: str, *, key: str, ignores_case: bool = False) -> Any:
    """Return a compiled regular expression of RE2.

    Args:
        pattern: What to compile.
        key: Of the input that holds it.
        ignores_case: Whether case does not count.

    Raises:
        ToolError: ``INVALID_INPUT``.
    """
    options = re2.Options()
    options.max_mem = _MAX_MEMORY
    options.log_errors = False
    options.case_sensitive = not ignores_case
    try:
        return re2.compile(pattern, options)
    except (re2.error, UnicodeEncodeError) as error:
        reason = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else str(error)
        raise failure(
            Code.INVALID_INPUT, f"{key}: {pattern[:_EXCERPT]!r} is not a regular expression of RE2: {reason}", key=key
        ) from error


def glob(pattern: str, *, key: str) -> Callable[[str], bool]:
    """Return the test of whether a path matches a glob.

    ``*`` and ``?`` stay within one name, ``**`` goes over any number of directories, ``[a-z]`` and ``[!a-z]`` are sets,
    ``{a,b}`` alternatives.

    Raises:
        ToolError: ``INVALID_INPUT``.
    """
    if pattern.count("{") + pattern.count(",") > _MOST_ALTERNATIVES:
        raise failure(Code.INVALID_INPUT, f"{key}: more than {_MOST_ALTERNATIVES} alternatives", key=key)
    compiled = expression(_translated(pattern), key=key)
    return lambda path: compiled.fullmatch(path) is not None


_TOKEN: Final = re.compile(
    r"(?P<deep>\*\*/)|(?P<rest>\*\*)|(?P<star>\*)|(?P<any>\?)|\[(?P<set>[!^]?\]?[^\]]*)\]|(?P<brace>[{},])|(?P<text>.)",
    re.DOTALL,
)


def _translated(pattern: str) -> str:
    """Return the regular expression for a glob."""
    parts = []
    depth = 0
    for token in _TOKEN.finditer(pattern):
        if token["brace"]:
            depth, part = _brace(token["brace"], depth)
        elif token["set"] is not None:
            part = _set(token["set"])
        elif token["text"]:
            part = re.escape(token["text"])
        else:
            part = {"deep": "(?:.*/)?", "rest": ".*", "star": "[^/]*", "any": "[^/]"}[str(token.lastgroup)]
        parts.append(part)
    return f"(?s:{''.join(parts)}{')' * depth})"


def _brace(character: str, depth: int) -> tuple[int, str]:
    """Return how many alternatives are open after a character of a group, and what stands for it."""
    if character == "{":
        return depth + 1, "(?:"
    if depth == 0:
        return 0, re.escape(character)
    return (depth, "|") if character == "," else (depth - 1, ")")


def _set(inside: str) -> str:
    negated = inside[:1] in {"!", "^"}
    members = inside[1:] if negated else inside
    escaped = re.sub(r"([\\\[\]^&~|])", r"\\\1", members)
    return f"[^/{escaped}]" if negated else f"[{escaped}]"
