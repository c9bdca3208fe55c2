"""Ctrl-C and SIGTERM while a command runs."""

import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
import trio

from compozy.cli.signals import ECHO_S, until_signal

PROGRAM = """
import sys
import trio
from compozy.cli.signals import until_signal

async def work():
    try:
        print("working", flush=True)
        await trio.sleep_forever()
    finally:
        with trio.CancelScope(shield=True):
            print("closing", flush=True)
            await trio.sleep({closing})
            print("closed", flush=True)

sys.exit(7 if trio.run(until_signal, work) else 0)
"""


@contextmanager
def program(*, closing):
    """Run work that takes this long to close; yield the process once it works."""
    source = PROGRAM.format(closing=closing)
    with subprocess.Popen(
        [sys.executable, "-c", source], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0
    ) as process:
        try:
            assert process.stdout.readline() == "working\n"
            yield process
        finally:
            process.kill()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_first_signal_cancels_and_waits_until_all_is_closed(number):
    with program(closing=0) as process:
        process.send_signal(number)
        stdout, stderr = process.communicate()

    assert process.returncode == 7
    assert stdout == "closing\nclosed\n"
    assert stderr == "stopping in order …\n"


@pytest.mark.slow
def test_third_signal_ends_what_does_not_close():
    with program(closing="float('inf')") as process:
        process.send_signal(signal.SIGINT)
        first = process.stderr.readline()
        time.sleep(ECHO_S * 1.5)  # two signals within a tenth of a second count as one
        process.send_signal(signal.SIGINT)
        second = process.stderr.readline()
        time.sleep(ECHO_S * 1.5)
        process.send_signal(signal.SIGINT)
        code = process.wait()

    assert (first, second) == ("stopping in order …\n", "still stopping; once more ends it on the spot\n")
    assert code == 130


class Closing:
    """Work that is interrupted at once and takes long to close, unless it is made to hurry.

    Args:
        gap: Seconds between two signals.
        count: How many come while it closes.
    """

    def __init__(self, *, gap, count):
        self.gap = gap
        self.count = count
        self.hurried = 0
        self.took = None

    async def work(self):
        signal.raise_signal(signal.SIGINT)
        began = trio.current_time()
        try:
            await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True) as closing:
                self.closing = closing
                for _ in range(self.count):
                    await trio.sleep(self.gap)
                    signal.raise_signal(signal.SIGINT)
                await trio.sleep(60)
            self.took = trio.current_time() - began

    def hurry(self):
        self.hurried += 1
        self.closing.cancel()


async def test_second_signal_makes_the_closing_hurry(autojump_clock, capsys):
    closing = Closing(gap=ECHO_S, count=1)

    interrupted = await until_signal(closing.work, hurry=closing.hurry)

    assert (interrupted, closing.hurried, closing.took) == (True, 1, pytest.approx(ECHO_S))
    assert capsys.readouterr().err == "stopping in order …\nstopping at once; once more ends it on the spot\n"


async def test_signal_that_is_delivered_several_times_counts_once(autojump_clock, capsys):
    closing = Closing(gap=ECHO_S / 10, count=3)

    interrupted = await until_signal(closing.work, hurry=closing.hurry)

    assert (interrupted, closing.hurried, closing.took) == (True, 0, pytest.approx(60, abs=1))
    assert capsys.readouterr().err == "stopping in order …\n"


async def test_work_that_ends_by_itself_was_not_interrupted():
    done = []

    async def work():
        await trio.lowlevel.checkpoint()
        done.append("worked")

    interrupted = await until_signal(work)

    assert (done, interrupted) == (["worked"], False)


async def test_what_work_raises_comes_through():
    async def work():
        await trio.lowlevel.checkpoint()
        raise ValueError("boom")

    with pytest.raises(ExceptionGroup) as raised:
        await until_signal(work)

    assert raised.group_contains(ValueError, match="boom")
