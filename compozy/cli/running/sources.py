"""Where executions run, and following one of them to its end."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Final

import trio

from compozy.cli.running.views import View
from compozy.domain.errors import UnavailableError
from compozy.domain.json import JsonObject
from compozy.engine.events import ExecutionEvent

PATIENCE_S: Final = 30.0
"""How long a source may be out of reach: a supervised restart, with its backoff, fits in it."""

_FIRST_PAUSE_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 2.0


class Source(ABC):
    """A runtime that runs executions, in this process or elsewhere."""

    @abstractmethod
    async def start(self, workflow_id: str, input_: JsonObject) -> str:
        """Accept one execution and return its identifier.

        Raises:
            NotFoundError: There is no such workflow.
            InvalidError: The input does not fit the workflow's schema.
            UnavailableError: The runtime cannot take it now; nothing was recorded.
        """

    @abstractmethod
    async def get(self, exec_id: str) -> View:
        """Return what is known of the execution.

        Raises:
            NotFoundError: There is none with this id.
            UnavailableError: The runtime cannot be reached now.
        """

    @abstractmethod
    def watch(self, exec_id: str) -> AbstractAsyncContextManager[AsyncIterator[ExecutionEvent]]:
        """Open a view of the changes from now on.

        The iterator ends after the event that ends the execution, and also when the runtime stops telling.

        Raises:
            UnavailableError: The runtime cannot be reached now, on entering or while iterating.
        """

    @abstractmethod
    def aftermath(self, exec_id: str) -> str:
        """Return what becomes of an execution that nobody follows any more, and how to see it."""

    @abstractmethod
    def hurry(self) -> None:
        """Spend as little time as possible on closing, which is under way or about to be; in order all the same."""


class Watcher(ABC):
    """Someone to tell how an execution goes."""

    @abstractmethod
    def show(self, view: View) -> None:
        """Take all that is known now, in place of what was known before."""

    @abstractmethod
    def tell(self, event: ExecutionEvent) -> None:
        """Take a change, which may be older than what is known already."""


async def follow(source: Source, exec_id: str, watcher: Watcher) -> View:
    """Tell of each change of the execution until it ends; return how it ended.

    A runtime that goes away is waited for, :data:`PATIENCE_S` after its last sign of life, and one that says when to
    ask again is not asked earlier.

    Cancelling stops following; the execution goes on.

    Raises:
        UnavailableError: It stayed away.
    """
    deadline = trio.current_time() + PATIENCE_S
    pause = _FIRST_PAUSE_S

    def be_alive() -> None:
        nonlocal deadline, pause
        deadline, pause = trio.current_time() + PATIENCE_S, _FIRST_PAUSE_S

    while True:
        try:
            await _follow_while_connected(source, exec_id, watcher, be_alive)
            view = await source.get(exec_id)
        except UnavailableError as error:
            wait = max(pause, error.retry_after_s)
            if trio.current_time() + wait > deadline:
                raise
        else:
            be_alive()
            watcher.show(view)
            if view.status.is_terminal:
                return view
            wait = pause
        await trio.sleep(wait)
        pause = min(2 * pause, _LONGEST_PAUSE_S)


async def _follow_while_connected(source: Source, exec_id: str, watcher: Watcher, be_alive: Callable[[], None]) -> None:
    """Tell of each change until the execution ends or the source stops telling.

    Subscribed first and read afterwards, so that nothing falls between the two.
    """
    async with source.watch(exec_id) as events:
        view = await source.get(exec_id)
        be_alive()
        watcher.show(view)
        if view.status.is_terminal:
            return
        async for event in events:
            be_alive()
            if event.ends_execution:
                continue  # it ends by itself now; left early, what it iterates over would be left open
            watcher.tell(event)
