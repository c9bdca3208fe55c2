"""What is there when it is over: in the store, in Temporal, in the ledger, and on the machine."""

import json
import socket
from collections.abc import Iterable, Iterator
from contextlib import AbstractAsyncContextManager
from operator import attrgetter
from pathlib import Path

import psutil
import trio
from temporalio.client import Client

from compozy.bridge import open_asyncio_host
from compozy.contracts.store import Kind, Record, Repositories, Store

from .audit import Run

_PAGE = 500
_REST_S = 30.0
_LOOK_EVERY_S = 0.1
_OPEN = "ExecutionStatus = 'Running'"


async def read_store(opening: AbstractAsyncContextManager[Store], kind: Kind) -> list[Record]:
    """Return every record of a kind."""

    async def read(repos: Repositories) -> list[Record]:
        key = attrgetter("exec_id" if kind is Kind.EXECUTIONS else "task_exec_id")
        found: list[Record] = []
        while page := await repos.archive.page(kind, after=key(found[-1]) if found else "", limit=_PAGE):
            found += page
        return found

    async with opening as store:
        return await store.read(read)


async def read_temporal(address: str) -> dict[str, list[str]]:
    """Return how the runs of each workflow ended, once none is open, or after a while."""
    async with open_asyncio_host("chaos") as host:
        client = await host.call(Client.connect, address)
        with trio.move_on_after(_REST_S):
            while (await host.call(client.count_workflows, _OPEN)).count:  # noqa: ASYNC110 - it tells nobody
                await trio.sleep(_LOOK_EVERY_S)
        return await host.call(_histories, client)


async def _histories(client: Client) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    async for each in client.list_workflows():
        found.setdefault(each.id, []).append(each.status.name if each.status is not None else "?")
    return found


def read_ledger(path: Path) -> list[Run]:
    """Return what the tools wrote."""
    return [Run.of(json.loads(line)) for line in path.read_text().splitlines()]


def listening_ports(family: Iterable[psutil.Process]) -> set[int]:
    """Return the ports at which these processes listen."""
    ports: set[int] = set()
    for process in family:
        try:
            connections = process.net_connections("tcp")
        except psutil.Error:  # it has ended
            continue
        ports |= {each.laddr.port for each in connections if each.status == psutil.CONN_LISTEN}
    return ports


def held_ports(ports: Iterable[int]) -> Iterator[str]:
    """Yield, in words, those of the ports that nobody can listen at; what a stranger has taken since is no matter."""
    for port in sorted(ports):
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError as error:
            owners = [c.pid for c in psutil.net_connections("tcp") if c.laddr and c.laddr.port == port]
            if None in owners or not owners:
                yield f"port {port} is held: {error}"


def left_processes(family: Iterable[psutil.Process]) -> Iterator[str]:
    """Yield, in words, the processes that are left."""
    for process in family:
        try:
            yield f"process {process.pid} is left: {' '.join(process.cmdline())[:200]}"
        except psutil.Error:  # it has just ended
            continue
