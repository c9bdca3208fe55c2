"""Two hundred orders over PostgreSQL, Redis and Temporal: one API, and two workers, one of which is killed in between.

    python examples/distributed/demo.py

The servers are real ones, from Python packages, on sockets and free ports of this machine. They and all programs end
with the demo, however that ends.
"""

import argparse
import json
import sys
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import attrs
import httpx
import trio

from compozy.testing import Program, Site, open_cluster, open_program

PROJECT = Path(__file__).parent
ITEMS = ("pen", "paper", "lamp")
ENDED = {"SUCCESS", "FAILED", "TIMED_OUT", "CANCELED"}
SHARE_BEFORE_KILL = 0.25
PATIENCE_S = 120
RECONNECT_S = 0.2


@attrs.frozen(kw_only=True)
class Tally:
    """What became of the orders.

    Attributes:
        executions: How many were accepted.
        by_status: How many executions the store has, by status.
        heard: How many ends were heard of over the API's event streams; each is one.
        task_runs: How many runs of tasks the store has.
        doubled: How many tasks have more than one run in the same execution.
        unfinished: How many runs have not ended.
        repeated: How often a task had to be tried again, because the worker that had it was gone.
        seconds: From the first order to the last end.
    """

    executions: int
    by_status: dict[str, int]
    heard: int
    task_runs: int
    doubled: int
    unfinished: int
    repeated: int
    seconds: float

    @property
    def is_complete(self) -> bool:
        """Whether every order was carried out, once."""
        return (
            self.by_status == {"SUCCESS": self.executions}
            and self.heard == self.executions
            and self.doubled == self.unfinished == 0
        )


async def play(site: Site, *, executions: int = 200, workers: int = 2) -> Tally:
    """Start the programs, order, kill a worker when a quarter of the orders are done, and count."""
    environ = {**site.environ, "SERVER_PORT": "0"}
    with ExitStack() as stack:
        start = partial(open_program, project=PROJECT, environ=environ)
        api = stack.enter_context(start("serve", "--no-worker"))
        staff = [stack.enter_context(start("worker")) for _ in range(workers)]
        for worker in staff:
            await trio.to_thread.run_sync(partial(worker.wait_for, "ready", actor="worker"))
        await trio.to_thread.run_sync(partial(api.wait_for, "ready", actor="temporal"))
        url = (await trio.to_thread.run_sync(api.wait_for, "http listens"))["url"]
        say(f"{url} serves, and {workers} workers work: processes {api.pid}, {[worker.pid for worker in staff]}")

        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(base_url=url, timeout=PATIENCE_S, limits=limits) as client:
            began = time.perf_counter()
            heard = await carry_out(client, executions, victim=staff[0])
            seconds = time.perf_counter() - began
        return await trio.to_thread.run_sync(partial(count, site, executions=executions, heard=heard, seconds=seconds))


async def carry_out(client: httpx.AsyncClient, executions: int, *, victim: Program) -> int:
    """Order, follow every order to its end, and kill a worker on the way; return of how many ends was heard."""
    ended = 0
    orders = trio.CapacityLimiter(20)

    async def order(number: int) -> None:
        nonlocal ended
        async with orders:
            body = {"input": {"item": ITEMS[number % len(ITEMS)], "quantity": 1 + number % 3}}
            accepted = await client.post("/api/v0/workflows/fulfil/executions", json=body)
            accepted.raise_for_status()
        await follow(client, accepted.json()["exec_id"])
        ended += 1
        if ended == int(executions * SHARE_BEFORE_KILL):
            victim.kill()
            say(f"{ended} orders are done; worker {victim.pid} was killed")

    with trio.fail_after(PATIENCE_S):
        async with trio.open_nursery() as nursery:
            for number in range(executions):
                nursery.start_soon(order, number)
    return ended


async def follow(client: httpx.AsyncClient, exec_id: str) -> None:
    """Return when the execution has ended; a stream that ends before is opened again, as every EventSource does."""
    has_ended = False
    while not has_ended:
        async with client.stream("GET", f"/api/v0/executions/workflows/{exec_id}/events") as stream:
            kind = ""
            async for line in stream.aiter_lines():  # the server closes it after the last event
                name, _, value = line.partition(": ")
                kind = value if name == "event" else kind
                if name == "data" and kind == "execution":
                    has_ended = json.loads(value)["status"] in ENDED
        if not has_ended:
            await trio.sleep(RECONNECT_S)


def count(site: Site, *, executions: int, heard: int, seconds: float) -> Tally:
    """Return what the store says in the end."""
    by_status = site.query("SELECT status, count(*) FROM workflow_states GROUP BY status")
    [[runs, repeated, unfinished]] = site.query(
        "SELECT count(*), coalesce(sum(attempt - 1), 0), count(*) FILTER (WHERE status = 'RUNNING') FROM task_states"
    )
    [[doubled]] = site.query(
        "SELECT count(*) FROM (SELECT 1 FROM task_states GROUP BY exec_id, task_id HAVING count(*) > 1) AS doubled"
    )
    return Tally(
        executions=executions,
        by_status={status: int(number) for status, number in by_status},
        heard=heard,
        task_runs=int(runs),
        doubled=int(doubled),
        unfinished=int(unfinished),
        repeated=int(repeated),
        seconds=seconds,
    )


def say(text: str) -> None:
    """Tell whoever watches what happens."""
    sys.stderr.write(f"{text}\n")


def main() -> int:
    """Run the demo; the exit status is 0 when every order was carried out, once."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--executions", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    with open_cluster() as cluster, cluster.open_site() as site:
        say(f"temporal answers at {cluster.temporal.address}, postgresql and redis on sockets")
        tally = trio.run(partial(play, site, executions=asked.executions, workers=asked.workers))
    print(
        f"{tally.executions} orders in {tally.seconds:.1f} s: "
        + ", ".join(f"{number} {status}" for status, number in sorted(tally.by_status.items()))
    )
    print(f"{tally.heard} ends were heard of")
    print(f"{tally.task_runs} task runs, {tally.doubled} of them double, {tally.unfinished} unfinished")
    print(f"{tally.repeated} tries were repeated because their worker was gone")
    return 0 if tally.is_complete else 1


if __name__ == "__main__":
    raise SystemExit(main())
