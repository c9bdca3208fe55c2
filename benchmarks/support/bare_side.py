"""The side we are compared with: the bare Temporal dev server, and the plain SDK against it.

The server is started with exactly the flags that Compozy gives it: it is the same code that writes them.
"""

import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import attrs
import trio
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.runtime import Runtime
from temporalio.service import RPCError

from compozy.bridge import AsyncioHost
from compozy.drivers.temporal.cli_binary import find_cli
from compozy.drivers.temporal.dev_server import DevServer
from compozy.drivers.temporal.ports import free_ports
from support.figures import Runs
from support.programs import START_PATIENCE_S, LineReader, Program, open_program

SCRIPT: Final = Path(__file__).with_name("plain_sdk.py")
_LOOPBACK: Final = "127.0.0.1"
_TRY_EVERY_S: Final = 0.002


@attrs.frozen(kw_only=True)
class Sdk:
    """The SDK in the benchmark's own process, imported and warm: it only asks whether a server answers.

    Attributes:
        host: The asyncio loop that it runs on.
        runtime: Its native runtime.
    """

    host: AsyncioHost
    runtime: Runtime

    async def has_namespace(self, address: str) -> bool:
        """Tell whether the server describes the namespace ``default``."""
        return await self.host.call(_describe, address, self.runtime)


@attrs.frozen(kw_only=True)
class BareServer:
    """A dev server that is ready.

    Attributes:
        program: Its process.
        address: ``host:port`` of its front end.
        ready_after_s: Seconds from the start of the process to the description of the namespace ``default``.
    """

    program: Program
    address: str
    ready_after_s: float


@asynccontextmanager
async def open_bare_server(folder: Path, sdk: Sdk) -> AsyncIterator[BareServer]:
    """Start a dev server on the database in a folder; yield when it is ready.

    Raises:
        BrokenError: It ended.
        trio.TooSlowError: It was not ready in time.
    """
    port, http_port, metrics_port = free_ports(3)
    server = DevServer(
        binary=find_cli(),
        database_file=folder / "temporal.db",
        ip=_LOOPBACK,
        port=port,
        http_port=http_port,
        metrics_port=metrics_port,
    )
    async with open_program(server.argv, name="the bare dev server") as program:
        with trio.fail_after(START_PATIENCE_S):
            await _wait_ready(program, port, server.address, sdk)
        yield BareServer(program=program, address=server.address, ready_after_s=time.perf_counter() - program.began)


async def _wait_ready(program: Program, port: int, address: str, sdk: Sdk) -> None:
    """Try until the server answers; the SDK's client is made only once it listens, for its own retries are slow."""
    while not (await _listens(port) and await sdk.has_namespace(address)):
        program.check_alive()
        await trio.sleep(_TRY_EVERY_S)


async def _listens(port: int) -> bool:
    try:
        stream = await trio.open_tcp_stream(_LOOPBACK, port)
    except OSError:
        return False
    await stream.aclose()
    return True


async def _describe(address: str, runtime: Runtime) -> bool:
    try:
        client = await Client.connect(address, runtime=runtime)
        await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace="default"), retry=False)
    except (RPCError, RuntimeError):
        return False
    return True


class PlainSdk:
    """The process with the plain SDK's client and worker. Made by :func:`open_plain_sdk`."""

    def __init__(self, program: Program, lines: LineReader) -> None:
        self.program = program
        self._lines = lines

    async def run(self, runs: int, *, at_once: bool) -> Runs:
        """Run the workflow so often, one after the other or at once."""
        assert self.program.process.stdin is not None
        order = json.dumps({"runs": runs, "at_once": at_once})
        await self.program.process.stdin.send_all(f"{order}\n".encode())
        return Runs(**await self.read())

    async def read(self) -> dict[str, Any]:
        """Return what it says next.

        Raises:
            BrokenError: It says nothing any more.
        """
        line = await self._lines.read()
        if line is None:
            raise self.program.broken("has ended")
        said: dict[str, Any] = json.loads(line)
        return said


@asynccontextmanager
async def open_plain_sdk(server: BareServer, environ: Mapping[str, str]) -> AsyncIterator[PlainSdk]:
    """Start the plain SDK's process against a dev server; yield when its worker runs."""
    async with open_program(
        [sys.executable, str(SCRIPT), server.address],
        name="the plain SDK",
        environ=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as program:
        assert program.process.stdout is not None
        plain = PlainSdk(program, LineReader(program.process.stdout))
        with trio.fail_after(START_PATIENCE_S):
            await plain.read()
        yield plain
