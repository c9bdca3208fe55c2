"""What is common to all scenes: what runs, what of it can be killed, and how it comes to rest."""

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import timedelta
from random import Random
from typing import ClassVar

import psutil
import trio

from compozy.contracts.store import Store

from .programs import Doors, Place, Program
from .strikes import Strike


class Scene(ABC):
    """Programs and servers that are there, and come back when they are killed.

    Args:
        place: Where the programs live.
        random: Picks victims, where there are several.
        nursery: Where what was killed comes back.

    Attributes:
        victims: What can be killed.
        doors: Whom clients can ask.
        deaths: Programs that had started and have ended by themselves, in words.
        programs: The programs that shall be there, by their place; a new one takes the place of one that was killed.
        overlap: How long the same task may be under way twice, because one worker was given up and went on.
    """

    victims: ClassVar[Sequence[str]]
    overlap: ClassVar[timedelta] = timedelta(0)

    def __init__(self, place: Place, random: Random, nursery: trio.Nursery) -> None:
        self.place = place
        self.random = random
        self.nursery = nursery
        self.doors = Doors(random)
        self.deaths: list[str] = []
        self.programs: dict[str, Program] = {}
        self._generations = 0
        self._news = trio.lowlevel.ParkingLot()  # for whoever waits until somebody is ready
        self._aims: defaultdict[str, trio.Lock] = defaultdict(trio.Lock)

    @asynccontextmanager
    async def aiming(self, *targets: str) -> AsyncIterator[str]:
        """Yield one of the targets, which is the caller's until it leaves; wait if all are struck and not back."""
        free = [target for target in targets if not self._aims[target].locked()]
        target = self.random.choice(free or targets)
        async with self._aims[target]:
            self.place.timeline.note(f"striking {target}")
            yield target
            self.place.timeline.note(f"{target} comes back")

    @abstractmethod
    async def kill(self, strike: Strike) -> None:
        """Kill the victim, of KILL, and return when it is coming back."""

    @abstractmethod
    async def begin(self) -> None:
        """Start the programs."""

    @abstractmethod
    async def begin_at(self, place: str) -> None:
        """Start the program of this place."""

    @abstractmethod
    async def find_temporal(self) -> str:
        """Return the address of the Temporal server, once everything is ready."""

    @abstractmethod
    def open_store(self) -> AbstractAsyncContextManager[Store]:
        """Open the store, when no program does any more."""

    def held_locks(self) -> Sequence[str]:
        """Return, in words, the locks that somebody still holds, when no program should."""
        return ()

    async def wait_ready(self) -> None:
        """Return when every program is ready."""
        while not all(program.ready.is_set() for program in self.programs.values()):
            await self._news.park()

    async def put(self, place: str, arguments: Sequence[str], *, actors: Sequence[str]) -> None:
        """Start a program, in the place of the one that was there if there was one."""
        self._generations += 1
        program = Program(f"{place} (process {self._generations})", self.place, arguments, actors=actors)
        await program.start(self.nursery)
        self.programs[place] = program
        self.nursery.start_soon(self._open_door, program)
        self.nursery.start_soon(self._look_after, place, program)

    async def _look_after(self, place: str, program: Program) -> None:
        """Start a program again that could not start, as an init system would."""
        await program.ended.wait()
        if program.is_condemned:
            return
        if program.ready.is_set():
            self.deaths.append(f"{program.name} ended with exit code {program.process.returncode}")
            self.doors.remove(program)
        async with self._aims[place]:
            if self.programs[place] is program:
                await self.begin_at(place)

    async def _open_door(self, program: Program) -> None:
        await program.ready.wait()
        self._news.unpark_all()
        if program.url is not None and program in self.programs.values():
            self.doors.put(program)

    async def stop(self) -> dict[str, int]:
        """Ask every program to stop; return their exit codes."""
        codes: dict[str, int] = {}

        async def stop(program: Program) -> None:
            codes[program.name] = await program.stop()

        async with trio.open_nursery() as nursery:
            for program in self.programs.values():
                self.doors.remove(program)
                nursery.start_soon(stop, program)
        return codes

    def family(self) -> list[psutil.Process]:
        """Return the processes of this run, whoever their parents are; the servers of others are not among them."""
        return [process for process in psutil.process_iter() if self.place.token in _environ_of(process)]


@asynccontextmanager
async def killing_family(scene: Scene, nursery: trio.Nursery) -> AsyncIterator[None]:
    """Kill what is left of the scene's processes on leaving, and cancel what its nursery does with them."""
    try:
        yield
    finally:
        nursery.cancel_scope.cancel()
        for process in scene.family():
            with suppress(psutil.NoSuchProcess):
                process.kill()


def _environ_of(process: psutil.Process) -> Sequence[str]:
    try:
        return list(process.environ().values())
    except psutil.Error:  # it has ended, is about to, or is somebody else's
        return ()
