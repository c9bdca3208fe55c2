"""Our side: ``compozy serve`` on a copy of the benchmark's project, asked over HTTP."""

import json
import shutil
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import attrs
import trio

from support.errors import BrokenError
from support.figures import Runs
from support.lean_client import Connection, connect
from support.programs import START_PATIENCE_S, Program, open_program

PROJECT: Final = Path(__file__).parent.parent / "project"
WORKFLOW: Final = "one-task"
"""The workflow that is run."""

_BEGIN: Final = f"/api/v0/workflows/{WORKFLOW}/executions"
_RUN: Final = f"{_BEGIN}/sync"
_INPUT: Final = {"text": "hello"}
_PATIENCE_S: Final = 60.0
_BODY: Final = {"input": _INPUT, "timeout": _PATIENCE_S / 2}
_ASK_EVERY_S: Final = 0.01


@attrs.define
class Log:
    """What is known from the lines of a program's log.

    Attributes:
        url: Where it listens.
        ready: Which generation of each actor has been ready.
        news: Set at the next line.
    """

    url: str | None = None
    ready: dict[str, int] = attrs.Factory(dict)
    news: trio.Event = attrs.Factory(trio.Event)

    def note(self, line: str) -> None:
        """Take a line."""
        try:
            said: Any = json.loads(line)
        except ValueError:
            said = {}  # a line of some library's; it stays in the program's tail
        match said:
            case {"event": "http listens", "url": url}:
                self.url = url
            case {"event": "ready", "actor": actor, "generation": generation}:
                self.ready[actor] = generation
        self.news.set()
        self.news = trio.Event()

    async def wait_ready(self, actor: str, *, generation: int = 1) -> None:
        """Return when that actor has been ready, in this generation or a later one."""
        while self.ready.get(actor, 0) < generation:
            await self.news.wait()


@attrs.frozen(kw_only=True)
class Compozy:
    """A server that is ready.

    Attributes:
        program: Its process.
        url: Where it listens.
        ready_after_s: Seconds from the start of the process to ``GET /readyz`` = 200.
        log: What is known from the lines of its log.
    """

    program: Program
    url: str
    ready_after_s: float
    log: Log

    @asynccontextmanager
    async def connections(self, count: int) -> AsyncIterator[Sequence[Connection]]:
        """Yield so many open connections, which are kept."""
        async with AsyncExitStack() as stack:
            yield [await stack.enter_async_context(aclosing(await connect(self.url))) for _ in range(count)]


def copy_project(folder: Path) -> Path:
    """Copy the project to a folder that does not exist yet, and return it."""
    return Path(shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns(".compozy", "__pycache__")))


@asynccontextmanager
async def open_compozy(
    folder: Path, environ: Mapping[str, str], *, mode: str = "standalone", options: Sequence[str] = ()
) -> AsyncIterator[Compozy]:
    """Serve the project in a folder; yield when everything is ready.

    Args:
        folder: The project.
        environ: The environment, whole.
        mode: What it stands on.
        options: Further words of the command.

    Raises:
        BrokenError: It ended.
        trio.TooSlowError: It was not ready in time.
    """
    command = _command("serve", folder, "--port", "0", "--mode", mode, *options)
    log = Log()
    async with open_program(command, name="compozy serve", environ=environ, on_line=log.note) as program:
        with trio.fail_after(START_PATIENCE_S):
            url = await _wait_ready(program, log)
        yield Compozy(program=program, url=url, ready_after_s=time.perf_counter() - program.began, log=log)


@asynccontextmanager
async def open_worker(folder: Path, environ: Mapping[str, str]) -> AsyncIterator[Program]:
    """Carry out executions of the project in a folder, without its API; yield when it asks for work.

    Raises:
        trio.TooSlowError: It was not ready in time.
    """
    log = Log()
    command = _command("worker", folder, "--mode", "distributed")
    async with open_program(command, name="compozy worker", environ=environ, on_line=log.note) as program:
        with trio.fail_after(START_PATIENCE_S):
            await log.wait_ready("worker")
        yield program


def _command(name: str, folder: Path, *options: str) -> list[str]:
    log = ("--log-level", "info", "--log-format", "json")
    return [sys.executable, "-m", "compozy", name, "--config", str(folder), *options, *log]


async def _wait_ready(program: Program, log: Log) -> str:
    """Ask whether the server is ready until it is.

    Each line of its log is an occasion to ask, for it logs whatever becomes ready; asking without pause would slow down
    the start that is measured. In between it is asked now and then, should the last line come before the last word.
    """
    while True:
        program.check_alive()
        with trio.move_on_after(_ASK_EVERY_S):
            await log.news.wait()
        if log.url is not None and await _is_ready(log.url):
            return log.url


async def _is_ready(url: str) -> bool:
    """Ask with a bare socket, on a connection of its own; only the status matters."""
    where = urlsplit(url)
    try:
        stream = await trio.open_tcp_stream(where.hostname or "", where.port or 0)
        async with stream:
            await stream.send_all(f"GET /readyz HTTP/1.1\r\nHost: {where.netloc}\r\nConnection: close\r\n\r\n".encode())
            return (await stream.receive_some()).startswith(b"HTTP/1.1 200")
    except (OSError, trio.BrokenResourceError):
        return False


async def run_in_turn(connection: Connection, runs: int) -> Runs:
    """Run the workflow so often, one after the other, each answer awaited; stop when one fails."""
    began = time.perf_counter()
    results: list[tuple[float, str | None]] = []
    while len(results) < runs and not (results and results[-1][1]):
        results.append(await _run_one(connection))
    return _runs(results, began)


async def run_at_once(connections: Sequence[Connection]) -> Runs:
    """Run the workflow once over each of the connections, all at once."""
    return await run_among(connections, len(connections))


async def run_among(connections: Sequence[Connection], runs: int) -> Runs:
    """Run the workflow so often; each connection takes the next run when it has ended its last."""
    began = time.perf_counter()
    results: list[tuple[float, str | None]] = []
    left = iter(range(runs))

    async def run(connection: Connection) -> None:
        results.extend([await _run_one(connection) for _ in left])

    async with trio.open_nursery() as nursery:
        for connection in connections:
            nursery.start_soon(run, connection)
    return _runs(results, began)


async def begin_among(connections: Sequence[Connection], runs: int) -> None:
    """Begin so many runs of the workflow, and wait for none of them.

    Raises:
        BrokenError: One was not accepted.
    """
    left = iter(range(runs))

    async def begin(connection: Connection) -> None:
        for _ in left:
            status, body = await connection.post(_BEGIN, {"input": _INPUT})
            if status != HTTPStatus.ACCEPTED:
                raise BrokenError(f"a run was answered with {status}: {body[:500]!r}")

    async with trio.open_nursery() as nursery:
        for connection in connections:
            nursery.start_soon(begin, connection)


async def _run_one(connection: Connection) -> tuple[float, str | None]:
    """Run the workflow; return how long it took, and why it failed, if it did."""
    began = time.perf_counter()
    try:
        with trio.fail_after(_PATIENCE_S):
            status, body = await connection.post(_RUN, _BODY)
    except (trio.BrokenResourceError, trio.TooSlowError, ValueError) as error:
        return time.perf_counter() - began, repr(error)
    elapsed = time.perf_counter() - began
    if status == HTTPStatus.OK:
        outcome = json.loads(body)
        if outcome["status"] == "SUCCESS" and outcome["output"] == _INPUT:
            return elapsed, None
    return elapsed, f"{status}: {body[:500]!r}"


def _runs(results: Sequence[tuple[float, str | None]], began: float) -> Runs:
    return Runs(
        durations_s=[duration for duration, _ in results],
        elapsed_s=time.perf_counter() - began,
        failures=[failure for _, failure in results if failure is not None],
    )
