"""Values on their way from one thread to the other, as many as there are in one crossing.

To wake a thread costs some 30 µs, and to hand it one value more, nothing. So whoever puts a value wakes the other side
only when that has not been done since it looked last, and the other side takes all there is. The flag is lowered before
the values are taken: one that is put meanwhile is either taken too, or wakes once more for nothing, but never stays.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

import trio

from compozy.bridge.errors import HostClosedError

T = TypeVar("T")


class ToLoop(Generic[T]):
    """Values from the Trio thread to the loop.

    Args:
        loop: Where they go.
        receive: Is called on the loop with those that have arrived, in the order in which they were put.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, receive: Callable[[list[T]], None]) -> None:
        self._loop = loop
        self._receive = receive
        self._values: deque[T] = deque()
        self._is_woken = False

    def put(self, value: T) -> None:
        """Send one. Called on the Trio thread.

        Raises:
            HostClosedError: The loop is closed.
        """
        self._values.append(value)
        if not self._is_woken:
            self._is_woken = True
            try:
                self._loop.call_soon_threadsafe(self._arrive)
            except RuntimeError as error:
                self._is_woken = False  # so that the next one is refused too, and does not wait for ever
                raise HostClosedError from error

    def _arrive(self) -> None:
        self._is_woken = False
        values = _taken(self._values)
        if values:
            self._receive(values)


class ToTrio(Generic[T]):
    """Values from the loop to the Trio thread.

    Args:
        loop: Where they come from.
        token: Of the Trio run.
        receive: Is called on the Trio thread with those that have arrived, in the order in which they were put. It
            must not raise.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        token: trio.lowlevel.TrioToken,
        receive: Callable[[list[T]], None],
    ) -> None:
        self._loop = loop
        self._token = token
        self._receive = receive
        self._values: deque[T] = deque()
        self._is_woken = False
        self._is_scheduled = False

    def put(self, value: T, *, more: bool = True) -> None:
        """Send one. Called on the loop.

        Args:
            value: What.
            more: Whether others are likely to follow, so that the other side is woken when the loop has run what it is
                at, and what it puts until then arrives together. Otherwise that is done at once.
        """
        self._values.append(value)
        if not more:
            self._wake()
        elif not self._is_woken and not self._is_scheduled:
            self._is_scheduled = True
            self._loop.call_soon(self._wake)

    def _wake(self) -> None:
        self._is_scheduled = False
        if self._values and not self._is_woken:
            self._is_woken = True
            self._token.run_sync_soon(self._arrive)

    def _arrive(self) -> None:
        self._is_woken = False
        values = _taken(self._values)
        if values:
            self._receive(values)


def _taken(values: deque[T]) -> list[T]:
    """Take what there is now, while the other thread may be putting more."""
    return [values.popleft() for _ in range(len(values))]
