"""What an actor holds of another that it merely wants: a reference that may be empty for a while."""

from typing import Any, Generic, TypeVar, cast

from supervisors.core.status import ActorStatus
from supervisors.errors import Unavailable
from supervisors.runtime.board import Board

T = TypeVar("T")


class Ref(Generic[T]):
    """The present value of an actor, whichever generation it is of.

    Readiness can go away at any checkpoint: take the value anew with `get` for each use instead of keeping it.
    """

    def __init__(self, board: Board, name: str) -> None:
        self._board = board
        self.name = name

    def __repr__(self) -> str:
        return f"<Ref {self.name!r}: {self.why()}>"

    @property
    def is_ready(self) -> bool:
        """Whether `get` would return a value now."""
        cell = self._board.world.cells.get(self.name)
        return cell is not None and cell.is_available

    def get(self) -> T:
        """Return the value of the present generation.

        Raises:
            Unavailable: The actor is not ready; says why.
        """
        return cast("T", self._board.value(self.name))

    async def ready(self) -> T:
        """Wait until the actor is ready, and return its value: at once, or that of a later generation.

        Raises:
            Unavailable: It never will be: the tree is going down, or was opened without this actor.
        """
        await self._board.wait_until(lambda: self.is_ready or self._is_hopeless)
        if not self.is_ready:
            raise Unavailable(self.name, self.why())
        return self.get()

    async def tell(self, message: object) -> None:
        """Send a message to the actor, as soon as its inbox has room; `Inbox.tell` says what that means.

        Raises:
            InboxError: The actor takes no messages.
            Unavailable: It takes none any more; says why.
        """
        await self._board.inboxes[self.name].tell(message)

    def tell_nowait(self, message: object) -> None:
        """Send a message to the actor, if its inbox has room.

        Raises:
            WouldBlock: It has none.
            InboxError: The actor takes no messages.
            Unavailable: It takes none any more; says why.
        """
        self._board.inboxes[self.name].tell_nowait(message)

    async def ask(self, message: object) -> Any:
        """Send a message to the actor and return its answer; `Inbox.ask` says how.

        Raises:
            ActorCrashed: The generation that took the message ended before it had answered.
            InboxError: The actor takes no messages.
            Unavailable: No generation will take the message; says why.
            Exception: What the actor chose to answer with.
        """
        return await self._board.inboxes[self.name].ask(message)

    def why(self) -> str:
        """Return one sentence about the actor's state."""
        return self._board.why(self.name)

    def status(self) -> ActorStatus:
        """Return the actor's row of the tree's status; cheap enough to be asked for each request.

        Raises:
            KeyError: It was the child of a pool, and has ended.
        """
        return self._board.row(self.name)

    @property
    def _is_hopeless(self) -> bool:
        return self.name not in self._board.world.cells or self._board.world.shutdown is not None


class Handle(Ref[T]):
    """An actor of an open tree, seen from outside."""
