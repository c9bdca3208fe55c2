"""Prefect: the same three steps as a flow of three tasks, over a Prefect server of its own on SQLite.

The server keeps its file with a write-ahead log. It is as it comes, but without its user interface, and without telling
its makers that it is used; the flow's logs stay here.
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus
from typing import Any, Final

import trio
from support.comparison.job import Job, Samples
from support.lean_client import connect
from support.programs import open_program

from compozy.drivers.temporal.ports import free_ports
from sides.looping import measure_steps

_START_PATIENCE_S: Final = 90.0
_ASK_EVERY_S: Final = 0.1


def three_steps(*, count: int, at_once: int, warm_up: int, **_others: Any) -> Samples:
    """Measure runs of a flow of three tasks, one after the other and then many at once."""
    return trio.run(partial(_serve_and_measure, count, at_once, warm_up))


async def _serve_and_measure(count: int, at_once: int, warm_up: int) -> Samples:
    with tempfile.TemporaryDirectory(prefix="engine-benchmark-") as folder:
        [port] = free_ports(1)
        settings = {
            "PREFECT_HOME": folder,
            "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_LOGGING_LEVEL": "CRITICAL",
            "PREFECT_LOGGING_TO_API_ENABLED": "false",
            "DO_NOT_TRACK": "1",
        }
        async with _open_server(port, settings):
            os.environ.update(settings)  # read when Prefect is imported
            return await trio.to_thread.run_sync(partial(_measure, count, at_once, warm_up))


def _measure(count: int, at_once: int, warm_up: int) -> Samples:
    from prefect import flow, task  # noqa: PLC0415 - imported when its settings are known

    @task
    async def echo(text: str) -> str:
        return text

    @flow
    async def run_three(text: str) -> str:
        return await echo(await echo(await echo(text)))

    return asyncio.run(measure_steps(run_three, count=count, at_once=at_once, warm_up=warm_up))


@asynccontextmanager
async def _open_server(port: int, settings: Mapping[str, str]) -> AsyncIterator[None]:
    argv = [sys.executable, "-m", "prefect", "server", "start", "--port", str(port), "--no-ui"]
    async with open_program(argv, name="the Prefect server", environ={**os.environ, **settings}) as program:
        with trio.fail_after(_START_PATIENCE_S):
            while not await _is_healthy(port):
                program.check_alive()
                await trio.sleep(_ASK_EVERY_S)
        yield


async def _is_healthy(port: int) -> bool:
    try:
        connection = await connect(f"http://127.0.0.1:{port}")
        try:
            status, _ = await connection.get("/api/health")
        finally:
            await connection.aclose()
    except (OSError, trio.BrokenResourceError):
        return False
    return status == HTTPStatus.OK


JOBS: Final[Mapping[str, Job]] = {"three_steps": three_steps}
