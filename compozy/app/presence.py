"""The presence of this program's worker in the cache, and the listing of all workers that a server shows.

Both say which version of the project they mean: the workflows as they were loaded, the entrypoint as it is read here.
"""

import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

import trio

import compozy
from compozy.app.executions import task_queue_of
from compozy.contracts.cache import Cache
from compozy.domain.definitions import Project
from compozy.drivers.clock import utc_now
from compozy.engine.config_store import ConfigStore, Outline, outline_of
from compozy.engine.heartbeats import EVERY, Pulse, WorkerRecord
from compozy.engine.workers import Workers
from compozy.worker.background import beside

_FAREWELL_S: Final = 1.0
"""How long a worker that stops tries to have itself forgotten; well within what its stop may take."""


@asynccontextmanager
async def beating(pulse: Pulse, *, every: timedelta = EVERY) -> AsyncIterator[Callable[[], None]]:
    """Have a worker's heart beat while the block runs, from when what is yielded is called.

    When the block returns or is cancelled, the worker is forgotten. When it fails, the worker stays remembered: it is
    late, and then stale, until it is there again.

    Args:
        pulse: What beats.
        every: How long to wait after each beat.
    """
    begun = trio.Event()

    async def beat() -> None:
        await begun.wait()
        await pulse.keep_beating(every=every)

    is_orderly = True
    try:
        async with beside(beat):
            yield begun.set
    except Exception:
        is_orderly = False
        raise
    finally:
        if is_orderly:
            with trio.move_on_after(_FAREWELL_S, shield=True):
                await pulse.stop()


def pulse_of(worker_id: str, project: Project, cache: Cache, outline: Outline) -> Pulse:
    """Return the heartbeats of a worker in this process that begins now."""
    now = utc_now()
    record = WorkerRecord(
        id=worker_id,
        host=socket.gethostname(),
        pid=os.getpid(),
        version=compozy.__version__,
        project=project.name,
        task_queue=task_queue_of(project),
        digest=outline.digest,
        started_at=now,
        at=now,
    )
    return Pulse(kv=cache.kv, configs=ConfigStore(cache.kv), worker=record, outline=outline, clock=utc_now)


def new_worker_id() -> str:
    """Return an id that no other worker has: where it runs, and a random part, because process ids come again."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"


async def workers_over(project: Project, cache: Cache) -> Workers:
    """Return what lists the workers of a project, compared with it and with its entrypoint as it is now."""
    outline = await trio.to_thread.run_sync(read_outline, project)
    return Workers(kv=cache.kv, keys=cache.keys, configs=ConfigStore(cache.kv), outline=outline)


def read_outline(project: Project) -> Outline:
    """Return the outline of a project, having read its entrypoint. Blocks."""
    try:
        named = project.runtime.entrypoint
        entrypoint = None if named is None else Path(project.root, named).read_bytes()
    except OSError:  # whoever imports it says so
        entrypoint = None
    return outline_of(project, entrypoint)
