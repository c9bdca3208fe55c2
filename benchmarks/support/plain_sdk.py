"""The other side: the same one-task workflow on the plain Temporal SDK, in a process of its own.

Client and worker share one asyncio loop, with everything that makes the SDK fast: no sandbox, a build id of its own,
eager start, a local activity. Started as ``plain_sdk.py ADDRESS``. It says ``{"ready": true}`` on standard output, then
answers each line of standard input, ``{"runs": 10, "at_once": false}``, with one line::

    {"durations_s": [0.017, ...], "elapsed_s": 0.17, "failures": []}

and ends when standard input does, so that it never outlives the benchmark.
"""

import asyncio
import gc
import json
import sys
import time
import uuid
from datetime import timedelta
from typing import Any, Final

from temporalio import activity, workflow
from temporalio.client import Client, WorkflowFailureError
from temporalio.service import RPCError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

QUEUE: Final = "plain"
INPUT: Final = {"text": "hello"}


@activity.defn
async def echo(message: dict[str, str]) -> dict[str, str]:
    """Return the message."""
    return {"text": message["text"]}


@workflow.defn
class OneTask:
    """One local activity."""

    @workflow.run
    async def run(self, message: dict[str, str]) -> dict[str, str]:
        """Return what the activity returned."""
        return await workflow.execute_local_activity(echo, message, start_to_close_timeout=timedelta(seconds=60))


async def run_one(client: Client) -> tuple[float, str | None]:
    """Run the workflow; return how long it took, and why it failed, if it did."""
    began = time.perf_counter()
    try:
        output = await client.execute_workflow(
            OneTask.run, INPUT, id=str(uuid.uuid4()), task_queue=QUEUE, request_eager_start=True
        )
    except (WorkflowFailureError, RPCError) as error:
        return time.perf_counter() - began, repr(error)
    return time.perf_counter() - began, None if output == INPUT else f"unexpected output {output}"


async def run_many(client: Client, *, runs: int, at_once: bool) -> dict[str, Any]:
    """Run the workflow so often, one after the other or at once."""
    began = time.perf_counter()
    if at_once:
        results = await asyncio.gather(*(run_one(client) for _ in range(runs)))
    else:
        results = [await run_one(client) for _ in range(runs)]
    return {
        "durations_s": [duration for duration, _ in results],
        "elapsed_s": time.perf_counter() - began,
        "failures": [failure for _, failure in results if failure is not None],
    }


def say(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)


async def main(address: str) -> None:
    client = await Client.connect(address)
    async with Worker(
        client,
        task_queue=QUEUE,
        workflows=[OneTask],
        activities=[echo],
        workflow_runner=UnsandboxedWorkflowRunner(),
        build_id="plain",
        max_eager_activity_reservations_per_workflow_task=50,
    ):
        say({"ready": True})
        while line := await asyncio.to_thread(sys.stdin.readline):
            say(await run_many(client, **json.loads(line)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
    # SDK objects that are collected at the interpreter's exit, after their loop, abort the process now and then.
    gc.collect()
