"""A program under signals: once, twice, three times, and while it starts."""

import signal

import pytest

pytestmark = pytest.mark.slow

PROGRAM = """
import sys, time, trio
from supervisors import State, Tree, run

tree = Tree("t", shutdown=20)

def tell(event):
    if event.to_state in (State.STARTING, State.READY, State.STOPPING, State.CANCELLING, State.STOPPED):
        print(event.to_state.value, event.name, flush=True)

@tree.actor
async def base(ctx):
    ctx.started()
    await ctx.stopping.wait()

{actors}

sys.exit(run(tree, on_event=tell))
"""

POLITE = """
@tree.actor(needs=(base,))
async def top(ctx):
    ctx.started()
    await ctx.stopping.wait()
"""

# The pauses let a second signal be told from an echo of the first.
DEAF = """
@tree.actor(needs=(base,), grace=15)
async def top(ctx):
    ctx.started()
    await ctx.stopping.wait()
    await trio.sleep(0.15)
    print("paused", flush=True)
    await trio.sleep_forever()
"""

HOG = """
@tree.actor(needs=(base,), grace=15)
async def top(ctx):
    ctx.started()
    with trio.CancelScope(shield=True):
        while True:
            await trio.sleep(0.15)
            print("paused", flush=True)
"""

BUSY = """
@tree.actor(needs=(base,), grace=15)
async def top(ctx):
    ctx.started()
    while True:
        print("busy", flush=True)
        time.sleep(0.01)
"""

STARTING = """
@tree.actor(needs=(base,))
async def top(ctx):
    await trio.sleep_forever()
"""

FAILING = """
@tree.actor(needs=(base,))
async def top(ctx):
    raise ValueError("bad setting")
"""

MAIN = """
@tree.actor(needs=(base,), main=True)
async def top(ctx):
    return 17
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_first_signal_stops_in_order_and_exits_with_zero(start, number):
    program = await start(PROGRAM.format(actors=POLITE))
    await program.line("ready top")

    program.send(number)
    code = await program.wait()

    assert code == 0
    assert program.lines[-4:] == ["stopping top", "stopped top", "stopping base", "stopped base"]


async def test_second_signal_cancels_but_keeps_the_order(start):
    program = await start(PROGRAM.format(actors=DEAF))
    await program.line("ready top")

    program.send(signal.SIGINT)
    await program.line("paused")
    program.send(signal.SIGTERM)
    code = await program.wait()

    assert code == 128 + signal.SIGTERM
    assert program.lines[-4:] == ["cancelling top", "stopped top", "cancelling base", "stopped base"]


async def test_third_signal_ends_the_program_whatever_it_is_doing(start):
    program = await start(PROGRAM.format(actors=HOG))
    await program.line("ready top")

    for answer in ("stopping top", "cancelling top"):
        program.send(signal.SIGINT)
        await program.line(answer)
        for _ in range(2):  # the first may have been on its way already
            await program.line("paused")
    program.send(signal.SIGINT)

    assert await program.wait() == 128 + signal.SIGINT


async def test_third_signal_works_even_when_the_event_loop_is_stuck(start):
    program = await start(PROGRAM.format(actors=BUSY))
    await program.line("busy")

    for _ in range(2):
        program.send(signal.SIGINT)
        for _ in range(20):  # 10 ms each: the handler has run, and the next signal is no echo
            await program.line("busy")
    program.send(signal.SIGINT)

    assert await program.wait() == 128 + signal.SIGINT


async def test_signal_during_the_start_undoes_it_in_order(start):
    program = await start(PROGRAM.format(actors=STARTING))
    await program.line("starting top")

    program.send(signal.SIGTERM)
    code = await program.wait()

    assert code == 0
    assert program.lines[-4:] == ["cancelling top", "stopped top", "stopping base", "stopped base"]


async def test_failed_tree_exits_with_one_and_a_report(start, tmp_path):
    program = await start(PROGRAM.format(actors=FAILING))

    code = await program.wait()

    report = (tmp_path / "stderr.txt").read_text()
    assert code == 1
    assert report.startswith("tree 't' failed because of top\n  - ValueError: bad setting\n")
    assert "actor 'top', generation 1" in report


async def test_abandoned_actor_does_not_keep_the_program_from_exiting(start, tmp_path):
    program = await start(PROGRAM.format(actors=HOG.replace("grace=15", "grace=0.1")))
    await program.line("ready top")

    program.send(signal.SIGTERM)
    code = await program.wait()

    assert code == 1
    assert "stopped base" in program.lines
    assert "'top' hangs here:" in (tmp_path / "stderr.txt").read_text()


async def test_result_of_the_main_actor_is_the_exit_status(start):
    program = await start(PROGRAM.format(actors=MAIN))

    assert await program.wait() == 17


async def test_serve_gives_the_live_tree_and_restores_the_signal_handlers(start):
    program = await start("""
import signal, trio
from supervisors import Tree, constant, serve

tree = Tree("t")
tree.add(constant(5), name="five")

async def main():
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    async with trio.open_nursery() as nursery:
        live = await nursery.start(serve, tree)
        print("value", live["five"].get(), flush=True)
        assert signal.getsignal(signal.SIGTERM) != before[0]
        signal.raise_signal(signal.SIGTERM)
        await live.wait_stopped()
        print("why", live.status().stopping, flush=True)
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
    print("restored", flush=True)

trio.run(main)
""")

    code = await program.wait()

    assert (code, program.lines) == (0, ["value 5", "why SIGTERM", "restored"])


async def test_serve_that_is_cancelled_stops_in_order(start):
    program = await start("""
import trio
from supervisors import State, Tree, constant, serve

tree = Tree("t")
tree.add(constant(1), name="one")
tree.add(constant(2), name="two", needs=("one",))

def tell(event):
    if event.to_state is State.STOPPED:
        print(event.name, flush=True)

async def main():
    with trio.move_on_after(0.1) as scope:
        await serve(tree, on_event=tell)
    print("cancelled", scope.cancelled_caught, flush=True)

trio.run(main)
""")

    code = await program.wait()

    assert (code, program.lines) == (0, ["two", "one", "cancelled True"])
