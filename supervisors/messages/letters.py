"""Letters: what lies in an inbox, who took it, and how it is answered."""

from typing import Any

import trio
from outcome import Error, Outcome, Value

from supervisors.core.events import describe
from supervisors.errors import SupervisorError


class InboxError(SupervisorError):
    """A letter was answered twice, or a generation that has ended went on with its inbox."""


class ActorCrashed(SupervisorError):  # noqa: N818 - reads as the state it reports: `except ActorCrashed`
    """The generation that took a message ended before it had answered, in whatever way.

    The message may have been acted upon or not: only the one who asks can know whether to ask again.

    Args:
        actor: Name of the actor that was asked.
        generation: Which generation of it had taken the message.
        cause: What ended it, also as ``__cause__``; None when it returned or was stopped.
    """

    def __init__(self, actor: str, generation: int, cause: BaseException | None) -> None:
        self.actor = actor
        self.generation = generation
        self.cause = self.__cause__ = cause
        super().__init__(actor, generation, cause)

    def __str__(self) -> str:
        why = f": {describe(self.cause)}" if self.cause is not None else ""
        return f"generation {self.generation} of {self.actor!r} ended before it had answered{why}"


class Letter:
    """A message, and the way back to whoever asked.

    It can be answered once, from Trio's thread, by any task of the generation that took it and as late as it likes.

    Attributes:
        message: What was told or asked.
        is_ask: Whether it came by `ask`; one that was told can be answered too, so that one handler does for both.
        waiter: For the inbox: the task to wake, which waits for the answer to a question or for room for what it tells.
        taker: For the inbox: the generation that took it.
    """

    __slots__ = ("__weakref__", "_is_answered", "is_ask", "message", "taker", "waiter")

    def __init__(self, message: Any, *, is_ask: bool, waiter: trio.lowlevel.Task | None = None) -> None:
        self.message = message
        self.is_ask = is_ask
        self.waiter = waiter
        self.taker: Taker | None = None
        self._is_answered = False

    def __repr__(self) -> str:
        return f"Letter(message={self.message!r}, is_ask={self.is_ask})"

    @property
    def wants_reply(self) -> bool:
        """Whether somebody waits for the answer now: not after `tell`, and not once the asker was cancelled."""
        return self.is_ask and self.waiter is not None

    @trio.lowlevel.enable_ki_protection
    def reply(self, value: object = None) -> None:
        """Let `ask` return this; has no effect when nobody waits for it.

        Raises:
            InboxError: It was answered before, or the generation that took it has ended.
        """
        self._close()
        self.wake(Value(value))

    @trio.lowlevel.enable_ki_protection
    def fail(self, error: Exception) -> None:
        """Let `ask` raise this error; has no effect when the asker was cancelled.

        Raises:
            Exception: The error itself, if the message was told: nobody else would hear of it.
            InboxError: It was answered before, or the generation that took it has ended.
            TypeError: The error is no `Exception`; cancellation, say, is not to be passed on.
        """
        if not isinstance(error, Exception):
            raise TypeError(f"a letter fails with an exception, not with {error!r}")
        self._close()
        if not self.is_ask:
            raise error
        self.wake(Error(error))

    def wake(self, result: Outcome[Any]) -> None:
        """Let whoever waits go on, if anybody does; the inbox calls it."""
        task, self.waiter = self.waiter, None
        if task is not None:
            trio.lowlevel.reschedule(task, result)

    def _close(self) -> None:
        if self.taker is None or self.taker.is_over:
            raise InboxError(f"{self!r} cannot be answered: the generation that took it has ended")
        if self._is_answered:
            raise InboxError(f"{self!r} was answered before")
        self._is_answered = True
        self.taker.forget(self)


class Taker:
    """One generation of an actor, with what it has been asked and not answered yet.

    Attributes:
        actor: Its name.
        generation: Its number.
        is_over: Whether it has ended.
    """

    __slots__ = ("_unanswered", "actor", "generation", "is_over")

    def __init__(self, actor: str, generation: int) -> None:
        self.actor = actor
        self.generation = generation
        self.is_over = False
        self._unanswered: dict[Letter, None] = {}

    def __len__(self) -> int:
        return len(self._unanswered)

    def take(self, letter: Letter) -> None:
        """Become responsible for a letter."""
        letter.taker = self
        if letter.is_ask:
            self._unanswered[letter] = None

    def forget(self, letter: Letter) -> None:
        """Be no longer responsible for a letter: it is answered, or nobody waits any more."""
        self._unanswered.pop(letter, None)

    def end(self, error: BaseException | None) -> None:
        """Tell all who wait for an answer that there will be none.

        Args:
            error: What ended the generation; None when it returned or was stopped.
        """
        self.is_over = True
        for letter in self._unanswered:
            letter.wake(Error(ActorCrashed(self.actor, self.generation, error)))
        self._unanswered.clear()
