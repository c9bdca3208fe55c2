"""Patience: how long the server may take to answer a command. Lives on the asyncio loop.

asyncpg can watch that itself, with a timer for each command; but to make one and to take it back, three times for each
transaction, takes a tenth of what a short transaction takes in all. Here all connections of a store share a timer: each
command may take as long as any other, so the one that was asked first is due first, and an answer only takes its
command off the list.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any, TypeVar

import asyncpg
from typing_extensions import override

T = TypeVar("T")


class Patience:
    """Waits for answers, each of them so long and no longer.

    Args:
        limit_s: How long.
    """

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._due: dict[asyncio.Task[Any], float] = {}  # the next one first; a task waits for one answer at a time
        self._overdue: set[asyncio.Task[Any]] = set()
        self._timer: asyncio.TimerHandle | None = None

    async def wait_for(self, ask: Callable[..., Awaitable[T]], *arguments: Any) -> T:
        """Ask, and return the answer.

        Args:
            ask: What is asked, and cancelled when it takes too long.
            arguments: Its arguments.

        Raises:
            TimeoutError: It has taken too long.
            Exception: What ``ask`` raised.
        """
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine that runs on a loop
        cancellations = task.cancelling()
        self._due[task] = due = loop.time() + self._limit_s
        if self._timer is None:
            self._timer = loop.call_at(due, self._look, loop)
        try:
            return await ask(*arguments)
        except asyncio.CancelledError as error:
            # Who is cancelled by somebody else as well stays cancelled.
            if task in self._overdue and task.uncancel() <= cancellations:
                raise TimeoutError(f"no answer within {self._limit_s:g} s") from error  # noqa: ASYNC104 - it was our own
            raise
        finally:
            del self._due[task]
            self._overdue.discard(task)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Cancel what is overdue, and come again when the next one is due, if there is one."""
        self._timer = None
        now = loop.time()
        for task, due in self._due.items():
            if due > now:
                self._timer = loop.call_at(due, self._look, loop)
                return
            if task not in self._overdue:
                self._overdue.add(task)
                task.cancel()


class PatientConnection(asyncpg.Connection):
    """A connection whose commands are waited for with patience, once it is given some.

    Attributes:
        patience: How long to wait for commands that do not say it themselves; None means for ever.
    """

    __slots__ = ("patience",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.patience: Patience | None = None

    @override
    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:
        if timeout is not None:
            return await super().execute(query, *args, timeout=timeout)
        return await self._answer(super().execute, query, *args)

    @override
    async def fetch(self, query: str, *args: Any, **options: Any) -> list[Any]:
        return await self._answer(partial(super().fetch, **options), query, *args)

    @override
    async def fetchmany(self, query: str, args: Iterable[Any], **options: Any) -> list[Any]:
        return await self._answer(partial(super().fetchmany, **options), query, args)

    async def _answer(self, ask: Callable[..., Awaitable[T]], *arguments: Any) -> T:
        return await (ask(*arguments) if self.patience is None else self.patience.wait_for(ask, *arguments))
