"""The turn that every operation takes before its synchronous step, and when it lets other tasks go first.

A turn is always a cancel point. It is a schedule point, too, unless the loop has just been round: to give way costs
several times what an operation does, and giving way once in a tenth of a millisecond is enough for whoever else wants
to run. That time is the loop's and not the task's, or many busy tasks together would keep the others waiting as many
times as long: it begins when the first of those who have given way is back, and once it is over everybody gives way
before the next operation. So between two rounds of the loop, the cache takes that time at most, and an operation of
each task that uses it. A task that comes from somewhere else and finds it over gives way as ever.

``trio.lowlevel.checkpoint`` reserves the same right for Trio itself.

Source: https://github.com/python-trio/trio/issues/1757
"""

from collections.abc import Awaitable, Callable
from math import inf
from time import perf_counter
from typing import Final

from trio.lowlevel import checkpoint, checkpoint_if_cancelled

from compozy.domain.errors import UnavailableError

SLICE_S: Final = 100e-6
"""How long operations go on without giving way: long enough that giving way costs a tenth of it at most."""


class Turns:
    """Lets operations in, one at a time since there is one thread, until the cache is closed.

    Args:
        begin: Called at the beginning of each operation.
        clock: Returns real time in seconds.

    Attributes:
        taken: How many there have been, those included that were cancelled before they had done anything.
    """

    def __init__(self, begin: Callable[[], None] = lambda: None, *, clock: Callable[[], float] = perf_counter) -> None:
        self._begin = begin
        self._clock = clock
        self._slice_end = clock()
        self._rounds = 0
        self._is_open = True
        self.taken = 0

    def take(self) -> Awaitable[None]:
        """Return what is to be awaited at once: a cancel point, which gives way if it is time to.

        What follows up to the next ``await`` is the operation.

        Raises:
            UnavailableError: When it is awaited: the cache is closed.
        """
        if self._clock() >= self._slice_end:
            return self._give_way()
        # Now, as nobody else runs before the caller goes on. To wait for the cancel point first takes a coroutine more.
        self._start()
        return checkpoint_if_cancelled()  # noqa: ASYNC105 - whoever awaits the turn awaits this

    def require_open(self) -> None:
        """Refuse when the cache is closed.

        Raises:
            UnavailableError: It is.
        """
        if not self._is_open:
            raise UnavailableError("the embedded cache is closed; it lives as long as the program's cache actor")

    def close(self) -> None:
        """Refuse every operation from now on."""
        self._is_open = False
        self._slice_end = -inf

    async def _give_way(self) -> None:
        rounds = self._rounds
        await checkpoint()
        if self._rounds == rounds and self._is_open:  # the first who is back
            self._rounds += 1
            self._slice_end = self._clock() + SLICE_S
        self.require_open()
        self._start()

    def _start(self) -> None:
        self.taken += 1
        self._begin()
