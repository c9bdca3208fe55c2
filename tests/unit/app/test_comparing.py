"""Two stores side by side."""

from itertools import pairwise

import attrs
import pytest

from compozy.app.comparing import Reader, comes_first, compare
from compozy.app.records import Entry, entry_of
from compozy.contracts.store import Kind
from compozy.domain.errors import ConflictError, InvalidError

EXECUTIONS = Kind.EXECUTIONS


@pytest.fixture
def compare_executions():
    """Return a function that compares the executions of two sides, and gives what is lacking page by page too."""

    async def compare_executions(source, target, *, enough=100):
        pages = []

        async def take(lacking):
            pages.append([entry.key for entry in lacking])

        return await compare(Reader(source, EXECUTIONS), Reader(target, EXECUTIONS), take=take, enough=enough), pages

    return compare_executions


def test_the_end_comes_after_every_key(an_execution):
    one, other = (entry_of(EXECUTIONS, an_execution(key)) for key in ("a", "b"))

    assert comes_first(one, other)
    assert comes_first(one, None)
    assert not comes_first(other, one)
    assert not comes_first(None, one)
    assert not comes_first(one, attrs.evolve(one))
    assert not comes_first(None, None)


def test_keys_are_compared_by_code_point(an_execution):
    keys = ["", "A", "Z", "a", "é", "\uffff", "\U0001f600"]  # by UTF-16 the last two would change places

    entries = [Entry(key, an_execution(), b"") for key in keys]
    assert all(comes_first(one, other) for one, other in pairwise(entries))


async def test_what_the_target_lacks_is_handed_out_page_by_page(open_side, an_execution, compare_executions):
    source = await open_side("source", *map(an_execution, "abcde"))
    target = await open_side("target", *map(an_execution, "bd"))

    found, pages = await compare_executions(source, target)

    assert pages == [["a"], ["c"], ["e"]]
    assert (found.missing, found.same, found.differences) == (3, 2, [])
    assert (found.source.count, found.target.count, found.is_equal) == (5, 2, False)


async def test_equal_sides_have_equal_seals(open_side, an_execution, compare_executions):
    records = list(map(an_execution, "abcd"))

    found, _ = await compare_executions(await open_side("source", *records), await open_side("target", *records))

    assert found.is_equal
    assert (found.same, found.missing, found.differences) == (4, 0, [])


async def test_differences_are_named_with_their_fields(open_side, an_execution, compare_executions):
    source = await open_side("source", an_execution("b"), an_execution("c", output=1))
    target = await open_side("target", *map(an_execution, "abcd"))

    found, _ = await compare_executions(source, target)

    assert list(map(str, found.differences)) == [
        "executions 'a' is there, and not in the source",
        "executions 'c' is there with another output",
        "executions 'd' is there, and not in the source",
    ]
    assert not found.is_equal


async def test_enough_differences_end_it(open_side, an_execution, compare_executions):
    found, _ = await compare_executions(
        await open_side("source"), await open_side("target", *map(an_execution, "abcdefgh")), enough=3
    )

    assert [difference.key for difference in found.differences] == ["a", "b", "c"]


async def test_empty_sides_are_equal(open_side, compare_executions):
    found, pages = await compare_executions(await open_side("source"), await open_side("target"))

    assert found.is_equal
    assert pages == []


@pytest.mark.parametrize("number", [1, 2, 3, 4])
async def test_pages_that_are_what_they_were_pass(open_side, an_execution, number):
    side = await open_side("source", *map(an_execution, "abcd"[:number]))
    first = await _read_all(Reader(side, EXECUTIONS))

    assert (await _read_all(Reader(side, EXECUTIONS, expected=first.seals))).seals == first.seals


@pytest.mark.parametrize("change", ["added", "added at the end", "removed", "removed at the end", "changed"])
async def test_pages_that_are_not_what_they_were_are_refused(open_side, an_execution, change):
    side = await open_side("the source", *map(an_execution, "bcdef"))
    first = await _read_all(Reader(side, EXECUTIONS))
    again = Reader(side, EXECUTIONS, expected=first.seals)
    changes = {
        "added": lambda here: here.archive.add([an_execution("a")]),
        "added at the end": lambda here: here.archive.add([an_execution("g")]),
        "removed": lambda here: here.workflows.delete("c"),
        "removed at the end": lambda here: here.workflows.delete("f"),
        "changed": lambda here: _replace(here, an_execution("e", output=1)),
    }
    await side.store.transaction(changes[change])

    with pytest.raises(ConflictError, match="the source was changed meanwhile: end what writes to it"):
        await _read_all(again)


async def test_a_damaged_record_is_named_by_the_one_before_it(open_side, an_execution):
    side = await open_side("the source sqlite:a.db", *map(an_execution, "abc"))
    await side.store.transaction(_damage)

    with pytest.raises(InvalidError) as caught:
        await side.page(EXECUTIONS, "")

    assert str(caught.value) == (
        "the source sqlite:a.db: the first of the executions after 'a' cannot be read: "
        "'LOST' is not a valid Status; mend or delete it"
    )


async def _read_all(reader):
    await reader.refill()
    while reader.head is not None:
        reader.pop()
        await reader.refill()
    return reader


async def _replace(here, state):
    await here.workflows.delete(state.exec_id)
    await here.archive.add([state])


async def _damage(here):
    # As a foreign hand would do it: no method of the contract can.
    await here.workflows.session.rows("UPDATE workflow_states SET status = 'LOST' WHERE exec_id = 'b'")
