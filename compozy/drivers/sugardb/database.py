"""What all roles share: finding what a key holds, and changing keys as one step that is kept wherever it must be."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
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
    """Where writes are kept beyond the end of the process.

    Attributes:
        acknowledges: Whether a write is done only when it is on disk, and taken back when that fails.
    """

    acknowledges: bool

    def kept(self, effects: Sequence[AnyEffect]) -> Sequence[AnyEffect]:
        """Return those of the effects that concern keys which are kept."""

    def require_writable(self) -> None:
        """Raise ``UnavailableError`` when nothing can be kept now."""

    def append(self, effects: Sequence[Effect], undo: Undo = ()) -> None:
        """Keep the effects of one write.

        Args:
            effects: What is kept of it.
            undo: What takes it back, if writes are acknowledged.
        """

    async def settle(self) -> None:
        """Return when what was appended last is on disk."""


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

    def take_turn(self) -> Awaitable[None]:
        """Return what must be awaited first; what follows up to the next ``await`` is one step, at one instant.

        Raises:
            UnavailableError: The cache is closed.
        """
        return self._turns.take()

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
        if journal is None or not (kept := journal.kept(effects)):
            self._carry_out(effects)
            return
        journal.require_writable()
        if not journal.acknowledges:
            self._carry_out(effects)
            journal.append(kept)
            return
        undo = self._images(effects)
        self._carry_out(effects)
        journal.append(kept, journal.kept(undo))
        await journal.settle()

    def take_back(self, undo: Undo) -> None:
        """Bring keys back to what they were."""
        for effect in undo:
            self._apply(effect)

    def _carry_out(self, effects: Sequence[Effect]) -> None:
        """Carry out the effects unless memory is too small for them."""
        if self._memory is not None and self._memory.is_near(effects):
            self._carry_out_within(self._memory, effects)
        else:
            is_watched = self._memory is not None or self.changing is not None
            apply = self._apply if is_watched else self._keyspace.apply
            for effect in effects:
                apply(effect)
        self._keyspace.sweep()

    def _carry_out_within(self, memory: Memory, effects: Sequence[Effect]) -> None:
        """Carry out the effects, and take them back if there is no room for what they add."""
        self._keyspace.sweep(steps=_STEPS_WHEN_FULL)
        undo, before = self._images(effects), memory.used
        for effect in effects:
            self._apply(effect)
        try:
            memory.require_room(before)
        except ConflictError:
            self.take_back(undo)
            raise

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
