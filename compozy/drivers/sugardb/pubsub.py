"""Messages to whoever listens now, by channel or by pattern."""

from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final, Self

import trio
from typing_extensions import override

from compozy.contracts.cache import Message, PubSub
from compozy.domain.errors import InvalidError
from compozy.domain.globs import matcher
from compozy.drivers.sugardb.arguments import checked_name, checked_text
from compozy.drivers.sugardb.turns import Turns

BUFFER: Final = 100
"""Messages a reader may be behind: a burst of one workflow's state changes, and some hundred kilobytes at most."""


class Subscription(AsyncIterator[Message]):
    """The messages of one subscriber, the oldest dropped when there are too many.

    Several tasks may read one subscription; each message goes to one of them.
    """

    def __init__(self) -> None:
        self._buffer: deque[tuple[str, str, str | None]] = deque()
        self._lost = 0
        self._is_open = True
        self._readers = trio.lowlevel.ParkingLot()
        self.total_lost = 0

    @override
    def __aiter__(self) -> Self:
        return self

    @override
    async def __anext__(self) -> Message:
        # The checkpoint comes first: once a message has left the buffer nothing may cancel its delivery.
        await trio.lowlevel.checkpoint()
        while not self._buffer:
            if not self._is_open:
                raise StopAsyncIteration
            await self._readers.park()
        channel, payload, pattern = self._buffer.popleft()
        lost, self._lost = self._lost, 0
        return Message(channel=channel, payload=payload, pattern=pattern, lost=lost)

    def deliver(self, channel: str, payload: str, pattern: str | None) -> None:
        """Append a message, which is made when it is read; make room by dropping the oldest."""
        if len(self._buffer) == BUFFER:
            self._buffer.popleft()
            self._lost += 1
            self.total_lost += 1
        self._buffer.append((channel, payload, pattern))
        self._readers.unpark()

    def close(self) -> None:
        """Take no more messages: readers get what is buffered, then the end."""
        self._is_open = False
        self._readers.unpark_all()


class SugarPubSub(PubSub):
    """Messages within this process.

    A subscription gets a message once, even when several of its patterns match; ``Message.pattern`` is then the
    first of them as they were given.
    """

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._lost = 0
        self.published = 0
        self._by_channel: dict[str, OrderedDict[Subscription, None]] = {}
        self._by_pattern: OrderedDict[Subscription, dict[str, Callable[[str], bool]]] = OrderedDict()

    @override
    async def publish(self, channel: str, payload: str | bytes) -> int:
        await self._turns.take()
        checked_name(channel, "a channel")
        text = checked_text(payload)
        self.published += 1
        count = 0
        for subscription, pattern in self._receivers(channel):
            subscription.deliver(channel, text, pattern)
            count += 1
        return count

    @override
    def subscribe(self, *channels: str) -> AbstractAsyncContextManager[AsyncIterator[Message]]:
        if not channels:
            raise InvalidError("name at least one channel to subscribe to")
        return self._by_name(frozenset(checked_name(channel, "a channel") for channel in channels))

    @override
    def subscribe_patterns(self, *patterns: str) -> AbstractAsyncContextManager[AsyncIterator[Message]]:
        if not patterns:
            raise InvalidError("name at least one pattern to subscribe to")
        return self._by_glob({pattern: matcher(checked_name(pattern, "a pattern")) for pattern in patterns})

    @property
    def lost(self) -> int:
        """How many messages slow readers have lost, those who have left included."""
        return self._lost + sum(subscription.total_lost for subscription in self._open())

    def close(self) -> None:
        """End every open subscription."""
        for subscription in self._open():
            subscription.close()

    def _open(self) -> set[Subscription]:
        return {*self._by_pattern, *(each for named in self._by_channel.values() for each in named)}

    def _receivers(self, channel: str) -> Iterator[tuple[Subscription, str | None]]:
        """Yield who gets a message on the channel, and by which of its patterns."""
        for subscription in self._by_channel.get(channel, ()):
            yield subscription, None
        for subscription, matchers in self._by_pattern.items():
            pattern = next((pattern for pattern, matches in matchers.items() if matches(channel)), None)
            if pattern is not None:
                yield subscription, pattern

    @asynccontextmanager
    async def _by_name(self, channels: frozenset[str]) -> AsyncIterator[Subscription]:
        await self._turns.take()
        subscription = Subscription()
        for channel in channels:
            self._by_channel.setdefault(channel, OrderedDict())[subscription] = None
        try:
            yield subscription
        finally:
            subscription.close()
            self._lost += subscription.total_lost
            for channel in channels:
                del self._by_channel[channel][subscription]
                if not self._by_channel[channel]:
                    del self._by_channel[channel]

    @asynccontextmanager
    async def _by_glob(self, matchers: dict[str, Callable[[str], bool]]) -> AsyncIterator[Subscription]:
        await self._turns.take()
        subscription = Subscription()
        self._by_pattern[subscription] = matchers
        try:
            yield subscription
        finally:
            subscription.close()
            self._lost += subscription.total_lost
            del self._by_pattern[subscription]
