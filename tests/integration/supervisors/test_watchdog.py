"""The watch over the event loop of a process that is stopped, or that wants to end."""

import signal

import psutil
import pytest
import trio

WORKING = """
import time
import trio
from supervisors.runtime.watchdog import watching

reports = []

def tell(blocked):
    reports.append(blocked)
    print("blocked", blocked.is_over)

async def main():
    with watching(0.6, owner_of=lambda task: None, on_blocked=tell):
        print("working")
        for _ in range(30):
            time.sleep(0.01)  # in pieces, so that what is left of them comes after the process was continued
        print("worked")
        await trio.lowlevel.checkpoint()
        while not reports:
            time.sleep(0.01)

trio.run(main)
"""

HANGING = """
import threading
import trio
from supervisors.runtime.watchdog import watching

hanging = threading.Event()

def hang(blocked):
    hanging.set()
    threading.Event().wait()

async def main():
    with watching(0.01, owner_of=lambda task: None, on_blocked=hang):
        hanging.wait()

trio.run(main)
raise SystemExit(7)
"""


@pytest.mark.slow
async def test_process_that_stood_still_is_not_reported_as_blocked(start):
    program = await start(WORKING)
    await program.line("working")

    program.send(signal.SIGSTOP)
    while psutil.Process(program.process.pid).status() != psutil.STATUS_STOPPED:
        await trio.lowlevel.checkpoint()
    await trio.sleep(1.3)  # for real: more than twice the limit has to pass while it stands still
    program.send(signal.SIGCONT)
    await program.line("worked")
    before = list(program.lines)
    await program.line("blocked False")

    assert before == ["working", "worked"]
    assert await program.wait() == 0
    assert program.lines[-1] == "blocked True"


@pytest.mark.slow
async def test_callback_that_hangs_does_not_keep_a_process_alive(start):
    program = await start(HANGING)

    with trio.fail_after(30):
        assert await program.wait() == 7
