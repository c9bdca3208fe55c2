"""The receiving end of an inbox: what one generation of an actor gets as ``ctx.inbox``."""

from collections import OrderedDict
from collections.abc import Callable
from enum import Enum, auto

import trio
from outcome import Error, Value
from trio.lowlevel import Abort, RaiseCancelT, Task, enable_ki_protection

from supervisors.messages.letters import InboxError, Letter, Taker


class Stage(Enum):
    """How far a generation is with its inbox."""

    OPEN = auto()
    DRAINING = auto()
    ENDED = auto()
    CLOSED = auto()


class Receiver:
    """The receiving end of an inbox, for one generation of an actor.

    Iterating gives the letters, oldest first, and ends when the actor is asked to stop: in a shutdown of the tree after
    the last letter that is queued, in any other stop at once. Several tasks may receive; each letter goes to one.

    Example::

        async def counter(ctx):
            total = 0
            ctx.started()
            async for letter in ctx.inbox:
                total += letter.message
                letter.reply(total)

    Args:
        taker: The generation.
        take_out: Takes the next letter out of the queue, if there is one.
    """

    def __init__(self, taker: Taker, *, take_out: Callable[[], Letter | None]) -> None:
        self._taker = taker
        self._take_out = take_out
        self._parked: OrderedDict[Task, None] = OrderedDict()
        self._stage = Stage.OPEN

    def __repr__(self) -> str:
        return f"<Receiver of {self._taker.actor!r}, generation {self._taker.generation}, {self._stage.name.lower()}>"

    def __aiter__(self) -> "Receiver":
        return self

    async def __anext__(self) -> Letter:
        try:
            return await self.receive()
        except trio.EndOfChannel:
            raise StopAsyncIteration from None

    @enable_ki_protection
    async def receive(self) -> Letter:
        """Return the next letter, once there is one.

        Cancellation: no letter was taken.

        Raises:
            EndOfChannel: The actor was asked to stop, and there is nothing more for it.
            InboxError: This generation has ended.
        """
        await trio.lowlevel.checkpoint_if_cancelled()
        if self._stage is Stage.CLOSED:
            raise self._too_late()
        letter = self._take_out() if self._stage is not Stage.ENDED else None
        if letter is not None:
            self._taker.take(letter)
            await trio.lowlevel.cancel_shielded_checkpoint()
            return letter
        if self._stage is not Stage.OPEN:
            await trio.lowlevel.cancel_shielded_checkpoint()  # a loop over nothing is a checkpoint too
            raise trio.EndOfChannel
        return await self._park()

    @property
    def is_closed(self) -> bool:
        """Whether the generation has ended."""
        return self._stage is Stage.CLOSED

    @property
    def unanswered(self) -> int:
        """Questions that were taken and not answered yet."""
        return len(self._taker)

    @property
    def receiving(self) -> int:
        """Tasks that wait for a letter."""
        return len(self._parked)

    def hand_over(self, letter: Letter) -> bool:
        """Give a letter to the task that waits longest, if any does; the inbox calls it."""
        if not self._parked:
            return False
        task, _ = self._parked.popitem(last=False)
        self._taker.take(letter)
        trio.lowlevel.reschedule(task, Value(letter))
        return True

    def end(self, stage: Stage) -> None:
        """Go on to a later stage; the inbox calls it when the actor is asked to stop."""
        if self._stage is not Stage.CLOSED:
            self._stage = stage
            self._dismiss(trio.EndOfChannel)

    def close(self, error: BaseException | None) -> None:
        """Tell all who were not answered; the supervisor calls it when the generation has ended, or is abandoned.

        Args:
            error: What ended it; None when it returned or was stopped.
        """
        self._stage = Stage.CLOSED
        self._dismiss(self._too_late)
        self._taker.end(error)

    async def _park(self) -> Letter:
        task = trio.lowlevel.current_task()

        def leave(_: RaiseCancelT) -> Abort:
            del self._parked[task]
            return Abort.SUCCEEDED

        self._parked[task] = None
        letter: Letter = await trio.lowlevel.wait_task_rescheduled(leave)
        return letter

    def _dismiss(self, make_error: Callable[[], Exception]) -> None:
        for task in self._parked:
            trio.lowlevel.reschedule(task, Error(make_error()))
        self._parked.clear()

    def _too_late(self) -> InboxError:
        return InboxError(f"generation {self._taker.generation} of {self._taker.actor!r} has ended; it cannot receive")
