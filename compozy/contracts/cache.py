"""The cache: short-lived values and the messages between the parts of the program."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

import attrs


class KV(ABC):
    """Values by key. Keys are non-empty str; values go in as str or bytes (UTF-8) and come out as str.

    An expired key is gone for every operation, at the instant its time to live has passed.
    """

    @abstractmethod
    async def get(self, key: str) -> str:
        """Return the value.

        Raises:
            NotFoundError: There is none, or it has expired.
        """

    @abstractmethod
    async def set(
        self, key: str, value: str | bytes, *, ttl: timedelta | None = None, only_if_absent: bool = False
    ) -> bool:
        """Put the value in place of what was there, its time to live included; return whether it was written.

        Args:
            key: Which value.
            value: The text; bytes must be UTF-8.
            ttl: How long it lives, more than zero; None keeps it until it is deleted.
            only_if_absent: Write only when there is no live value.

        Raises:
            InvalidError: The key is empty, the bytes are not UTF-8, or the ttl is not positive.
        """

    @abstractmethod
    async def delete(self, *keys: str) -> int:
        """Remove the keys; return how many there were."""

    @abstractmethod
    async def get_many(self, *keys: str) -> Sequence[str | None]:
        """Return the values in the order of the keys, None for each that is absent."""

    @abstractmethod
    async def expire(self, key: str, ttl: timedelta) -> bool:
        """Give the key a new time to live; return False when it is absent.

        Raises:
            InvalidError: The ttl is not positive.
        """

    @abstractmethod
    async def ttl(self, key: str) -> timedelta | None:
        """Return what is left of the key's time to live; None when it lives until it is deleted.

        Raises:
            NotFoundError: There is no such key.
        """

    @abstractmethod
    async def increment(self, key: str, by: int = 1, *, ttl_if_new: timedelta | None = None) -> int:
        """Add to an integer, which is 0 when absent; return the sum.

        Args:
            key: Which counter.
            by: What to add; may be negative.
            ttl_if_new: Time to live when this call creates the counter; a live counter keeps its own.

        Raises:
            ConflictError: The value is not an integer in canonical decimal, or the sum would leave 64 bits; nothing was
                changed.
            InvalidError: ``by`` does not fit 64 bits, or the ttl is not positive.
        """


class Keys(ABC):
    """The names of what is in the cache."""

    @abstractmethod
    def scan(self, pattern: str = "*", *, page_size: int = 100) -> AsyncIterator[Sequence[str]]:
        """Yield the keys that match, page by page.

        Every key that exists for the whole scan is seen; one that comes or goes meanwhile may be. No key is twice
        on a page.

        Args:
            pattern: Redis glob: ``*``, ``?``, ``[a-z]``, ``[^a]``, and a backslash before a literal.
            page_size: About how many keys a page has, at least 1.
        """


@attrs.frozen(kw_only=True)
class Message:
    """One published message as a subscriber gets it.

    Attributes:
        channel: Where it was published.
        payload: The text.
        pattern: The pattern that matched, or None for a subscription by name.
        lost: How many older messages this subscriber lost just before this one, because it read too slowly.
    """

    channel: str
    payload: str
    pattern: str | None = None
    lost: int = 0


class PubSub(ABC):
    """Messages to whoever listens now. Nothing is kept for those who come later.

    A subscription begins when its context manager has been entered: a message published after that is seen. Each has
    a buffer of 100 messages; a reader that is slower loses the oldest, and ``Message.lost`` tells how many. Messages of
    one publisher arrive in the order they were published. A subscription gets a message once, also when several of its
    patterns match: ``Message.pattern`` is then the first of them as they were given. It ends, after what is buffered,
    when its context is left or the cache is closed. Names and patterns are non-empty (``InvalidError``).
    """

    @abstractmethod
    async def publish(self, channel: str, payload: str | bytes) -> int:
        """Hand the message to every subscription that matches; return how many there were."""

    @abstractmethod
    def subscribe(self, *channels: str) -> AbstractAsyncContextManager[AsyncIterator[Message]]:
        """Open a subscription to these channels by name."""

    @abstractmethod
    def subscribe_patterns(self, *patterns: str) -> AbstractAsyncContextManager[AsyncIterator[Message]]:
        """Open a subscription to every channel that matches one of these Redis globs."""


@attrs.frozen(kw_only=True)
class Cache:
    """The roles of one cache.

    Attributes:
        driver: ``sugardb`` or ``redis``.
        kv: Values by key.
        keys: The names of what is there.
        pubsub: Messages.
    """

    driver: str
    kv: KV
    keys: Keys
    pubsub: PubSub
