"""Read access to a running tree."""

from typing import Any

from supervisors.core.events import Event
from supervisors.core.specs import Dependency
from supervisors.core.status import TreeStatus
from supervisors.inspection.timeline import Timeline, timeline
from supervisors.runtime.board import Board
from supervisors.runtime.refs import Ref


class View:
    """What may be read of a running tree, from anywhere in Trio's thread.

    Attributes:
        name: Of the tree.
    """

    def __init__(self, board: Board) -> None:
        self._board = board
        self.name = board.plan.name

    def __getitem__(self, actor: Dependency) -> Ref[Any]:
        """Return a reference to this actor: its present value, its state, and a way to send it messages.

        Raises:
            KeyError: There is no such actor in this tree.
        """
        return Ref(self._board, self._board.name_of(actor))

    @property
    def is_ready(self) -> bool:
        """Whether all actors are ready now (main actors aside) and the tree is not going down."""
        return self._board.world.is_ready and not self.is_stopping

    @property
    def is_stopping(self) -> bool:
        """Whether the tree is going down."""
        return self._board.world.shutdown is not None

    def status(self) -> TreeStatus:
        """Return a snapshot: one row per actor."""
        return self._board.status()

    def why(self, actor: Dependency) -> str:
        """Return one sentence about why this actor is in the state it is in.

        Raises:
            KeyError: There is no such actor in this tree.
        """
        name = self._board.name_of(actor)
        return f"{name} {self._board.why(name)}"

    def events(self) -> tuple[Event, ...]:
        """Return what happened, oldest first; the last 2000 events are kept."""
        return tuple(self._board.log)

    def timeline(self, *, since: float | None = None) -> Timeline:
        """Return how the start went: who waited for whom, how long, and which chain made it as long as it was.

        Args:
            since: Leave out all that happened before this time, on Trio's clock, to see a restart instead.
        """
        return timeline(self.events(), needs=self._board.plan.needs, since=since)
