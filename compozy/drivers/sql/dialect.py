"""What databases say differently, as far as the statements here are concerned."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import attrs


@attrs.frozen(kw_only=True, eq=False)
class Dialect:
    """One database's way of saying things.

    Statements are written with SQLite's numbered parameters (``?1``); no text constant in them holds a question mark.

    Attributes:
        mark: What stands before the number of a parameter.
        greatest: The function that returns the greater of two values.
        sorts_arms: Whether the planner walks along an index for each arm of a UNION ALL only if that arm is sorted and
            bounded by itself; one that does so unasked may have no syntax for it.
        look_up: What joins a table in FROM to what stands before it, so that its rows are looked up for each row there,
            by an index, whatever the planner expects; with the places ``table``, ``name`` and ``condition``.
        lock_referred: What a SELECT ends with so that the rows it finds stay until the transaction has ended.
        moment_in: Makes a moment, aware, of any time zone, what a column takes; the text says what the caller calls it.
        moment_out: Makes what a column gives a moment, aware, UTC.
    """

    mark: str
    greatest: str
    sorts_arms: bool
    look_up: str
    lock_referred: str
    moment_in: Callable[[datetime, str], Any]
    moment_out: Callable[[Any], datetime]

    def text(self, statement: str) -> str:
        """Return the statement as the database reads it."""
        return statement.replace("?", self.mark)
