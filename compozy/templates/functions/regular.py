"""Regular expressions in linear time, as in Go: no pattern and no text can make a match run away.

Python's own engine backtracks, and in a workflow one unlucky input would then stop everything. This one follows all
the ways of a match at once, in order of preference, and so prefers what a backtracking engine would.
"""

from collections.abc import Callable, Iterator, Mapping
from re import Match
from re import compile as compile_python
from typing import Any, Final, TypeAlias

import attrs

from compozy.domain.json import Json
from compozy.templates.errors import ArgumentError
from compozy.templates.functions.arguments import text
from compozy.templates.functions.regular_syntax import Compiled, Op, compile_expression
from compozy.templates.limits import MAX_STEPS, check_size

_REFERENCE: Final = compile_python(r"\$(?:(\$)|\{(\w+)\}|(\w+))")

Slots: TypeAlias = tuple[int, ...]
"""Begin and end of the match and then of each group; -1 where a group took no part."""


@attrs.define
class _Machine:
    """One search or more of one expression in one text, on one budget of steps."""

    compiled: Compiled
    subject: str
    steps: int = 0

    def matches(self) -> Iterator[Slots]:
        """Yield the matches from left to right; none overlaps another, and an empty one never touches the last."""
        position, last = 0, -1
        while position <= len(self.subject) and (slots := self.search(position)):
            if slots[1] > slots[0] or slots[0] != last:
                yield slots
                last = slots[1]
            position = slots[1] + (slots[1] == slots[0])

    def search(self, start: int) -> Slots | None:
        """Return the leftmost match from ``start`` on, or None."""
        threads: list[tuple[int, Slots]] = []
        found: Slots | None = None
        empty = (-1,) * (2 * self.compiled.groups + 2)
        for position in range(start, len(self.subject) + 1):
            if found is None:
                threads.append((0, empty))
            if not threads:
                break
            character = self.subject[position : position + 1]
            following: list[tuple[int, Slots]] = []
            for where, slots in self._closure(threads, position):
                step = self.compiled.program[where]
                if step.op is Op.MATCH:
                    found = slots
                    break  # what comes after is less preferred
                if character and step.test is not None and step.test(character):
                    following.append((where + 1, slots))
            threads = following
        return found

    def _closure(self, threads: list[tuple[int, Slots]], position: int) -> Iterator[tuple[int, Slots]]:
        """Yield the threads that wait for a character or have matched, best first, each place once."""
        seen: set[int] = set()
        pending = threads[::-1]
        while pending:
            where, slots = pending.pop()
            if where in seen:
                continue
            seen.add(where)
            self.steps += 1
            if self.steps > MAX_STEPS:
                raise ArgumentError(f"matching takes more than {MAX_STEPS} steps, which is the limit")
            step = self.compiled.program[where]
            if step.op is Op.SPLIT:
                pending.extend((where + jump, slots) for jump in reversed(step.jumps))
            elif step.op is Op.SAVE:
                pending.append((where + 1, (*slots[: step.slot], position, *slots[step.slot + 1 :])))
            elif step.op is Op.WHERE:
                if self._is_at(step.where, position):
                    pending.append((where + 1, slots))
            else:
                yield where, slots

    def _is_at(self, where: str, position: int) -> bool:
        before, after = self.subject[max(0, position - 1) : position], self.subject[position : position + 1]
        match where:
            case "A":
                return not before
            case "z":
                return not after
            case "^":
                return before in {"", "\n"}
            case "$":
                return after in {"", "\n"}
        at_boundary = _is_word(before) != _is_word(after)
        return at_boundary == (where == "b")


def _is_word(character: str) -> bool:
    return character == "_" or (character.isascii() and character.isalnum())


def _machine(pattern: Json, subject: Json) -> _Machine:
    return _Machine(compile_expression(text(pattern)), text(subject))


def _match(pattern: Json, subject: Json) -> bool:
    """Tell whether the pattern matches anywhere in the text."""
    return _machine(pattern, subject).search(0) is not None


def _find(pattern: Json, subject: Json) -> str:
    machine = _machine(pattern, subject)
    slots = machine.search(0)
    return "" if slots is None else machine.subject[slots[0] : slots[1]]


def _find_all(pattern: Json, subject: Json, count: Json) -> list[str]:
    machine = _machine(pattern, subject)
    found = [machine.subject[slots[0] : slots[1]] for slots in machine.matches()]
    return found if not isinstance(count, int) or count < 0 else found[:count]


def _replace_all(pattern: Json, subject: Json, replacement: Json) -> str:
    """Replace every match; ``$1`` and ``${name}`` in the replacement are what a group matched, ``$$`` a dollar."""
    machine, template = _machine(pattern, subject), text(replacement)
    parts: list[str] = []
    position = size = 0
    for slots in machine.matches():
        parts += [machine.subject[position : slots[0]], _expanded(template, machine, slots)]
        size += len(parts[-2]) + len(parts[-1])
        check_size(size)
        position = slots[1]
    return "".join([*parts, machine.subject[position:]])


def _expanded(template: str, machine: _Machine, slots: Slots) -> str:
    def group(reference: Match[str]) -> str:
        if reference[1]:
            return "$"
        name = reference[2] or reference[3]
        is_number = name.isascii() and name.isdigit() and len(name) < 5  # noqa: PLR2004 - no expression has more groups
        number = int(name) if is_number else machine.compiled.names.get(name, len(slots))
        if 2 * number >= len(slots) or slots[2 * number] < 0:
            return ""
        return machine.subject[slots[2 * number] : slots[2 * number + 1]]

    return _REFERENCE.sub(group, template)


TABLE: Final[Mapping[str, Callable[..., Any]]] = {
    "regexMatch": _match,
    "regexFind": _find,
    "regexFindAll": _find_all,
    "regexReplaceAll": _replace_all,
}
"""Every function on regular expressions by its name in templates."""
