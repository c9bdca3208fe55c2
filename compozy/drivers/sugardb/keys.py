"""The names of the keys."""

from collections.abc import AsyncIterator, Sequence

import attrs
from typing_extensions import override

from compozy.contracts.cache import Keys
from compozy.domain.errors import InvalidError
from compozy.domain.globs import matcher
from compozy.drivers.sugardb.arguments import checked_text
from compozy.drivers.sugardb.database import Database
from compozy.drivers.sugardb.scanning import Scan


@attrs.frozen
class SugarKeys(Keys):
    """The names of the keys in memory."""

    _database: Database

    @override
    def scan(self, pattern: str = "*", *, page_size: int = 100) -> AsyncIterator[Sequence[str]]:
        if page_size < 1:
            raise InvalidError(f"a page has at least 1 key, got page_size={page_size}")
        return Scan(self._database, matcher(checked_text(pattern)), page_size)
