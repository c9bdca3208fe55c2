"""Children of a program that does nothing for a while live on.

The trap: Linux can send a signal to a child when its parent dies (PR_SET_PDEATHSIG), but it means the *thread* that
started the child. Trio starts processes in worker threads, which end after ten seconds without work.
"""

import signal
import sys

import psutil
import pytest
import trio

from supervisors import State, Tree, log_line
from supervisors.processes.probes import Polling

pytestmark = pytest.mark.slow

IDLE = 11.0
"""Seconds without work for any worker thread, one more than Trio lets them live; threads know no virtual clock."""

CHILD = "import os, time\nprint('pid', os.getpid(), flush=True)\ntime.sleep(600)"

PROGRAM = f"""
import sys
from supervisors import Tree, log_line, run

tree = Tree("t")

@tree.actor
async def child(ctx):
    await ctx.process([sys.executable, "-c", {CHILD!r}], ready=log_line("pid"))

@tree.actor(needs=(child,))
async def speaker(ctx):
    ctx.started()
    print("up", flush=True)
    await ctx.stopping.wait()

sys.exit(run(tree))
"""


async def test_children_outlive_idle_spells_and_restarts_and_their_protection_does_too(start, descendants, wait_gone):
    tree = Tree("t")
    checks = []
    back = trio.Event()

    async def is_well(child):
        await trio.lowlevel.checkpoint()
        checks.append(child.pid)

    for name in ("steady", "killed"):

        @tree.actor(name=name)
        async def child(ctx):
            alive = Polling(what="health", ask=is_well) if ctx.name == "steady" else None
            await ctx.process([sys.executable, "-c", CHILD], ready=log_line(r"pid (\d+)"), alive=alive, every=1)

    def watch(event):
        if (event.name, event.generation, event.to_state) == ("killed", 2, State.READY):
            back.set()

    program = await start(PROGRAM)
    await program.line("up")
    below = descendants(program.process.pid)  # reaper and child

    async with tree.open(on_event=watch) as live:
        steady, first = (int(live[name].get()) for name in ("steady", "killed"))
        idle = [psutil.Process(steady), psutil.Process(first), *below]
        await trio.sleep(IDLE)

        assert [process.is_running() for process in idle] == [True] * 4

        psutil.Process(first).kill()
        await back.wait()
        program.send(signal.SIGKILL)  # the lifeline of its children has been idle too
        assert await program.wait() == -signal.SIGKILL
        second = psutil.Process(int(live["killed"].get()))
        await trio.sleep(IDLE)

        assert second.is_running()
        assert int(live["killed"].get()) == second.pid
        assert int(live["steady"].get()) == steady
        assert [event.generation for event in live.events() if event.to_state is State.FAILED] == [1]

    assert set(checks) == {steady}
    assert len(checks) >= 10
    assert await wait_gone(below)
    assert program.session() == []
