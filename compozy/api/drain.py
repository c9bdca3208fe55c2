"""Draining: how answers that take long learn that the server stops.

A server that stops answers what it has begun, but not for ever. An event stream has no end of its own and ends at once;
a synchronous execution gets what is left of the grace, less the time to say that the execution goes on.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import attrs
import trio


@attrs.define(eq=False)
class Moment:
    """What happens once, and ends the blocks that go on only until then."""

    _is_set: bool = attrs.field(default=False, init=False)
    _scopes: set[trio.CancelScope] = attrs.field(factory=set, init=False)

    def is_set(self) -> bool:
        """Tell whether it has happened."""
        return self._is_set

    def set(self) -> None:
        """Let it happen."""
        self._is_set = True
        for scope in self._scopes:
            scope.cancel()

    @contextmanager
    def until(self) -> Iterator[None]:
        """Run the block until it ends or the moment comes, whichever is first.

        Leaves without an exception either way: ask :meth:`is_set` to know which. A scope instead of a task that waits:
        each part of an event stream is such a block, and to start a task takes longer than to tell an event.
        """
        with trio.CancelScope() as scope:
            if self._is_set:
                scope.cancel()
            self._scopes.add(scope)
            try:
                yield
            finally:
                self._scopes.discard(scope)


@attrs.frozen
class Drain:
    """The two moments of a stop.

    Attributes:
        stopping: When the server has been told to stop: what has no end of its own ends now.
        overdue: When the grace is nearly over: whoever still waits answers with what there is.
    """

    stopping: Moment = attrs.field(factory=Moment)
    overdue: Moment = attrs.field(factory=Moment)
