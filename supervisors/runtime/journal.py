"""Collects the events of a tree and finds its way in them; for tests."""

from collections.abc import Iterable

import trio

from supervisors.core.events import Event
from supervisors.core.states import State


class Journal:
    """Collects the events of a tree and finds its way in them.

    Example::

        journal = Journal()
        async with tree.open(on_event=journal) as live:
            live[store].get().break_down()
            await journal.wait_for("store", State.READY, times=2)  # back again

        assert journal.names(State.STOPPED) == ["http", "store"]

    Attributes:
        events: All that happened, oldest first.

    Args:
        events: To begin with, for instance those of `Live.events`.
    """

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.events = list(events)
        self._changed = trio.lowlevel.ParkingLot()

    def __call__(self, event: Event) -> None:
        """Note an event; what `Tree.open` takes as ``on_event``."""
        self.events.append(event)
        self._changed.unpark_all()

    def names(self, state: State) -> list[str]:
        """Return who entered this state, in order."""
        return [event.name for event in self.events if event.to_state is state]

    def path(self, name: str) -> list[State]:
        """Return the states that this actor went through, in order."""
        return [event.to_state for event in self.events if event.name == name]

    async def wait_for(self, name: str, state: State, *, times: int = 1) -> Event:
        """Return the event of the actor's entering this state, once it is there; at once when it is there already.

        Args:
            name: The actor.
            state: Which state.
            times: 2 for the second time that it enters the state, and so on.
        """

        def found() -> list[Event]:
            return [event for event in self.events if event.name == name and event.to_state is state]

        await trio.lowlevel.checkpoint()
        while len(matching := found()) < times:
            await self._changed.park()
        return matching[times - 1]
