"""An open tree, seen from outside."""

from typing import Any, Unpack

import trio

from supervisors.core.happenings import RestartRequested, StopRequested
from supervisors.core.specs import Dependency
from supervisors.core.states import State
from supervisors.errors import TreeStopped, Unavailable
from supervisors.runtime.pools import ChildFunction, ChildOptions, Spawned, spawn
from supervisors.runtime.refs import Handle
from supervisors.runtime.view import View


class Live(View):
    """An open tree; what `Tree.open` gives."""

    def __getitem__(self, actor: Dependency) -> Handle[Any]:
        """Return a handle on this actor.

        Raises:
            KeyError: There is no such actor in this tree.
        """
        return Handle(self._board, self._board.name_of(actor))

    @property
    def result(self) -> object:
        """What the main actor returned; None until then."""
        return self._board.world.result

    async def wait_ready(self) -> None:
        """Return once all actors are ready (main actors aside).

        Raises:
            TreeStopped: The tree goes down first.
        """
        await self._board.wait_until(lambda: self.is_ready or self.is_stopping)
        self._check_not_stopping("it was ready")

    async def wait_stopped(self) -> None:
        """Return once the tree is down, whoever asked for it."""
        await self._board.wait_until(lambda: self._board.world.is_over)

    def request_stop(self, why: str = "requested", *, hurried: bool = False) -> None:
        """Ask for the tree to be stopped in order; returns at once.

        Args:
            why: For the events.
            hurried: Cancel actors when their turn comes, instead of asking them.
        """
        self._board.feed(StopRequested(at=trio.current_time(), why=why, hurried=hurried))

    async def restart(self, actor: Dependency) -> None:
        """Stop this actor and all that need it, in order, bring them back, and return once it is ready again.

        The streak of failures is not touched. An actor that waits for its next attempt is started at once.

        Raises:
            KeyError: There is no such actor in this tree.
            Unavailable: It gave up again, and is not tried any more; or it is the child of a pool that has ended.
            TreeStopped: The tree goes down first.
        """
        name = self._board.name_of(actor)
        before = self._board.world.cells[name].generation
        self._board.feed(RestartRequested(at=trio.current_time(), name=name))

        def is_back() -> bool:
            cell = self._board.world.cells.get(name)
            return cell is not None and cell.is_available and cell.generation > before

        await self._board.wait_until(lambda: is_back() or self.is_stopping or self._stays_down(name))
        if not is_back():
            self._check_not_stopping(f"{name} was back")
            raise Unavailable(name, self._board.why(name))

    def spawn(
        self, pool: Dependency, function: ChildFunction, *args: object, **options: Unpack[ChildOptions]
    ) -> Spawned:
        """Start a child in a pool; `Pool.spawn` says how.

        Raises:
            KeyError: There is no such actor in this tree.
            TypeError: It is no pool.
            Unavailable: The pool is not ready, or full; says why.
        """
        return spawn(self._board, self._board.name_of(pool), function, args, options)

    def _stays_down(self, name: str) -> bool:
        # Who escalates comes back with its group, unless that stays down too.
        cells, plan = self._board.world.cells, self._board.plan
        return name not in cells or any(
            cells[each].state is State.GAVE_UP and plan.specs[each].gives_up != "escalate"
            for each in (name, *plan.enclosing(name))
        )

    def _check_not_stopping(self, before: str) -> None:
        shutdown = self._board.world.shutdown
        if shutdown is not None:
            raise TreeStopped(f"tree {self.name!r} went down before {before}: {shutdown.why}")
