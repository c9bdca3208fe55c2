"""A mapping of which every change makes a new one, cheap to change and cheap to read.

Theory of operation. Only the newest version has a table of its own. Changing it moves the table on to the new version
and leaves behind, in the old one, what has to be undone and a pointer to its successor. So reading and changing the
newest version costs what it costs with a `dict`, however large it is; an older one that is read after all (a test that
branches off from it, say) first copies the table of its successor and undoes the changes, and is then a newest version
of its own. Old versions that nobody holds are freed: references go from old to new only.

Source: H. G. Baker, "Shallow Binding Makes Functional Arrays Fast", ACM SIGPLAN Notices 26 (8), 1991.
"""

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeVar

K = TypeVar("K")
V = TypeVar("V")

_ABSENT: Final[Any] = object()
_NOTHING: Final[Mapping[Any, Any]] = MappingProxyType({})


class Versioned(Mapping[K, V]):
    """A mapping that never changes; `changed` returns another one.

    The keys of the newest version are in the order in which they were first put; that of older versions can differ
    where a key was dropped since.

    Args:
        content: What is in it; copied.
    """

    __slots__ = ("_newer", "_table", "_undo")

    def __init__(self, content: Mapping[K, V]) -> None:
        self._table: dict[K, V] | None = dict(content)
        self._undo: Mapping[K, V] = _NOTHING
        self._newer: Versioned[K, V] | None = None

    def __getitem__(self, key: K) -> V:
        table = self._table
        return (table if table is not None else self._own())[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._own())

    def __len__(self) -> int:
        return len(self._own())

    def __contains__(self, key: object) -> bool:
        return key in self._own()

    def __repr__(self) -> str:
        return f"Versioned({self._own()!r})"

    @property
    def table(self) -> Mapping[K, V]:
        """What is in it now, for a reader in a hurry; worth nothing once a newer version is made."""
        return self._table if self._table is not None else self._own()

    def changed(self, changes: Mapping[K, V], dropped: Collection[K] = ()) -> "Versioned[K, V]":
        """Return a version with these changes, and without the keys that are dropped.

        Raises:
            KeyError: A key is to be dropped that is not there.
        """
        table = self._table if self._table is not None else self._own()
        undo: dict[K, V] = {}
        for key in changes:
            undo[key] = table.get(key, _ABSENT)
        for key in dropped:  # all that can go wrong comes before the first change
            if key not in undo:
                undo[key] = table[key]
        table.update(changes)
        for key in dropped:
            table.pop(key, None)
        newer: Versioned[K, V] = Versioned.__new__(Versioned)
        newer._table, newer._undo, newer._newer = table, _NOTHING, None
        self._table, self._undo, self._newer = None, undo, newer
        return newer

    def _own(self) -> dict[K, V]:
        if self._table is not None:
            return self._table
        older, node = [], self
        while node._table is None:
            if node._newer is None:
                raise AssertionError("a version without a table has a successor")
            older.append(node)
            node = node._newer
        table = dict(node.table)
        for each in reversed(older):
            each.take_back(table)
        self._table, self._undo, self._newer = table, _NOTHING, None
        return table

    def take_back(self, table: dict[K, V]) -> None:
        """Undo in a table what was changed after this version; for younger versions."""
        for key, value in self._undo.items():
            if value is _ABSENT:
                table.pop(key, None)  # it may have come and gone in one change
            else:
                table[key] = value
