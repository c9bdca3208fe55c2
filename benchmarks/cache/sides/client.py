"""What every side can be asked, whatever it stands on."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, Protocol

import attrs

VALUE: Final = "a value of 24 characters"
CHANNEL: Final = "state:changes"
KEPT: Final = 100
"""How many messages of a conversation are kept; a subscriber that does not read keeps as many."""

Loop = Callable[[Sequence[str]], Awaitable[None]]
"""Does one operation with each of the keys, one after the other."""


class Client(Protocol):
    """A cache that is open, with one subscriber to :data:`CHANNEL`, who looks at no message."""

    loops: Mapping[str, Loop]
    """By operation: ``set``, ``get``, ``push``, ``append_trim`` and ``publish``, which takes channels for keys."""

    async def text(self, key: str) -> str:
        """Return the text under a key."""
        ...

    async def length(self, key: str) -> int:
        """Return how long the list under a key is."""
        ...

    async def reach(self) -> int:
        """Return how many subscribers a message to the channel has."""
        ...


@attrs.frozen
class Side:
    """How a side is run.

    Attributes:
        run: Runs an async function and returns what it returns.
        open: Opens an empty cache at a place.
        together: Runs async functions at once.
    """

    run: Callable[..., Any]
    open: Callable[[str], AbstractAsyncContextManager[Client]]
    together: Callable[[Sequence[Callable[[], Awaitable[None]]]], Awaitable[None]]


def awaiting(function: Callable[..., Awaitable[Any]], *more: Any) -> Loop:
    """Return the loop that awaits a function with each key and these arguments."""

    async def loop(keys: Sequence[str]) -> None:
        for key in keys:
            await function(key, *more)

    return loop


def calling(function: Callable[..., Any], *more: Any) -> Loop:
    """Return the loop that calls a function with each key and these arguments, which blocks."""

    async def loop(keys: Sequence[str]) -> None:
        for key in keys:
            function(key, *more)

    return loop
