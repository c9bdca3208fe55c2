"""The present state of a running tree, shared by all who read it or report to it.

Everything here is synchronous and happens in Trio's thread, so whoever reads sees the tree between two steps, never
within one. What happens while a step is being carried out (an observer asks for a stop, say) waits until it is done.
"""

import itertools
from collections import deque
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import trio

from supervisors.core.events import Event
from supervisors.core.explain import explain
from supervisors.core.happenings import Broken, Drop, Input
from supervisors.core.plan import Plan
from supervisors.core.reducer import step
from supervisors.core.resolve import nearest
from supervisors.core.specs import Dependency, local_name
from supervisors.core.states import State
from supervisors.core.status import ActorStatus, TreeStatus, row_of, take_status
from supervisors.core.world import World, new_world
from supervisors.errors import Unavailable
from supervisors.messages.inboxes import Inboxes

LOG = 2000
"""Events that are kept; older ones are dropped."""


class Board:
    """The present state of a running tree.

    Args:
        plan: What runs.
        carriers: For each kind of effect what does it; must not block.
        entries: What is done when an actor enters one of these states; must not block.
        settled: Called when all that was fed has been carried out.
        on_event: Told of each event, or None.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        carriers: Mapping[type, Callable[[Any], None]],
        entries: Mapping[State, Callable[[Event], None]],
        settled: Callable[[], None],
        on_event: Callable[[Event], None] | None,
    ) -> None:
        self.world: World = new_world(plan)
        self.values: dict[str, object] = {}
        self.inboxes = Inboxes(lambda: self.plan)
        self.farewells: dict[str, Callable[[Drop], None]] = {}
        self.serial = itertools.count(1)
        self.log: deque[Event] = deque(maxlen=LOG)
        self._carriers: Mapping[type, Callable[[Any], None]] = {Event: self._publish, **carriers}
        self._entries = entries
        self._settled = settled
        self._on_event = on_event
        self._pending: deque[Input] = deque()
        self._busy = False
        self._changed = trio.lowlevel.ParkingLot()

    @property
    def plan(self) -> Plan:
        """What is declared now; children of pools come and go."""
        return self.world.plan

    @trio.lowlevel.enable_ki_protection  # half a step would leave the tree in a state that no rule knows
    def feed(self, happened: Input) -> None:
        """Let the tree take note of what happened, and do what follows from it."""
        self._pending.append(happened)
        if self._busy:
            return
        self._busy = True
        carriers = self._carriers
        try:
            while self._pending:
                self.world, effects = step(self.world, self._pending.popleft())
                effects.reverse()
                while effects:
                    effect = effects.pop()
                    carriers[type(effect)](effect)
        finally:
            self._busy = False
        self._settled()
        if self._changed:
            self._changed.unpark_all()

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        """Return once the condition holds; it is asked after each change of the tree."""
        await trio.lowlevel.checkpoint()
        while not condition():
            await self._changed.park()

    def value(self, name: str) -> object:
        """Return the value of an actor that is available.

        Raises:
            Unavailable: It is not; says why.
        """
        cell = self.world.cells.get(name)
        if cell is None or not cell.is_available:
            raise Unavailable(name, self.why(name))
        return self.values.get(name)

    def members(self, group: str) -> Mapping[str, object]:
        """Return the values of the members that a group needs, by their names in it; some may be missing otherwise."""
        values, members = self.values, frozenset(self.plan.in_group[group])
        return MappingProxyType({local_name(n): values.get(n) for n in self.plan.needs[group] if n in members})

    def why(self, name: str) -> str:
        """Return one sentence about the state of an actor."""
        return explain(self.world, name, trio.current_time())

    def status(self) -> TreeStatus:
        """Return a snapshot of all actors."""
        return take_status(self.world, trio.current_time())

    def row(self, name: str) -> ActorStatus:
        """Return the row of one actor in that snapshot, which costs a fraction of the whole.

        Raises:
            KeyError: There is no such actor now.
        """
        return row_of(name, self.world.cells[name])

    def name_of(self, actor: Dependency) -> str:
        """Return the name of an actor that is given by name or by function.

        Raises:
            KeyError: There is no such actor in this tree.
        """
        if isinstance(actor, str) and actor in self.plan.specs:
            return actor
        for name, spec in self.plan.specs.items():
            if actor in (spec.function, spec.declared_by):
                return name
        shown = actor if isinstance(actor, str) else getattr(actor, "__name__", repr(actor))
        raise KeyError(f"no actor {shown!r} in this tree; {nearest(shown, self.plan.specs)}")

    def forget(self, effect: Drop) -> None:
        """Forget the child of a pool that has come to its end, and tell who waits for that."""
        self.values.pop(effect.name, None)
        self.inboxes.refuse(effect.name, "it has ended")
        if farewell := self.farewells.pop(effect.name, None):
            farewell(effect)

    def _publish(self, event: Event) -> None:
        self.log.append(event)
        if self._on_event is not None:
            try:
                self._on_event(event)
            except Exception as error:  # noqa: BLE001 - becomes a root cause: the tree goes down in order and raises it
                self._on_event = None
                self._pending.append(Broken(at=event.at, name="on_event", error=error))
        if entered := self._entries.get(event.to_state):
            entered(event)
