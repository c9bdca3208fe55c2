"""One generation of one actor: what belongs to its task and ends with it."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from types import CoroutineType
from typing import Any

import trio

from supervisors.specs import ActorSpec


class Incarnation:
    """One generation of one actor.

    Attributes:
        context: What the actor's function gets; set before it runs.
        task: Runs it; None before.
        stopping: Set when it is asked to stop.
        alive_at: When it last said that it is alive.
        notes: What it noted about its state.
        has_ended: Whether its task has ended.

    Args:
        name: The actor.
        generation: Which one.
        spec: What was declared.
        arguments: The values and references it takes.
    """

    __slots__ = (
        "_arguments",
        "_scope",
        "_watching",
        "alive_at",
        "context",
        "generation",
        "has_ended",
        "name",
        "notes",
        "spec",
        "stopping",
        "task",
    )

    def __init__(self, name: str, generation: int, spec: ActorSpec, arguments: Mapping[str, object]) -> None:
        self.name = name
        self.generation = generation
        self.spec = spec
        self.context: Any = None
        self.task: trio.lowlevel.Task | None = None
        self.stopping = trio.Event()
        self.alive_at = 0.0
        self.notes: tuple[str, ...] = ()
        self.has_ended = False
        self._arguments = arguments
        self._scope = trio.CancelScope()
        self._watching: tuple[trio.CancelScope, ...] = ()

    def note(self, text: str) -> None:
        """Keep a remark; it takes the place of the one before."""
        self.notes = (text,)

    def ask_to_stop(self) -> None:
        """Ask the task to stop; from now on its health does not matter."""
        self.stopping.set()
        self._stop_watching()

    def cancel(self) -> None:
        """Cancel the task."""
        self.ask_to_stop()
        self._scope.cancel()

    def end(self) -> None:
        """Take note that the task has ended."""
        self.has_ended = True
        self._stop_watching()

    async def live(self) -> tuple[BaseException | None, object]:
        """Run the actor's function to its end, and return what it raised and what it returned.

        Raises:
            Cancelled: Not by us: the whole run of Trio is ending.
        """
        error: BaseException | None = None
        result: object = None
        try:
            with self._scope:
                running = self.spec.function(self.context, **self._arguments)
                if type(running) is CoroutineType or not isinstance(running, AbstractAsyncContextManager):
                    result = await running
                else:
                    await self._hold(running)
        except trio.Cancelled:
            raise
        except BaseException as raised:  # noqa: BLE001 - goes into the world, which decides what it means
            error = raised
            for note in self.notes:
                error.add_note(note)
        return error, result

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
