"""Mutual exclusion among all who use the same Redis.

Theory of operation. A lock is a key that holds the token of its holder and expires; to take it is one step of the
server, which also counts the fence. Within the process those who want the same lock stand in line, and only the first
asks Redis. While somebody else holds it, the first waits for word that it was released, which the script that releases
it publishes, or until its time to live is over, whichever is earlier: so a word that is lost costs time, nothing else.

A fence is the greater of one more than the last and the server's clock in microseconds: it grows even when the server
has lost its memory, and with it the last one.

Source: https://redis.io/docs/latest/develop/clients/patterns/distributed-locks/ (one instance), and for fences
https://martin.kleppmann.com/2016/02/08/how-to-do-distributed-locking.html
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Final

import attrs
import trio
from typing_extensions import override

from compozy.contracts.cache import Lock, Locks
from compozy.domain.errors import ConflictError, UnavailableError
from compozy.drivers.redis.arguments import name_in, ttl_in
from compozy.drivers.redis.commands import Commands, Script
from compozy.drivers.redis.pubsub import RedisPubSub

_PREFIX: Final = b"compozy:lock:"
_FENCE: Final = b"compozy:fence"
_RELEASED: Final = "compozy:released:"

_UNDO_S: Final = 2.0
_LATE_S: Final = 0.001  # times to live are whole milliseconds

# Returns the fence, or else in how many milliseconds to look again, as a negative number less one.
_ACQUIRE: Final = Script.of("""
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
  local time = redis.call('TIME')
  local fence = math.max((redis.call('GET', KEYS[2]) or 0) + 1, time[1] * 1000000 + time[2])
  redis.call('SET', KEYS[2], string.format('%.0f', fence))
  return fence
end
local left = redis.call('PTTL', KEYS[1])
return -1 - (left < 0 and 1000 or left)  -- a key without end was put there by somebody else: look again in a second
""")

_EXTEND: Final = Script.of("""
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
""")

_RELEASE: Final = Script.of("""
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('PUBLISH', ARGV[2], '')
return redis.call('DEL', KEYS[1])
""")


@attrs.define
class _Queue:
    """Those of this process who want one lock; the first of them may ask Redis."""

    turn: trio.StrictFIFOLock = attrs.Factory(trio.StrictFIFOLock)
    members: int = 0


@attrs.define
class _Request:
    """What somebody wants.

    Attributes:
        resource: What to lock.
        ttl: For how long.
        wait: How long to wait.
        deadline: Until when that is.
        has_waited: Whether it came to that.
    """

    resource: str
    ttl: timedelta
    wait: timedelta
    deadline: float
    has_waited: bool = False


class RedisLocks(Locks):
    """Locks in Redis.

    When ``acquire`` raises ``UnavailableError`` because the answer was lost, the lock may be held by nobody until its
    time to live is over.

    Args:
        commands: Asks the server.
        pubsub: Brings word of releases.

    Attributes:
        waits: How often somebody had to wait.
    """

    def __init__(self, commands: Commands, pubsub: RedisPubSub) -> None:
        self._commands = commands
        self._pubsub = pubsub
        self._queues: dict[str, _Queue] = {}
        self.waits = 0

    @override
    async def acquire(self, resource: str, ttl: timedelta, *, wait: timedelta = timedelta()) -> Lock:
        name_in(resource, "a resource")
        ttl_in(ttl)
        request = _Request(resource, ttl, wait, trio.current_time() + wait.total_seconds())
        lock = None
        with self._queued(resource) as queue:
            if await self._comes_first(queue, request):
                try:
                    lock = await self._acquire(request)
                finally:
                    queue.turn.release()
        if lock is None:
            raise ConflictError(f'"{resource}" is locked by somebody else; try again, or wait longer than {wait}')
        return lock

    @override
    async def extend(self, lock: Lock, ttl: timedelta) -> None:
        if not await self._commands.run(_EXTEND, (_key(lock.resource),), lock.token.encode(), ttl_in(ttl)):
            raise ConflictError(f'the lock of "{lock.resource}" is not held any more: its time was over')

    @override
    async def release(self, lock: Lock) -> bool:
        return await self._release(lock.resource, lock.token)

    @contextmanager
    def _queued(self, resource: str) -> Iterator[_Queue]:
        queue = self._queues.setdefault(resource, _Queue())
        queue.members += 1
        try:
            yield queue
        finally:
            queue.members -= 1
            if not queue.members:
                del self._queues[resource]

    async def _comes_first(self, queue: _Queue, request: _Request) -> bool:
        """Wait until all who asked before have theirs, or have given up; return whether it came to that."""
        try:
            queue.turn.acquire_nowait()  # what follows is a checkpoint
        except trio.WouldBlock:
            with self._limited(request) as scope:
                await queue.turn.acquire()
            return not scope.cancelled_caught
        return True

    async def _acquire(self, request: _Request) -> Lock | None:
        found = await self._try(request)
        if isinstance(found, float):
            with self._limited(request):
                found = await self._insist(request)
        return found if isinstance(found, Lock) else None

    def _limited(self, request: _Request) -> trio.CancelScope:
        """Return the scope of a wait, and count it as one."""
        if request.wait > timedelta() and not request.has_waited:
            request.has_waited = True
            self.waits += 1
        return trio.CancelScope(deadline=request.deadline)

    async def _insist(self, request: _Request) -> Lock:
        async with self._pubsub.subscribe(_RELEASED + request.resource) as released:
            while True:
                found = await self._try(request)
                if isinstance(found, Lock):
                    return found
                with trio.move_on_after(found + _LATE_S):
                    await anext(released, None)

    async def _try(self, request: _Request) -> Lock | float:
        """Return the lock, or for how many seconds somebody else has it at most."""
        token = secrets.token_hex(16)
        arguments = (token.encode(), ttl_in(request.ttl))
        try:
            answer: int = await self._commands.run(_ACQUIRE, (_key(request.resource), _FENCE), *arguments)
        except trio.Cancelled:
            # It may have been carried out. What undoes it goes the same way, so it cannot come before.
            with trio.move_on_after(_UNDO_S, shield=True), suppress(UnavailableError):
                await self._release(request.resource, token)
            raise
        if answer < 0:
            return -(answer + 1) / 1000
        return Lock(resource=request.resource, token=token, fence=answer, ttl=request.ttl)

    async def _release(self, resource: str, token: str) -> bool:
        channel = (_RELEASED + resource).encode()
        return bool(await self._commands.run(_RELEASE, (_key(resource),), token.encode(), channel))


def _key(resource: str) -> bytes:
    return _PREFIX + name_in(resource, "a resource")
