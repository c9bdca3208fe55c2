"""The journal finds its way in the events of a tree."""

import trio
from trio.testing import wait_all_tasks_blocked

from supervisors import State
from supervisors.runtime.journal import Journal


async def test_names_and_path_say_who_and_where(chain):
    journal = Journal()
    async with chain({"a": (), "b": ("a",)}).open(on_event=journal):
        pass

    assert journal.names(State.READY) == ["a", "b"]
    assert journal.names(State.STOPPED) == ["b", "a"]
    assert journal.path("b")[:3] == [State.WAITING, State.STARTING, State.READY]


async def test_waiting_returns_the_event_to_come_and_the_one_that_was(chain, nursery):
    journal = Journal()
    found = []

    async def wait(times):
        found.append((await journal.wait_for("b", State.READY, times=times)).generation)

    nursery.start_soon(wait, 2)
    async with chain({"a": (), "b": ("a",)}).open(on_event=journal) as live:
        await wait_all_tasks_blocked()
        waited = list(found)
        await live.restart("a")
        await live["b"].ready()
        await wait_all_tasks_blocked()
        await wait(1)

    assert waited == []
    assert found == [2, 1]


async def test_journal_of_past_events_is_complete(chain):
    async with chain({"a": ()}).open() as live:
        journal = Journal(live.events())

    with trio.fail_after(1):
        event = await journal.wait_for("a", State.READY)
    assert event.generation == 1
    assert journal.events == list(live.events())[: len(journal.events)]
