"""What memory tasks do: their operations, and the output of each.

Every output has the ``key``. An operation that means all conversations whose keys begin alike (a key template that ends
with ``*``) adds up what they have.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, TypeAlias

from compozy.contracts.cache import ConversationMetadata
from compozy.domain.definitions import MemoryOperation
from compozy.domain.errors import TaskError, UnavailableError
from compozy.domain.json import JsonObject
from compozy.domain.work import MemoryWork
from compozy.engine.memories import Memories
from compozy.engine.rules.remembering import messages_of

_Operation: TypeAlias = Callable[[Memories, MemoryWork, str], Awaitable[JsonObject]]

_ONE_AT_A_TIME: Final = frozenset({MemoryOperation.READ, MemoryOperation.WRITE, MemoryOperation.APPEND})
"""The operations that have no meaning for several conversations at once."""


async def perform_memory_work(memories: Memories, work: MemoryWork, *, by: str) -> JsonObject:
    """Do what a memory task asks for and return its output; safe to repeat.

    Args:
        memories: Where the conversations are.
        work: What to do.
        by: The task run.

    Raises:
        TaskError: As :class:`Memories` says; ``MEMORY_PAYLOAD_INVALID``: what is to be written are no messages.
        UnavailableError: The cache cannot be reached now.
    """
    if work.is_prefix and work.operation in _ONE_AT_A_TIME:
        message = f"operation {work.operation.value} is for one conversation, but its key ends with *; leave that out"
        raise TaskError(message, error_code="MEMORY_KEY_INVALID")
    key = f"{work.key}*" if work.is_prefix else work.key
    return {"key": key, **await _OPERATIONS[work.operation](memories, work, by)}


async def _read(memories: Memories, work: MemoryWork, _by: str) -> JsonObject:
    entries = await memories.recall(work.memory, work.key)
    following = entries[work.offset :]
    shown = following if work.limit is None else following[max(len(following) - work.limit, 0) :]
    return {
        "messages": [entry.message for entry in shown],
        "count": len(shown),
        "total_count": len(entries),
        "has_more": len(shown) < len(following),
    }


async def _write(memories: Memories, work: MemoryWork, by: str) -> JsonObject:
    messages = messages_of(work.payload)
    after = await memories.remember(work.memory, work.key, messages, by=by, replaces=True)
    return {"success": True, "count": len(messages), "total_count": after.length}


async def _append(memories: Memories, work: MemoryWork, by: str) -> JsonObject:
    messages = messages_of(work.payload)
    after = await memories.remember(work.memory, work.key, messages, by=by)
    return {"success": True, "appended": len(messages), "total_count": after.length}


async def _delete(memories: Memories, work: MemoryWork, _by: str) -> JsonObject:
    forgotten = [await memories.forget(work.memory, key) for key in await _keys_of(memories, work)]
    return {"success": True, "deleted": sum(forgotten)}


async def _clear(memories: Memories, work: MemoryWork, _by: str) -> JsonObject:
    cleared = 0
    for key in await _keys_of(memories, work):
        cleared += (await memories.measure(work.memory, key)).length
        await memories.forget(work.memory, key)
    return {"success": True, "messages_cleared": cleared, "backup_created": False}


async def _flush(memories: Memories, work: MemoryWork, by: str) -> JsonObject:
    """Apply the limits anew: what is added always keeps them, so this has an effect only after they were changed."""
    keys = await _keys_of(memories, work)
    after = [await memories.remember(work.memory, key, [], by=by) for key in keys]
    return {"success": True, "summary_generated": False, **_counts(after)}


async def _health(memories: Memories, work: MemoryWork, _by: str) -> JsonObject:
    try:
        return {"healthy": True, **_counts(await _measures(memories, work))}
    except UnavailableError as error:
        return {"healthy": False, "reason": str(error)}


async def _stats(memories: Memories, work: MemoryWork, _by: str) -> JsonObject:
    measured = await _measures(memories, work)
    counts = _counts(measured)
    average = round(counts["token_count"] / counts["message_count"]) if counts["message_count"] else 0
    conversations = sum(each.length > 0 for each in measured)
    return {"conversation_count": conversations, "avg_tokens_per_message": average, **counts}


async def _measures(memories: Memories, work: MemoryWork) -> Sequence[ConversationMetadata]:
    return [await memories.measure(work.memory, key) for key in await _keys_of(memories, work)]


async def _keys_of(memories: Memories, work: MemoryWork) -> Sequence[str]:
    return await memories.keys_with(work.memory, work.key) if work.is_prefix else [work.key]


def _counts(measured: Sequence[ConversationMetadata]) -> JsonObject:
    return {
        "message_count": sum(each.length for each in measured),
        "token_count": sum(each.tokens for each in measured),
    }


_OPERATIONS: Final[Mapping[MemoryOperation, _Operation]] = {
    MemoryOperation.READ: _read,
    MemoryOperation.WRITE: _write,
    MemoryOperation.APPEND: _append,
    MemoryOperation.DELETE: _delete,
    MemoryOperation.CLEAR: _clear,
    MemoryOperation.FLUSH: _flush,
    MemoryOperation.HEALTH: _health,
    MemoryOperation.STATS: _stats,
}
"""By name."""
