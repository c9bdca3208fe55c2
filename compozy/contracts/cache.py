"""The cache: short-lived values, and the messages between the parts of the program.

A key holds one type of value: a text, a list or a hash. What asks one type of another is a ``ConflictError`` and
changes nothing, but for ``KV.set``, ``delete``, ``expire`` and ``ttl``, to which the type does not matter, and
``get_many``, to which such a key is absent. A list or hash that becomes empty is gone.

Keys and channels are non-empty; texts go in as str or bytes (UTF-8) and come out as str (else ``InvalidError``). An
expired key is gone for every operation, at the instant its time to live has passed. Every method may raise
``UnavailableError``: the cache cannot be reached now; nothing was changed, unless the connection was lost while it
answered, and then perhaps all of it. Every method that writes may raise ``ConflictError`` because the cache's memory is
full; reading and deleting go on then.

Every async method is a cancel point, even when it need not wait, and cancelled there it has done nothing. It lets other
tasks run meanwhile, unless they could less than a millisecond before.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

import attrs


class KV(ABC):
    """Texts by key."""

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


class Lists(ABC):
    """Lists of texts by key; an absent key is an empty list.

    Positions are counted from 0, negative ones from the end (-1 is the last), as in Redis: a range includes both ends,
    one that begins before the list begins with it, and one that ends after the list ends with it.
    """

    @abstractmethod
    async def push(self, key: str, *values: str | bytes) -> int:
        """Append values at the end, all of them or none; return how long the list is then.

        The key keeps its time to live. Without values nothing is changed.
        """

    @abstractmethod
    async def range(self, key: str, start: int = 0, stop: int = -1) -> Sequence[str]:
        """Return the values from ``start`` to ``stop``, both included."""

    @abstractmethod
    async def length(self, key: str) -> int:
        """Return how long the list is."""

    @abstractmethod
    async def trim(self, key: str, start: int, stop: int) -> None:
        """Keep only the values from ``start`` to ``stop``, both included."""


class Hashes(ABC):
    """Texts by field, in hashes by key; an absent key is an empty hash."""

    @abstractmethod
    async def set(self, key: str, mapping: Mapping[str, str | bytes]) -> int:
        """Write the fields, all of them or none; return how many are new. The key keeps its time to live."""

    @abstractmethod
    async def get(self, key: str, field: str) -> str | None:
        """Return the value of a field, or None."""

    @abstractmethod
    async def get_all(self, key: str) -> Mapping[str, str]:
        """Return all fields."""

    @abstractmethod
    async def increment(self, key: str, field: str, by: int = 1) -> int:
        """Add to an integer, which is 0 when absent; return the sum.

        Raises:
            ConflictError: The value is not an integer in canonical decimal, or the sum would leave 64 bits; nothing was
                changed.
            InvalidError: ``by`` does not fit 64 bits.
        """

    @abstractmethod
    async def delete(self, key: str, *fields: str) -> int:
        """Remove fields; return how many there were."""


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
    """One published message as a subscriber gets it, or the notice that some were lost.

    Attributes:
        channel: Where it was published; empty for a notice.
        payload: The text.
        pattern: The pattern that matched, or None for a subscription by name.
        lost: How many older messages this subscriber lost just before this one, because it read too slowly; with a
            notice, as many at least as it says.
    """

    channel: str
    payload: str
    pattern: str | None = None
    lost: int = 0

    @property
    def is_gap(self) -> bool:
        """Whether this is no message, but the notice that there may have been some, while there was no connection."""
        return not self.channel


class PubSub(ABC):
    """Messages to whoever listens now. Nothing is kept for those who come later.

    A subscription begins when its context manager has been entered: a message published after that is seen. Each has
    a buffer of 100 messages; a reader that is slower loses the oldest, and ``Message.lost`` tells how many. When the
    connection to the cache was lost, messages may have been, too: as soon as it is there again, every subscription gets
    a notice (``Message.is_gap``), and what is published after that is seen. Messages of one publisher arrive in the
    order they were published. A subscription gets a message once, also when several of its patterns match:
    ``Message.pattern`` is then the first of them as they were given. It ends, after what is buffered, when its context
    is left or the cache is closed. Names and patterns are non-empty (``InvalidError``).
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
class Lock:
    """A lock that was acquired.

    Attributes:
        resource: What is locked.
        token: Who holds it; secret of the holder.
        fence: Greater for each later holder of any lock, so that whoever is written to can refuse one that is late.
        ttl: How long it was given for.
    """

    resource: str
    token: str
    fence: int
    ttl: timedelta


class Locks(ABC):
    """Mutual exclusion for as long as a time to live lasts.

    Whoever stops for longer than that (a long pause of the machine, say) has lost the lock without noticing: pass
    ``fence`` along to whatever must not be written twice. ``sugardb`` excludes the tasks of one process, ``redis`` all
    that use it.
    """

    @abstractmethod
    async def acquire(self, resource: str, ttl: timedelta, *, wait: timedelta = timedelta()) -> Lock:
        """Acquire the lock.

        Those who wait in one process get it in the order in which they asked; between processes there is no order.

        Args:
            resource: What to lock.
            ttl: How long it is held unless it is released or extended, more than zero.
            wait: How long to wait for others to release it.

        Raises:
            ConflictError: Somebody else held it all that time.
            InvalidError: The ttl is not positive.
        """

    @abstractmethod
    async def extend(self, lock: Lock, ttl: timedelta) -> None:
        """Hold it for this much longer, from now on.

        Raises:
            ConflictError: It is not held any more: its time was over.
            InvalidError: The ttl is not positive.
        """

    @abstractmethod
    async def release(self, lock: Lock) -> bool:
        """Release it; return False when it was not held any more. A lock of somebody else is never touched."""


@attrs.frozen(kw_only=True)
class ConversationMetadata:
    """What is known of a conversation without reading it.

    Attributes:
        length: How many messages are kept.
        tokens: The sum of what was said about tokens; never less than zero.
    """

    length: int = 0
    tokens: int = 0


class Conversations(ABC):
    """Messages in order with a count of their tokens, changed as one: whoever reads sees both before or both after.

    The messages are a list under the key; the tokens are the field ``tokens`` of a hash under the key with
    ``:metadata`` at its end. Whichever of the two a call creates takes over the other's time to live. There is a
    conversation as long as there is one of them: trimmed to nothing, it keeps its tokens.
    """

    @abstractmethod
    async def append_trim(
        self,
        key: str,
        messages: Sequence[str | bytes],
        *,
        token_delta: int = 0,
        max_length: int | None = None,
        ttl: timedelta | None = None,
    ) -> ConversationMetadata:
        """Append messages, drop the oldest beyond a length, and count tokens, as one step.

        Args:
            key: Which conversation. It begins with its first message: without any, an absent one stays absent, and
                nothing is counted.
            messages: What to append; may be empty, which still trims, counts and renews the time to live.
            token_delta: What to add to the tokens; negative when messages are dropped. The sum stops at zero.
            max_length: How many messages are kept; 0 keeps none, None all.
            ttl: The time to live from now on; None leaves it as it is.

        Raises:
            ConflictError: What is kept as tokens is not an integer, or their sum would leave 53 bits; nothing was
                changed.
            InvalidError: ``max_length`` is negative, the ttl not positive, or ``token_delta`` does not fit 53 bits.
        """

    @abstractmethod
    async def read(self, key: str) -> tuple[Sequence[str], ConversationMetadata]:
        """Return messages and metadata of one moment; nothing and zeros when there is no conversation."""

    @abstractmethod
    async def clear(self, key: str) -> bool:
        """Forget a conversation; return whether there was one."""


@attrs.frozen(kw_only=True)
class CacheStatistics:
    """How busy a cache has been since it was opened.

    Attributes:
        driver: ``sugardb`` or ``redis``.
        commands: Operations that were carried out.
        failures: Operations that failed because the cache could not be reached.
        published: Messages that were published.
        lost: Messages that subscribers lost because they read too slowly.
        lock_waits: How often somebody had to wait for a lock.
        keys: How many keys there are, as far as it is known at no cost; None when it is not.
    """

    driver: str
    commands: int
    failures: int
    published: int
    lost: int
    lock_waits: int
    keys: int | None = None


@attrs.frozen(kw_only=True)
class Cache:
    """The roles of one cache.

    Attributes:
        driver: ``sugardb`` or ``redis``.
        kv: Texts by key.
        lists: Lists by key.
        hashes: Hashes by key.
        keys: The names of what is there.
        pubsub: Messages.
        locks: Mutual exclusion.
        conversations: Messages with a count of tokens.
        ping: Returns when the cache answers; raises ``UnavailableError`` when it does not.
        statistics: Returns a snapshot of the counters.
    """

    driver: str
    kv: KV
    lists: Lists
    hashes: Hashes
    keys: Keys
    pubsub: PubSub
    locks: Locks
    conversations: Conversations
    ping: Callable[[], Awaitable[None]]
    statistics: Callable[[], CacheStatistics]
