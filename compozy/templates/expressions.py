"""The parser of what stands inside actions: operands, calls and pipes.

Grammar::

    pipeline = command { "|" call }          a | f x  is  f x a
    command  = call | operand
    call     = function { operand }
    operand  = ( path | variable | literal | function | "(" pipeline ")" ) [ ".name" … ]

Functions, how many arguments they take, and variables are checked here, so that a mistake shows when a project is
loaded and not when a task runs.
"""

import math
import re
import sys
from typing import Final

from compozy.domain.json import Json
from compozy.templates.errors import did_you_mean, template_error
from compozy.templates.functions import FUNCTIONS, TOLERANT
from compozy.templates.limits import MAX_DEPTH
from compozy.templates.nodes import Call, Chain, Expression, Literal, Path, Variable, tolerant
from compozy.templates.tokens import Kind, Token

_CONSTANTS: Final[dict[str, Json]] = {"true": True, "false": False, "nil": None}
_BEGINS: Final = frozenset({Kind.PATH, Kind.VARIABLE, Kind.NUMBER, Kind.STRING, Kind.RAW, Kind.NAME})

_ESCAPE: Final = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)", re.DOTALL)
_ESCAPES: Final = {
    "n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "\\": "\\", '"': '"', "'": "'",
}  # fmt: skip

# `now` is a text here and a time in Go, whose methods existing projects call: `now.Format "2006"`.
_CLOCK_METHODS: Final = {"Format": "date", "Unix": "unixEpoch"}


class ExpressionParser:
    """Reads expressions from a list of tokens.

    Attributes:
        source: The template, for errors.
        variables: The names that are declared at this point, innermost last.
    """

    def __init__(self, source: str, tokens: list[Token]) -> None:
        self.source = source
        self.variables: list[str] = []
        self._tokens = tokens
        self._next = 0
        self._depth = 0

    def peek(self, ahead: int = 0) -> Token:
        """Return a token without consuming it; END when there are no more."""
        return self._tokens[min(self._next + ahead, len(self._tokens) - 1)]

    def take(self) -> Token:
        """Consume the next token and return it."""
        token = self.peek()
        self._next += 1
        return token

    def take_mark(self, mark: str) -> Token | None:
        """Consume the mark if it is next, else return None."""
        token = self.peek()
        return self.take() if token.kind is Kind.MARK and token.text == mark else None

    def error(self, at: int, message: str, hint: str | None = None) -> Exception:
        """Return the error for character ``at``."""
        return template_error(self.source, at, message, hint)

    def pipeline(self) -> Expression:
        """Read a pipeline."""
        expression = self._command()
        stages = 1
        while bar := self.take_mark("|"):
            name = self.peek()
            stages += 1
            if stages > MAX_DEPTH:
                raise self.error(bar.at, f"a pipe of more than {MAX_DEPTH} stages")
            if name.kind is not Kind.NAME or name.text in _CONSTANTS:
                raise self.error(bar.at, "a pipe must lead into a function", "write: value | function argument")
            self.take()
            expression = self._call(name, [*self._arguments(), expression])
        return expression

    def _command(self) -> Expression:
        token = self.peek()
        if method := self._clock_method():
            return self._call(method, [*self._arguments(), Call("now", (), token.at)])
        if token.kind is Kind.NAME and token.text not in _CONSTANTS and not self._is_glued_path(1):
            return self._call(self.take(), self._arguments())
        expression = self._operand()
        following = self.peek()
        if self._begins_operand(following):
            raise self.error(
                following.at,
                "only a function takes arguments",
                "join texts with print or printf; pick an item with index",
            )
        return expression

    def _arguments(self) -> list[Expression]:
        arguments = []
        while self._begins_operand(self.peek()):
            arguments.append(self._operand())
        return arguments

    def _begins_operand(self, token: Token) -> bool:
        return token.kind in _BEGINS or (token.kind is Kind.MARK and token.text == "(")

    def _operand(self) -> Expression:
        token = self.take()
        expression = self._term(token)
        if self._is_glued_path():
            path = self.take()
            return Chain(expression, _names(path.text), path.at)
        return expression

    def _is_glued_path(self, ahead: int = 0) -> bool:
        token = self.peek(ahead)
        return token.kind is Kind.PATH and token.glued and token.text != "."

    def _term(self, token: Token) -> Expression:
        match token.kind:
            case Kind.PATH:
                return Path(_names(token.text), token.at)
            case Kind.VARIABLE:
                return self._variable(token)
            case Kind.NAME if token.text not in _CONSTANTS:
                return self._call(token, [])
            case Kind.MARK if token.text == "(":
                return self._parenthesised(token)
        return Literal(self._constant(token), token.at)

    def _constant(self, token: Token) -> Json:
        match token.kind:
            case Kind.NAME:
                return _CONSTANTS[token.text]
            case Kind.NUMBER:
                return self._number(token)
            case Kind.STRING:
                return self._string(token)
            case Kind.RAW:
                return token.text[1:-1]
        shown = f'"{token.text}"' if token.text else "the end"
        raise self.error(token.at, f"expected a value, found {shown}", "write a path, a text, a number or a function")

    def _parenthesised(self, opening: Token) -> Expression:
        self.enter(opening.at)
        expression = self.pipeline()
        self.leave()
        if not self.take_mark(")"):
            raise self.error(opening.at, "this parenthesis is not closed")
        return expression

    def enter(self, at: int) -> None:
        """Begin one more level of nesting; each ends with :meth:`leave`."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self.error(at, f"nested more than {MAX_DEPTH} deep")

    def leave(self) -> None:
        """End a level of nesting."""
        self._depth -= 1

    def _variable(self, token: Token) -> Variable:
        name, _, rest = token.text.partition(".")
        if name != "$" and name not in self.variables:
            raise self.error(token.at, f'variable "{name}" is not declared', f"declare it: {{{{ {name} := value }}}}")
        return Variable(name, tuple(rest.split(".")) if rest else (), token.at)

    def _clock_method(self) -> Token | None:
        """Consume ``now.Format`` or ``now.Unix`` if it is next; return the function that it stands for."""
        name, method = self.peek(), self.peek(1)
        function = _CLOCK_METHODS.get(method.text[1:])
        if name.text != "now" or not self._is_glued_path(1) or function is None:
            return None
        self.take()
        self.take()
        return Token(Kind.NAME, function, name.at)

    def _call(self, name: Token, arguments: list[Expression]) -> Expression:
        function = FUNCTIONS.get(name.text)
        if function is None:
            hint = did_you_mean(name.text, FUNCTIONS, listing="functions")
            raise self.error(name.at, f'no function "{name.text}"', hint)
        if not function.least <= len(arguments) <= (len(arguments) if function.most is None else function.most):
            wanted = _count(function.least, function.most)
            raise self.error(name.at, f'"{name.text}" takes {wanted}, got {len(arguments)}')
        if name.text == "env":
            return Call("index", (Variable("$", ("env",), name.at), *arguments), name.at)
        if name.text in TOLERANT:
            arguments = list(map(tolerant, arguments))
        return Call(name.text, tuple(arguments), name.at)

    def _number(self, token: Token) -> int | float:
        text = token.text
        try:
            if "x" in text.lower():
                return int(text, 16)
            number = float(text) if set(text) & set(".eE") else int(text)
        except ValueError as error:
            raise self.error(token.at, "the number is too long") from error
        if math.isinf(number):
            raise self.error(token.at, f"{text} is too large for a float")
        return number

    def _string(self, token: Token) -> str:
        def replace(match: re.Match[str]) -> str:
            return _unescaped(match[1])

        try:
            return _ESCAPE.sub(replace, token.text[1:-1])
        except ValueError as error:
            raise self.error(token.at, f"the text holds {error}", "write \\\\ for a backslash, or use `…`") from error


def _unescaped(code: str) -> str:
    """Return the character that an escape without its backslash stands for."""
    if code in _ESCAPES:
        return _ESCAPES[code]
    if len(code) > 1:
        point = int(code, 8) if code[0].isdigit() else int(code[1:], 16)
        if point <= sys.maxunicode and not 0xD800 <= point < 0xE000:  # noqa: PLR2004 - surrogates are no characters
            return chr(point)
    raise ValueError(f"the unknown escape \\{code}")


def _names(path: str) -> tuple[str, ...]:
    return tuple(path[1:].split(".")) if len(path) > 1 else ()


def _count(least: int, most: int | None) -> str:
    if most is None:
        return f"at least {least} argument{'s' * (least != 1)}"
    span = str(least) if least == most else f"{least} to {most}"
    return f"{span} argument{'s' * (most != 1)}"
