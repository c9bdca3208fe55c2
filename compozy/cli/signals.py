"""Ctrl-C and SIGTERM while a command runs: the first asks for an ordered stop, the third ends the process."""

import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable

import trio

from compozy.cli.exits import Exit


async def until_signal(work: Callable[[], Awaitable[None]]) -> bool:
    """Run ``work`` until it ends or a signal comes; return whether a signal ended it early.

    The signals are ours from before the work begins until it is down. The first one cancels it: whatever it has opened
    is closed in order, as long as that takes. Only the third one ends the process on the spot.
    """
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with trio.open_nursery() as nursery:
            scope = trio.CancelScope()
            nursery.start_soon(_obey, signals, scope)
            with scope:
                await work()
            nursery.cancel_scope.cancel()
    return scope.cancelled_caught


async def _obey(signals: AsyncIterator[int], scope: trio.CancelScope) -> None:
    await anext(signals)
    scope.cancel()
    _say("stopping in order …")
    await anext(signals)
    _say("still stopping; once more ends it on the spot")
    await anext(signals)
    # Nothing is lost: the state is durable, and child processes end when this one does.
    os._exit(Exit.INTERRUPTED)


def _say(text: str) -> None:
    # Not click.echo, which goes past whatever stands in for stderr while a live display is drawn on it.
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
