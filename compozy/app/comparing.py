"""Two stores side by side: their records, in the order of the keys, page by page.

Both streams are merged, so any number of records needs the memory of two pages, or three while they are written.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import attrs
from typing_extensions import override

from compozy.app.records import Digest, Entry, Seal, differing_fields, entry_of, has_ended
from compozy.contracts.store import Kind, Record, Repositories, Store
from compozy.domain.errors import ConflictError, InvalidError

PAGE: Final = 500
"""How many records are read at once, and written in one transaction."""

LARGE_PAGE: Final = 16
"""The same of payloads: one has 16 MiB at most, unless the project's limit is another, and mostly a hundredth of it."""

_UNREADABLE: Final = (ValueError, TypeError, LookupError)  # what making a record of a damaged row raises


@attrs.frozen
class Difference:
    """Why a target is no copy of a source.

    Attributes:
        kind: Which kind of record.
        key: Which of them.
        why: What is wrong with it.
    """

    kind: Kind
    key: str
    why: str

    @override
    def __str__(self) -> str:
        return f"{self.kind} {self.key!r} {self.why}"


@attrs.frozen
class Side:
    """One of the two stores.

    Attributes:
        name: Which one, with its address, for messages.
        store: The store.
        page_size: How many records are read at once; of payloads, no more than :data:`LARGE_PAGE`.
    """

    name: str
    store: Store
    page_size: int = PAGE

    async def counts(self) -> Mapping[Kind, int]:
        """Return how many records of each kind it holds, at one moment."""

        async def work(here: Repositories) -> Mapping[Kind, int]:
            return {kind: await here.archive.count(kind) for kind in Kind}

        return await self.store.read(work)

    def page_size_of(self, kind: Kind) -> int:
        """Return how many records of a kind are read at once, and written in one transaction."""
        return min(self.page_size, LARGE_PAGE) if kind is Kind.PAYLOADS else self.page_size

    async def page(self, kind: Kind, after: str) -> list[Entry]:
        """Return the records after a key, at most :meth:`page_size_of` their kind.

        Raises:
            InvalidError: One of them is damaged; says which.
            UnavailableError: The store cannot be read now.
        """
        try:
            return await self._entries(kind, after, self.page_size_of(kind))
        except _UNREADABLE as error:
            damage = error
        before = await self._last_readable(kind, after)
        raise InvalidError(
            f"{self.name}: the first of the {kind} after {before!r} cannot be read: {damage}; mend or delete it"
        ) from damage

    async def _entries(self, kind: Kind, after: str, limit: int) -> list[Entry]:
        async def work(here: Repositories) -> Sequence[Record]:
            return await here.archive.page(kind, after=after, limit=limit)

        return [entry_of(kind, record) for record in await self.store.read(work)]

    async def _last_readable(self, kind: Kind, after: str) -> str:
        while True:
            try:
                entries = await self._entries(kind, after, 1)
            except _UNREADABLE:
                return after
            if not entries:
                return after
            after = entries[0].key


class Reader:
    """The records of one kind on one side, one after the other.

    Args:
        side: Where they are.
        kind: Which.
        expected: What the pages amounted to when they were read before; None when they were not.
    """

    def __init__(self, side: Side, kind: Kind, *, expected: Sequence[Seal] | None = None) -> None:
        self.side = side
        self.kind = kind
        self._expected = expected
        self._entries: deque[Entry] = deque()
        self._digest = Digest()
        self._pages: list[Seal] = []
        self._after = ""
        self._is_at_end = False

    @property
    def head(self) -> Entry | None:
        """The next record; None at the end, and when :meth:`refill` has to be called first."""
        return self._entries[0] if self._entries else None

    @property
    def seals(self) -> tuple[Seal, ...]:
        """What was read up to the end of each page."""
        return tuple(self._pages)

    @property
    def seal(self) -> Seal:
        """What was read so far."""
        return self._digest.seal

    def pop(self) -> Entry:
        """Return the next record and go on to the one after it."""
        return self._entries.popleft()

    async def refill(self) -> None:
        """Read the next page when nothing is left of the one before.

        Raises:
            ConflictError: It is not what was read before.
            InvalidError: A record is damaged.
            UnavailableError: The store cannot be read now.
        """
        if self._entries or self._is_at_end:
            return
        self._entries.extend(await self.side.page(self.kind, self._after))
        for entry in self._entries:
            self._digest.add(entry)
        self._is_at_end = len(self._entries) < self.side.page_size_of(self.kind)
        if self._entries:
            self._after = self._entries[-1].key
        self._pages.append(self._digest.seal)
        self._require_expected()

    def _require_expected(self) -> None:
        if self._expected is None:
            return
        so_far = len(self._pages)
        is_whole = so_far == len(self._expected) or not self._is_at_end
        if so_far > len(self._expected) or self._pages[-1] != self._expected[so_far - 1] or not is_whole:
            raise changed_meanwhile(self.side)


@attrs.define
class Comparison:
    """What was found in records of one kind.

    Attributes:
        kind: Which.
        missing: How many the target lacks.
        same: How many are in both.
        unfinished: How many in the source have not ended.
        differences: Why the target is no copy of the source, nor of a part of it.
        source: What the source holds.
        target: What the target holds.
        pages: What the source's pages amounted to, from the first up to each.
    """

    kind: Kind
    missing: int = 0
    same: int = 0
    unfinished: int = 0
    differences: list[Difference] = attrs.Factory(list)
    source: Seal = attrs.Factory(lambda: Digest().seal)
    target: Seal = attrs.Factory(lambda: Digest().seal)
    pages: tuple[Seal, ...] = ()

    @property
    def is_equal(self) -> bool:
        """Whether both sides hold the same."""
        return self.source == self.target

    def note(self, ours: Entry, theirs: Entry | None) -> None:
        """Note a record of the source, and what the target has under its key."""
        self.unfinished += not has_ended(ours.record)
        if theirs is None:
            self.missing += 1
        elif ours.content == theirs.content:
            self.same += 1
        else:
            fields = ", ".join(differing_fields(ours.record, theirs.record))
            self.differences.append(Difference(self.kind, ours.key, f"is there with another {fields}"))

    def note_foreign(self, theirs: Entry) -> None:
        """Note a record that is in the target alone."""
        self.differences.append(Difference(self.kind, theirs.key, "is there, and not in the source"))


def comes_first(one: Entry | None, other: Entry | None) -> bool:
    """Tell whether an entry has the smaller key; None, the end, comes after everything."""
    return one is not None and (other is None or one.key < other.key)


async def compare(
    source: Reader, target: Reader, *, take: Callable[[Sequence[Entry]], Awaitable[None]], enough: int
) -> Comparison:
    """Go through both sides together and return what was found.

    Args:
        source: The one side.
        target: The other one.
        take: Called after each page of the source with those of its records that the target lacks.
        enough: How many differences end it early.

    Raises:
        CompozyError: A side cannot be read, or ``take`` raised.
    """
    found = Comparison(source.kind)
    lacking: list[Entry] = []
    while len(found.differences) < enough:
        await source.refill()
        await target.refill()
        if source.head is None and target.head is None:
            break
        if comes_first(target.head, source.head):
            found.note_foreign(target.pop())
            continue
        is_lacking = comes_first(source.head, target.head)
        ours = source.pop()
        found.note(ours, None if is_lacking else target.pop())
        if is_lacking:
            lacking.append(ours)
        if source.head is None:
            await take(lacking)
            lacking = []
    found.source, found.target, found.pages = source.seal, target.seal, source.seals
    return found


def changed_meanwhile(side: Side) -> ConflictError:
    """Return the error for whoever reads a side twice and finds it changed."""
    return ConflictError(
        f"{side.name} was changed meanwhile: end what writes to it, then run this again; what was copied stays"
    )
