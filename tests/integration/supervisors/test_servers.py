"""Foreign servers as actors: what takes ``task_status=`` and a shutdown trigger plugs in as it is."""

import signal
from functools import partial

import pytest
import trio

from supervisors import Tree

pytestmark = pytest.mark.slow

SERVER = """
import sys, trio, hypercorn.trio
from hypercorn.config import Config
from supervisors import State, Tree, run

is_stopping = trio.Event()

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                print("lifespan shutdown", flush=True)
                return
    print("request arrived", flush=True)
    await is_stopping.wait()
    await trio.sleep(0.2)  # be in flight for a while of the stop
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
    await send({"type": "http.response.body", "body": b"late"})

tree = Tree("t")

@tree.actor(grace=10)
async def http(ctx):
    config = Config()
    config.bind = ["127.0.0.1:0"]
    config.loglevel = "ERROR"
    await hypercorn.trio.serve(app, config, shutdown_trigger=ctx.stopping.wait, task_status=ctx)

@tree.actor(needs=(http,))
async def speaker(ctx, http):
    ctx.started()
    print("url", http[0], flush=True)
    await ctx.stopping.wait()

def tell(event):
    if event.to_state is State.STOPPING:
        print("stopping", event.name, flush=True)
        if event.name == "http":
            is_stopping.set()

sys.exit(run(tree, on_event=tell))
"""


async def test_request_in_flight_at_the_time_of_the_signal_is_answered(start):
    program = await start(SERVER)
    url = await program.line("url")
    host, port = url.removeprefix("http://").rsplit(":", 1)
    client = await trio.open_tcp_stream(host, int(port))
    await client.send_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    await program.line("request arrived")

    program.send(signal.SIGTERM)
    await program.line("stopping http")
    answer = b""
    async with client:
        while chunk := await client.receive_some():
            answer += chunk
    code = await program.wait()

    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"late")
    assert code == 0
    assert "lifespan shutdown" in program.lines


async def test_trio_serve_tcp_plugs_in():
    tree = Tree("t")

    async def echo(stream):
        async for chunk in stream:
            await stream.send_all(chunk)

    @tree.actor(grace=0)
    async def server(ctx):
        await trio.serve_tcp(echo, 0, host="127.0.0.1", task_status=ctx)

    async with tree.open() as live:
        listener = live[server].get()[0]
        async with await trio.testing.open_stream_to_socket_listener(listener) as client:
            await client.send_all(b"hello")
            assert await client.receive_some() == b"hello"


async def test_trio_run_process_plugs_in():
    tree = Tree("t")

    @tree.actor(grace=0)
    async def sleeper(ctx):
        await trio.run_process(["sleep", "600"], task_status=ctx)

    async with tree.open() as live:
        process = live[sleeper].get()
        assert process.returncode is None

    assert process.returncode == -signal.SIGTERM


async def test_partial_functions_are_actors():
    tree = Tree("t")

    async def serve(ctx, port):
        ctx.started(port)
        await ctx.stopping.wait()

    tree.add(partial(serve, port=80), name="http")

    async with tree.open() as live:
        assert live["http"].get() == 80
