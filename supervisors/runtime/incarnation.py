"""One generation of one actor: what belongs to its task and ends with it."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from types import CoroutineType
from typing import Any, Protocol

import trio

from supervisors.core.specs import ActorSpec


class Host(Protocol):
    """Runs incarnations."""

    def entered(self, incarnation: "Incarnation") -> None:
        """Take note that the task of an incarnation runs."""

    def left(self, incarnation: "Incarnation", error: BaseException | None, result: object) -> None:
        """Take note that it has ended: with this error, or by returning this result."""


class Incarnation:
    """One generation of one actor.

    Attributes:
        context: What the actor's function gets; set before it runs.
        task: Runs it; None before.
        stopping: Set when it is asked to stop.
        alive_at: When it last said that it is alive.
        note: What it noted last about its state; may be empty.
        has_ended: Whether its task has ended.

    Args:
        name: The actor.
        generation: Which one.
        spec: What was declared.
        arguments: The values and references it takes.
        host: Told when the task begins and ends.
    """

    __slots__ = (
        "_arguments",
        "_host",
        "_scope",
        "_watching",
        "alive_at",
        "context",
        "generation",
        "has_ended",
        "name",
        "note",
        "spec",
        "stopping",
        "task",
    )

    def __init__(
        self, name: str, generation: int, spec: ActorSpec, arguments: Mapping[str, object], *, host: Host
    ) -> None:
        self.name = name
        self.generation = generation
        self.spec = spec
        self.context: Any = None
        self.task: trio.lowlevel.Task | None = None
        self.stopping = trio.Event()
        self.alive_at = 0.0
        self.note = ""
        self.has_ended = False
        self._arguments = arguments
        self._host = host
        self._scope = trio.CancelScope()
        self._watching: tuple[trio.CancelScope, ...] = ()

    def ask_to_stop(self) -> None:
        """Ask the task to stop; from now on its health does not matter."""
        self.stopping.set()
        self._stop_watching()

    def cancel(self) -> None:
        """Cancel the task."""
        self.ask_to_stop()
        self._scope.cancel()

    async def live(self) -> None:
        """Run the actor's function to its end, and tell the host what came of it.

        Raises:
            Cancelled: Not by us: the whole run of Trio is ending.
        """
        self.task = trio.lowlevel.current_task()
        self._host.entered(self)
        error: BaseException | None = None
        result: object = None
        try:
            with self._scope:
                running = self.spec.function(self.context, **self._arguments)
                if type(running) is CoroutineType or not isinstance(running, AbstractAsyncContextManager):
                    result = await running
                else:
                    await self._hold(running)
        except BaseException as raised:  # noqa: ASYNC103 - a cancellation is raised again, also when it is a group of them
            if _is_cancellation(raised):
                raise
            error = raised  # goes into the world, which decides what it means
            if self.note:
                error.add_note(self.note)
        finally:
            self.has_ended = True
            self._stop_watching()
        self._host.left(self, error, result)

    async def _hold(self, resource: AbstractAsyncContextManager[object]) -> None:
        async with resource as value:
            self.context.started(value)
            await self.stopping.wait()

    async def while_watched(self, watch: Callable[[], Awaitable[None]]) -> None:
        """Watch over the actor until it is asked to stop or has ended."""
        with trio.CancelScope() as scope:
            self._watching += (scope,)
            if self.stopping.is_set() or self.has_ended:
                return
            await watch()

    def _stop_watching(self) -> None:
        for scope in self._watching:
            scope.cancel()


def _is_cancellation(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return error.split(trio.Cancelled)[1] is None
    return isinstance(error, trio.Cancelled)
