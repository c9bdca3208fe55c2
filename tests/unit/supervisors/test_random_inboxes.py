"""Random histories of an inbox, step by step beside a model that is too simple to be wrong.

After each step all tasks are let run until they wait; then everything that can be seen from outside, which is what each
sender and each receiver got and the statistics, must be what the model says.
"""

from collections.abc import Callable

import attrs
import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import wait_all_tasks_blocked

from supervisors.errors import Unavailable
from supervisors.messages.inbox import Inbox, InboxStatistics
from supervisors.messages.letters import ActorCrashed, Letter

STEPS = ["tell", "tell_nowait", "ask", "cancel sender", "receive", "cancel receiver", "reply", "fail"]
RARE_STEPS = ["end", "drain", "crash", "open", "refuse"]


@attrs.define
class Model:
    """An inbox as four lists; senders are known by their number, which is also what they send."""

    capacity: int
    waiting: list[int] = attrs.Factory(list)
    queue: list[int] = attrs.Factory(list)
    taken: list[int] = attrs.Factory(list)
    receivers: list[int] = attrs.Factory(list)
    questions: set[int] = attrs.Factory(set)
    sent: dict[int, object] = attrs.Factory(dict)
    received: dict[int, object] = attrs.Factory(dict)
    stage: str = "closed"
    refuses: bool = False

    def send(self, number: int, way: str) -> None:
        if self.refuses:
            self.sent[number] = "unavailable"
        elif way == "tell_nowait" and not self.receivers and len(self.queue) == self.capacity:
            self.sent[number] = "would block"
        else:
            self.waiting.append(number)
            if way == "ask":
                self.questions.add(number)

    def cancel_sender(self, number: int) -> None:
        if number not in self.sent:
            self.sent[number] = "cancelled"
            self.waiting = [other for other in self.waiting if other != number]
            self.queue = [other for other in self.queue if other != number]

    def receive(self, task: int) -> None:
        if self.stage == "closed":
            self.received[task] = "inbox error"
        else:
            self.receivers.append(task)

    def cancel_receiver(self, task: int) -> None:
        if task in self.receivers:
            self.receivers.remove(task)
            self.received[task] = "cancelled"

    def answer(self, number: int, answer: object) -> None:
        self.taken.remove(number)
        if number in self.questions:
            self.sent.setdefault(number, answer)

    def crash(self, generation: int) -> None:
        self.stage = "closed"
        for number in self.taken:
            if number in self.questions:
                self.sent.setdefault(number, f"crashed #{generation}")
        self.taken.clear()

    def turn_away(self, numbers: list[int]) -> None:
        for number in numbers:
            self.sent.setdefault(number, "unavailable")
        numbers.clear()

    def settle(self) -> None:
        """Move letters on for as long as one can move."""
        while True:
            while self.waiting and len(self.queue) < self.capacity:
                number = self.waiting.pop(0)
                self.queue.append(number)
                if number not in self.questions:
                    self.sent[number] = "sent"
            if not (self.queue and self.receivers and self.stage in ("open", "draining")):
                break
            number = self.queue.pop(0)
            self.taken.append(number)
            self.received[self.receivers.pop(0)] = number
        if self.stage != "open":
            for task in self.receivers:
                self.received[task] = "end"
            self.receivers.clear()

    def statistics(self) -> InboxStatistics:
        return InboxStatistics(
            capacity=self.capacity,
            queued=len(self.queue),
            waiting=len(self.waiting),
            unanswered=sum(number in self.questions and number not in self.sent for number in self.taken),
            receiving=len(self.receivers),
        )


class World:
    """The real inbox and its model, taking the same steps."""

    def __init__(self, capacity: int, nursery: trio.Nursery) -> None:
        self.inbox = Inbox("box", capacity)
        self.model = Model(capacity)
        self.nursery = nursery
        self.generation = 1
        self.receiver = self.inbox.open(1)
        self.model.stage = "open"
        self.sent: dict[int, object] = {}
        self.received: dict[int, object] = {}
        self.letters: dict[int, Letter] = {}
        self.senders: list[trio.CancelScope] = []
        self.receivers: list[trio.CancelScope] = []

    async def step(self, name: str, pick: int) -> None:
        getattr(self, name.replace(" ", "_"))(pick)
        self.model.settle()
        await wait_all_tasks_blocked()

        assert self.sent == self.model.sent
        assert self.received == self.model.received
        assert self.inbox.statistics() == self.model.statistics()

    def tell(self, _: int) -> None:
        self._send("tell", self.inbox.tell)

    def ask(self, _: int) -> None:
        self._send("ask", self.inbox.ask)

    def tell_nowait(self, _: int) -> None:
        async def send(number: int) -> None:
            self.inbox.tell_nowait(number)

        self._send("tell_nowait", send)

    def cancel_sender(self, pick: int) -> None:
        if self.senders:
            number = pick % len(self.senders)
            self.senders[number].cancel()
            self.model.cancel_sender(number)

    def receive(self, _: int) -> None:
        task = len(self.receivers)
        self.receivers.append(trio.CancelScope())
        self.model.receive(task)
        self.nursery.start_soon(self._keep, self.received, task, self.receivers[task], self._take)

    def cancel_receiver(self, pick: int) -> None:
        if self.receivers:
            task = pick % len(self.receivers)
            self.receivers[task].cancel()
            self.model.cancel_receiver(task)

    def reply(self, pick: int) -> None:
        if self.model.taken:
            number = self.model.taken[pick % len(self.model.taken)]
            self.letters[number].reply(-number)
            self.model.answer(number, -number)

    def fail(self, pick: int) -> None:
        asked = [number for number in self.model.taken if number in self.model.questions]
        if asked:
            number = asked[pick % len(asked)]
            self.letters[number].fail(ZeroDivisionError())
            self.model.answer(number, "failed")

    def end(self, _: int) -> None:
        self.inbox.end()
        if self.model.stage != "closed":
            self.model.stage = "ended"

    def drain(self, _: int) -> None:
        self.inbox.drain("drained")
        self.model.refuses = True
        self.model.turn_away(self.model.waiting)
        if self.model.stage != "closed":
            self.model.stage = "draining"

    def crash(self, _: int) -> None:
        if self.model.stage != "closed":
            self.inbox.end()  # the supervisor closes a generation when no task of it is left
            self.model.stage = "ended"
            self.model.settle()
            self.receiver.close(ValueError())
            self.model.crash(self.generation)

    def open(self, _: int) -> None:
        if self.model.stage == "closed":
            self.generation += 1
            self.receiver = self.inbox.open(self.generation)
            self.model.stage = "open"
            self.model.refuses = False

    def refuse(self, _: int) -> None:
        told = [number for number in self.model.queue if number not in self.model.questions]
        assert self.inbox.refuse("refused") == len(told)
        self.model.refuses = True
        self.model.turn_away(self.model.queue)
        self.model.turn_away(self.model.waiting)

    async def _take(self, _: int) -> object:
        letter = await self.receiver.receive()
        self.letters[letter.message] = letter
        return letter.message

    def _send(self, way: str, function: Callable[..., object]) -> None:
        number = len(self.senders)
        self.senders.append(trio.CancelScope())
        self.model.send(number, way)
        self.nursery.start_soon(self._keep, self.sent, number, self.senders[number], function)

    async def _keep(self, results: dict[int, object], key: int, scope: trio.CancelScope, function) -> None:
        """Keep what the call came to; each call comes to exactly one end."""
        result: object = "cancelled"
        with scope:
            try:
                value = await function(key)
                result = "sent" if value is None else value
            except trio.WouldBlock:
                result = "would block"
            except trio.EndOfChannel:
                result = "end"
            except ZeroDivisionError:
                result = "failed"
            except Unavailable:
                result = "unavailable"
            except ActorCrashed as error:
                result = f"crashed #{error.generation}"
            except Exception as error:  # noqa: BLE001 - compared with the model
                result = "inbox error" if type(error).__name__ == "InboxError" else repr(error)
        assert key not in results
        results[key] = result


steps = st.tuples(st.sampled_from(STEPS * 2 + RARE_STEPS), st.integers(0, 30))


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(capacity=st.integers(1, 3), history=st.lists(steps, min_size=20, max_size=60))
def test_any_history_is_that_of_the_model(capacity, history):
    async def live():
        async with trio.open_nursery() as nursery:
            world = World(capacity, nursery)
            for name, pick in history:
                await world.step(name, pick)
            nursery.cancel_scope.cancel()

    trio.run(live)
