"""Texts by key."""

from collections.abc import Sequence
from datetime import timedelta

import attrs
from typing_extensions import override

from compozy.contracts.cache import KV
from compozy.domain.errors import NotFoundError
from compozy.drivers.sugardb.arguments import checked_keys, checked_name, checked_text, checked_ttl
from compozy.drivers.sugardb.database import Database
from compozy.drivers.sugardb.effects import NEVER, Expire, Put, Remove
from compozy.drivers.sugardb.integers import added, checked_step


@attrs.frozen
class SugarKV(KV):
    """Texts by key, in memory."""

    _database: Database

    @override
    async def get(self, key: str) -> str:
        await self._database.take_turn()
        value = self._database.find_text(checked_name(key))
        if value is None:
            raise _absent(key)
        return value

    @override
    async def set(
        self, key: str, value: str | bytes, *, ttl: timedelta | None = None, only_if_absent: bool = False
    ) -> bool:
        await self._database.take_turn()
        name, text, deadline = checked_name(key), checked_text(value), NEVER if ttl is None else self._deadline(ttl)
        if only_if_absent and self._database.find(name) is not None:
            return False
        await self._database.write(Put(name, text, deadline))
        return True

    @override
    async def delete(self, *keys: str) -> int:
        await self._database.take_turn()
        present = [key for key in dict.fromkeys(checked_keys(keys)) if self._database.find(key) is not None]
        if present:
            await self._database.write(*map(Remove, present))
        return len(present)

    @override
    async def get_many(self, *keys: str) -> Sequence[str | None]:
        await self._database.take_turn()
        values = map(self._database.find, checked_keys(keys))
        return [value if isinstance(value, str) else None for value in values]

    @override
    async def expire(self, key: str, ttl: timedelta) -> bool:
        await self._database.take_turn()
        deadline = self._deadline(ttl)
        if self._database.find(checked_name(key)) is None:
            return False
        await self._database.write(Expire(key, deadline))
        return True

    @override
    async def ttl(self, key: str) -> timedelta | None:
        await self._database.take_turn()
        if self._database.find(checked_name(key)) is None:
            raise _absent(key)
        deadline = self._database.keyspace.deadline(key)
        return None if deadline == NEVER else timedelta(seconds=deadline - self._database.keyspace.now())

    @override
    async def increment(self, key: str, by: int = 1, *, ttl_if_new: timedelta | None = None) -> int:
        await self._database.take_turn()
        deadline, step = self._deadline(ttl_if_new), checked_step(by)
        value = self._database.find_text(checked_name(key))
        total = added(f'"{key}"', value, step)
        if value is not None:
            deadline = self._database.keyspace.deadline(key)
        await self._database.write(Put(key, str(total), deadline))
        return total

    def _deadline(self, ttl: timedelta | None) -> float:
        return NEVER if ttl is None else self._database.keyspace.now() + checked_ttl(ttl)


def _absent(key: str) -> NotFoundError:
    return NotFoundError(f'no key "{key}" in the cache; it was never set, or has expired')
