"""Copying all records of one store into another: examine, write what is missing, count.

Theory of operation. A closure of a store cannot hand out pages, so nothing here sees one snapshot of the source. It is
read twice instead: once to examine it, before anything is written, and once to write it, and every page has to be what
it was. A page that was the same both times was so in between, and all of the first reading came before all of the
second: so what is written is what the source held at the moment between the two. (A record that was changed and
changed back would not be noticed; none of ours goes back.)

Each page is one transaction, so whatever ends the copying leaves whole pages behind, the first ones. Doing it again
finds those in the target, skips them, and goes on. Only a target that holds a part of the source, and nothing else, is
written to.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Final, TypeAlias

import attrs

from compozy.app.comparing import Comparison, Difference, Reader, Side, changed_meanwhile, compare
from compozy.app.records import Entry, Seal
from compozy.contracts.store import Kind, Record, Repositories
from compozy.domain.errors import ConflictError, InvalidError, Problem

SHOWN: Final = 5
"""How many differences are told: they say what is wrong, the rest would say it again."""


@attrs.frozen(kw_only=True)
class Progress:
    """How far it is.

    Attributes:
        doing: What is being done: ``checking``, ``copying`` or ``verifying``.
        kind: With which records.
        done: How many of them are.
        total: How many there are.
    """

    doing: str
    kind: Kind
    done: int
    total: int


Plan: TypeAlias = Mapping[Kind, Comparison]
"""What was found in the records of each kind."""


@attrs.frozen(kw_only=True)
class Copying:
    """One store that is copied into another.

    Attributes:
        source: What is copied.
        target: Where to.
        report: Told how far it is, after each page of the source.
    """

    source: Side
    target: Side
    report: Callable[[Progress], None]

    async def examine(self, check: Callable[[Record], None]) -> Plan:
        """Return what the target lacks, having made sure that nothing stands in the way. Writes nothing.

        Args:
            check: Raises InvalidError for a record that the target cannot hold.

        Raises:
            InvalidError: The target holds other records, or cannot hold one, or a record is damaged; says which.
            UnavailableError: A side cannot be read now.
        """
        plan: dict[Kind, Comparison] = {}
        unfit: list[Difference] = []

        def look(kind: Kind, lacking: Sequence[Entry]) -> None:
            unfit.extend(_unfit(kind, lacking, check))

        totals = await self.source.counts()
        for kind in Kind:
            plan[kind] = await self._go_through(kind, "checking", total=totals[kind], enough=SHOWN, look=look)
            if plan[kind].differences:
                way_out = "choose an empty database, or remove from this one what the source does not hold"
                raise _refusal(self.target, plan[kind].differences, way_out)
            if unfit:
                raise _refusal(self.target, unfit, "change these records in the source first")
        return plan

    async def write(self, plan: Plan) -> None:
        """Write what the target lacks, page by page, kind by kind; at the end, count both sides.

        Cancellation: the page under way is written whole or not at all; do it again to go on.

        Args:
            plan: What :meth:`examine` returned.

        Raises:
            ConflictError: A side was changed meanwhile. What was written stays.
            InvalidError: The target cannot hold a record; says which.
            UnavailableError: A side cannot be used now.
        """
        totals = {kind: comparison.source.count for kind, comparison in plan.items()}
        for kind in Kind:
            found = await self._go_through(
                kind, "copying", total=totals[kind], enough=1, expected=plan[kind].pages, writes=True
            )
            if found.differences:
                raise changed_meanwhile(self.target)
        for side in (self.source, self.target):
            if await side.counts() != totals:
                raise changed_meanwhile(side)

    async def verify(self) -> Plan:
        """Read both sides again and return what they hold, with the first differences where there are any.

        Raises:
            InvalidError: A record is damaged; says which.
            UnavailableError: A side cannot be read now.
        """
        totals = await self.source.counts()
        return {kind: await self._go_through(kind, "verifying", total=totals[kind], enough=SHOWN) for kind in Kind}

    async def _go_through(
        self,
        kind: Kind,
        doing: str,
        *,
        total: int,
        enough: int,
        expected: Sequence[Seal] | None = None,
        look: Callable[[Kind, Sequence[Entry]], None] | None = None,
        writes: bool = False,
    ) -> Comparison:
        reader = Reader(self.source, kind, expected=expected)

        async def take(lacking: Sequence[Entry]) -> None:
            if look is not None:
                look(kind, lacking)
            if writes and lacking:
                await _write_page(self.target, kind, lacking)
            self.report(Progress(doing=doing, kind=kind, done=reader.seal.count, total=total))

        return await compare(reader, Reader(self.target, kind), take=take, enough=enough)


def _unfit(kind: Kind, lacking: Sequence[Entry], check: Callable[[Record], None]) -> Sequence[Difference]:
    unfit = []
    for entry in lacking:
        try:
            check(entry.record)
        except InvalidError as error:
            unfit.append(Difference(kind, entry.key, f"cannot be stored there: {error}"))
    return unfit


def _refusal(target: Side, differences: Sequence[Difference], way_out: str) -> InvalidError:
    lines = [f"{target.name}: {difference}" for difference in differences[:SHOWN]]
    return InvalidError([Problem(message=line) for line in (*lines, f"nothing was copied: {way_out}")])


async def _write_page(target: Side, kind: Kind, lacking: Sequence[Entry]) -> None:
    async def work(here: Repositories) -> None:
        await here.archive.add(entry.record for entry in lacking)

    with suppress(InvalidError, ConflictError):
        await target.store.transaction(work)
        return
    # One of them is at fault: which, the error does not say in every case, but writing them one by one does.
    await target.store.transaction(partial(_write_singly, target, kind, lacking))


async def _write_singly(target: Side, kind: Kind, lacking: Sequence[Entry], here: Repositories) -> None:
    for entry in lacking:
        try:
            await here.archive.add([entry.record])
        except (InvalidError, ConflictError) as error:
            message = f"{target.name}: {kind} {entry.key!r} cannot be written: {error}"
            raise (InvalidError if isinstance(error, InvalidError) else ConflictError)(message) from error
