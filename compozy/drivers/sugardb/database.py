"""What all roles share: finding what a key holds, and changing keys as one step that is kept wherever it must be."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol, TypeVar

from compozy.domain.errors import ConflictError
from compozy.drivers.sugardb.effects import Effect, Put, Remove, Value
from compozy.drivers.sugardb.keyspace import Keyspace
from compozy.drivers.sugardb.memory import Memory
from compozy.drivers.sugardb.turns import Turns

Undo = Sequence[Put | Remove]
"""What brings back all keys that a write has changed."""

AnyEffect = TypeVar("AnyEffect", bound=Effect)

_STEPS_WHEN_FULL: Final = 2000
"""How many keys the hand looks at before a write is refused for want of memory: about a millisecond."""


class Journal(Protocol):
    """Where writes are kept beyond the end of the process."""

    @property
    def acknowledges(self) -> bool:
        """Whether a write is done only when it is on disk, and taken back when that fails."""

    def kept(self, effects: Sequence[AnyEffect]) -> Sequence[AnyEffect]:
        """Return those of the effects that concern keys which are kept."""

    def require_writable(self) -> None:
        """Raise ``UnavailableError`` when nothing can be kept now."""

    def append(self, effects: Sequence[Effect], undo: Undo) -> None:
        """Keep the effects of one write."""

    async def settle(self) -> None:
        """Return when what was appended last is kept as well as it was promised."""


class Database:
    """The keys, and how they are changed.

    Attributes:
        changing: Called with each key just before it is changed; None for nobody.

    Args:
        keyspace: The keys.
        turns: Who lets operations in.
        memory: The limit to memory; None for none.
        journal: Where writes are kept; None for nowhere.
    """

    def __init__(self, keyspace: Keyspace, turns: Turns, *, memory: Memory | None, journal: Journal | None) -> None:
        self._keyspace = keyspace
        self._turns = turns
        self._memory = memory
        self._journal = journal
        self.changing: Callable[[str], None] | None = None

    @property
    def keyspace(self) -> Keyspace:
        """The keys, to look at."""
        return self._keyspace

    async def take_turn(self) -> None:
        """Pass a checkpoint; what follows up to the next ``await`` is one step, at one instant.

        Raises:
            UnavailableError: The cache is closed.
        """
        await self._turns.take()
        self._keyspace.tick()

    def require_open(self) -> None:
        """Refuse when the cache has been closed meanwhile.

        Raises:
            UnavailableError: It has.
        """
        self._turns.require_open()

    def find(self, key: str) -> Value | None:
        """Return what the key holds, of whatever type."""
        return self._keyspace.find(key)

    def find_text(self, key: str) -> str | None:
        """Return the text that the key holds.

        Raises:
            ConflictError: It holds something else.
        """
        value = self._keyspace.find(key)
        if value is None or isinstance(value, str):
            return value
        raise _wrong_type(key, value, "text")

    def find_list(self, key: str) -> list[str] | None:
        """Return the list that the key holds, to look at.

        Raises:
            ConflictError: It holds something else.
        """
        value = self._keyspace.find(key)
        if value is None or isinstance(value, list):
            return value
        raise _wrong_type(key, value, "list")

    def find_hash(self, key: str) -> dict[str, str] | None:
        """Return the hash that the key holds, to look at.

        Raises:
            ConflictError: It holds something else.
        """
        value = self._keyspace.find(key)
        if value is None or isinstance(value, dict):
            return value
        raise _wrong_type(key, value, "hash")

    async def write(self, *effects: Effect) -> None:
        """Carry out the effects as one, at once; return when they are kept as well as was promised.

        Cancellation: when it is cancelled it is carried out and will be kept; only nobody has waited for the disk.

        Raises:
            ConflictError: There is no room in memory; nothing was changed.
            UnavailableError: They cannot be kept now; nothing was changed.
        """
        journal = self._journal
        kept = () if journal is None else journal.kept(effects)
        if journal is None or not kept:
            self._carry_out(effects)
            return
        journal.require_writable()
        journal.append(kept, journal.kept(self._carry_out(effects, with_undo=journal.acknowledges)))
        await journal.settle()

    def take_back(self, undo: Undo) -> None:
        """Bring keys back to what they were."""
        for effect in undo:
            self._apply(effect)

    def _carry_out(self, effects: Sequence[Effect], *, with_undo: bool = False) -> Undo:
        """Carry out the effects unless memory is too small for them; return what takes them back if that is wanted."""
        memory = self._memory
        is_tight = memory is not None and memory.is_near(effects)
        if is_tight:
            self._keyspace.sweep(steps=_STEPS_WHEN_FULL)
        undo = self._images(effects) if with_undo or is_tight else ()
        before = 0 if memory is None else memory.used
        for effect in effects:
            self._apply(effect)
        if memory is not None and is_tight:
            try:
                memory.require_room(before)
            except ConflictError:
                self.take_back(undo)
                raise
        self._keyspace.sweep()
        return undo

    def _images(self, effects: Iterable[Effect]) -> Undo:
        return [self._keyspace.image(key) for key in {effect.key for effect in effects}]

    def _apply(self, effect: Effect) -> None:
        if self.changing is not None:
            self.changing(effect.key)
        if self._memory is not None:
            self._memory.count(effect)
        self._keyspace.apply(effect)


def _wrong_type(key: str, value: Value, wanted: str) -> ConflictError:
    held = {str: "text", list: "list", dict: "hash"}[type(value)]
    return ConflictError(f'"{key}" holds a {held} and not a {wanted}; use another key, or delete it first')
