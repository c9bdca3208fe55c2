"""What is told to an execution from outside while it runs: to pause, to go on, and that something happened.

Theory of operation. A signal that comes is kept until a wait for its name has looked at it; so nothing is lost that is
told before the wait begins. Of several waits for one name that are under way, each looks at it once, in its own time,
and it is kept until the last of them has. A wait looks at what came in the order in which it came.
"""

from collections.abc import Iterable
from contextlib import suppress

import attrs
from temporalio import workflow

from compozy.domain.statuses import Status
from compozy.domain.work import Signal
from compozy.worker.interpreter.patience import STEP


@attrs.define(eq=False)
class Waiter:
    """A wait that is under way.

    Attributes:
        name: What it waits for.
        looked_at: The event ids of the signals that it has looked at.
    """

    name: str
    looked_at: set[str] = attrs.Factory(set)

    def wants(self, signal: Signal) -> bool:
        """Tell whether it is still to look at a signal."""
        return signal.name == self.name and signal.event_id not in self.looked_at


@attrs.define
class Control:
    """What was told to one execution so far.

    Attributes:
        is_paused: Whether no further task may begin.
        signals: Those that some wait is still to look at, or none has, oldest first.
        known: The event ids of all signals that came.
        came: All signals that came, oldest first; those that run a part of the execution are told of them.
        waiters: The waits under way.
        heard: The event ids of those that some wait has looked at.
        orders: How often it was told to pause or to go on.
    """

    is_paused: bool = False
    signals: list[Signal] = attrs.Factory(list)
    known: set[str] = attrs.Factory(set)
    came: list[Signal] = attrs.Factory(list)
    waiters: list[Waiter] = attrs.Factory(list)
    heard: set[str] = attrs.Factory(set)
    orders: int = 0
    _heeding: set[bool] = attrs.field(factory=set, init=False)

    @property
    def standing(self) -> Status:
        """How the execution stands as long as it has not ended: PAUSED while it waits, or was told to."""
        return Status.PAUSED if self.is_paused or self.waiters else Status.RUNNING

    def take(self, signal: Signal) -> None:
        """Keep a signal for whoever waits for it; one that is told again is passed over."""
        if signal.event_id not in self.known:
            self.known.add(signal.event_id)
            self.signals.append(signal)
            self.came.append(signal)

    def begin_wait(self, name: str) -> Waiter:
        """Return what stands for a wait that begins; :meth:`end_wait` ends it."""
        waiter = Waiter(name)
        self.waiters.append(waiter)
        return waiter

    def end_wait(self, waiter: Waiter) -> None:
        """Let a wait look at nothing any more; what it has not looked at is kept for the next."""
        self.waiters.remove(waiter)
        self._drop_heard()

    async def next_signal(self, waiter: Waiter) -> Signal:
        """Return the next signal for a wait, which so has looked at it; wait for it if there is none."""
        found: list[Signal] = []

        def is_there() -> bool:
            found[:] = [signal for signal in self.signals if waiter.wants(signal)][:1]
            return bool(found)

        await workflow.wait_condition(is_there)
        [signal] = found
        waiter.looked_at.add(signal.event_id)
        self.note_heard([signal.event_id])
        return signal

    def note_heard(self, event_ids: Iterable[str]) -> None:
        """Note that some wait, here or in a part of the execution, has looked at these signals."""
        self.heard.update(event_ids)
        self._drop_heard()

    def put_pause(self, *, is_paused: bool) -> None:
        """Heed that the execution is to pause, or to go on."""
        self.is_paused = is_paused
        self.orders += 1

    async def heed(self, *, is_canceled: bool) -> None:
        """Let the step of the workflow end, so that the server tells what it holds back; return when it has told.

        An order that came before, or does not come, is waited for in vain, and not for long.

        Cancellation: is the order to cancel.

        Args:
            is_canceled: Whether only that order will do: the work has been stopped.
        """
        if self.is_paused and not is_canceled:
            return
        if is_canceled in self._heeding:  # siblings that hear of it together wait together
            await workflow.wait_condition(lambda: is_canceled not in self._heeding)
            return
        self._heeding.add(is_canceled)
        known = self.orders
        try:
            with suppress(TimeoutError):
                await workflow.wait_condition(lambda: not is_canceled and self.orders > known, timeout=STEP)
        finally:
            self._heeding.discard(is_canceled)

    async def wait_while_paused(self) -> None:
        """Return when tasks may begin."""
        if self.is_paused:
            await workflow.wait_condition(lambda: not self.is_paused)

    def _drop_heard(self) -> None:
        """Keep only what somebody is still to look at."""
        self.signals[:] = [
            signal
            for signal in self.signals
            if signal.event_id not in self.heard or any(waiter.wants(signal) for waiter in self.waiters)
        ]
