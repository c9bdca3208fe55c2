"""All keys as they were at one instant, told bit by bit while they go on changing.

From the instant on, whatever is about to change a key that has not been told yet keeps an image of it first. Telling
goes shard by shard: of each key its image if there is one, else what it holds, which then is what it held. So nothing
is copied that does not change, and no step is longer than a few keys.
"""

from collections.abc import Iterator
from typing import Final

from compozy.drivers.sugardb.database import Database
from compozy.drivers.sugardb.deadlines import SHARDS
from compozy.drivers.sugardb.effects import Append, Put, PutFields, Remove

ITEMS: Final = 2000
"""Items of a list or fields of a hash that are told at once: about a millisecond."""

Told = Put | Append | PutFields


class Capture:
    """The keys of a database at the instant when this is made, which lasts until :meth:`release`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._keyspace = database.keyspace
        self._images: list[dict[str, Put | Remove]] = [{} for _ in range(SHARDS)]
        self._told: set[str] = set()
        self._shard = 0
        database.changing = self._keep

    def release(self) -> None:
        """Keep no more images."""
        self._database.changing = None
        self._images.clear()

    def entries(self) -> Iterator[Told]:
        """Yield what makes all keys anew; the keys may change between any two."""
        for self._shard in range(SHARDS):
            self._told = set()
            images = self._images[self._shard]
            for key in dict.fromkeys([*self._keyspace.names(self._shard), *images]):
                image = images.pop(key, None) or self._keyspace.image(key)
                self._told.add(key)
                if isinstance(image, Put):
                    yield from _parts(image)
        self._shard = SHARDS

    def _keep(self, key: str) -> None:
        shard = hash(key) % SHARDS
        if shard < self._shard or (shard == self._shard and key in self._told) or key in self._images[shard]:
            return
        self._images[shard][key] = self._keyspace.image(key)


def _parts(image: Put) -> Iterator[Told]:
    """Yield an entry in parts, none of which is large because of how many items it has."""
    key, value, deadline = image
    if isinstance(value, str):
        yield image
    elif isinstance(value, list):
        yield Put(key, value[:ITEMS], deadline)
        for start in range(ITEMS, len(value), ITEMS):
            yield Append(key, value[start : start + ITEMS])
    else:
        names = list(value)
        for start in range(0, len(names), ITEMS):
            part = {name: value[name] for name in names[start : start + ITEMS]}
            yield PutFields(key, part) if start else Put(key, part, deadline)
