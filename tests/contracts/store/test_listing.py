"""Executions are listed newest first, page by page, by cursor."""

import random
from datetime import UTC, datetime, timedelta, timezone
from itertools import product

import pytest

from compozy.contracts.store import WorkflowFilter
from compozy.domain.cursors import Position, encode_cursor
from compozy.domain.errors import InvalidError
from compozy.domain.statuses import Status

ALL = WorkflowFilter()
NOON = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)  # an execution's ``at`` counts from here
NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001 - what is refused


@pytest.fixture
def page(store):
    async def page(where=ALL, **arguments):
        return await store.read(lambda repositories: repositories.workflows.list(where, **arguments))

    return page


@pytest.fixture
def pages(page):
    """Return a function that follows the cursors to the end and returns every page's ids."""

    async def pages(where=ALL, *, limit):
        found, cursor = [], None
        while True:
            part = await page(where, cursor=cursor, limit=limit)
            found.append([state.exec_id for state in part.items])
            cursor = part.next_cursor
            if cursor is None:
                return found

    return pages


async def test_an_empty_store_has_one_empty_page(pages):
    assert await pages(limit=10) == [[]]


async def test_newest_come_first_and_ids_decide_between_equals(put, pages, an_execution):
    states = [an_execution(exec_id=f"{name}{at}", at=at) for at in range(4) for name in "abc"]
    random.Random(1).shuffle(states)  # noqa: S311 - a seeded order, no secret
    await put(*states)

    found = await pages(limit=5)

    expected = [f"{name}{at}" for at in reversed(range(4)) for name in "cba"]
    assert found == [expected[:5], expected[5:10], expected[10:]]


async def test_a_full_last_page_has_no_cursor(put, pages, an_execution):
    await put(*(an_execution(exec_id=str(n), at=n) for n in range(4)))

    assert await pages(limit=2) == [["3", "2"], ["1", "0"]]


async def test_a_listed_execution_is_whole(put, page, an_execution):
    state = an_execution(status=Status.SUCCESS, output={"ü": [None]})
    await put(state)

    assert (await page()).items == (state,)


async def test_microseconds_decide(put, pages, an_execution):
    await put(*(an_execution(exec_id=name, at=at) for name, at in [("old", 0), ("new", 0.000001)]))

    assert await pages(limit=1) == [["new"], ["old"]]


async def test_an_insert_between_two_pages_neither_repeats_nor_skips(put, page, an_execution):
    await put(*(an_execution(exec_id=str(n), at=n) for n in range(6)))
    first = await page(limit=3)
    await put(an_execution(exec_id="newer", at=10))

    second = await page(limit=3, cursor=first.next_cursor)

    assert [state.exec_id for state in first.items + second.items] == ["5", "4", "3", "2", "1", "0"]


async def test_a_change_of_status_between_two_pages_does_not_move_an_execution(put, page, an_execution):
    await put(*(an_execution(exec_id=str(n), at=n) for n in range(4)))
    first = await page(limit=2)
    await put(*(an_execution(exec_id=str(n), at=99, status=Status.SUCCESS) for n in range(4)))

    second = await page(limit=2, cursor=first.next_cursor)

    assert [state.exec_id for state in second.items] == ["1", "0"]


async def test_a_deletion_between_two_pages_neither_repeats_nor_skips(store, put, page, an_execution):
    await put(*(an_execution(exec_id=str(n), at=n) for n in range(8)))
    first = await page(limit=3)

    async def work(repositories):
        for exec_id in "754":  # one that was seen, the one that the cursor stands on, and one that was not seen
            await repositories.workflows.delete(exec_id)

    await store.transaction(work)
    second = await page(limit=3, cursor=first.next_cursor)
    third = await page(limit=3, cursor=second.next_cursor)

    assert [[state.exec_id for state in part.items] for part in (first, second, third)] == [
        ["7", "6", "5"],
        ["3", "2", "1"],
        ["0"],
    ]


async def test_whatever_happens_between_pages_each_that_stays_is_seen_once(store, put, page, an_execution):
    dice = random.Random(11)  # noqa: S311 - a seeded choice, no secret
    kept = [an_execution(exec_id=f"kept {n:02}", at=dice.randrange(20)) for n in range(30)]
    gone = [an_execution(exec_id=f"gone {n:02}", at=dice.randrange(20)) for n in range(30)]
    await put(*kept, *gone)
    seen, cursor, number = [], None, 0

    while cursor is not None or number == 0:
        part = await page(cursor=cursor, limit=4)
        seen += [state.exec_id for state in part.items]
        cursor, number = part.next_cursor, number + 1
        await put(an_execution(exec_id=f"new {number}", at=100 + number))
        last = gone.pop().exec_id
        await store.transaction(lambda repositories, last=last: repositories.workflows.delete(last))

    assert sorted(name for name in seen if name.startswith("kept")) == [state.exec_id for state in kept]
    assert len(set(seen)) == len(seen)
    assert not any(name.startswith("new") for name in seen)


STATUS_SETS = [
    None,
    frozenset(),
    frozenset({Status.RUNNING}),
    frozenset({Status.FAILED, Status.TIMED_OUT}),
    frozenset({Status.PENDING, Status.SUCCESS, Status.CANCELED}),
    frozenset(Status),
]


async def test_a_cursor_of_another_listing_does_not_lift_the_filter(put, page, an_execution):
    states = [an_execution(exec_id=f"{name}{at}", at=at) for at in range(3) for name in "ab"]
    await put(*states)

    for at, name in product([0, 1, 2], "abc"):
        moment = NOON + timedelta(seconds=at)
        for until in (NOON, NOON + timedelta(seconds=1), NOON + timedelta(seconds=2)):
            found = await page(WorkflowFilter(until=until), cursor=encode_cursor(Position(moment, name)))
            assert list(found.items) == [
                state
                for state in reversed(states)
                if state.created_at < until and (state.created_at, state.exec_id) < (moment, name)
            ]


@pytest.fixture
def population(an_execution):
    """Sixty executions, newest first, of which many share their time."""
    dice = random.Random(7)  # noqa: S311 - a seeded choice, no secret
    return [
        an_execution(
            exec_id=f"{n:03}",
            at=n // 3,
            workflow_id=dice.choice("ab"),
            status=dice.choice(list(Status)),
            parent_exec_id=dice.choice([None, None, "p", "q"]),
        )
        for n in reversed(range(60))
    ]


def matches(state, where):
    """Tell whether a listing wants an execution, as plainly as it can be said."""
    return (
        (where.workflow_id is None or state.workflow_id == where.workflow_id)
        and (where.parent_exec_id is None or state.parent_exec_id == where.parent_exec_id)
        and (where.statuses is None or state.status in where.statuses)
        and (where.since is None or state.created_at >= where.since)
        and (where.until is None or state.created_at < where.until)
    )


@pytest.mark.parametrize("workflow_id", [None, "a", "b", "absent"])
@pytest.mark.parametrize("parent_exec_id", [None, "p", "absent"])
async def test_filters_leave_exactly_what_they_say(store, put, population, workflow_id, parent_exec_id):
    bounds = [None, *(NOON + timedelta(seconds=each) for each in (0, 6, 12, 12.000001, 99))]
    dice = random.Random(f"{workflow_id}{parent_exec_id}")  # noqa: S311 - a seeded choice, no secret
    wheres = [
        WorkflowFilter(
            workflow_id=workflow_id,
            parent_exec_id=parent_exec_id,
            statuses=statuses,
            since=dice.choice(bounds),
            until=dice.choice(bounds),
        )
        for statuses in STATUS_SETS
        for _ in range(4)
    ]
    await put(*population)

    async def work(repositories):
        listings = []
        for where in wheres:
            cursor, parts = None, []
            while cursor is not None or not parts:
                part = await repositories.workflows.list(where, cursor=cursor, limit=7)
                cursor = part.next_cursor
                parts.append(part.items)
            listings.append(parts)
        return listings

    for where, parts in zip(wheres, await store.read(work), strict=True):
        assert [state for part in parts for state in part] == [s for s in population if matches(s, where)], where
        assert all(len(part) == 7 for part in parts[:-1])


async def test_the_beginning_is_included_and_the_end_is_not_in_any_time_zone(put, page, an_execution):
    tick = timedelta(microseconds=1)
    eastern = timezone(timedelta(hours=-5))
    moments = [NOON - tick, NOON, NOON + tick, NOON + 2 * tick]
    states = [an_execution(exec_id=str(n), created_at=moment) for n, moment in enumerate(moments)]
    await put(*states)

    found = await page(WorkflowFilter(since=NOON.astimezone(eastern), until=(NOON + 2 * tick).astimezone(eastern)))

    assert [state.exec_id for state in found.items] == ["2", "1"]


async def test_a_time_without_a_zone_is_refused(page):
    for bound, cursor in product(["since", "until"], [None, encode_cursor(Position(NOON, "x"))]):
        with pytest.raises(InvalidError, match=f"{bound}: 2026-01-01 00:00:00 has no time zone"):
            await page(WorkflowFilter(**{bound: NAIVE}), cursor=cursor)


async def test_a_filter_that_nothing_can_match_is_refused(page):
    for name, text in product(["workflow_id", "parent_exec_id"], ["a\0b", "\ud800"]):
        with pytest.raises(InvalidError, match=f"{name}: "):
            await page(WorkflowFilter(**{name: text}))


async def test_a_limit_out_of_range_is_refused(page):
    for limit in (0, -1, 1001):
        with pytest.raises(InvalidError, match=f"limit: {limit} is not between 1 and 1000"):
            await page(limit=limit)


async def test_the_largest_limit_is_accepted(put, page, an_execution):
    await put(an_execution())

    assert len((await page(limit=1000)).items) == 1


async def test_a_foreign_cursor_is_refused(page):
    for cursor in ("", "x", "eyJhIjoxfQ", "ü", "\x00", "A" * 5000, "[" * 3000):
        with pytest.raises(InvalidError, match=r"cursor: .* is not a cursor of this listing \(pass the next_cursor"):
            await page(cursor=cursor)


async def test_a_cursor_damaged_anywhere_is_refused(put, page, an_execution):
    state = an_execution()
    await put(state)
    cursor = encode_cursor(Position(state.created_at, state.exec_id))

    for place, character in enumerate(cursor):
        damaged = cursor[:place] + ("A" if character != "A" else "B") + cursor[place + 1 :]
        with pytest.raises(InvalidError):
            await page(cursor=damaged)
    for damaged in (cursor[:-1], cursor + "A", cursor + "=", " " + cursor, cursor.swapcase()):
        with pytest.raises(InvalidError):
            await page(cursor=damaged)


async def test_a_cursor_beyond_the_oldest_gives_an_empty_page(put, page, an_execution):
    state = an_execution()
    await put(state)

    found = await page(cursor=encode_cursor(Position(state.created_at, state.exec_id)))

    assert found.items == ()
    assert found.next_cursor is None


async def test_unfinished_executions_are_counted_by_status_and_the_others_left_out(store, put, an_execution):
    numbers = {Status.PENDING: 3, Status.WAITING: 1, Status.SUCCESS: 2, Status.FAILED: 1}
    empty = await store.read(lambda repositories: repositories.workflows.unfinished())
    await put(*(an_execution(status=status) for status, number in numbers.items() for _ in range(number)))

    found = await store.read(lambda repositories: repositories.workflows.unfinished())

    assert empty == {}
    assert found == {Status.PENDING: 3, Status.WAITING: 1}
