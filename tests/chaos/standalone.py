"""The standalone scene: one program with everything in it, killed alone, with its reaper, or in its child."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from random import Random

import psutil
import trio
from typing_extensions import override

from compozy.app.state_folder import open_state_folder
from compozy.contracts.store import Store
from compozy.domain.errors import CompozyError
from compozy.drivers import sqlite
from compozy.drivers.temporal.dev_server import database_lock

from .programs import Place, Program
from .scene import Scene, killing_family
from .strikes import Strike

_PROGRAM = "the program"
_ACTORS = ("store", "cache", "temporal", "worker", "http")
_LOOK_EVERY_S = 0.02


class Standalone(Scene):
    """One program."""

    victims = ("The program", "The program and the reaper of its Temporal", "Its Temporal")

    @override
    async def kill(self, strike: Strike) -> None:
        match strike.victim:
            case "The program":
                await self._replace(Program.kill, strike)
            case "The program and the reaper of its Temporal":
                await self._replace(Program.kill_with_reaper, strike)
            case "Its Temporal":
                await self._kill_temporal()

    @override
    async def begin(self) -> None:
        await self.begin_at(_PROGRAM)

    @override
    async def begin_at(self, place: str) -> None:
        await self.put(place, ["serve", "--mode", "standalone"], actors=_ACTORS)

    async def _kill_temporal(self) -> None:
        # It comes back by itself. There may be none just now, and the table of processes tells nobody when it changes.
        while (child := await trio.to_thread.run_sync(self._program.find_temporal)) is None:  # noqa: ASYNC110
            await trio.sleep(_LOOK_EVERY_S)
        self.place.timeline.note(f"striking temporal, process {child.pid}")
        with suppress(psutil.NoSuchProcess):
            child.kill()

    async def _replace(self, kill: Callable[[Program], Awaitable[None]], strike: Strike) -> None:
        async with self.aiming(_PROGRAM):
            self.doors.remove(self._program)
            await kill(self._program)
            await trio.sleep(strike.down_s)
            await self.begin_at(_PROGRAM)

    @property
    def _program(self) -> Program:
        return self.programs[_PROGRAM]

    @override
    async def find_temporal(self) -> str:
        child = self._program.find_temporal()
        assert child is not None
        argv = child.cmdline()
        return f"127.0.0.1:{argv[argv.index('--port') + 1]}"

    @override
    def open_store(self) -> AbstractAsyncContextManager[Store]:
        return sqlite.open_store(self._state / "compozy.db")

    @override
    def held_locks(self) -> Sequence[str]:
        held = []
        for opening in (open_state_folder(self._state), database_lock(self._state / "temporal.db")):
            try:
                with opening:
                    pass
            except CompozyError as error:
                held.append(str(error))
        return held

    @property
    def _state(self) -> Path:
        return self.place.project / ".compozy"


@asynccontextmanager
async def open_standalone(place: Place, random: Random) -> AsyncIterator[Standalone]:
    """Open the scene; on leaving, its processes are killed."""
    async with trio.open_nursery() as nursery:
        scene = Standalone(place, random, nursery)
        async with killing_family(scene, nursery):
            await scene.begin()
            yield scene
