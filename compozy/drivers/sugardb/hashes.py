"""Texts by field, in hashes by key."""

from collections.abc import Mapping

import attrs
from typing_extensions import override

from compozy.contracts.cache import Hashes
from compozy.drivers.sugardb.arguments import checked_name, checked_text
from compozy.drivers.sugardb.database import Database
from compozy.drivers.sugardb.effects import Put, PutFields, Remove, RemoveFields
from compozy.drivers.sugardb.integers import added, checked_step


@attrs.frozen
class SugarHashes(Hashes):
    """Texts by field, in hashes in memory."""

    _database: Database

    @override
    async def set(self, key: str, mapping: Mapping[str, str | bytes]) -> int:
        await self._database.take_turn()
        fields = {checked_text(field): checked_text(value) for field, value in mapping.items()}
        present = self._database.find_hash(checked_name(key))
        new = len(fields) if present is None else sum(field not in present for field in fields)
        if fields:
            await self._database.write(Put(key, fields) if present is None else PutFields(key, fields))
        return new

    @override
    async def get(self, key: str, field: str) -> str | None:
        await self._database.take_turn()
        name = checked_text(field)
        return (self._database.find_hash(checked_name(key)) or {}).get(name)

    @override
    async def get_all(self, key: str) -> Mapping[str, str]:
        await self._database.take_turn()
        return dict(self._database.find_hash(checked_name(key)) or {})

    @override
    async def increment(self, key: str, field: str, by: int = 1) -> int:
        await self._database.take_turn()
        name, step = checked_text(field), checked_step(by)
        present = self._database.find_hash(checked_name(key))
        total = added(f'"{field}" of "{key}"', (present or {}).get(name), step)
        fields = {name: str(total)}
        await self._database.write(Put(key, fields) if present is None else PutFields(key, fields))
        return total

    @override
    async def delete(self, key: str, *fields: str) -> int:
        await self._database.take_turn()
        names = dict.fromkeys(map(checked_text, fields))
        present = self._database.find_hash(checked_name(key)) or {}
        found = [name for name in names if name in present]
        if found:
            whole = len(found) == len(present)
            await self._database.write(Remove(key) if whole else RemoveFields(key, found))
        return len(found)
