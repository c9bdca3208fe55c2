"""The lexer: an expression cut into tokens, as far as finding names in it needs.

The library parses for itself and refuses what is wrong; this only has to agree with it on what it accepts.
"""

import re
from functools import lru_cache
from typing import Final

import attrs

_TOKEN: Final = re.compile(
    r"""(?P<skip>   \s+ | //[^\n]*)
      | (?P<text>   (?:[bB]?[rR]|[rR][bB]) (?: '''.*?''' | \"{3}.*?\"{3} | '[^'\n]*' | "[^"\n]*" )
                  | [bB]? (?: '''(?:\\.|.)*?''' | \"{3}(?:\\.|.)*?\"{3} | '(?:\\.|[^'\\\n])*' | "(?:\\.|[^"\\\n])*" ) )
      | (?P<number> 0[xX][0-9a-fA-F]+[uU]? | (?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?[uU]? )
      | (?P<name>   [A-Za-z_][A-Za-z0-9_]* )
      | (?P<quoted> `[^`\n]*` )
      | (?P<sign>   . )""",
    re.VERBOSE | re.DOTALL,
)


@attrs.frozen
class Token:
    """One piece of an expression.

    Attributes:
        kind: ``text``, ``number``, ``name``, ``quoted`` (a name in backticks) or ``sign``.
        text: Its characters.
        at: Where it begins.
    """

    kind: str
    text: str
    at: int


@lru_cache(maxsize=64)
def tokenize(text: str) -> tuple[Token, ...]:
    """Return the tokens of an expression; white space and comments are left out."""
    return tuple(
        Token(match.lastgroup or "sign", match[0], match.start())
        for match in _TOKEN.finditer(text)
        if match.lastgroup != "skip"
    )


def literal_text(token: Token) -> str | None:
    """Return what a text says; None when the token is none, or has escapes, whose rules are not repeated here."""
    text = token.text
    if token.kind != "text" or "\\" in text or text[0] in "bBrR":
        return None
    quotes = 3 if text[:3] in {"'''", '"""'} else 1
    return text[quotes:-quotes]
