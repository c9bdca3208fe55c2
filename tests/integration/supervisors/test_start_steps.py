"""SIGTERM at each step of the start of a small world: it is undone in reverse order, and nothing is left."""

import pytest

pytestmark = pytest.mark.slow

# Each part says "+name" when there is something to undo, and "-name" when it is undone. The server, which is a child
# process, holds SIGTERM back until it has said so: the signal either finds nothing to undo, or undoes it.
PROGRAM = """
import os, signal, sys, trio
from contextlib import asynccontextmanager
from supervisors import State, Tree, log_line, run

SERVER = '''
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
print("+server", flush=True)
print("listening", flush=True)
signal.sigwait({signal.SIGTERM})
print("-server", flush=True)
'''

def reach(step):
    print("step:", step, flush=True)
    if [step] == sys.argv[1:]:
        os.kill(os.getpid(), signal.SIGTERM)

def on_event(event):
    if event.to_state in (State.WAITING, State.STARTING, State.READY):
        reach(f"{event.name} {event.to_state}")

def on_line(line):
    print(line, flush=True)
    if line[0] != "-":
        reach(f"server says {line}")

@asynccontextmanager
async def part(name):
    await trio.lowlevel.checkpoint()
    print(f"+{name}", flush=True)
    try:
        reach(f"{name} opens")
        await trio.lowlevel.checkpoint()
        yield
    finally:
        print(f"-{name}", flush=True)

tree = Tree("t", shutdown=30)

@tree.actor
@asynccontextmanager
async def store(ctx):
    async with part("store"):
        yield

@tree.actor(needs=(store,))
async def cache(ctx):
    async with part("cache"):
        ctx.started()
        await ctx.stopping.wait()

@tree.actor(needs=(store,), grace=20)
async def server(ctx):
    await ctx.process([sys.executable, "-c", SERVER], ready=log_line("listening"), on_line=on_line)

@tree.actor(needs=(cache, server))
async def worker(ctx):
    async with part("worker"):
        ctx.started()
        await ctx.stopping.wait()

@tree.actor(needs=(worker,), main=True)
async def main(ctx):
    if sys.argv[1:]:
        await trio.sleep_forever()

sys.exit(run(tree, on_event=on_event))
"""

NEEDS = {"cache": ["store"], "server": ["store"], "worker": ["cache", "server"]}

STEPS = {
    *(
        f"{name} {state}"
        for name in ("store", "cache", "server", "worker")
        for state in ("waiting", "starting", "ready")
    ),
    *(f"{name} opens" for name in ("store", "cache", "worker")),
    *(f"server says {line}" for line in ("+server", "listening")),
    *(f"main {state}" for state in ("waiting", "starting")),
}


def said(program, start: str) -> list[str]:
    return [line.removeprefix(start) for line in program.lines if line.startswith(start)]


async def test_steps_below_are_all_that_there_are(start):
    program = await start(PROGRAM)

    code = await program.wait()

    assert code == 0
    assert set(said(program, "step: ")) == STEPS
    assert sorted(said(program, "+")) == sorted(said(program, "-")) == ["cache", "server", "store", "worker"]


@pytest.mark.parametrize("step", sorted(STEPS))
async def test_signal_at_this_step_undoes_what_was_done_in_reverse(start, step):
    program = await start(PROGRAM, step)

    code = await program.wait()

    undone = said(program, "-")
    assert code == 0
    assert step in said(program, "step: ")
    assert sorted(undone) == sorted(said(program, "+"))
    for name, needed in NEEDS.items():
        for other in needed:
            assert name not in undone or undone.index(name) < undone.index(other)
    assert program.session() == []
