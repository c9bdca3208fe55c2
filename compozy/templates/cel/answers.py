"""What evaluations are made of, as seen by those who do not know the library: the shapes of what it gives."""

from collections.abc import Mapping
from typing import Any, Protocol


class Answer(Protocol):
    """A result, or an item of one."""

    def type(self) -> Any:
        """Return its type, which has a ``name()``."""

    def value(self) -> Any:
        """Return it, with answers in place of items."""


class Compiled(Protocol):
    """An expression that the library has read; safe to share between threads."""

    @property
    def result(self) -> str:
        """What it will come to as far as the text tells: ``BOOL``, ``INT``, ``LIST<DYN>`` …, or ``DYN``."""

    def evaluate(self, variables: Mapping[str, Any]) -> Answer:
        """Return the result, which is not an error.

        Raises:
            FailedError: There is none.
        """


class RefusedError(Exception):
    """The library cannot read an expression; the text is its report."""


class FailedError(Exception):
    """An evaluation came to no result; the text is the library's, such as ``NOT_FOUND: Key not found in map : "a"``."""
