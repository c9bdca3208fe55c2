"""Ctrl-C in a terminal, once, twice and three times: the terminal itself sends the signal, to its foreground group."""

import signal

import pytest

pytestmark = pytest.mark.slow

PROGRAM = """
import sys, trio
from supervisors import State, Tree, log_line, run

CHILD = '''
import signal, time
signal.signal(signal.SIGINT, lambda *_: print("child was interrupted", flush=True))
{on_term}
print("up", flush=True)
while True:
    time.sleep(600)
'''

tree = Tree("t", shutdown=30)

def tell(event):
    if event.to_state in (State.STOPPING, State.CANCELLING, State.STOPPED):
        print(event.to_state.value, event.name, flush=True)

@tree.actor(grace=20)
async def child(ctx):
    await ctx.process(
        [sys.executable, "-c", CHILD], ready=log_line("up"), on_line=lambda line: print("child:", line, flush=True)
    )

@tree.actor(needs=(child,), grace=20)
async def top(ctx):
    ctx.started()
    print("ready", flush=True)
    {then}

sys.exit(run(tree, on_event=tell))
"""

POLITE_CHILD = """
def bye(*_):
    print("child says bye", flush=True)
    raise SystemExit
signal.signal(signal.SIGTERM, bye)
"""
DEAF_CHILD = "signal.signal(signal.SIGTERM, lambda *_: print('child heard term', flush=True))"

# The lines that go on let a signal be told from an echo of the one before.
POLITE = "await ctx.stopping.wait()"
DEAF = """
    while True:
        await trio.sleep(0.15)
        print("going on", flush=True)
"""
HOG = """
    with trio.CancelScope(shield=True):
        while True:
            await trio.sleep(0.15)
            print("going on", flush=True)
"""


async def press_until(terminal, answer: str) -> None:
    """Press Ctrl-C, wait for the answer, and until another signal is no echo of this one."""
    terminal.press_ctrl_c()
    await terminal.program.line(answer)
    for _ in range(2):  # the first may have been on its way already
        await terminal.program.line("going on")


async def test_once_stops_in_order_and_the_child_is_asked_by_its_actor_alone(start_in_terminal):
    terminal = await start_in_terminal(PROGRAM.format(on_term=POLITE_CHILD, then=POLITE))
    await terminal.program.line("ready")

    terminal.press_ctrl_c()
    code = await terminal.program.wait()

    assert code == 0
    assert terminal.program.lines[2:] == [
        "stopping top",
        "stopped top",
        "stopping child",
        "child: child says bye",
        "stopped child",
    ]
    assert terminal.program.session() == []


async def test_twice_cancels_in_order(start_in_terminal):
    terminal = await start_in_terminal(PROGRAM.format(on_term=POLITE_CHILD, then=DEAF))
    await terminal.program.line("ready")

    await press_until(terminal, "stopping top")
    terminal.press_ctrl_c()
    code = await terminal.program.wait()

    assert code == 128 + signal.SIGINT
    order = [line for line in terminal.program.lines if line.startswith(("cancelling", "stopped"))]
    assert order == ["cancelling top", "stopped top", "cancelling child", "stopped child"]
    assert "child: child says bye" in terminal.program.lines
    assert terminal.program.session() == []


async def test_three_times_ends_program_and_children_at_once(start_in_terminal, descendants, wait_gone):
    terminal = await start_in_terminal(PROGRAM.format(on_term=DEAF_CHILD, then=HOG))
    await terminal.program.line("ready")
    below = descendants(terminal.program.process.pid)

    await press_until(terminal, "stopping top")
    await press_until(terminal, "cancelling top")
    terminal.press_ctrl_c()
    code = await terminal.program.wait()

    assert code == 128 + signal.SIGINT
    assert "stopped top" not in terminal.program.lines
    assert len(below) >= 2  # reaper and child
    assert await wait_gone(below)
    assert terminal.program.session() == []
