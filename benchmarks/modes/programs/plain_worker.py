"""A worker on the plain Temporal SDK, on asyncio: the workflow of `support.plain_sdk`, with all that makes it fast.

Started as ``plain_worker.py ADDRESS [POSTGRES_URL]``; with a second address, its activity keeps the durable record. It
says ``{"ready": true}`` on standard output, and ends at SIGTERM, or when its standard input does.
"""

import asyncio
import gc
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[2]))  # what all benchmarks share

import attrs
from record import Record, open_record
from support.plain_sdk import QUEUE, OneTask, echo, say
from temporalio import activity
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker


@attrs.frozen
class Recorded:
    """The activity, recorded before and after."""

    record: Record

    @activity.defn(name="echo")
    async def echo(self, message: dict[str, str]) -> dict[str, str]:
        """Return the message."""
        exec_id = activity.info().workflow_id
        await self.record.begin(exec_id, message)
        output = await echo(message)
        await self.record.end(exec_id, output)
        return output


async def main(address: str, url: str | None = None) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    loop.add_reader(sys.stdin, ended.set)  # nothing is ever written there: it is its end
    async with open_record(url) as record:
        activities: list[Callable[..., Any]] = [echo] if record is None else [Recorded(record).echo]
        async with Worker(
            await Client.connect(address),
            task_queue=QUEUE,
            workflows=[OneTask],
            activities=activities,
            workflow_runner=UnsandboxedWorkflowRunner(),
            build_id="plain",
            max_eager_activity_reservations_per_workflow_task=50,
        ):
            say({"ready": True})
            await ended.wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
    # SDK objects that are collected at the interpreter's exit, after their loop, abort the process now and then.
    gc.collect()
