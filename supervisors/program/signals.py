"""Reacts to the first, the second and the third signal differently.

The handlers are Python's own instead of `trio.open_signal_receiver`, which merges signals that arrive close together,
and which cannot act when the event loop is stuck: the third signal has to work just then.
"""

import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import trio

from supervisors.errors import SupervisorError

ECHO = 0.1
"""Seconds within which a signal is taken for a second delivery of the one before.

One request often arrives twice: a terminal signals the whole foreground group and a wrapper passes its own on, or a
program like `timeout` signals its command and then its group. Counted twice, each such stop would be a hurried one.
"""

CAUGHT = (signal.SIGINT, signal.SIGTERM)
"""The signals that ask a program to end."""


class Reactions:
    """What to do about each signal, and which ones came.

    Attributes:
        received: The signals so far, without echoes.
        latest_at: When the latest of them came.

    Args:
        ask: For the first; runs in Trio's thread, between two steps of tasks.
        hurry: For the second; likewise.
        last: For the third; runs within the signal handler, whatever the program is doing, before it exits.
    """

    __slots__ = ("ask", "hurry", "last", "latest_at", "received")

    def __init__(
        self,
        *,
        ask: Callable[[signal.Signals], None],
        hurry: Callable[[signal.Signals], None],
        last: Callable[[], None],
    ) -> None:
        self.ask = ask
        self.hurry = hurry
        self.last = last
        self.received: list[signal.Signals] = []
        self.latest_at = -math.inf


@contextmanager
def reacting(reactions: Reactions) -> Iterator[None]:
    """React to signals during the block; what handled them before does so again afterwards.

    Raises:
        SupervisorError: This is not the main thread, which alone may handle signals.
    """
    if threading.current_thread() is not threading.main_thread():
        raise SupervisorError("signals can be handled in the main thread only; use tree.open() in this one")
    token = trio.lowlevel.current_trio_token()

    def handle(number: int, _: FrameType | None) -> None:
        now = time.monotonic()
        if now - reactions.latest_at < ECHO:
            return
        reactions.latest_at = now
        received = signal.Signals(number)
        reactions.received.append(received)
        count = len(reactions.received)
        if count == 1:
            token.run_sync_soon(reactions.ask, received)
        elif count == 2:  # noqa: PLR2004 - first, second, third
            token.run_sync_soon(reactions.hurry, received)
        else:
            reactions.last()
            os._exit(128 + number)

    before = {number: signal.signal(number, handle) for number in CAUGHT}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
