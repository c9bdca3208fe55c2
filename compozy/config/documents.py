"""Plain data read from a file, which remembers the line of every key."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import attrs

from compozy.domain.errors import Problem
from compozy.domain.json import JsonObject
from compozy.domain.key_paths import KeyPath, dotted

UNKNOWN: Final = "?"
"""Stands for a key that may have been meant as any."""


@attrs.frozen
class Mark:
    """A place in a file, both numbers 1-based."""

    line: int
    column: int


@attrs.frozen(kw_only=True)
class Document:
    """What one file says.

    Attributes:
        file: Path of the file as the user would type it.
        data: Its content; treated as immutable, because aliased parts are shared.
        marks: The place of each key and list item. What an alias or a merge key brought in has no mark of its own.
        numbers: Of each list that some items were left out of, by its place in the file: which of the file's items
            are left. Problems are told at their places in the file.
        left_out: Where in the file something was left out, because it had not the shape that the rest has. A key that
            nothing knows is there as the one that is most like it, or as :data:`UNKNOWN`.
    """

    file: str
    data: JsonObject = attrs.field(repr=False)  # it may hold secrets
    marks: dict[KeyPath, Mark]
    numbers: Mapping[KeyPath, Sequence[int]] = attrs.Factory(dict)
    left_out: frozenset[KeyPath] = frozenset()

    def in_file(self, path: KeyPath) -> KeyPath:
        """Return where in the file something is that is at this place of the data."""
        place: KeyPath = ()
        for part in path:
            numbers = self.numbers.get(place, ())
            place = (*place, numbers[part] if isinstance(part, int) and part < len(numbers) else part)
        return place

    def find_line(self, path: KeyPath) -> int | None:
        """Return the line of the key, or of its nearest ancestor that has one."""
        path = self.in_file(path)
        for end in range(len(path), -1, -1):
            mark = self.marks.get(path[:end])
            if mark is not None:
                return mark.line
        return None

    def problem(self, path: KeyPath, message: str, *, hint: str | None = None) -> Problem:
        """Return a problem at that key."""
        key = dotted(self.in_file(path))
        return Problem(message=message, file=self.file, line=self.find_line(path), key=key, hint=hint)


def in_line_order(problems: Iterable[Problem]) -> list[Problem]:
    """Sort the problems of one file by line; those without a line come first, ties keep their order."""
    return sorted(problems, key=lambda problem: problem.line or 0)
