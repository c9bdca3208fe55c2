"""Subscriptions: who listens to what, and what they have not read yet."""

import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Final, Self, TypeAlias

import attrs
import trio
from typing_extensions import override

from compozy.contracts.cache import Message
from compozy.domain.errors import InvalidError
from compozy.domain.globs import matcher
from compozy.drivers.redis.arguments import text_out
from compozy.drivers.redis.listening import GAP, PSUBSCRIBE, SUBSCRIBE, Heard

BUFFER: Final = 100
"""Messages a reader may be behind: a burst of one workflow's state changes, and some hundred kilobytes at most."""

_log = logging.getLogger(__name__)

Topic: TypeAlias = tuple[bytes, bytes]
"""The verb that subscribes, and the name of the channel, or the pattern."""


class Subscription(AsyncIterator[Message]):
    """The messages of one subscriber, the oldest dropped when there are too many.

    Several tasks may read one subscription; each message goes to one of them.

    Args:
        topics: What it listens to, in the order given.
    """

    def __init__(self, topics: Iterable[Topic]) -> None:
        self.topics: Final = tuple(dict.fromkeys(topics))
        self._matchers: dict[bytes, Callable[[str], bool]] = {
            name: matcher(name.decode()) for verb, name in self.topics if verb == PSUBSCRIBE
        }
        self._buffer: deque[Message] = deque()
        self._untold = 0
        self._is_open = True
        self._has_begun = False
        self._readers = trio.lowlevel.ParkingLot()
        self.lost = 0

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
        return self._buffer.popleft()

    def begin(self) -> None:
        """Note that Redis has confirmed it: what is lost from now on, is lost to the reader."""
        self._has_begun = True

    def deliver(self, message: Message) -> None:
        """Append a message; make room by dropping the oldest."""
        if not self._is_open:
            return
        if self._untold:
            message = attrs.evolve(message, lost=self._untold)
            self._untold = 0
        if len(self._buffer) == BUFFER:
            self._drop_oldest()
        self._buffer.append(message)
        self._readers.unpark()

    def is_first_match(self, pattern: bytes, channel: str) -> bool:
        """Tell whether a pattern is the first of those given that match; the others bring the same message again."""
        return pattern == next((name for name, matches in self._matchers.items() if matches(channel)), pattern)

    def miss(self) -> None:
        """Count a message that cannot be delivered; the reader is told with the next one."""
        if self._has_begun:
            self._untold += 1
            self.lost += 1

    def tell_gap(self) -> None:
        """Tell at once that there may have been messages which nobody heard; they count as one."""
        self.miss()
        if self._untold:
            self.deliver(Message(channel="", payload=""))

    def close(self) -> None:
        """Take no more messages: readers get what is buffered, then the end."""
        self._is_open = False
        self._readers.unpark_all()

    def _drop_oldest(self) -> None:
        oldest = self._buffer.popleft()
        dropped = 0 if oldest.is_gap else 1
        self._buffer[0] = attrs.evolve(self._buffer[0], lost=self._buffer[0].lost + oldest.lost + dropped)
        self.lost += dropped


class Subscriptions:
    """All the open subscriptions of a cache, by topic."""

    def __init__(self) -> None:
        self._by_topic: dict[Topic, dict[Subscription, None]] = {}
        self._lost = 0

    @property
    def lost(self) -> int:
        """How many messages readers have lost, those who have left included."""
        return self._lost + sum(subscription.lost for subscription in self._open())

    def add(self, subscription: Subscription) -> None:
        """Take one more."""
        for topic in subscription.topics:
            self._by_topic.setdefault(topic, {})[subscription] = None

    def remove(self, subscription: Subscription) -> tuple[bytes, ...]:
        """Forget one; return the names that nobody listens to any more."""
        subscription.close()
        self._lost += subscription.lost
        free = []
        for topic in subscription.topics:
            del self._by_topic[topic][subscription]
            if not self._by_topic[topic]:
                del self._by_topic[topic]
                free.append(topic[1])
        return tuple(free)

    def hear(self, news: list[Heard]) -> None:
        """Deliver what has arrived."""
        for heard in news:
            if heard is GAP:
                for subscription in self._open():
                    subscription.tell_gap()
            else:
                self._deliver(heard)

    def close(self) -> None:
        """End every open subscription."""
        for subscription in self._open():
            subscription.close()

    def _deliver(self, heard: Heard) -> None:
        topic = (SUBSCRIBE, heard.channel) if heard.pattern is None else (PSUBSCRIBE, heard.pattern)
        subscriptions = self._by_topic.get(topic, {})
        try:
            channel = text_out(heard.channel, "the name of a channel")
            payload = text_out(heard.payload, f'a message on "{channel}"')
        except InvalidError as error:
            _log.warning("a message cannot be delivered, and counts as lost: %s", error)
            self._miss(subscriptions)
            return
        pattern = None if heard.pattern is None else heard.pattern.decode()
        for subscription in subscriptions:
            if heard.pattern is None or subscription.is_first_match(heard.pattern, channel):
                subscription.deliver(Message(channel=channel, payload=payload, pattern=pattern))

    def _miss(self, subscriptions: Iterable[Subscription]) -> None:
        for subscription in subscriptions:
            subscription.miss()

    def _open(self) -> set[Subscription]:
        return {each for subscriptions in self._by_topic.values() for each in subscriptions}
