"""What an expression reads, and how it goes about it: found in its text, without evaluating it.

The loader holds the paths against what exists. The evaluation gives the library no more than they lead to, because it
copies every variable that is named, about a microsecond for each value inside, before it evaluates anything.
"""

from collections import Counter
from functools import lru_cache
from typing import Final, TypeAlias

import attrs

from compozy.templates.cel.names import MACROS, NAMESPACES, RESERVED, TYPES, WORDS
from compozy.templates.cel.tokens import Token, literal_text, tokenize
from compozy.templates.references import references

Names: TypeAlias = tuple[str, ...]

_OPENING: Final = frozenset("([{")
_CLOSING: Final = frozenset(")]}")
_NO_VARIABLES: Final = WORDS | TYPES | RESERVED | NAMESPACES
_END: Final = Token("end", "", -1)


@attrs.frozen
class Read:
    """One place where an expression names a path into its variables.

    Attributes:
        names: The path, as far as it does not depend on values.
        at: Where it begins in the text.
        repeats: How many macros around it evaluate it again for each item.
    """

    names: Names
    at: int
    repeats: int


@attrs.define
class Macro:
    """One ``list.map(variable, body)`` or its like.

    Attributes:
        function: Which macro it is.
        variable: What it calls an item.
        used: How often its body names the variable outside any macro further in.
        used_within: How often macros further in name it, for each of their items.
        surrounding: How many macros stand around it.
    """

    function: str
    variable: str
    surrounding: int
    used: int = 0
    used_within: int = 0


@attrs.frozen
class Reading:
    """What an expression reads, and how it goes about it.

    Attributes:
        reads: Each path that it names, in order.
        macros: Each macro, in order.
        calls: The functions that it calls, with the place of the first call.
        signs: How often it uses each sign.
        longest_text: Characters of the longest text in it.
        joins: How many ``+`` stand outside of macros.
    """

    reads: tuple[Read, ...]
    macros: tuple[Macro, ...]
    calls: dict[str, int]
    signs: Counter[str]
    longest_text: int
    joins: int

    @property
    def paths(self) -> frozenset[Names]:
        """The paths that it names."""
        return frozenset(read.names for read in self.reads)


def expression_references(text: str) -> frozenset[Names]:
    """Return the paths that an expression names, as far as they do not depend on values.

    ``tasks["fetch-it"].output.size() > 0`` names ``("tasks", "fetch-it", "output")``. What is read from the variable of
    a macro is not told. A text with ``{{`` is a template, and tells what that reads.

    Raises:
        TemplateError: A template cannot be parsed.
    """
    return references(text) if "{{" in text else read(text).paths


@lru_cache(maxsize=1024)
def read(text: str) -> Reading:
    """Return what an expression reads; the same object for the same text, so it may not be changed."""
    return _Scan(tokenize(text)).reading()


class _Scan:
    """Goes through the tokens once, with a stack of the brackets that are open."""

    def __init__(self, tokens: tuple[Token, ...]) -> None:
        self._tokens = tokens
        self._open: list[Macro | None] = []
        self._around: list[Macro] = []
        self._reads: list[Read] = []
        self._macros: list[Macro] = []
        self._calls: dict[str, int] = {}
        self._joins = 0

    def reading(self) -> Reading:
        position = 0
        while position < len(self._tokens):
            position = self._step(position)
        return Reading(
            tuple(self._reads),
            tuple(self._macros),
            self._calls,
            Counter(token.text for token in self._tokens if token.kind == "sign"),
            max((len(token.text) for token in self._tokens if token.kind == "text"), default=0),
            self._joins,
        )

    def _step(self, position: int) -> int:
        token = self._tokens[position]
        if token.text in _OPENING:
            return self._enter(position)
        if token.text in _CLOSING:
            self._leave()
        elif token.text == "+" and not self._around:
            self._joins += 1
        elif token.kind == "name" and token.text not in WORDS and not self._is_member(position):
            return self._name(position)
        return position + 1

    def _enter(self, position: int) -> int:
        """Note an opening bracket; return where what is in it begins, behind the variable of a macro."""
        function = self._token(position - 1)
        is_call = self._token(position).text == "(" and function.kind == "name" and function.text not in WORDS
        if is_call:
            self._calls.setdefault(function.text, function.at)
        variable = self._token(position + 1)
        is_macro = is_call and function.text in MACROS and self._is_member(position - 1)
        if not (is_macro and variable.kind == "name" and self._token(position + 2).text == ","):
            self._open.append(None)
            return position + 1
        macro = Macro(function.text, variable.text, len(self._around))
        self._open.append(macro)
        self._around.append(macro)
        self._macros.append(macro)
        return position + 3

    def _leave(self) -> None:
        if self._open and self._open.pop() is not None:
            self._around.pop()

    def _name(self, position: int) -> int:
        """Note a path; return where it ends."""
        root = self._tokens[position]
        names, end = self._path(position)
        if self._token(end).text == "(":
            names = names[:-1]
        owner = next((macro for macro in reversed(self._around) if macro.variable == root.text), None)
        if owner is not None and names:
            if owner is self._around[-1]:
                owner.used += 1
            else:
                owner.used_within += 1
        elif names and root.text not in _NO_VARIABLES:
            self._reads.append(Read(names, root.at, len(self._around)))
        return end

    def _path(self, position: int) -> tuple[Names, int]:
        names = [self._tokens[position].text]
        position += 1
        while True:
            sign, name, closing = (self._token(position + offset) for offset in range(3))
            if sign.text == "." and name.kind in {"name", "quoted"}:
                names.append(name.text.strip("`"))
                position += 2
            elif sign.text == "[" and closing.text == "]" and (key := literal_text(name)) is not None:
                names.append(key)
                position += 3
            else:
                return tuple(names), position

    def _is_member(self, position: int) -> bool:
        """Tell whether the name follows something and a dot; a dot may also begin a path, and then says nothing."""
        before = self._token(position - 2)
        is_operand = before.kind in {"name", "quoted", "text", "number"} or before.text in _CLOSING
        return self._token(position - 1).text == "." and is_operand and before.text not in WORDS

    def _token(self, position: int) -> Token:
        return self._tokens[position] if 0 <= position < len(self._tokens) else _END
