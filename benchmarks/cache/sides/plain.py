"""The floors: dictionaries, as they are and behind async methods. They check nothing, and nothing expires.

bare
: The operation written out in a loop: what it costs in Python to do nothing else.

cancel point
: The operation in an async method that can be cancelled: the least that an async method may do by the rules of Trio, if
  something else sees to it that others have their turn.

checkpoint
: The same with Trio's own checkpoint, which gives way each time.
"""

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

from support.comparison.job import Job
from trio.lowlevel import checkpoint, checkpoint_if_cancelled

from sides.client import CHANNEL, KEPT, VALUE, Client, Loop, Side, awaiting
from sides.loops import ON_TRIO, together_on_trio
from sides.measures import jobs

_NEW: Final = [VALUE]


class _Held:
    """What there is, and how to look at it."""

    loops: Mapping[str, Loop]

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.lists: dict[str, list[str]] = {}
        self.tokens: dict[str, int] = {}
        self.buffers = {CHANNEL: [deque[str](maxlen=KEPT)]}

    async def text(self, key: str) -> str:
        return self.texts[key]

    async def length(self, key: str) -> int:
        return len(self.lists[key])

    async def reach(self) -> int:
        return len(self.buffers[CHANNEL])


class _Bare(_Held):
    def __init__(self) -> None:
        super().__init__()
        self.loops = {
            "set": self._set,
            "get": self._get,
            "push": self._push,
            "append_trim": self._append_trim,
            "publish": self._publish,
        }

    async def _set(self, keys: Sequence[str]) -> None:
        texts = self.texts
        for key in keys:
            texts[key] = VALUE

    async def _get(self, keys: Sequence[str]) -> None:
        texts = self.texts
        for key in keys:
            texts[key]

    async def _push(self, keys: Sequence[str]) -> None:
        lists = self.lists
        for key in keys:
            lists.setdefault(key, []).append(VALUE)

    async def _append_trim(self, keys: Sequence[str]) -> None:
        lists, tokens = self.lists, self.tokens
        for key in keys:
            messages = lists.setdefault(key, [])
            messages.extend(_NEW)
            del messages[:-KEPT]
            tokens[key] = tokens.get(key, 0) + 1

    async def _publish(self, channels: Sequence[str]) -> None:
        buffers = self.buffers
        for channel in channels:
            for buffer in buffers[channel]:
                buffer.append(VALUE)


class _Behind(_Held):
    """The same behind async methods, each of which passes a point first."""

    def __init__(self, point: Callable[[], Awaitable[None]]) -> None:
        super().__init__()
        self._point = point
        self.loops = {
            "set": awaiting(self._set, VALUE),
            "get": awaiting(self._get),
            "push": awaiting(self._push, VALUE),
            "append_trim": awaiting(self._append_trim, _NEW),
            "publish": awaiting(self._publish, VALUE),
        }

    async def _set(self, key: str, value: str) -> bool:
        await self._point()
        self.texts[key] = value
        return True

    async def _get(self, key: str) -> str:
        await self._point()
        return self.texts[key]

    async def _push(self, key: str, value: str) -> int:
        await self._point()
        values = self.lists.setdefault(key, [])
        values.append(value)
        return len(values)

    async def _append_trim(self, key: str, new: Sequence[str]) -> tuple[int, int]:
        await self._point()
        messages = self.lists.setdefault(key, [])
        messages.extend(new)
        del messages[:-KEPT]
        self.tokens[key] = tokens = self.tokens.get(key, 0) + 1
        return len(messages), tokens

    async def _publish(self, channel: str, payload: str) -> int:
        await self._point()
        buffers = self.buffers[channel]
        for buffer in buffers:
            buffer.append(payload)
        return len(buffers)


def _repeat(make: Callable[[], Client]) -> Job:
    @asynccontextmanager
    async def opened(_place: str) -> AsyncIterator[Client]:
        yield make()

    return jobs(Side(ON_TRIO, opened, together_on_trio))["repeat"]


JOBS: Final[Mapping[str, Any]] = {
    "bare": _repeat(_Bare),
    "cancel_point": _repeat(partial(_Behind, checkpoint_if_cancelled)),
    "checkpoint": _repeat(partial(_Behind, checkpoint)),
}
