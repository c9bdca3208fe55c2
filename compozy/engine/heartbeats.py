"""Heartbeats: how a worker says that it is there, in the cache that all processes share.

A beat writes the same record under two keys. ``dispatcher:heartbeat:{id}`` lives for 90 s, and so for three beats:
whoever has it is live. ``dispatcher:worker:{id}`` lives for a day: who has nothing else was there, and what is left of
that day tells when it was last heard of. So the age of a beat is measured by the cache alone, and the clocks of the
hosts need not agree. Who stops in order takes both keys along; who dies leaves the second one behind.
"""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import attrs
import trio

from compozy.contracts.cache import KV
from compozy.domain.codec import from_json, to_json
from compozy.domain.errors import ConflictError, InvalidError, UnavailableError
from compozy.engine.config_store import UNREADABLE, ConfigStore, Outline
from compozy.telemetry.logger import get_logger

EVERY: Final = timedelta(seconds=30)
"""How often a worker beats."""

LIVE: Final = timedelta(seconds=90)
"""How long a worker counts as live after a beat."""

REMEMBERED: Final = timedelta(hours=24)
"""How long a worker is remembered after its last beat. Ages are measured by it, so it is part of what is stored."""

_HEARTBEAT: Final = "dispatcher:heartbeat:"
_WORKER: Final = "dispatcher:worker:"

EVERYBODY: Final = f"{_WORKER}*"
"""The pattern of the keys under which workers are remembered."""

_UNHEARD: Final = (UnavailableError, ConflictError, InvalidError)
"""Why a cache does not take a beat."""

_log = get_logger(__name__)


@attrs.frozen(kw_only=True)
class WorkerRecord:
    """What a worker says of itself.

    Attributes:
        id: Its own among all workers, for as long as its process lives.
        host: The name of its machine.
        pid: Its process there.
        version: The version of Compozy.
        project: Whose executions it carries out.
        task_queue: Where it asks for work.
        digest: Of the outline of the project that it runs (:mod:`compozy.engine.config_store`).
        started_at: When it began to ask for work, by the clock of its machine (aware).
        at: When it said so, by the same clock.
    """

    id: str
    host: str
    pid: int
    version: str
    project: str
    task_queue: str
    digest: str
    started_at: datetime
    at: datetime


@attrs.frozen(kw_only=True)
class Pulse:
    """The heartbeats of one worker.

    Attributes:
        kv: Where they are written.
        configs: Where the outline of its project is.
        worker: What it says of itself; ``at`` is written anew with each beat.
        outline: What it runs.
        clock: Gives the current time, UTC; for people to read, nothing is computed from it.
    """

    kv: KV
    configs: ConfigStore
    worker: WorkerRecord
    outline: Outline
    clock: Callable[[], datetime]

    async def keep_beating(self, *, every: timedelta = EVERY) -> None:
        """Beat now, and again and again until cancelled.

        A cache that takes no beats, because it is away or full or grants no right to write them, is logged when that
        begins and when it ends, and is no reason to stop: the worker works, others only do not see that it is there.

        Args:
            every: How long to wait after each beat.
        """
        is_heard = True
        while True:
            try:
                await self.beat()
            except _UNHEARD as error:
                if is_heard:
                    _log.warning("heartbeats are not heard", worker=self.worker.id, reason=str(error))
                is_heard = False
            else:
                if not is_heard:
                    _log.info("heartbeats are heard again", worker=self.worker.id)
                is_heard = True
            await trio.sleep(every.total_seconds())

    async def beat(self) -> None:
        """Say that the worker is there, and what it runs.

        Raises:
            UnavailableError: The cache cannot be reached now.
            ConflictError: The cache is full.
            InvalidError: The cache grants no right to do that.
        """
        await self.configs.save(self.outline)
        text = json.dumps(to_json(attrs.evolve(self.worker, at=self.clock())))
        # In this order: a listing goes by who is remembered, and must not meet a worker that is not live yet.
        await self.kv.set(heartbeat_key(self.worker.id), text, ttl=LIVE)
        await self.kv.set(worker_key(self.worker.id), text, ttl=REMEMBERED)

    async def stop(self) -> None:
        """Have the worker forgotten. A cache that does not do so now forgets by itself, a day later."""
        try:
            # One by one: a cache keeps the order of operations on one key, and a beat may have been cut short just now.
            await self.kv.delete(heartbeat_key(self.worker.id))
            await self.kv.delete(worker_key(self.worker.id))
        except _UNHEARD as error:
            _log.debug("a worker that has stopped is remembered", worker=self.worker.id, reason=str(error))


def heartbeat_key(worker_id: str) -> str:
    """Return the key that is there as long as a worker is live."""
    return f"{_HEARTBEAT}{worker_id}"


def worker_key(worker_id: str) -> str:
    """Return the key under which a worker is remembered."""
    return f"{_WORKER}{worker_id}"


def worker_id_in(key: str) -> str:
    """Return the id in what :func:`worker_key` made."""
    return key.removeprefix(_WORKER)


def parse_record(worker_id: str, text: str) -> WorkerRecord | None:
    """Return what a beat of this worker has written; None when it was written by something else."""
    try:
        record = from_json(json.loads(text), WorkerRecord)
    except UNREADABLE:
        return None
    return record if record.id == worker_id and record.started_at.tzinfo and record.at.tzinfo else None
