"""Questions from Trio that are answered on an asyncio loop, many of them to a crossing.

:meth:`compozy.bridge.AsyncioHost.call` gives each call a task on the loop and two crossings of its own. Where there are
many small questions, and one place that answers all of them, such as a connection to a server, an exchange is cheaper:
those asked at the same time cross together, and so do the answers.

It differs in what cancelling does. Whoever asked goes on at once, and the answer, when there is one, is dropped: what
is asked must be safe to be answered behind the caller's back. Questions arrive in the order in which they were asked,
so a later one can undo an earlier one that was abandoned.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import outcome
import trio

from compozy.bridge.batches import ToLoop, ToTrio

Q = TypeVar("Q")
A = TypeVar("A")


class Question(Generic[Q, A]):
    """One question on the loop, to be answered exactly once.

    Attributes:
        value: What was asked.
        is_abandoned: Whether nobody waits for the answer any more; there is no need to begin with it.
    """

    __slots__ = ("_answers", "_asker", "is_abandoned", "value")

    def __init__(self, value: Q, answers: "ToTrio[tuple[Question[Q, A], outcome.Outcome[A]]]") -> None:
        self.value = value
        self.is_abandoned = False
        self._answers = answers
        self._asker = trio.lowlevel.current_task()

    def answer(self, value: A, *, more: bool = True) -> None:
        """Give the answer. Called on the loop.

        Args:
            value: The answer.
            more: Whether other answers are likely to follow within the same step of the loop; they then cross together.
        """
        self._answers.put((self, outcome.Value(value)), more=more)

    def fail(self, error: Exception) -> None:
        """Raise an error where it was asked. Called on the loop."""
        self._answers.put((self, outcome.Error(error)))

    def resume(self, result: outcome.Outcome[A]) -> None:
        """Let whoever asked go on, if they wait. Called on the Trio thread."""
        if not self.is_abandoned:
            self.is_abandoned = True
            trio.lowlevel.reschedule(self._asker, result)

    def abandon(self, _raise_cancel: Callable[[], Any]) -> trio.lowlevel.Abort:
        """Let go of whoever asked, who is cancelled. Called on the Trio thread."""
        self.is_abandoned = True
        return trio.lowlevel.Abort.SUCCEEDED


class Exchange(Generic[Q, A]):
    """Asks questions. Made by :meth:`compozy.bridge.AsyncioHost.open_exchange`.

    Args:
        loop: Where they are answered.
        token: Of the Trio run.
        receive: Is called on the loop with the questions that have arrived.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        token: trio.lowlevel.TrioToken,
        receive: Callable[[list[Question[Q, A]]], None],
    ) -> None:
        self._questions = ToLoop(loop, receive)
        self._answers: ToTrio[tuple[Question[Q, A], outcome.Outcome[A]]] = ToTrio(loop, token, _resume)
        self._open: set[Question[Q, A]] = set()
        self._refusal: Exception | None = None

    async def ask(self, value: Q) -> A:
        """Ask, and return the answer. Always a checkpoint.

        Cancelling abandons the question: it is dropped if it has not been taken yet, and its answer is if it has.

        Raises:
            HostClosedError: The host is closed.
            Exception: What the question failed with, or the exchange was closed with.
        """
        await trio.lowlevel.checkpoint_if_cancelled()
        if self._refusal is not None:
            await trio.lowlevel.cancel_shielded_checkpoint()
            raise self._refusal.with_traceback(None)  # or it would grow with each caller
        question: Question[Q, A] = Question(value, self._answers)
        self._questions.put(question)
        self._open.add(question)
        try:
            answer: A = await trio.lowlevel.wait_task_rescheduled(question.abandon)
        finally:
            self._open.discard(question)
        return answer

    def close(self, error: Exception) -> None:
        """Fail what is open and what is asked from now on. Called on the Trio thread."""
        self._refusal = error
        for question in self._open:
            question.resume(outcome.Error(error))


def _resume(answers: list[tuple[Question[Q, A], outcome.Outcome[A]]]) -> None:
    for question, result in answers:
        question.resume(result)
