"""Mutual exclusion among the tasks of one process.

Locks are not keys: they are never on disk, for whoever held one is gone when the process is. What outlives it is the
number of the epoch, one greater each time a folder is opened, which is the upper half of each fencing number.

Whoever waits stands in a queue, and only the first of it keeps an eye on the time: it sleeps until the holder's
deadline. A release hands the lock over to the first at once, so nobody who comes later can snatch it in between.
"""

import secrets
from collections import deque
from datetime import timedelta
from typing import Final

import attrs
import trio
from typing_extensions import override

from compozy.contracts.cache import Lock, Locks
from compozy.domain.errors import ConflictError
from compozy.drivers.sugardb.arguments import checked_name, checked_ttl
from compozy.drivers.sugardb.database import Database
from compozy.drivers.sugardb.deadlines import Deadlines
from compozy.drivers.sugardb.effects import NEVER

_PER_EPOCH: Final = 2**32
"""Locks that one epoch can give out; two million epochs of it fit the 53 bits that JSON can carry."""


@attrs.define(eq=False)
class _Waiter:
    """One who waits.

    Attributes:
        ttl: What it asked for.
        lock: What it was given.
        changed: Set when there is a reason to look.
    """

    ttl: timedelta
    lock: Lock | None = None
    changed: trio.Event = attrs.field(factory=trio.Event)


class SugarLocks(Locks):
    """Locks in memory.

    Attributes:
        waits: How often somebody had to wait.

    Args:
        database: Whose turns and clock are used.
        epoch: Greater than that of any cache that was open on the same folder before.
    """

    def __init__(self, database: Database, epoch: int) -> None:
        self._database = database
        self._fence = epoch * _PER_EPOCH
        self._tokens: dict[str, str] = {}
        self._deadlines = Deadlines()
        self._queues: dict[str, deque[_Waiter]] = {}
        self.waits = 0

    @override
    async def acquire(self, resource: str, ttl: timedelta, *, wait: timedelta = timedelta()) -> Lock:
        await self._database.take_turn()
        checked_name(resource, "a resource")
        checked_ttl(ttl)
        if resource not in self._queues and not self._is_held(resource):
            return self._give(resource, ttl)
        if wait > timedelta():
            self.waits += 1
            lock = await self._wait(resource, _Waiter(ttl), wait)
            if lock is not None:
                return lock
        raise ConflictError(f'somebody else holds the lock "{resource}"; wait longer, or try again later')

    @override
    async def extend(self, lock: Lock, ttl: timedelta) -> None:
        await self._database.take_turn()
        seconds = checked_ttl(ttl)
        if not self._is_holder(lock):
            raise ConflictError(f'the lock "{lock.resource}" is not held any more; acquire it again')
        self._deadlines.put(lock.resource, self._now() + seconds)
        self._wake_first(lock.resource)

    @override
    async def release(self, lock: Lock) -> bool:
        await self._database.take_turn()
        return self._release(lock)

    def close(self) -> None:
        """Tell those who wait that the cache is closed."""
        for queue in self._queues.values():
            for waiter in queue:
                waiter.changed.set()

    async def _wait(self, resource: str, waiter: _Waiter, wait: timedelta) -> Lock | None:
        """Stand in the queue; return the lock, or None when the wait is over."""
        queue = self._queues.setdefault(resource, deque())
        queue.append(waiter)
        is_kept = False
        try:
            with trio.move_on_after(wait.total_seconds()):
                while waiter.lock is None:
                    await self._look_later(resource, waiter)
            is_kept = True
        finally:
            # Cancelled, it may have been given the lock a moment before: nobody would ever release it.
            self._leave(resource, waiter)
            if waiter.lock is not None and not is_kept:
                self._release(waiter.lock)
        return waiter.lock

    async def _look_later(self, resource: str, waiter: _Waiter) -> None:
        """Wait until there is a reason to look; take the lock if it is this one's turn and nobody holds it any more."""
        is_first = self._queues[resource][0] is waiter
        left = self._deadlines.get(resource) - self._now() if is_first else NEVER
        with trio.move_on_after(max(left, 0)):
            await waiter.changed.wait()
        self._database.require_open()
        if waiter.lock is None:
            waiter.changed = trio.Event()
            self._hand_over(resource)

    def _leave(self, resource: str, waiter: _Waiter) -> None:
        queue = self._queues.get(resource)
        if queue is not None and waiter in queue:
            queue.remove(waiter)
        if not queue:
            self._queues.pop(resource, None)
        self._wake_first(resource)

    def _wake_first(self, resource: str) -> None:
        if self._queues.get(resource):
            self._queues[resource][0].changed.set()

    def _hand_over(self, resource: str) -> None:
        """Give a lock that nobody holds to whoever is first in the queue."""
        queue = self._queues.get(resource)
        if queue and not self._is_held(resource):
            first = queue.popleft()
            first.lock = self._give(resource, first.ttl)
            first.changed.set()
            self._wake_first(resource)

    def _give(self, resource: str, ttl: timedelta) -> Lock:
        self._fence += 1
        token = secrets.token_hex(16)
        self._tokens[resource] = token
        self._deadlines.put(resource, self._now() + ttl.total_seconds())
        for lapsed in self._deadlines.passed(self._now()):
            del self._tokens[lapsed]
        return Lock(resource=resource, token=token, fence=self._fence, ttl=ttl)

    def _release(self, lock: Lock) -> bool:
        if not self._is_holder(lock):
            return False
        del self._tokens[lock.resource]
        self._deadlines.put(lock.resource, NEVER)
        self._hand_over(lock.resource)
        return True

    def _is_held(self, resource: str) -> bool:
        return resource in self._tokens and self._deadlines.get(resource) > self._now()

    def _is_holder(self, lock: Lock) -> bool:
        return self._is_held(lock.resource) and secrets.compare_digest(self._tokens[lock.resource], lock.token)

    def _now(self) -> float:
        return self._database.keyspace.time()
