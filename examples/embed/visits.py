"""A program with signals, tasks and an end of its own, that embeds a tree of actors: it counts visits to a web page."""

import json
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import hypercorn.trio
import trio
from hypercorn.config import Config

from supervisors import Context, Event, Ref, State, Tree, Unavailable, log_line

tree = Tree("visits", shutdown=10)


@tree.actor(inbox=100)
async def visits(ctx: Context) -> None:
    """Count, in memory: one letter is one visit."""
    count = 0
    ctx.started()
    async for letter in ctx.inbox:
        count += 1
        letter.reply(count)


@tree.actor
async def fortunes(ctx: Context) -> None:
    """Run a child process; the value is the port that it says it has."""
    script = Path(__file__).with_name("fortunes.py")
    await ctx.process([sys.executable, script], ready=log_line(r"listening on (\d+)"))


@tree.actor(needs=(visits,), wants=(fortunes,), grace=5)
async def http(ctx: Context, fortunes: Ref[str]) -> None:
    """Serve the page, on a free port; the value is its addresses."""
    config = Config()
    config.bind = ["127.0.0.1:0"]
    config.errorlog = None
    app = page(ctx.tree[visits], fortunes)
    await hypercorn.trio.serve(app, config, shutdown_trigger=ctx.stopping.wait, task_status=ctx, mode="asgi")


def page(visits: Ref[Any], fortunes: Ref[str]) -> Callable[..., Awaitable[None]]:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while True:
                event = (await receive())["type"]
                await send({"type": f"{event}.complete"})
                if event == "lifespan.shutdown":
                    return
        said = {"visit": await visits.ask(scope["path"]), "fortune": await tell_fortune(fortunes)}
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(said).encode()})

    return app


async def tell_fortune(fortunes: Ref[str]) -> str | None:
    try:
        stream = await trio.open_tcp_stream("127.0.0.1", int(fortunes.get()))  # the port may change: ask each time
        async with stream:
            return (await stream.receive_some()).decode()
    except (Unavailable, OSError, trio.BrokenResourceError):
        return None  # the child is being restarted; the page does without


def tell(event: Event) -> None:
    if event.to_state in {State.READY, State.STOPPED}:
        print(f"{event.name} is {event.to_state}", flush=True)


async def main() -> None:
    stop = trio.Event()
    async with trio.open_nursery() as nursery:
        await nursery.start(obey_signals, stop)
        nursery.start_soon(work)
        async with tree.open(on_event=tell) as live:
            print("open", live[http].get()[0], flush=True)
            await stop.wait()
        nursery.cancel_scope.cancel()
    print("the program ends as it likes", flush=True)


async def obey_signals(stop: trio.Event, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        task_status.started()
        async for number in signals:
            print(f"the program got {signal.Signals(number).name}", flush=True)
            stop.set()


async def work() -> None:
    try:
        await trio.sleep_forever()  # whatever else the program does
    finally:
        print("the program's own work is put down", flush=True)


if __name__ == "__main__":
    trio.run(main)
