"""A client on the plain Temporal SDK, on asyncio, for workers in other processes.

Started as ``plain_client.py ADDRESS [POSTGRES_URL]``; with a second address, it records each execution before it starts
it. It says ``{"ready": true}`` on standard output, then answers each line of standard input, ``{"runs": 100, "at_once":
10}``, with one line::

    {"durations_s": [0.017, ...], "elapsed_s": 0.17, "failures": []}

and ends when standard input does. With ``"waits": false`` it only starts them, and does not wait for their ends.
"""

import asyncio
import gc
import json
import sys
import time
import uuid
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[2]))  # what all benchmarks share

from record import Record, open_record
from support.plain_sdk import INPUT, QUEUE, OneTask, say
from temporalio.client import Client, WorkflowFailureError
from temporalio.service import RPCError


async def run_one(client: Client, record: Record | None, *, waits: bool) -> tuple[float, str | None]:
    """Run the workflow, or only start it; return how long that took, and why it failed, if it did."""
    began = time.perf_counter()
    exec_id = str(uuid.uuid4())
    try:
        if record is not None:
            await record.accept(exec_id, INPUT)
        handle = await client.start_workflow(OneTask.run, INPUT, id=exec_id, task_queue=QUEUE)
        output = await handle.result() if waits else INPUT
    except (WorkflowFailureError, RPCError) as error:
        return time.perf_counter() - began, repr(error)
    return time.perf_counter() - began, None if output == INPUT else f"unexpected output {output}"


async def run_among(
    client: Client, record: Record | None, *, runs: int, at_once: int, waits: bool = True
) -> dict[str, Any]:
    """Run the workflow so often, always so many at once."""
    began = time.perf_counter()
    results: list[tuple[float, str | None]] = []
    left = iter(range(runs))

    async def run() -> None:
        results.extend([await run_one(client, record, waits=waits) for _ in left])

    await asyncio.gather(*(run() for _ in range(at_once)))
    return {
        "durations_s": [duration for duration, _ in results],
        "elapsed_s": time.perf_counter() - began,
        "failures": [failure for _, failure in results if failure is not None],
    }


async def main(address: str, url: str | None = None) -> None:
    client = await Client.connect(address)
    async with open_record(url) as record:
        say({"ready": True})
        while line := await asyncio.to_thread(sys.stdin.readline):
            say(await run_among(client, record, **json.loads(line)))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
    # SDK objects that are collected at the interpreter's exit, after their loop, abort the process now and then.
    gc.collect()
