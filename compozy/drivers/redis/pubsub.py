"""Messages to whoever listens now, in any process that uses the same Redis."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

import trio
from typing_extensions import override

from compozy.bridge import Exchange
from compozy.contracts.cache import Message, PubSub
from compozy.domain.errors import InvalidError, UnavailableError
from compozy.drivers.redis.arguments import name_in, text_in
from compozy.drivers.redis.commands import Commands
from compozy.drivers.redis.listening import PSUBSCRIBE, SUBSCRIBE, Wish
from compozy.drivers.redis.subscriptions import Subscription, Subscriptions

_GOODBYE_S: Final = 2.0


class RedisPubSub(PubSub):
    """Messages through Redis.

    Beyond the contract: how many subscriptions a message reaches is told by Redis, which counts a process once for each
    channel or pattern that matches, however many of its subscriptions there are. A message that is published while the
    connection is down is lost; ``Message.lost`` of the notice counts all of them as one, because nobody knows better.
    One that is not UTF-8 is lost, too, which the next message tells.

    Args:
        commands: Asks the server.
        wishes: To the connection for subscriptions.
        subscriptions: Those that are open.
    """

    def __init__(self, commands: Commands, wishes: Exchange[Wish, None], subscriptions: Subscriptions) -> None:
        self._commands = commands
        self._wishes = wishes
        self._subscriptions = subscriptions
        self.published = 0

    @override
    async def publish(self, channel: str, payload: str | bytes) -> int:
        receivers: int = await self._commands.ask(b"PUBLISH", name_in(channel, "a channel"), text_in(payload))
        self.published += 1
        return receivers

    @override
    def subscribe(self, *channels: str) -> AbstractAsyncContextManager[AsyncIterator[Message]]:
        if not channels:
            raise InvalidError("name at least one channel to subscribe to")
        return self._listening(SUBSCRIBE, [name_in(channel, "a channel") for channel in channels])

    @override
    def subscribe_patterns(self, *patterns: str) -> AbstractAsyncContextManager[AsyncIterator[Message]]:
        if not patterns:
            raise InvalidError("name at least one pattern to subscribe to")
        return self._listening(PSUBSCRIBE, [name_in(pattern, "a pattern") for pattern in patterns])

    @asynccontextmanager
    async def _listening(self, verb: bytes, names: list[bytes]) -> AsyncIterator[Subscription]:
        subscription = Subscription((verb, name) for name in names)
        self._subscriptions.add(subscription)
        try:
            with self._commands.translated():
                await self._wishes.ask(Wish(verb, tuple(name for _, name in subscription.topics)))
            subscription.begin()
            yield subscription
        finally:
            # Confirmed, too, so that whoever publishes next is not told of a subscription that has ended.
            free = self._subscriptions.remove(subscription)
            if free:
                with trio.move_on_after(_GOODBYE_S, shield=True):
                    await self._leave(Wish.end_of(verb, free))

    async def _leave(self, wish: Wish) -> None:
        try:
            with self._commands.translated():
                await self._wishes.ask(wish)
        except UnavailableError:
            return  # there is no connection, so there is nothing to leave
