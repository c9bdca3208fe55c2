"""Ctrl-C and SIGTERM while a command runs: an ordered stop, a hurried one, the end on the spot.

The second makes the stop hurry where the work knows how; elsewhere it only tells what a third would do.
"""

import math
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

import trio

from compozy.cli.exits import Exit

ECHO_S: Final = 0.1
"""Seconds within which a signal counts as the one before, delivered again, as it does for `serve`.

A terminal signals the whole group and a wrapper passes its own on, or `timeout` signals its command and then its group.
"""


async def until_signal(work: Callable[[], Awaitable[None]], *, hurry: Callable[[], None] | None = None) -> bool:
    """Run ``work`` until it ends or a signal comes; return whether a signal ended it early.

    The signals are ours from before the work begins until it is down. The first one cancels it: whatever it has opened
    is closed in order, as long as that takes. Only the third one ends the process on the spot.

    Args:
        work: What to run.
        hurry: What the second signal does, so that closing takes less time; None: nothing.
    """
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with trio.open_nursery() as nursery:
            scope = trio.CancelScope()
            nursery.start_soon(_obey, _without_echoes(signals), scope, hurry)
            with scope:
                await work()
            nursery.cancel_scope.cancel()
    return scope.cancelled_caught


async def _obey(requests: AsyncIterator[int], scope: trio.CancelScope, hurry: Callable[[], None] | None) -> None:
    await anext(requests)
    scope.cancel()
    _say("stopping in order …")
    await anext(requests)
    if hurry is not None:
        hurry()
    _say(f"{'stopping at once' if hurry else 'still stopping'}; once more ends it on the spot")
    await anext(requests)
    # Nothing is lost: the state is durable, and child processes end when this one does.
    os._exit(Exit.INTERRUPTED)


async def _without_echoes(signals: AsyncIterator[int]) -> AsyncIterator[int]:
    latest = -math.inf
    async for number in signals:
        now = trio.current_time()
        if now - latest >= ECHO_S:
            latest = now
            yield number


def _say(text: str) -> None:
    # Not click.echo, which goes past whatever stands in for stderr while a live display is drawn on it.
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
