"""Lanes: the connections that carry commands. Live on the loop."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import attrs
from redis import exceptions as rx
from typing_extensions import override

from compozy.bridge import Question
from compozy.drivers.redis.connecting import Connecting
from compozy.drivers.redis.errors import RAISED
from compozy.drivers.redis.line import Command, Line

_DEAD_ON_ARRIVAL: Final = "the server said something that nobody had asked for"


@attrs.frozen
class Ask:
    """A command, and what decides through which lane it goes.

    Attributes:
        route: Of commands with the same, the order is kept.
        command: Its parts.
    """

    route: int
    command: Command


Asked: TypeAlias = Question[Ask, Any]


class Lane(Line):
    """One connection for commands, which is made when it is needed first and after each failure."""

    def __init__(self, connecting: Connecting) -> None:
        super().__init__(connecting)
        self._waiting: list[Asked] = []
        self._owed: deque[tuple[Asked, float]] = deque()

    def put(self, questions: list[Asked]) -> None:
        """Take questions."""
        self._waiting += questions
        self._work()

    @override
    async def run(self) -> None:
        while True:
            await self._has_work.wait()
            try:
                connection = await self._connect()
            except RAISED as error:
                self._fail_waiting(error)
            else:
                self._fail_owed(await self._converse(connection))

    @override
    def _take_commands(self) -> Sequence[Command]:
        questions = [question for question in self._waiting if not question.is_abandoned]
        self._waiting.clear()
        deadline = self._deadline()
        self._owed.extend((question, deadline) for question in questions)
        return [question.value.command for question in questions]

    @override
    def _hear(self, answer: Any) -> None:
        if not self._owed:
            raise rx.InvalidResponse(_DEAD_ON_ARRIVAL)
        question, _ = self._owed.popleft()
        if isinstance(answer, rx.ResponseError):
            question.fail(answer)
        else:
            question.answer(answer, more=bool(self._owed))

    @override
    def _oldest_deadline(self) -> float | None:
        return self._owed[0][1] if self._owed else None

    def _fail_waiting(self, error: Exception) -> None:
        self._has_work.clear()
        for question in self._waiting:
            question.fail(error)
        self._waiting.clear()

    def _fail_owed(self, error: Exception) -> None:
        for question, _ in self._owed:
            question.fail(error)
        self._owed.clear()
        if self._waiting:
            self._has_work.set()


class Lanes:
    """All the lanes.

    A command goes the way of its key, so that a caller who was cancelled and undoes what it did is not overtaken by it.

    Args:
        connecting: Where the server is, and how many lanes there are.
    """

    def __init__(self, connecting: Connecting) -> None:
        self._lanes = [Lane(connecting) for _ in range(connecting.pool_size)]

    def receive(self, questions: list[Asked]) -> None:
        """Take questions, each to its lane."""
        by_lane: dict[int, list[Asked]] = {}
        for question in questions:
            by_lane.setdefault(question.value.route % len(self._lanes), []).append(question)
        for number, its_questions in by_lane.items():
            self._lanes[number].put(its_questions)

    async def run(self) -> None:
        """Keep all lanes until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for lane in self._lanes:
                tasks.create_task(lane.run())
