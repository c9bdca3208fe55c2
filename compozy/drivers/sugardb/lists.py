"""Lists of texts by key."""

from collections.abc import Sequence

import attrs
from typing_extensions import override

from compozy.contracts.cache import Lists
from compozy.drivers.sugardb.arguments import checked_name, checked_text
from compozy.drivers.sugardb.database import Database
from compozy.drivers.sugardb.effects import Append, Put, Remove, Trim


@attrs.frozen
class SugarLists(Lists):
    """Lists of texts by key, in memory."""

    _database: Database

    @override
    async def push(self, key: str, *values: str | bytes) -> int:
        await self._database.take_turn()
        texts = list(map(checked_text, values))
        present = self._database.find_list(checked_name(key))
        length = len(present or ()) + len(texts)
        if texts:
            await self._database.write(Put(key, texts) if present is None else Append(key, texts))
        return length

    @override
    async def range(self, key: str, start: int = 0, stop: int = -1) -> Sequence[str]:
        await self._database.take_turn()
        values = self._database.find_list(checked_name(key)) or []
        first, end = bounds(len(values), start, stop)
        return values[first:end]

    @override
    async def length(self, key: str) -> int:
        await self._database.take_turn()
        return len(self._database.find_list(checked_name(key)) or ())

    @override
    async def trim(self, key: str, start: int, stop: int) -> None:
        await self._database.take_turn()
        values = self._database.find_list(checked_name(key))
        if values is None:
            return
        first, end = bounds(len(values), start, stop)
        if first == end:
            await self._database.write(Remove(key))
        elif end - first < len(values):
            await self._database.write(Trim(key, first, end))


def bounds(length: int, start: int, stop: int) -> tuple[int, int]:
    """Return where a range that includes both its ends begins, and where it is over, by the rules of Redis.

    Source: https://redis.io/docs/latest/commands/lrange/
    """
    first = max(start + length if start < 0 else start, 0)
    end = min(stop + length if stop < 0 else stop, length - 1) + 1
    return (first, end) if first < end else (0, 0)
