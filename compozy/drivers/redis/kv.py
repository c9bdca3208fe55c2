"""Texts by key."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import attrs
import trio
from typing_extensions import override

from compozy.contracts.cache import KV
from compozy.domain.errors import NotFoundError
from compozy.drivers.redis.arguments import name_in, names_in, step_in, text_in, text_out, ttl_in, ttl_out
from compozy.drivers.redis.commands import Commands, Script

_ABSENT: Final = -2
_FOR_EVER: Final = -1

# The sum is read back as text: Lua would round it to 53 bits.
_INCREMENT_OR_BEGIN: Final = Script.of("""
local is_new = redis.call('EXISTS', KEYS[1]) == 0
local sum = redis.pcall('INCRBY', KEYS[1], ARGV[1])
if type(sum) == 'table' then return sum end
if is_new then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return redis.call('GET', KEYS[1])
""")


@attrs.frozen
class RedisKV(KV):
    """Texts by key, in Redis."""

    _commands: Commands

    @override
    async def get(self, key: str) -> str:
        value = await self._commands.ask(b"GET", name_in(key))
        if value is None:
            raise _absent(key)
        return text_out(value, f'"{key}"')

    @override
    async def set(
        self, key: str, value: str | bytes, *, ttl: timedelta | None = None, only_if_absent: bool = False
    ) -> bool:
        options: tuple[bytes | int, ...] = () if ttl is None else (b"PX", ttl_in(ttl))
        if only_if_absent:
            options += (b"NX",)
        return await self._commands.ask(b"SET", name_in(key), text_in(value), *options) is not None

    @override
    async def delete(self, *keys: str) -> int:
        if not keys:
            await trio.lowlevel.checkpoint()
            return 0
        deleted: int = await self._commands.ask(b"DEL", *names_in(keys))
        return deleted

    @override
    async def get_many(self, *keys: str) -> Sequence[str | None]:
        if not keys:
            await trio.lowlevel.checkpoint()
            return []
        values = await self._commands.ask(b"MGET", *names_in(keys))
        return [None if value is None else text_out(value, f'"{key}"') for key, value in zip(keys, values, strict=True)]

    @override
    async def expire(self, key: str, ttl: timedelta) -> bool:
        return bool(await self._commands.ask(b"PEXPIRE", name_in(key), ttl_in(ttl)))

    @override
    async def ttl(self, key: str) -> timedelta | None:
        left = await self._commands.ask(b"PTTL", name_in(key))
        if left == _ABSENT:
            raise _absent(key)
        return None if left == _FOR_EVER else ttl_out(left)

    @override
    async def increment(self, key: str, by: int = 1, *, ttl_if_new: timedelta | None = None) -> int:
        name, step = name_in(key), step_in(by)
        if ttl_if_new is None:
            return int(await self._commands.ask(b"INCRBY", name, step))
        return int(await self._commands.run(_INCREMENT_OR_BEGIN, (name,), step, ttl_in(ttl_if_new)))


def _absent(key: str) -> NotFoundError:
    return NotFoundError(f'no key "{key}" in the cache; it was never set, or has expired')
