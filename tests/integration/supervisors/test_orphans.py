"""No child outlives this program, however it ends."""

import signal

import pytest
import trio

pytestmark = pytest.mark.slow

PROGRAM = """
import sys, trio
from supervisors import Tree, log_line, run

CHILD = '''
import signal, subprocess, sys, time
{ignore}
helper = subprocess.Popen([sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"])
time.sleep(600)
'''

tree = Tree("t")

@tree.actor
async def child(ctx):
    await ctx.process([sys.executable, "-c", CHILD], ready=log_line("up"))

@tree.actor(needs=(child,))
async def speaker(ctx):
    ctx.started()
    print("up", flush=True)
    await ctx.stopping.wait()

def tell(event):
    if event.name == "speaker":
        print(event.to_state.value, flush=True)

sys.exit(run(tree, on_event=tell))
"""

SPARED = """
import sys, trio
from supervisors import Tree, log_line, run

CHILD = '''
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: open(sys.argv[1], "w").close())
print("up", flush=True)
while True:
    signal.pause()
'''

tree = Tree("t")

@tree.actor
async def child(ctx):
    argv = [sys.executable, "-c", CHILD, sys.argv[1]]
    await ctx.process(argv, ready=log_line("up"), orphan_grace=int(sys.argv[2]))

@tree.actor(needs=(child,))
async def speaker(ctx):
    ctx.started()
    print("up", flush=True)
    await ctx.stopping.wait()

sys.exit(run(tree))
"""

HOG = """
    with trio.CancelScope(shield=True):
        while True:  # lets a signal be told from an echo of the one before
            await trio.sleep(0.15)
            print("paused", flush=True)
"""


async def test_kill_of_the_parent_takes_child_and_grandchild_along(start, descendants, wait_gone):
    program = await start(PROGRAM.format(ignore=""))
    await program.line("up")
    below = descendants(program.process.pid)

    program.send(signal.SIGKILL)

    assert await program.wait() == -signal.SIGKILL
    assert len(below) >= 3  # reaper, child, grandchild
    assert await wait_gone(below)


async def test_kill_of_the_parent_ends_even_a_child_that_ignores_term(start, descendants, wait_gone):
    program = await start(PROGRAM.format(ignore="signal.signal(signal.SIGTERM, signal.SIG_IGN)"))
    await program.line("up")
    below = descendants(program.process.pid)

    program.send(signal.SIGKILL)

    assert await program.wait() == -signal.SIGKILL
    assert await wait_gone(below)


@pytest.mark.parametrize(("grace", "is_asked"), [("0", False), ("1", True)])
async def test_an_orphan_is_asked_to_end_only_when_it_is_given_a_grace(
    grace, is_asked, start, descendants, wait_gone, tmp_path
):
    asked = tmp_path / "asked"
    program = await start(SPARED, str(asked), grace)
    await program.line("up")
    below = descendants(program.process.pid)

    program.send(signal.SIGKILL)

    assert await program.wait() == -signal.SIGKILL
    assert await wait_gone(below)
    assert asked.exists() == is_asked


async def test_third_signal_kills_the_groups_of_all_children_and_exits_at_once(start, descendants, wait_gone):
    deaf = PROGRAM.format(ignore="signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    program = await start(deaf.replace("await ctx.stopping.wait()", HOG))
    await program.line("up")
    below = descendants(program.process.pid)

    for answer in ("stopping", "cancelling", None):
        program.send(signal.SIGTERM)
        if answer is not None:
            await program.line(answer)
            for _ in range(2):
                await program.line("paused")

    assert await program.wait() == 128 + signal.SIGTERM
    assert await wait_gone(below)


PROBED = """
import sys, trio
from supervisors import Tree, run
from supervisors.processes.command_probe import command

tree = Tree("t")

@tree.actor
async def child(ctx):
    probe = command(["sh", "-c", "trap '' TERM; touch $0; sleep 600 & wait", sys.argv[1]], timeout=600)
    await ctx.process(["sleep", "600"], ready=probe)

sys.exit(run(tree))
"""


async def test_kill_of_the_parent_takes_the_command_of_a_probe_along(start, descendants, wait_gone, tmp_path):
    asked = tmp_path / "asked"
    program = await start(PROBED, str(asked))
    while not asked.exists():  # noqa: ASYNC110 - a file tells nobody that it was made
        await trio.sleep(0.01)
    below = descendants(program.process.pid)

    program.send(signal.SIGKILL)

    assert await program.wait() == -signal.SIGKILL
    assert len(below) >= 4  # two reapers, child, command
    assert await wait_gone(below)
    assert program.session() == []
