"""How often something may happen, counted in one process.

The time of each hit is kept for as long as the window: only that makes the limit exact in any stretch of time.
Counting by fixed windows or by a rate with a burst (GCRA) takes less memory and lets up to twice the limit through
around a boundary. The libraries there are bring threads and a clock of their own (``limits``), or do not run on Trio
(``aiolimiter``).
"""

from collections import deque
from collections.abc import Callable
from datetime import timedelta

import trio
from typing_extensions import override

from compozy.contracts.limiter import Decision, Limiter
from compozy.domain.errors import InvalidError
from compozy.drivers.sugardb.arguments import checked_name
from compozy.drivers.sugardb.deadlines import Deadlines

_MICROSECOND = timedelta(microseconds=1)


class SugarLimiter(Limiter):
    """A limiter in memory. A key that is idle for as long as its window takes no memory, soon after.

    Args:
        clock: What the windows are measured on, in seconds.
    """

    def __init__(self, *, clock: Callable[[], float] = trio.current_time) -> None:
        self._clock = clock
        self._hits: dict[str, deque[int]] = {}
        self._idle = Deadlines()

    def __len__(self) -> int:
        """How many keys take memory."""
        return len(self._hits)

    @override
    async def hit(self, key: str, limit: int, window: timedelta) -> Decision:
        await trio.lowlevel.checkpoint()
        checked_name(key)
        _check(limit, window)
        # In whole microseconds, as timedelta counts, so that whoever waits for ``retry_after`` is let in and not a
        # rounding error too early.
        now = round(self._clock() * 1_000_000)
        length = window // _MICROSECOND
        self._forget_idle(now)
        hits = self._hits.setdefault(key, deque())
        while hits and hits[0] + length <= now:
            hits.popleft()
        allowed = len(hits) < limit
        if allowed:
            hits.append(now)
        self._idle.put(key, hits[-1] + length)
        return _decision(hits, limit=limit, allowed=allowed, now=now, length=length)

    def _forget_idle(self, now: int) -> None:
        for key in self._idle.passed(now):
            del self._hits[key]


def _decision(hits: deque[int], *, limit: int, allowed: bool, now: int, length: int) -> Decision:
    """Return what to tell about the hits that are within the window."""
    remaining = max(limit - len(hits), 0)
    # The next one is allowed once fewer than the limit are left, and the limit may have been greater before.
    wait = 0 if remaining else hits[len(hits) - limit] + length - now
    return Decision(
        allowed=allowed,
        limit=limit,
        remaining=remaining,
        retry_after=timedelta(microseconds=wait),
        reset_after=timedelta(microseconds=hits[-1] + length - now),
    )


def _check(limit: int, window: timedelta) -> None:
    if limit < 1:
        raise InvalidError(f"a limit must be at least 1, got {limit}")
    if window <= timedelta():
        raise InvalidError(f"a window must be more than zero, got {window}")
