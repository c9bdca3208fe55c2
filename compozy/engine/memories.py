"""Memories: conversations in the cache, one for each key of each memory of a project.

Adding to a conversation is reading it, deciding what stays, and one atomic step of the cache; a lock of its own keeps
two of those apart. Each message says which task run added it, so that a run that is repeated after a crash adds nothing
twice.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from typing import Final
from urllib.parse import quote

import attrs
import trio

from compozy.contracts.cache import Cache, ConversationMetadata, Conversations, Keys, Locks
from compozy.domain.definitions import MemoryDefinition
from compozy.domain.errors import ConflictError, InvalidError, TaskError, UnavailableError
from compozy.domain.json import JsonObject
from compozy.engine.rules.remembering import Entry, check_key, dump_entry, kept_of, parse_entry, tokens_of

_HELD: Final = timedelta(seconds=30)
"""How long a conversation is locked at most; to change one takes milliseconds."""

_PATIENCE: Final = _HELD + timedelta(seconds=5)
"""How long a lock is waited for: longer than one lasts whose holder has died."""

_RELEASE_S: Final = 2.0

_END: Final = ":messages"
"""The end of each name. The cache keeps what it counts under a name with another end, and the two must never meet."""

_GLOB: Final = str.maketrans({character: f"\\{character}" for character in "\\*?[]^-"})


@attrs.frozen(kw_only=True)
class Memories:
    """The conversations of a project.

    All methods raise UnavailableError when the cache cannot be reached, and TaskError: ``MEMORY_KEY_INVALID`` for a key
    that cannot be one, ``MEMORY_DAMAGED`` for a conversation that somebody else has written, ``MEMORY_REFUSED`` when
    the cache takes nothing any more, or somebody else holds the conversation.

    Attributes:
        conversations: Where they are.
        keys: The names of what is there.
        locks: Keeps changes of one conversation apart.
        project: Whose they are.
    """

    conversations: Conversations
    keys: Keys
    locks: Locks
    project: str

    @classmethod
    def of(cls, cache: Cache, project: str) -> "Memories":
        """Return the conversations of a project that are in this cache."""
        return cls(conversations=cache.conversations, keys=cache.keys, locks=cache.locks, project=project)

    async def recall(self, memory: MemoryDefinition, key: str) -> Sequence[Entry]:
        """Return the messages of a conversation, oldest first."""
        with _as_task_errors():
            texts, _ = await self.conversations.read(self._name_of(memory, key))
        return [parse_entry(text) for text in texts]

    async def measure(self, memory: MemoryDefinition, key: str) -> ConversationMetadata:
        """Return how many messages and tokens a conversation has."""
        with _as_task_errors():
            _, metadata = await self.conversations.read(self._name_of(memory, key))
        return metadata

    async def remember(
        self, memory: MemoryDefinition, key: str, messages: Sequence[JsonObject], *, by: str, replaces: bool = False
    ) -> ConversationMetadata:
        """Add messages to a conversation, and drop the oldest beyond the limits of the memory, as one step.

        When there are messages of this task run in it, they have been added before, and nothing is changed.

        Args:
            memory: The memory.
            key: The conversation's key.
            messages: What to add; with none, only the limits are applied anew.
            by: The task run that adds them.
            replaces: Whether they take the place of all that is there.
        """
        name = self._name_of(memory, key)
        added = [Entry(by, message) for message in messages]
        with _as_task_errors():
            async with self._alone(name):
                texts, before = await self.conversations.read(name)
                present = [parse_entry(text) for text in texts]
                if any(entry.by == by for entry in present):
                    return before
                kept = kept_of(added if replaces else [*present, *added], memory)
                return await self.conversations.append_trim(
                    name,
                    [dump_entry(entry) for entry in added],
                    token_delta=tokens_of(kept) - before.tokens,
                    max_length=len(kept),
                    ttl=memory.ttl,
                )

    async def forget(self, memory: MemoryDefinition, key: str) -> bool:
        """Forget a conversation; return whether there was one."""
        with _as_task_errors():
            return await self.conversations.clear(self._name_of(memory, key))

    async def keys_with(self, memory: MemoryDefinition, prefix: str) -> Sequence[str]:
        """Return the keys of the memory's conversations that begin so, in order.

        It goes through all names in the cache, page by page.
        """
        check_key(prefix, is_prefix=True)
        beginning = self._beginning_of(memory)
        pattern = f"{(beginning + prefix).translate(_GLOB)}*{_END}"
        with _as_task_errors():
            names = {name async for page in self.keys.scan(pattern, page_size=1000) for name in page}
        return sorted(name.removeprefix(beginning).removesuffix(_END) for name in names)

    def _name_of(self, memory: MemoryDefinition, key: str) -> str:
        check_key(key)
        return f"{self._beginning_of(memory)}{key}{_END}"

    def _beginning_of(self, memory: MemoryDefinition) -> str:
        # Whatever a project is called, its names cannot be those of another one's memory.
        return f"memory:{quote(self.project, safe='')}:{memory.id}:"

    @asynccontextmanager
    async def _alone(self, name: str) -> AsyncIterator[None]:
        """Keep others from changing a conversation meanwhile."""
        lock = await self.locks.acquire(name, _HELD, wait=_PATIENCE)
        try:
            yield
        finally:
            with trio.move_on_after(_RELEASE_S, shield=True), suppress(UnavailableError):
                await self.locks.release(lock)  # if it cannot be, it ends by itself


@contextmanager
def _as_task_errors() -> Iterator[None]:
    """Tell what the cache refuses as the error of the task that asked for it."""
    try:
        yield
    except (ConflictError, InvalidError) as error:
        raise TaskError(str(error), error_code="MEMORY_REFUSED") from error
