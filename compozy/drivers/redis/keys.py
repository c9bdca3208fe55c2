"""The names of what is there."""

from collections.abc import AsyncIterator, Sequence
from typing import Final, Self

import attrs
from typing_extensions import override

from compozy.contracts.cache import Keys
from compozy.domain.errors import InvalidError
from compozy.drivers.redis.arguments import text_in, text_out
from compozy.drivers.redis.commands import Commands

_MOST_EXAMINED: Final = 1000
"""Keys that Redis looks at in one step, in some tenths of a millisecond, in which it does nothing else."""


@attrs.frozen
class RedisKeys(Keys):
    """The names of the keys in a database of Redis, those of locks and limits included."""

    _commands: Commands

    @override
    def scan(self, pattern: str = "*", *, page_size: int = 100) -> AsyncIterator[Sequence[str]]:
        if page_size < 1:
            raise InvalidError(f"a page has at least 1 key, got page_size={page_size}")
        return _Scan(self._commands, text_in(pattern), page_size)


class _Scan(AsyncIterator[Sequence[str]]):
    """A walk by cursor: Redis keeps nothing for it, so a caller may leave it half way.

    Where little matches, more is examined at a time, up to a limit: a rare name among a million keys takes a thousand
    steps, not ten thousand.

    Source: https://redis.io/docs/latest/commands/scan/ for what the cursor promises.
    """

    def __init__(self, commands: Commands, pattern: bytes, page_size: int) -> None:
        self._commands = commands
        self._pattern = pattern
        self._page_size = page_size
        self._examined = page_size
        self._cursor: bytes | None = b"0"

    @override
    def __aiter__(self) -> Self:
        return self

    @override
    async def __anext__(self) -> Sequence[str]:
        names: list[bytes] = []
        while not names:
            if self._cursor is None:
                raise StopAsyncIteration
            names = await self._step(self._cursor)
        return [text_out(name, "the name of a key") for name in names]

    async def _step(self, cursor: bytes) -> list[bytes]:
        cursor, names = await self._commands.ask(b"SCAN", cursor, b"MATCH", self._pattern, b"COUNT", self._examined)
        self._cursor = None if cursor == b"0" else cursor
        self._examined = self._page_size if names else max(self._page_size, min(2 * self._examined, _MOST_EXAMINED))
        return list(dict.fromkeys(names))
