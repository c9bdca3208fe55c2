"""Processes of Compozy that can be killed at any time, and what each says of itself."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import attrs
import psutil
import trio

from compozy.testing.custody import Custody

from .timeline import Timeline

MARK = "COMPOZY_CHAOS"
"""The variable that all processes of one run have; its value says which run."""

_STOP_S = 20.0


@attrs.frozen(kw_only=True)
class Place:
    """Where the processes of one run live.

    Attributes:
        custody: Their folder and their process group, which are gone when this process is.
        project: The copy of the project that they work on.
        environ: Their environment.
        timeline: What happens to them.
    """

    custody: Custody
    project: Path
    environ: Mapping[str, str]
    timeline: Timeline

    @property
    def token(self) -> str:
        """What all processes of this run have in their environment, and nobody else has."""
        return self.environ[MARK]


def place_of(custody: Custody, project: Path, timeline: Timeline) -> Place:
    """Return a place whose processes are known by its folder."""
    return Place(custody=custody, project=project, environ={**os.environ, MARK: str(custody.folder)}, timeline=timeline)


class Program:
    """A process of Compozy.

    Args:
        name: What it is called here.
        place: Where it lives.
        arguments: Its command and options.
        actors: It is ready when these are.

    Attributes:
        ready: Set when it is.
        ended: Set when it has ended, however that came.
        is_condemned: Whether it was killed here, or asked to stop.
        url: Where its API listens, from when it does.
    """

    def __init__(self, name: str, place: Place, arguments: Sequence[str], *, actors: Sequence[str]) -> None:
        self.name = name
        self.ready = trio.Event()
        self.ended = trio.Event()
        self.is_condemned = False
        self.url: str | None = None
        self._place = place
        self._arguments = arguments
        self._missing = set(actors)
        self._process: trio.Process | None = None
        self._began = trio.current_time()

    @property
    def process(self) -> trio.Process:
        """Its process, once it was started."""
        assert self._process is not None
        return self._process

    async def start(self, nursery: trio.Nursery) -> None:
        """Start it, and follow its log."""
        options = ["--config", str(self._place.project), "--log-format", "json"]
        self._process = await trio.lowlevel.open_process(
            [sys.executable, "-m", "compozy", *self._arguments, *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=self._place.environ,
            process_group=self._place.custody.group,
        )
        nursery.start_soon(self._follow)

    async def _follow(self) -> None:
        log = self._place.custody.folder / f"{self.name}.log"
        rest = b""
        assert self.process.stderr is not None
        with log.open("ab") as file:
            async for chunk in self.process.stderr:
                file.write(chunk)
                file.flush()
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    self._take(line)
        self._place.timeline.note(f"{self.name} has ended, with exit code {await self.process.wait()}")
        self.ended.set()

    def _take(self, line: bytes) -> None:
        try:
            said: dict[str, Any] = json.loads(line)
        except ValueError:
            return
        if said.get("event") == "http listens":
            self.url = said["url"]
        if said.get("event") == "ready":
            self._missing.discard(said["actor"])
        if not self._missing and not self.ready.is_set():
            self._place.timeline.note(f"{self.name} is ready, after {trio.current_time() - self._began:.1f} s")
            self.ready.set()

    def find_temporal(self) -> psutil.Process | None:
        """Return the Temporal server that it runs, or None when it runs none just now."""
        with suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self.process.pid).children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    if "start-dev" in child.cmdline():
                        return child
        return None

    async def kill(self) -> None:
        """Kill it, of KILL."""
        self.is_condemned = True
        self.process.kill()
        await self.process.wait()

    async def kill_with_reaper(self) -> None:
        """Kill it together with what would then end its Temporal server."""
        temporal = self.find_temporal()
        if temporal is None:
            return await self.kill()
        reaper = psutil.Process(os.getpgid(temporal.pid))
        reaper.suspend()  # it must not do its work between the two
        await self.kill()
        reaper.kill()
        return None

    async def stop(self) -> int:
        """Ask it to stop, and return its exit code; one that takes too long is killed."""
        self.is_condemned = True
        self.process.send_signal(signal.SIGTERM)
        with trio.move_on_after(_STOP_S):
            return await self.process.wait()
        await self.kill()
        return -signal.SIGKILL


class Doors:
    """The programs whose API can be asked, as far as anybody knows.

    Args:
        random: Picks one of them.
    """

    def __init__(self, random: Random) -> None:
        self._random = random
        self._programs: list[Program] = []
        self._changed = trio.Event()

    def put(self, program: Program) -> None:
        """Add one, which is ready."""
        self._programs.append(program)
        self._changed.set()
        self._changed = trio.Event()

    def remove(self, program: Program) -> None:
        """Take one out, if it is in: it is going to be killed."""
        if program in self._programs:
            self._programs.remove(program)

    async def pick(self) -> str:
        """Return the address of any of them, as soon as there is one."""
        while not self._programs:
            await self._changed.wait()
        url = self._random.choice(self._programs).url
        assert url is not None
        return url
