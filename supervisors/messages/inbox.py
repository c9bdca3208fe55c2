"""The inbox of an actor: a bounded queue of letters that outlives each of its generations.

It belongs to whoever runs the actors, not to the actor. A letter is in one of these places, and moves only rightwards:

    waiting for room -> queued -> taken by a generation -> answered

A letter that is not taken yet survives a restart where it is; one that is taken shares the fate of its taker. All of
that happens in single steps of Trio's thread, between which these hold, and the tests rely on them:

- nobody waits for room while there is room, hence nobody overtakes;
- no task of the receiver is parked while a letter is queued;
- a task is parked only while its generation may receive.

It is made of Trio's lowest level rather than of memory channels, because a question then costs each side a single
switch of tasks, and because a channel cannot take back what is in it when the asker is cancelled.
"""

from collections import OrderedDict
from functools import partial
from typing import Any, NamedTuple

import trio
from outcome import Error, Value
from trio.lowlevel import Abort, RaiseCancelT, enable_ki_protection

from supervisors.errors import Unavailable
from supervisors.messages.letters import InboxError, Letter, Taker
from supervisors.messages.receiver import Receiver, Stage


class InboxStatistics(NamedTuple):
    """A snapshot of an inbox.

    Attributes:
        capacity: Letters that it holds at most.
        queued: Letters that it holds.
        waiting: Those who wait for room.
        unanswered: Questions that the present generation has taken and not answered yet.
        receiving: Tasks of the present generation that wait for a letter.
    """

    capacity: int
    queued: int
    waiting: int
    unanswered: int
    receiving: int


class Inbox:
    """What an actor is told and asked, in order, until one of its generations takes it.

    `tell`, `tell_nowait` and `ask` are for those who send, everything below `statistics` for the supervisor.

    Ordering: those who wait for room are let in first come, first served; what one task sends arrives in its order.

    Args:
        name: Of the actor.
        capacity: Letters that are held at most, while none is ready to take them; at least 1.

    Raises:
        ValueError: There would be no room at all.
    """

    def __init__(self, name: str, capacity: int) -> None:
        if capacity < 1:
            raise ValueError(f"the inbox of {name!r} cannot hold {capacity} letters; give it room for one at least")
        self.name = name
        self.capacity = capacity
        self._queue: OrderedDict[Letter, None] = OrderedDict()
        self._waiting: OrderedDict[Letter, None] = OrderedDict()
        self._receiver: Receiver | None = None
        self._refusal: str | None = None

    def __repr__(self) -> str:
        return f"<Inbox of {self.name!r}, {len(self._queue)} of {self.capacity} used>"

    @enable_ki_protection
    def tell_nowait(self, message: object) -> None:
        """Send a message, unless there is no room.

        Raises:
            WouldBlock: The inbox is full.
            Unavailable: The actor takes no messages any more; says why.
        """
        if not self._accept(Letter(message, is_ask=False)):
            raise trio.WouldBlock

    @enable_ki_protection
    async def tell(self, message: object) -> None:
        """Send a message, as soon as there is room for it.

        Returning means that it is in the inbox, not that anybody acted upon it: it is lost if the generation that takes
        it crashes, or if nobody can take it before the tree is down.

        Cancellation: nothing was sent.

        Raises:
            Unavailable: The actor takes no messages any more; says why. Nothing was sent.
        """
        await trio.lowlevel.checkpoint_if_cancelled()
        letter = Letter(message, is_ask=False)
        if self._accept(letter):
            await trio.lowlevel.cancel_shielded_checkpoint()
            return
        await self._wait_for_room(letter)

    @enable_ki_protection
    async def ask(self, message: object) -> Any:
        """Send a message as soon as there is room for it, and return the answer.

        An actor that asks itself waits for ever, unless another of its tasks answers.

        Cancellation: the letter is withdrawn if no generation has taken it yet; otherwise the answer is dropped.

        Raises:
            ActorCrashed: The generation that took the message ended before it had answered.
            Unavailable: No generation will take the message; says why.
            Exception: What the actor chose to answer with.
        """
        await trio.lowlevel.checkpoint_if_cancelled()
        letter = Letter(message, is_ask=True, waiter=trio.lowlevel.current_task())
        if not self._accept(letter):
            self._waiting[letter] = None
        return await trio.lowlevel.wait_task_rescheduled(partial(self._withdraw, letter))

    def statistics(self) -> InboxStatistics:
        """Return a snapshot."""
        receiver = self._receiver
        return InboxStatistics(
            capacity=self.capacity,
            queued=len(self._queue),
            waiting=len(self._waiting),
            unanswered=0 if receiver is None else receiver.unanswered,
            receiving=0 if receiver is None else receiver.receiving,
        )

    def admit(self) -> None:
        """Take back a refusal: there will be a generation after all."""
        self._refusal = None

    def open(self, generation: int) -> Receiver:
        """Return the receiving end for a generation that starts; takes back a refusal.

        Raises:
            InboxError: The end of an earlier generation was not closed.
        """
        if self._receiver is not None and not self._receiver.is_closed:
            raise InboxError(f"two generations of {self.name!r} cannot receive at once")
        self._refusal = None
        self._receiver = Receiver(Taker(self.name, generation), take_out=self.pop)
        return self._receiver

    def end(self) -> None:
        """Let the present generation receive no more; what is queued stays for the next one."""
        if self._receiver is not None:
            self._receiver.end(Stage.ENDED)

    def drain(self, why: str) -> None:
        """Take no more messages, and let the present generation receive what is queued before it sees the end.

        Those who wait for room are turned away with `Unavailable`: nothing that was accepted is lost by that.

        Args:
            why: For those who are turned away from now on.
        """
        self._refusal = why
        self._turn_away(self._waiting)
        if self._receiver is not None:
            self._receiver.end(Stage.DRAINING)

    def refuse(self, why: str) -> int:
        """Turn away all who wait and all that is queued: no generation will take it.

        Args:
            why: For those who are turned away, now and from now on.

        Returns:
            How many messages are lost, namely those that `tell` had accepted.
        """
        self._refusal = why
        lost = sum(not letter.is_ask for letter in self._queue)
        self._turn_away(self._queue)
        self._turn_away(self._waiting)
        return lost

    def pop(self) -> Letter | None:
        """Take the oldest letter out, if there is one, and let in who waits for room; the receiver calls it."""
        if not self._queue:
            return None
        letter, _ = self._queue.popitem(last=False)
        self._let_in()
        return letter

    def _accept(self, letter: Letter) -> bool:
        if self._refusal is not None:
            raise Unavailable(self.name, self._refusal)
        if self._receiver is not None and self._receiver.hand_over(letter):
            return True
        if len(self._queue) < self.capacity:
            self._queue[letter] = None
            return True
        return False

    async def _wait_for_room(self, letter: Letter) -> None:
        letter.waiter = trio.lowlevel.current_task()
        self._waiting[letter] = None
        await trio.lowlevel.wait_task_rescheduled(partial(self._withdraw, letter))

    def _withdraw(self, letter: Letter, _: RaiseCancelT) -> Abort:
        letter.waiter = None
        if letter in self._waiting:
            del self._waiting[letter]
        elif letter in self._queue:
            del self._queue[letter]
            self._let_in()
        elif letter.taker is not None:
            letter.taker.forget(letter)
        return Abort.SUCCEEDED

    def _let_in(self) -> None:
        while self._waiting and len(self._queue) < self.capacity:
            letter, _ = self._waiting.popitem(last=False)
            self._queue[letter] = None
            if not letter.is_ask:
                letter.wake(Value(None))

    def _turn_away(self, letters: OrderedDict[Letter, None]) -> None:
        for letter in letters:
            letter.wake(Error(Unavailable(self.name, self._refusal or "")))
        letters.clear()
