"""One store into another: all of it, whatever happens on the way, and never over anything."""

from collections.abc import Awaitable, Callable
from types import SimpleNamespace

import attrs
import pytest
import trio
from typing_extensions import override

from compozy.app.comparing import Side
from compozy.app.copying import Copying, Progress
from compozy.contracts.store import Archive, Kind, Store
from compozy.domain.errors import ConflictError, InvalidError
from compozy.domain.statuses import Status


@attrs.define(eq=False)
class Disturbed(Store):
    """A store in which something happens before its reads."""

    store: Store
    disturb: Callable[[int], Awaitable[None]]
    reads: int = 0

    @override
    async def transaction(self, work):
        return await self.store.transaction(work)

    @override
    async def read(self, work):
        self.reads += 1
        await self.disturb(self.reads)
        return await self.store.read(work)

    @override
    async def ping(self):
        await self.store.ping()

    @override
    def statistics(self):
        return self.store.statistics()


@attrs.define(eq=False)
class Picky(Disturbed):
    """A store that cannot hold one of the records, and says so only when it is written."""

    @override
    async def transaction(self, work):
        return await self.store.transaction(lambda here: work(SimpleNamespace(archive=PickyArchive(here.archive))))


@attrs.frozen
class PickyArchive(Archive):
    archive: Archive

    @override
    async def count(self, kind):
        return await self.archive.count(kind)

    @override
    async def page(self, kind, *, after="", limit=500):
        return await self.archive.page(kind, after=after, limit=limit)

    @override
    async def add(self, records):
        records = tuple(records)
        if any(getattr(record, "task_exec_id", "") == "t3" for record in records):
            raise InvalidError("that is too much")
        await self.archive.add(records)


async def nothing(_):
    """Disturb nobody."""


def any_record(_):
    """Refuse no record."""


@pytest.fixture
def everything(an_execution, a_task, a_user, a_key, a_payload):
    """Return records of every kind, several pages of each."""
    return [
        *(an_execution(f"e{number}", output=[number, {"deep": None}]) for number in range(5)),
        an_execution("e5", status=Status.RUNNING),
        *(a_task(f"t{number}", f"e{number % 3}") for number in range(7)),
        *(a_user(f"u{number}") for number in range(3)),
        *(a_key(f"k{number}", f"u{number % 3}") for number in range(5)),
        *(a_payload(f"p{number}", f"e{number}", bytes([number]) * 1000) for number in range(3)),
    ]


@pytest.fixture
async def full(open_side, everything):
    return await open_side("the source a", *everything)


@pytest.fixture
async def empty(open_side):
    return await open_side("the target b")


@pytest.fixture
def copying():
    """Return a function that makes a copying of these sides, which keeps what it reports."""

    def make(source, target, report=None):
        reported = []
        return Copying(source=source, target=target, report=report or reported.append), reported

    return make


async def records_of(side):
    """Return all records of a side."""

    async def read_all(here):
        return [record for kind in Kind for record in await here.archive.page(kind, limit=1000)]

    return await side.store.read(read_all)


async def copy(copying):
    await copying.write(await copying.examine(any_record))


async def test_everything_is_copied_exactly(full, empty, copying, everything):
    this, _ = copying(full, empty)

    plan = await this.examine(any_record)
    await this.write(plan)

    assert await records_of(empty) == everything
    assert [(found.missing, found.same) for found in plan.values()] == [(6, 0), (7, 0), (3, 0), (5, 0), (3, 0)]
    assert plan[Kind.EXECUTIONS].unfinished == 1


async def test_examining_writes_nothing(full, empty, copying):
    await copying(full, empty)[0].examine(any_record)

    assert await records_of(empty) == []
    assert empty.store.statistics().transactions == 1  # that of the fixture


async def test_a_copy_is_found_to_be_one(full, empty, copying):
    this, _ = copying(full, empty)
    await copy(this)

    again = await this.examine(any_record)
    verified = await this.verify()

    assert [(found.missing, found.same) for found in again.values()] == [(0, 6), (0, 7), (0, 3), (0, 5), (0, 3)]
    assert all(found.is_equal for found in verified.values())


async def test_progress_is_told_after_each_page_of_the_source(full, empty, copying):
    this, reported = copying(full, empty)
    await copy(this)

    executions = [progress for progress in reported if progress.kind is Kind.EXECUTIONS]
    assert executions == [
        Progress(doing=doing, kind=Kind.EXECUTIONS, done=done, total=6)
        for doing in ("checking", "copying")
        for done in (2, 4, 6)
    ]
    assert [progress.done for progress in reported if progress.kind is Kind.USERS] == [2, 3, 2, 3]


@pytest.mark.parametrize("pages", range(1, 13))
async def test_a_copy_that_was_ended_early_goes_on(full, empty, copying, everything, pages):
    with trio.CancelScope() as scope:
        written = []

        def end_after(progress):
            if progress.doing == "copying":
                written.append(progress)
                if len(written) == pages:
                    scope.cancel()

        await copy(copying(full, empty, end_after)[0])
    partly = await records_of(empty)
    this, _ = copying(full, empty)
    plan = await this.examine(any_record)
    await this.write(plan)

    assert sum(found.same for found in plan.values()) == len(partly)
    assert len(partly) == sum({(p.kind): p.done for p in written}.values())
    assert await records_of(empty) == everything


@pytest.mark.parametrize("places", [(0,), (5,), (1, 3, 4), (0, 2, 6, 11), (13, 15, 16, 18)])
async def test_any_part_of_the_source_may_be_there(full, empty, copying, everything, places):
    await empty.store.transaction(lambda here: here.archive.add([everything[place] for place in places]))

    await copy(copying(full, empty)[0])

    assert await records_of(empty) == everything


async def test_a_target_that_holds_something_else_is_refused_by_name(full, open_side, copying, an_execution, a_user):
    target = await open_side("the target b", an_execution("e3", output=3), an_execution("x"), a_user("zoe"))
    before = await records_of(target)

    with pytest.raises(InvalidError) as caught:
        await copying(full, target)[0].examine(any_record)

    assert str(caught.value).splitlines() == [
        "the target b: executions 'e3' is there with another output",
        "the target b: executions 'x' is there, and not in the source",
        "nothing was copied: choose an empty database, or remove from this one what the source does not hold",
    ]
    assert await records_of(target) == before


async def test_no_more_differences_are_told_than_help(full, open_side, copying, an_execution):
    target = await open_side("the target b", *(an_execution(f"x{number}") for number in range(9)))

    with pytest.raises(InvalidError) as caught:
        await copying(full, target)[0].examine(any_record)

    assert len(caught.value.problems) == 5 + 1


async def test_what_the_target_cannot_hold_is_told_before_anything_is_written(full, empty, copying):
    def check(record):
        if getattr(record, "task_exec_id", "") == "t3":
            raise InvalidError("input: too much")

    with pytest.raises(InvalidError) as caught:
        await copying(full, empty)[0].examine(check)

    assert str(caught.value).splitlines() == [
        "the target b: tasks 't3' cannot be stored there: input: too much",
        "nothing was copied: change these records in the source first",
    ]


async def test_what_the_target_refuses_after_all_is_named(full, empty, copying):
    picky = Side("the target b", Picky(empty.store, nothing), page_size=2)

    with pytest.raises(InvalidError, match=r"^the target b: tasks 't3' cannot be written: that is too much$"):
        await copy(copying(full, picky)[0])

    assert [record.task_exec_id for record in (await records_of(empty))[6:]] == ["t0", "t1"]


async def test_a_source_that_changed_after_it_was_examined_is_not_copied(full, empty, copying, an_execution):
    this, _ = copying(full, empty)
    plan = await this.examine(any_record)
    await full.store.transaction(lambda here: here.archive.add([an_execution("e00")]))

    with pytest.raises(ConflictError, match="the source a was changed meanwhile"):
        await this.write(plan)

    assert await records_of(empty) == []


@pytest.mark.slow
async def test_every_change_of_the_source_on_the_way_is_noticed(open_side, everything, copying, an_execution):
    """Whenever an execution is added, it is copied, or the copying says that it was not."""
    at = 0
    outcomes = set()
    while True:
        at += 1
        source = await open_side("the source a", *everything)

        async def disturb(reads, *, at=at, store=source.store):
            if reads == at:
                await store.transaction(lambda here: here.archive.add([an_execution("e9")]))

        disturbed = Side("the source a", Disturbed(source.store, disturb), page_size=2)
        target = await open_side("the target b")
        try:
            await copy(copying(disturbed, target)[0])
        except ConflictError:
            outcomes.add("refused")
        else:
            assert await records_of(source) == await records_of(target)
            outcomes.add("copied")
        if disturbed.store.reads < at:
            break

    assert outcomes == {"copied", "refused"}


async def test_a_target_that_somebody_else_writes_to_is_noticed(full, empty, copying, an_execution):
    this, _ = copying(full, empty)
    plan = await this.examine(any_record)
    await empty.store.transaction(lambda here: here.archive.add([an_execution("x")]))

    with pytest.raises(ConflictError, match="the target b was changed meanwhile"):
        await this.write(plan)


async def test_verifying_finds_a_record_that_was_tampered_with(full, empty, copying):
    this, _ = copying(full, empty)
    await copy(this)
    await empty.store.transaction(
        lambda here: here.workflows.session.rows("UPDATE task_states SET output = '1.0' WHERE task_exec_id = 't4'")
    )

    verified = await this.verify()

    assert [kind for kind, found in verified.items() if not found.is_equal] == [Kind.TASKS]
    assert list(map(str, verified[Kind.TASKS].differences)) == ["tasks 't4' is there with another output"]


async def test_verifying_finds_a_record_that_is_gone(full, empty, copying):
    this, _ = copying(full, empty)
    await copy(this)
    await empty.store.transaction(lambda here: here.workflows.delete("e4"))

    verified = await this.verify()

    assert [kind for kind, found in verified.items() if not found.is_equal] == [Kind.EXECUTIONS]
    assert verified[Kind.EXECUTIONS].missing == 1
