"""Worker processes, kept for the next call and lent to one at a time."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

import attrs
import trio

from compozy.domain.errors import InvalidError
from compozy.drivers.tools.worker import Worker

PATIENCE_S: Final = 0.25
"""How long a call waits for a worker that is kept before one more is started; most calls end sooner than it starts."""


@attrs.frozen(kw_only=True)
class PoolStatistics:
    """A snapshot of a pool.

    Attributes:
        live: Worker processes that run or start.
        idle: Those of them that wait for a call.
        waiting: Calls that wait for a worker.
        started: How many have been started since the pool was opened.
    """

    live: int
    idle: int
    waiting: int
    started: int


class Pool:
    """Worker processes of one entrypoint.

    The first calls start ``keep`` of them, which are kept. While all are busy, a call that has waited for PATIENCE_S
    starts another one, up to ``most``; it ends with the call. A worker that has ended or was killed is replaced when
    somebody needs one. Calls are served in the order in which they came.

    Args:
        nursery: Parent of what looks after the processes.
        open_worker: Starts one and loads the entrypoint; raises InvalidError or OSError when that cannot be.
        keep: How many are kept.
        most: How many there are at most.
    """

    def __init__(
        self,
        nursery: trio.Nursery,
        open_worker: Callable[[], AbstractAsyncContextManager[Worker]],
        *,
        keep: int,
        most: int,
    ) -> None:
        self._nursery = nursery
        self._open_worker = open_worker
        self._keep = keep
        self._most = max(keep, most)
        self._turn = trio.Lock()  # held by the call that is served next
        self._news = trio.Event()  # for that call
        self._idle: list[Worker] = []
        self._failure: Exception | None = None
        self._live = self._starting = self._started = 0

    def statistics(self) -> PoolStatistics:
        """Return a snapshot."""
        return PoolStatistics(live=self._live, idle=len(self._idle), waiting=self._waiting(), started=self._started)

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[Worker]:
        """Lend a worker, which is loaded; one that is left in the middle of a call is killed.

        Raises:
            InvalidError: The entrypoint cannot be loaded.
            OSError: A process could not be started.
        """
        async with self._turn:
            worker = await self._find_worker()
        try:
            yield worker
        finally:
            self._take_back(worker)

    async def _find_worker(self) -> Worker:
        self._failure = None
        patient_until = trio.current_time() + PATIENCE_S
        while not (usable := self._pop_idle()):
            if self._failure is not None:
                raise self._failure
            self._news = trio.Event()
            self._start_kept()
            grows = self._live < self._most and not self._starting
            with trio.move_on_at(patient_until if grows else float("inf")):
                await self._news.wait()
                continue
            self._start()
            patient_until = trio.current_time() + PATIENCE_S
        return usable

    def _pop_idle(self) -> Worker | None:
        while self._idle:
            worker = self._idle.pop()  # the one that was used last: what it needs is in the machine's caches
            if worker.is_usable:
                return worker
        return None

    def _start_kept(self) -> None:
        """Start as many as there are calls waiting, within what is kept."""
        while self._live < self._keep and self._starting < self._waiting():
            self._start()

    def _waiting(self) -> int:
        return self._turn.locked() + self._turn.statistics().tasks_waiting

    def _start(self) -> None:
        self._live += 1
        self._starting += 1
        self._started += 1
        self._nursery.start_soon(self._look_after)

    async def _look_after(self) -> None:
        """Keep one worker from its start to its end."""
        worker: Worker | None = None
        try:
            async with self._open_worker() as worker:
                self._starting -= 1
                self._take_back(worker)
                await worker.over.wait()
                if worker in self._idle:
                    self._idle.remove(worker)
        except (InvalidError, OSError) as error:
            self._failure = error
        finally:
            self._starting -= worker is None
            self._live -= 1
            self._news.set()

    def _take_back(self, worker: Worker) -> None:
        if not worker.is_usable:
            worker.kill()
        elif len(self._idle) >= self._keep and not self._waiting():
            worker.over.set()
        else:
            self._idle.append(worker)
            self._news.set()


@asynccontextmanager
async def open_pool(
    open_worker: Callable[[], AbstractAsyncContextManager[Worker]], *, keep: int, most: int
) -> AsyncIterator[Pool]:
    """Open a pool; on leaving, all its processes have ended.

    What the block raises leaves as it is.

    Args:
        open_worker: As for :class:`Pool`.
        keep: As for :class:`Pool`.
        most: As for :class:`Pool`.
    """
    own: Exception | None = None
    async with trio.open_nursery() as nursery:
        try:
            yield Pool(nursery, open_worker, keep=keep, most=most)
        except Exception as error:  # noqa: BLE001 - raised again below, outside the nursery
            own = error
        nursery.cancel_scope.cancel()
    if own is not None:
        raise own
