"""Functions on text. Positions and lengths count characters, and the text a pipe brings comes last."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from compozy.domain.json import Json
from compozy.templates.functions.arguments import integer, items, text
from compozy.templates.limits import check_size
from compozy.templates.values import is_equal, to_text

_WORD_START: Final = re.compile(r"(?<!\S)\S")


def _replace(old: Json, new: Json, subject: Json) -> str:
    before, after, whole = text(old), text(new), text(subject)
    check_size(len(whole) + whole.count(before) * max(0, len(after) - len(before)))
    return whole.replace(before, after)


def _split(separator: Json, subject: Json) -> list[str]:
    between, whole = text(separator), text(subject)
    return whole.split(between) if between else list(whole)


def _join(separator: Json, values: Json) -> str:
    between = text(separator)
    parts = list(map(to_text, items(values))) if isinstance(values, list) else [text(values)]
    check_size(sum(map(len, parts)) + len(between) * len(parts))
    return between.join(parts)


def _indent(spaces: Json, subject: Json) -> str:
    width, whole = max(0, integer(spaces)), text(subject)
    check_size(len(whole) + width * (whole.count("\n") + 1))
    padding = " " * width
    return padding + whole.replace("\n", f"\n{padding}")


def _nindent(spaces: Json, subject: Json) -> str:
    return "\n" + _indent(spaces, subject)


def _repeat(count: Json, subject: Json) -> str:
    times, whole = max(0, integer(count)), text(subject)
    check_size(times * len(whole))
    return whole * times if whole else ""


def _trunc(length: Json, subject: Json) -> str:
    size, whole = integer(length), text(subject)
    return whole[:size] if size >= 0 else whole[size:]


def _title(subject: Json) -> str:
    return _WORD_START.sub(lambda match: match[0].upper(), text(subject))


def _quote(*values: Json) -> str:
    return " ".join(go_quoted(to_text(value)) for value in values if value is not None)


def _squote(*values: Json) -> str:
    return " ".join(f"'{to_text(value)}'" for value in values if value is not None)


def go_quoted(subject: str) -> str:
    """Return the text in double quotes, with quotes, backslashes and control characters escaped."""
    escapes = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return (
        '"'
        + "".join(
            escapes.get(character, character if character.isprintable() else f"\\u{ord(character):04x}")
            for character in subject
        )
        + '"'
    )


def _contains(part: Json, subject: Json) -> bool:
    if isinstance(subject, list):
        return any(is_equal(part, item) for item in subject)
    return text(part) in text(subject)


TABLE: Final[Mapping[str, Callable[..., Any]]] = {
    "upper": lambda subject: text(subject).upper(),
    "lower": lambda subject: text(subject).lower(),
    "title": _title,
    "trim": lambda subject: text(subject).strip(),
    "trimAll": lambda characters, subject: text(subject).strip(text(characters)),
    "trimPrefix": lambda prefix, subject: text(subject).removeprefix(text(prefix)),
    "trimSuffix": lambda suffix, subject: text(subject).removesuffix(text(suffix)),
    "replace": _replace,
    "repeat": _repeat,
    "split": _split,
    "splitList": _split,
    "join": _join,
    "contains": _contains,
    "hasPrefix": lambda prefix, subject: text(subject).startswith(text(prefix)),
    "hasSuffix": lambda suffix, subject: text(subject).endswith(text(suffix)),
    "trunc": _trunc,
    "indent": _indent,
    "nindent": _nindent,
    "quote": _quote,
    "squote": _squote,
    "toString": to_text,
}
"""Every function on text by its name in templates."""
