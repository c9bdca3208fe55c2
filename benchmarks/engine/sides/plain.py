"""The floor of workflows: the plain Temporal SDK on asyncio, client and worker in one process, local activities."""

import asyncio
import gc
import time
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final

from support.comparison.job import Job, Samples
from support.errors import BrokenError
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

_QUEUE: Final = "plain"
_TEXT: Final = "hello"


@activity.defn
async def echo(text: str) -> str:
    """Return the text."""
    return text


async def _echoed(text: str) -> str:
    return await workflow.execute_local_activity(echo, text, start_to_close_timeout=timedelta(seconds=60))


@workflow.defn
class Chain:
    """So many activities one after the other."""

    @workflow.run
    async def run(self, length: int) -> list[str]:
        """Return what the last one returned."""
        text = _TEXT
        for _ in range(length):
            text = await _echoed(text)
        return [text]


@workflow.defn
class Fan:
    """So many activities at once."""

    @workflow.run
    async def run(self, width: int) -> list[str]:
        """Return what all returned."""
        return list(await asyncio.gather(*(_echoed(_TEXT) for _ in range(width))))


async def sequence(*, temporal: str, count: int, length: int, warm_up: int, **_others: str) -> Samples:
    """Measure runs of one activity and of many in a row, by turns."""
    return await _by_turns(temporal, (Chain, 1, 1), (Chain, length, 1), count, warm_up)


async def parallel(*, temporal: str, count: int, width: int, warm_up: int, **_others: str) -> Samples:
    """Measure runs of one activity and of many at once, by turns."""
    return await _by_turns(temporal, (Chain, 1, 1), (Fan, width, width), count, warm_up)


_Run = tuple[type, int, int]
"""A workflow, its argument, and how many texts it returns."""


async def _by_turns(address: str, small: _Run, large: _Run, count: int, warm_up: int) -> Samples:
    async with _working(address) as client:
        for each in (small, large) * warm_up:
            await _run(client, *each)
        pairs = [(await _run(client, *small), await _run(client, *large)) for _ in range(count)]
    return {"small": [small for small, _ in pairs], "large": [large for _, large in pairs]}


async def _run(client: Client, definition: type, size: int, texts: int) -> float:
    began = time.perf_counter()
    output = await client.execute_workflow(
        definition.__name__, size, id=str(uuid.uuid4()), task_queue=_QUEUE, request_eager_start=True
    )
    elapsed = time.perf_counter() - began
    if output != [_TEXT] * texts:
        raise BrokenError(f"{definition.__name__} came to {output}")
    return elapsed


@asynccontextmanager
async def _working(address: str) -> AsyncIterator[Client]:
    client = await Client.connect(address)
    async with Worker(
        client,
        task_queue=_QUEUE,
        workflows=[Chain, Fan],
        activities=[echo],
        workflow_runner=UnsandboxedWorkflowRunner(),
        build_id="plain",
        max_eager_activity_reservations_per_workflow_task=50,
    ):
        yield client


def _on_asyncio(measure: Callable[..., Coroutine[Any, Any, Samples]]) -> Job:
    def run(**arguments: Any) -> Samples:
        try:
            return asyncio.run(measure(**arguments))
        finally:
            gc.collect()  # SDK objects that are collected at the exit, after their loop, abort the process now and then

    return run


JOBS: Final[Mapping[str, Job]] = {job.__name__: _on_asyncio(job) for job in (sequence, parallel)}
