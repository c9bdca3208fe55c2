"""Executions are listed newest first, page by page, by cursor."""

import random

import pytest

from compozy.contracts.store import WorkflowFilter
from compozy.domain.cursors import Position, encode_cursor
from compozy.domain.errors import InvalidError
from compozy.domain.statuses import Status

ALL = WorkflowFilter()


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


STATUS_SETS = {
    "not filtered": None,
    "none": frozenset(),
    "one": frozenset({Status.RUNNING}),
    "two": frozenset({Status.FAILED, Status.TIMED_OUT}),
    "three": frozenset({Status.PENDING, Status.SUCCESS, Status.CANCELED}),
    "all": frozenset(Status),
}


@pytest.mark.parametrize("workflow_id", [None, "a", "b", "absent"])
@pytest.mark.parametrize("statuses", STATUS_SETS.values(), ids=STATUS_SETS)
async def test_filters_leave_exactly_what_they_say(put, pages, an_execution, workflow_id, statuses):
    dice = random.Random(7)  # noqa: S311 - a seeded choice, no secret
    states = [
        an_execution(exec_id=f"{n:03}", at=n // 2, workflow_id=dice.choice("ab"), status=dice.choice(list(Status)))
        for n in range(60)
    ]
    await put(*states)

    found = await pages(WorkflowFilter(workflow_id=workflow_id, statuses=statuses), limit=7)

    wanted = [
        state.exec_id
        for state in reversed(states)
        if (workflow_id in (None, state.workflow_id)) and (statuses is None or state.status in statuses)
    ]
    assert [exec_id for part in found for exec_id in part] == wanted
    assert all(len(part) == 7 for part in found[:-1])


@pytest.mark.parametrize("limit", [0, -1, 1001])
async def test_a_limit_out_of_range_is_refused(page, limit):
    with pytest.raises(InvalidError, match=f"limit: {limit} is not between 1 and 1000"):
        await page(limit=limit)


async def test_the_largest_limit_is_accepted(put, page, an_execution):
    await put(an_execution())

    assert len((await page(limit=1000)).items) == 1


@pytest.mark.parametrize("cursor", ["", "x", "eyJhIjoxfQ", "ü", "\x00", "A" * 5000, "[" * 3000])
async def test_a_foreign_cursor_is_refused(page, cursor):
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
