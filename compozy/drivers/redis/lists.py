"""Lists of texts by key."""

from collections.abc import Sequence

import attrs
from typing_extensions import override

from compozy.contracts.cache import Lists
from compozy.drivers.redis.arguments import name_in, position_in, text_in, text_out
from compozy.drivers.redis.commands import Commands


@attrs.frozen
class RedisLists(Lists):
    """Lists of texts by key, in Redis."""

    _commands: Commands

    @override
    async def push(self, key: str, *values: str | bytes) -> int:
        texts = list(map(text_in, values))
        if not texts:
            return await self.length(key)  # which also refuses a key of another type
        length: int = await self._commands.ask(b"RPUSH", name_in(key), *texts)
        return length

    @override
    async def range(self, key: str, start: int = 0, stop: int = -1) -> Sequence[str]:
        values = await self._commands.ask(b"LRANGE", name_in(key), position_in(start), position_in(stop))
        return [text_out(value, f'the list "{key}"') for value in values]

    @override
    async def length(self, key: str) -> int:
        length: int = await self._commands.ask(b"LLEN", name_in(key))
        return length

    @override
    async def trim(self, key: str, start: int, stop: int) -> None:
        await self._commands.ask(b"LTRIM", name_in(key), position_in(start), position_in(stop))
