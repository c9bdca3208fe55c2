"""Values by key, and the names of the keys."""

import re
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Final

import attrs
from typing_extensions import override

from compozy.contracts.cache import KV, Keys
from compozy.domain.errors import ConflictError, InvalidError, NotFoundError
from compozy.drivers.sugardb.arguments import checked_name, checked_text, checked_ttl
from compozy.drivers.sugardb.keyspace import Entry, Keyspace
from compozy.drivers.sugardb.patterns import matcher
from compozy.drivers.sugardb.scanning import Scan
from compozy.drivers.sugardb.turns import Turns

_INTEGER: Final = re.compile(r"0|-?[1-9][0-9]{0,18}")
_LEAST: Final = -(2**63)
_MOST: Final = 2**63 - 1


@attrs.frozen
class SugarKV(KV):
    """Values by key, in memory."""

    _keyspace: Keyspace
    _turns: Turns

    @override
    async def get(self, key: str) -> str:
        await self._turns.take()
        return self._get(key).value

    @override
    async def set(
        self, key: str, value: str | bytes, *, ttl: timedelta | None = None, only_if_absent: bool = False
    ) -> bool:
        await self._turns.take()
        text, lifetime = checked_text(value), None if ttl is None else checked_ttl(ttl)
        if self._keyspace.find(checked_name(key)) is not None and only_if_absent:
            return False
        self._keyspace.put(key, text, lifetime)
        return True

    @override
    async def delete(self, *keys: str) -> int:
        await self._turns.take()
        return sum(map(self._keyspace.remove, _checked(keys)))

    @override
    async def get_many(self, *keys: str) -> Sequence[str | None]:
        await self._turns.take()
        entries = map(self._keyspace.find, _checked(keys))
        return [None if entry is None else entry.value for entry in entries]

    @override
    async def expire(self, key: str, ttl: timedelta) -> bool:
        await self._turns.take()
        lifetime = checked_ttl(ttl)
        entry = self._keyspace.find(checked_name(key))
        if entry is None:
            return False
        self._keyspace.put(key, entry.value, lifetime)
        return True

    @override
    async def ttl(self, key: str) -> timedelta | None:
        await self._turns.take()
        deadline = self._get(key).deadline
        return None if deadline is None else timedelta(seconds=deadline - self._keyspace.now())

    @override
    async def increment(self, key: str, by: int = 1, *, ttl_if_new: timedelta | None = None) -> int:
        await self._turns.take()
        lifetime = None if ttl_if_new is None else checked_ttl(ttl_if_new)
        if not _LEAST <= by <= _MOST:
            raise InvalidError(f"cannot add {by}: it does not fit 64 bits")
        entry = self._keyspace.find(checked_name(key))
        total = by if entry is None else _stored_integer(key, entry.value) + by
        if not _LEAST <= total <= _MOST:
            raise ConflictError(f'adding {by} to "{key}" would leave 64 bits; it is unchanged')
        if entry is None:
            self._keyspace.put(key, str(total), lifetime)
        else:
            self._keyspace.keep(key, Entry(str(total), entry.deadline))
        return total

    def _get(self, key: str) -> Entry:
        entry = self._keyspace.find(checked_name(key))
        if entry is None:
            raise NotFoundError(f'no key "{key}" in the cache; it was never set, or has expired')
        return entry


@attrs.frozen
class SugarKeys(Keys):
    """The names of the keys in memory."""

    _keyspace: Keyspace
    _turns: Turns

    @override
    def scan(self, pattern: str = "*", *, page_size: int = 100) -> AsyncIterator[Sequence[str]]:
        if page_size < 1:
            raise InvalidError(f"a page has at least 1 key, got page_size={page_size}")
        return Scan(self._keyspace, self._turns, matcher(checked_text(pattern)), page_size)


def _checked(keys: Sequence[str]) -> list[str]:
    """Check all of the keys before the first is touched."""
    return list(map(checked_name, keys))


def _stored_integer(key: str, value: str) -> int:
    """Return the integer that a value spells, by Redis's rule: canonical decimal, 64 bits."""
    if _INTEGER.fullmatch(value) and _LEAST <= int(value) <= _MOST:
        return int(value)
    raise ConflictError(f'the value of "{key}" is not an integer of 64 bits; it is unchanged')
