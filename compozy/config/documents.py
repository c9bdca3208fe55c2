"""Plain data read from a file, which remembers the line of every key."""

from collections.abc import Iterable

import attrs

from compozy.domain.errors import Problem
from compozy.domain.json import JsonObject
from compozy.domain.key_paths import KeyPath, dotted


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
    """

    file: str
    data: JsonObject = attrs.field(repr=False)  # it may hold secrets
    marks: dict[KeyPath, Mark]

    def find_line(self, path: KeyPath) -> int | None:
        """Return the line of the key, or of its nearest ancestor that has one."""
        for end in range(len(path), -1, -1):
            mark = self.marks.get(path[:end])
            if mark is not None:
                return mark.line
        return None

    def problem(self, path: KeyPath, message: str, *, hint: str | None = None) -> Problem:
        """Return a problem at that key."""
        return Problem(message=message, file=self.file, line=self.find_line(path), key=dotted(path), hint=hint)


def in_line_order(problems: Iterable[Problem]) -> list[Problem]:
    """Sort the problems of one file by line; those without a line come first, ties keep their order."""
    return sorted(problems, key=lambda problem: problem.line or 0)
