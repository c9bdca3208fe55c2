"""Texts by field, in hashes by key."""

from collections.abc import Mapping

import attrs
from typing_extensions import override

from compozy.contracts.cache import Hashes
from compozy.drivers.redis.arguments import name_in, step_in, text_in, text_out
from compozy.drivers.redis.commands import Commands


@attrs.frozen
class RedisHashes(Hashes):
    """Texts by field, in hashes in Redis."""

    _commands: Commands

    @override
    async def set(self, key: str, mapping: Mapping[str, str | bytes]) -> int:
        parts = [text_in(part) for pair in mapping.items() for part in pair]
        if not parts:
            return await self._changing_nothing(key)
        new: int = await self._commands.ask(b"HSET", name_in(key), *parts)
        return new

    @override
    async def get(self, key: str, field: str) -> str | None:
        value = await self._commands.ask(b"HGET", name_in(key), text_in(field))
        return None if value is None else text_out(value, f'"{field}" of "{key}"')

    @override
    async def get_all(self, key: str) -> Mapping[str, str]:
        parts = await self._commands.ask(b"HGETALL", name_in(key))
        texts = [text_out(part, f'the hash "{key}"') for part in parts]
        return dict(zip(texts[::2], texts[1::2], strict=True))

    @override
    async def increment(self, key: str, field: str, by: int = 1) -> int:
        return int(await self._commands.ask(b"HINCRBY", name_in(key), text_in(field), step_in(by)))

    @override
    async def delete(self, key: str, *fields: str) -> int:
        names = list(map(text_in, fields))
        if not names:
            return await self._changing_nothing(key)
        deleted: int = await self._commands.ask(b"HDEL", name_in(key), *names)
        return deleted

    async def _changing_nothing(self, key: str) -> int:
        """Return 0, unless the key is of another type, which is refused whatever is asked of it."""
        await self._commands.ask(b"HLEN", name_in(key))
        return 0
