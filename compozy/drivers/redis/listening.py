"""Listening: the one connection that carries all subscriptions of a cache. Lives on the loop.

It knows what is wanted, and says so again after each reconnect. What it hears crosses to Trio as :class:`Heard`. Redis
forgets a message as soon as it is published, so those of the time without a connection are lost, nobody knows how many;
that crosses too, as :data:`GAP`, as soon as the new connection listens to all that was wanted.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final, TypeAlias

import attrs
from redis import exceptions as rx
from typing_extensions import override

from compozy.bridge import Question
from compozy.drivers.redis.connecting import Connecting
from compozy.drivers.redis.errors import RAISED
from compozy.drivers.redis.line import Command, Line
from supervisors import Backoff

SUBSCRIBE: Final = b"SUBSCRIBE"
PSUBSCRIBE: Final = b"PSUBSCRIBE"

_BACKOFF: Final = Backoff(base=0.1, cap=5.0)
_OPPOSITES: Final = {b"UNSUBSCRIBE": SUBSCRIBE, b"PUNSUBSCRIBE": PSUBSCRIBE}
_ENDS: Final = {wish: end for end, wish in _OPPOSITES.items()}


@attrs.frozen
class Wish:
    """What is to be listened to from now on, or no longer.

    Attributes:
        verb: ``SUBSCRIBE``, ``UNSUBSCRIBE``, ``PSUBSCRIBE`` or ``PUNSUBSCRIBE``.
        names: Of channels, or patterns; at least one.
    """

    verb: bytes
    names: tuple[bytes, ...]

    @property
    def ends(self) -> bool:
        """Whether it is the end of something."""
        return self.verb in _OPPOSITES

    @classmethod
    def end_of(cls, verb: bytes, names: tuple[bytes, ...]) -> "Wish":
        """Return the one that ends what the verb began."""
        return cls(_ENDS[verb], names)


@attrs.frozen
class Heard:
    """A message as it arrived.

    Attributes:
        channel: Where it was published.
        payload: What.
        pattern: That of :class:`Wish` which matched; None when the channel was named.
    """

    channel: bytes
    payload: bytes
    pattern: bytes | None = None


GAP: Final = Heard(b"", b"")
"""Says that messages may have been lost because there was no connection."""

Wished: TypeAlias = Question[Wish, None]


class Listener(Line):
    """The connection for subscriptions, which is made with the first, and made again as long as there are any.

    Args:
        connecting: Where the server is.
        tell: Takes what is heard.
    """

    def __init__(self, connecting: Connecting, tell: Callable[[Heard], None]) -> None:
        super().__init__(connecting)
        self._tell = tell
        self._waiting: list[Wished] = []
        self._wanted: dict[bytes, dict[bytes, None]] = {SUBSCRIBE: {}, PSUBSCRIBE: {}}
        self._owed: deque[_Owed] = deque()
        self._is_new = False
        self._has_gap = False
        self._failures = 0

    def receive(self, questions: list[Wished]) -> None:
        """Take wishes; each is answered when Redis has confirmed it."""
        self._waiting += questions
        self._work()

    @override
    async def run(self) -> None:
        while True:
            if not any(self._wanted.values()):
                await self._has_work.wait()
            self._settle(await self._live())
            self._failures += 1
            await self._pause()

    async def _live(self) -> Exception:
        """Have a connection, and return why there is none any more."""
        try:
            connection = await self._connect()
        except RAISED as error:
            return error
        self._is_new = True
        self._has_work.set()
        failure = await self._converse(connection)
        self._has_gap = self._has_gap or any(self._wanted.values())
        return failure

    async def _pause(self) -> None:
        """Let some time pass before the next attempt, less if somebody wants something."""
        delay = _BACKOFF.delay(self._failures, chance=random.random())  # noqa: S311 - spreads load, hides nothing
        with suppress(TimeoutError):
            async with asyncio.timeout(delay):
                await self._has_work.wait()

    @override
    def _take_commands(self) -> Sequence[Command]:
        wishes: list[Wish] = []
        if self._is_new:
            self._is_new = False
            wishes += [Wish(verb, tuple(names)) for verb, names in self._wanted.items() if names]
            self._owed += [_Owed(None, len(wish.names), self._deadline()) for wish in wishes]
            self._has_gap = self._has_gap and bool(wishes)
        for question in self._waiting:
            # One that nobody waits for any more is not begun with; to end one, nobody needs to wait.
            if not question.is_abandoned or question.value.ends:
                wishes.append(question.value)
                self._note(question.value)
                self._owed.append(_Owed(question, len(question.value.names), self._deadline()))
        self._waiting.clear()
        return [(wish.verb, *wish.names) for wish in wishes]

    @override
    def _hear(self, answer: Any) -> None:
        if isinstance(answer, rx.ResponseError):
            self._refuse(answer)
            return
        if not isinstance(answer, list):
            raise rx.InvalidResponse("the server said something that is no news")
        self._failures = 0
        kind, *parts = answer
        if kind == b"message":
            self._tell(Heard(*parts))
        elif kind == b"pmessage":
            pattern, channel, payload = parts
            self._tell(Heard(channel, payload, pattern))
        elif self._owed:
            self._confirm(self._owed[0])

    @override
    def _oldest_deadline(self) -> float | None:
        return self._owed[0].deadline if self._owed else None

    def _note(self, wish: Wish) -> None:
        if wish.ends:
            for name in wish.names:
                self._wanted[_OPPOSITES[wish.verb]].pop(name, None)
        else:
            self._wanted[wish.verb].update(dict.fromkeys(wish.names))

    def _confirm(self, owed: "_Owed") -> None:
        owed.confirmations -= 1  # there is one for each name
        if not owed.confirmations:
            self._owed.popleft()
            if owed.question is not None:
                owed.question.answer(None)
            elif self._has_gap and not any(each.question is None for each in self._owed):
                self._has_gap = False
                self._tell(GAP)  # now that nothing can be missed any more: whoever looks at once has seen it all

    def _refuse(self, error: rx.ResponseError) -> None:
        owed = self._owed.popleft() if self._owed else None
        if owed is None or owed.question is None:
            raise error  # what was granted before is not any more: begin anew
        owed.question.fail(error)

    def _settle(self, error: Exception) -> None:
        """Answer everybody who waits, now that there is no connection."""
        self._has_work.clear()
        questions = [*(owed.question for owed in self._owed if owed.question is not None), *self._waiting]
        self._owed.clear()
        self._waiting.clear()
        for question in questions:
            if question.value.ends:
                self._note(question.value)
                question.answer(None)
            else:
                question.fail(error)


@attrs.define
class _Owed:
    """A command that was sent, and has not been confirmed.

    Attributes:
        question: Who waits for it; None for what is said again after a reconnect.
        confirmations: How many are to come.
        deadline: By when.
    """

    question: Wished | None
    confirmations: int
    deadline: float
