r"""The syntax of regular expressions, compiled to a program for the machine in ``regular``.

The common part of Go's RE2 syntax: literals, ``.``, sets, ``\d \w \s \b`` and their opposites (ASCII, as in Go),
``^ $``, groups (numbered, ``(?:…)``, ``(?P<name>…)``), ``|``, ``* + ? {m,n}`` and their lazy forms, and ``(?ims)``
in front.

Source: Russ Cox, "Regular Expression Matching: the Virtual Machine Approach" (2009), https://swtch.com/~rsc/regexp/.
"""

import re
import string
from collections.abc import Callable
from enum import Enum, auto
from functools import lru_cache
from typing import Final, TypeAlias

import attrs

from compozy.templates.errors import ArgumentError
from compozy.templates.limits import MAX_DEPTH

_LARGEST: Final = 2000
_MOST_REPEATS: Final = 1000
_REPEAT: Final = re.compile(r"\*|\+|\?|\{([0-9]{1,4})(,([0-9]{0,4}))?\}")
_FLAGS: Final = re.compile(r"\(\?([ims]+)\)")
_GROUP: Final = re.compile(r"\((?:(\?:)|\?P?<([A-Za-z_]\w*)>)?")
_WORD: Final = frozenset(string.ascii_letters + string.digits + "_")
_NAMED_SETS: Final = {"d": frozenset(string.digits), "w": _WORD, "s": frozenset(" \t\n\r\f")}
_CONTROLS: Final = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}

Test: TypeAlias = Callable[[str], bool]


class Op(Enum):
    """What one step of a program does."""

    CHARACTER = auto()
    SPLIT = auto()
    SAVE = auto()
    WHERE = auto()
    MATCH = auto()


@attrs.frozen
class Step:
    """One step; jumps are relative to it, the first one of a split is the preferred one.

    Attributes:
        op: What it does.
        test: Which characters a CHARACTER takes.
        jumps: Where a SPLIT goes on.
        slot: Which boundary a SAVE notes.
        where: Which position a WHERE demands: one of ``^ $ A z b B``.
    """

    op: Op
    test: Test | None = None
    jumps: tuple[int, ...] = ()
    slot: int = 0
    where: str = ""


Program: TypeAlias = list[Step]


@attrs.frozen
class Compiled:
    """A compiled regular expression: the program, how many groups it has, and the numbers of the named ones."""

    program: Program
    groups: int
    names: dict[str, int]


@lru_cache(maxsize=256)
def compile_expression(pattern: str) -> Compiled:
    """Return the compiled pattern.

    Raises:
        ArgumentError: It is wrong, uses what Go does not have either (lookaround, backreferences), or is too large.
    """
    parser = _Parser(pattern)
    body = parser.alternatives()
    if parser.position < len(pattern):
        raise parser.error("a closing parenthesis without an opening one")
    program = [Step(Op.SAVE, slot=0), *body, Step(Op.SAVE, slot=1), Step(Op.MATCH)]
    return Compiled(program, parser.groups, parser.names)


class _Parser:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.groups = 0
        self.names: dict[str, int] = {}
        flags = _FLAGS.match(pattern)
        self._flags = frozenset(flags[1]) if flags else frozenset[str]()
        self.position = flags.end() if flags else 0
        self._depth = 0

    def error(self, message: str) -> ArgumentError:
        return ArgumentError(f'"{self.pattern[:60]}" has {message} at character {self.position}')

    def alternatives(self) -> Program:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self.error(f"groups more than {MAX_DEPTH} deep")
        branches = [self._sequence()]
        while self._peek() == "|":
            self.position += 1
            branches.append(self._sequence())
        program = branches.pop()
        for branch in reversed(branches):
            skip = Step(Op.SPLIT, jumps=(len(program) + 1,))
            program = [Step(Op.SPLIT, jumps=(1, len(branch) + 2)), *branch, skip, *program]
        self._depth -= 1
        return program

    def _peek(self) -> str:
        return self.pattern[self.position : self.position + 1]

    def _sequence(self) -> Program:
        program: Program = []
        while self._peek() not in {"", "|", ")"}:
            if _REPEAT.match(self.pattern, self.position):
                raise self.error("a repeat of nothing")
            program += self._repeated(self._atom())
            if len(program) > _LARGEST:
                raise self.error(f"more than {_LARGEST} steps")
        return program

    def _repeated(self, atom: Program) -> Program:
        repeat = _REPEAT.match(self.pattern, self.position)
        if not repeat:
            return atom
        self.position = repeat.end()
        lazy = self._peek() == "?"
        self.position += lazy
        if _REPEAT.match(self.pattern, self.position):
            raise self.error("a repeat of a repeat")
        least, most = _bounds(repeat)
        if max(least, most or 0) > _MOST_REPEATS or (most is not None and most < least):
            raise self.error(f"a repeat that is not within 0 to {_MOST_REPEATS}")
        if len(atom) * (max(least, most or 0) + 1) > _LARGEST:
            raise self.error(f"more than {_LARGEST} steps")
        return _unrolled(atom, least, most, lazy=lazy)

    def _atom(self) -> Program:
        character = self._peek()
        if character == "(":
            return self._group()
        self.position += 1
        if character == "[":
            return self._character(self._set())
        if character == ".":
            dotall = "s" in self._flags
            return [Step(Op.CHARACTER, test=lambda each: dotall or each != "\n")]
        if character in "^$":
            text_only = {"^": "A", "$": "z"}
            return [Step(Op.WHERE, where=character if "m" in self._flags else text_only[character])]
        return self._escaped() if character == "\\" else self._character(frozenset(character).__contains__)

    def _group(self) -> Program:
        opening = _GROUP.match(self.pattern, self.position)
        if opening is None or self.pattern.startswith("?", opening.end()):
            raise self.error("a kind of group that there is not")
        self.position = opening.end()
        number = 0
        if not opening[1]:
            self.groups += 1
            number = self.groups
            if opening[2]:
                self.names[opening[2]] = number
        body = self.alternatives()
        if self._peek() != ")":
            raise self.error("a group that is not closed")
        self.position += 1
        return [Step(Op.SAVE, slot=2 * number), *body, Step(Op.SAVE, slot=2 * number + 1)] if number else body

    def _escaped(self) -> Program:
        code = self._peek()
        self.position += 1
        if code and code in "bBAz":
            return [Step(Op.WHERE, where=code)]
        return self._character(self._escape(code))

    def _escape(self, code: str) -> Test:
        """Return the test for the escape whose letter is ``code``."""
        if code.lower() in _NAMED_SETS:
            members = _NAMED_SETS[code.lower()]
            return members.__contains__ if code.islower() else lambda each: each not in members
        if not code or (code.isascii() and code.isalnum() and code not in _CONTROLS):
            raise self.error(f"the unknown escape \\{code}")
        return frozenset(_CONTROLS.get(code, code)).__contains__

    def _set(self) -> Test:
        """Read a set whose ``[`` is behind."""
        negated = self._peek() == "^"
        self.position += negated
        tests: list[Test] = []
        while self._peek() != "]" or not tests:
            tests.append(self._member())
        self.position += 1
        return lambda each: any(test(each) for test in tests) != negated

    def _member(self) -> Test:
        low = self._peek()
        if not low or self.pattern.startswith("[:", self.position):
            raise self.error("a set that is not closed, or a class in [: :]")
        self.position += 1
        if low == "\\":
            code = self._peek()
            self.position += 1
            test = self._escape(code)
            if code.lower() in _NAMED_SETS:
                return test
            low = _CONTROLS.get(code, code)
        following = self.pattern[self.position : self.position + 2]
        if following[:1] != "-" or following[1:] in {"", "]", "\\"}:
            return frozenset(low).__contains__
        self.position += 2
        high = following[1]
        if high < low:
            raise self.error(f"the backward range {low}-{high}")
        return lambda each: low <= each <= high

    def _character(self, test: Test) -> Program:
        if "i" not in self._flags:
            return [Step(Op.CHARACTER, test=test)]
        return [Step(Op.CHARACTER, test=lambda each: test(each) or test(each.lower()) or test(each.upper()))]


def _bounds(repeat: re.Match[str]) -> tuple[int, int | None]:
    """Return how often a repeat takes its atom, at least and at most; None means endlessly."""
    if repeat[1] is None:
        return {"*": (0, None), "+": (1, None), "?": (0, 1)}[repeat[0]]
    least = int(repeat[1])
    if repeat[2] is None:
        return least, least
    return least, int(repeat[3]) if repeat[3] else None


def _unrolled(atom: Program, least: int, most: int | None, *, lazy: bool) -> Program:
    program = atom * least
    if most is None:
        enter, leave = 1, len(atom) + 2
        jumps = (leave, enter) if lazy else (enter, leave)
        return [*program, Step(Op.SPLIT, jumps=jumps), *atom, Step(Op.SPLIT, jumps=(-len(atom) - 1,))]
    for left in range(most - least, 0, -1):
        enter, leave = 1, left * (len(atom) + 1)
        program = [*program, Step(Op.SPLIT, jumps=(leave, enter) if lazy else (enter, leave)), *atom]
    return program
