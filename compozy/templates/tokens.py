"""The lexer: a template cut into text and the tokens of its ``{{ actions }}``.

Trim markers and comments end here: ``{{-`` and ``-}}`` have taken the white space beside them, and a comment leaves
nothing. Two things differ from Go on purpose, because the documents that people read show them: names in a path
may hold hyphens (``.tasks.save-data.output``), and ``'single quotes'`` make a text as ``"double"`` ones do.
"""

import re
from enum import Enum, auto
from typing import Final

import attrs

from compozy.templates.errors import template_error

_SPACE: Final = " \t\r\n"
_SEGMENT: Final = r"\w+(?:-+\w+)*"
_COMMENT: Final = re.compile(r"\{\{(-[ \t\r\n]+)?/\*.*?\*/([ \t\r\n]+-)?\}\}", re.DOTALL)
_OPEN: Final = re.compile(r"\{\{(-(?=[ \t\r\n]))?")
_CLOSE: Final = re.compile(r"(?:[ \t\r\n]+(-)|[ \t\r\n]*)\}\}")
_TOKEN: Final = re.compile(
    rf"""(?P<space>[ \t\r\n]+)
    | (?P<number>[+-]?(?:0[xX][0-9a-fA-F]+|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)(?![\w.]))
    | (?P<path>\.(?:[^\W\d]\w*(?:-+\w+)*(?:\.{_SEGMENT})*)?)
    | (?P<variable>\$\w*(?:\.{_SEGMENT})*)
    | (?P<name>[^\W\d]\w*)
    | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    | (?P<raw>`[^`]*`)
    | (?P<mark>:=|[=|(),])
    """,
    re.VERBOSE,
)


class Kind(Enum):
    """What a token is."""

    TEXT = auto()
    OPEN = auto()
    CLOSE = auto()
    NUMBER = auto()
    PATH = auto()
    VARIABLE = auto()
    NAME = auto()
    STRING = auto()
    RAW = auto()
    MARK = auto()
    END = auto()


@attrs.frozen
class Token:
    """One piece of a template.

    Attributes:
        kind: What it is.
        text: Its characters; for TEXT what trimming left of them.
        at: Where it begins in the template.
        glued: Whether nothing separates it from the token before: ``(a).b`` is one operand, ``(a) .b`` are two.
    """

    kind: Kind
    text: str
    at: int
    glued: bool = False


def tokenize(source: str) -> list[Token]:
    """Return the tokens of a template, END last.

    Raises:
        TemplateError: An action is not closed, or holds a character that begins nothing.
    """
    tokens: list[Token] = []
    position = 0
    trim_left = False
    while (start := source.find("{{", position)) >= 0:
        comment = _COMMENT.match(source, start)
        opening = comment or _OPEN.match(source, start)
        trim_right = opening is not None and opening[1] is not None
        _add_text(tokens, source[position:start], position, left=trim_left, right=trim_right)
        if comment:
            position, trim_left = comment.end(), comment[2] is not None
        else:
            begin = opening.end() if opening else start
            tokens.append(Token(Kind.OPEN, "{{", start))
            position, trim_left = _read_action(tokens, source, begin, start)
    _add_text(tokens, source[position:], position, left=trim_left, right=False)
    tokens.append(Token(Kind.END, "", len(source)))
    return tokens


def _add_text(tokens: list[Token], text: str, at: int, *, left: bool, right: bool) -> None:
    if left:
        text = text.lstrip(_SPACE)
    if right:
        text = text.rstrip(_SPACE)
    if text:
        tokens.append(Token(Kind.TEXT, text, at))


def _read_action(tokens: list[Token], source: str, position: int, start: int) -> tuple[int, bool]:
    """Append the tokens up to the ``}}``; return where it ends and whether it trims the text that follows."""
    glued = False
    while not (close := _CLOSE.match(source, position)):
        match = _TOKEN.match(source, position)
        if not match:
            raise _lexical_error(source, position, start)
        if match.lastgroup != "space":
            tokens.append(Token(Kind[str(match.lastgroup).upper()], match[0], position, glued))
        glued = match.lastgroup != "space"
        position = match.end()
    tokens.append(Token(Kind.CLOSE, "}}", close.start()))
    return close.end(), close[1] is not None


def _lexical_error(source: str, position: int, start: int) -> Exception:
    if position >= len(source):
        return template_error(source, start, "this action is not closed", "end it with }}")
    character = source[position]
    if character in "\"'`":
        return template_error(source, position, "this text is not closed", f"end it with {character} on the same line")
    if source.startswith("/*", position):
        return template_error(source, position, "a comment must fill its action", "write {{/* comment */}}")
    return template_error(source, position, f'nothing begins with "{character}" here')
