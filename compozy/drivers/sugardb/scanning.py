"""A walk over the names of the keys, page by page."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Final, Self

from typing_extensions import override

from compozy.drivers.sugardb.keyspace import Keyspace
from compozy.drivers.sugardb.turns import Turns

_EXAMINED: Final = 1000
"""Names that one step looks at, about a tenth of a millisecond, before others get their turn."""


class Scan(AsyncIterator[Sequence[str]]):
    """The live keys that match, of those that were there when the first page was asked for.

    That makes every promise of a scan true at once. It is a class and not an async generator so that a caller may leave
    it half way: there is nothing to close.
    """

    def __init__(self, keyspace: Keyspace, turns: Turns, matches: Callable[[str], bool], page_size: int) -> None:
        self._keyspace = keyspace
        self._turns = turns
        self._matches = matches
        self._page_size = page_size
        self._names: Iterator[str] | None = None

    @override
    def __aiter__(self) -> Self:
        return self

    @override
    async def __anext__(self) -> Sequence[str]:
        page: list[str] = []
        while not page:
            await self._turns.take()
            if self._names is None:
                self._names = iter(self._keyspace.keys())
            if not self._fill(page, self._names):
                break
        if not page:
            raise StopAsyncIteration
        return page

    def _fill(self, page: list[str], names: Iterator[str]) -> bool:
        """Append matching names, up to a page, from as many as one step looks at; return whether there may be more."""
        for _ in range(max(_EXAMINED, self._page_size)):
            name = next(names, None)
            if name is None:
                return False
            if self._matches(name) and self._keyspace.find(name) is not None:
                page.append(name)
                if len(page) == self._page_size:
                    break
        return True
