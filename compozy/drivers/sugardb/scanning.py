"""A walk over the names of the keys, page by page."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Final, Self

from typing_extensions import override

from compozy.drivers.sugardb.database import Database
from compozy.drivers.sugardb.deadlines import SHARDS
from compozy.drivers.sugardb.keyspace import Keyspace

_EXAMINED: Final = 1000
"""Names that one step looks at, about half a millisecond, before others get their turn."""


class Scan(AsyncIterator[Sequence[str]]):
    """The live keys that match, shard by shard.

    A key stays in its shard, and a shard's names are taken at once: what is there for the whole scan is seen, and
    nothing is seen twice. It is a class and not an async generator so that a caller may leave it half way: there is
    nothing to close.
    """

    def __init__(self, database: Database, matches: Callable[[str], bool], page_size: int) -> None:
        self._database = database
        self._matches = matches
        self._page_size = page_size
        self._names = _names(database.keyspace)

    @override
    def __aiter__(self) -> Self:
        return self

    @override
    async def __anext__(self) -> Sequence[str]:
        page: list[str] = []
        while len(page) < self._page_size:
            await self._database.take_turn()
            if not self._fill(page):
                break
        if not page:
            raise StopAsyncIteration
        return page

    def _fill(self, page: list[str]) -> bool:
        """Append matching names, up to a page, from as many as one step looks at; return whether there may be more."""
        for _ in range(_EXAMINED):
            name = next(self._names, None)
            if name is None:
                return False
            if self._matches(name) and self._database.find(name) is not None:
                page.append(name)
                if len(page) == self._page_size:
                    break
        return True


def _names(keyspace: Keyspace) -> Iterator[str]:
    """Yield the keys of each shard as they are when its turn comes."""
    for shard in range(SHARDS):
        yield from keyspace.names(shard)
