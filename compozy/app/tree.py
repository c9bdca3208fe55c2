"""The tree: which actors a process stands on, and who needs whom.

In standalone mode::

    state_folder <- store <- cache <- temporal <- worker        (temporal needs asyncio too, and so
                     ^         ^         ^          ^            do store on PostgreSQL, cache in Redis)
                     +---------+-- http -+-(wants)--+
                     |              +-- limiter                 (when requests are limited; needs cache in Redis,
                     +-- janitor                                 or asyncio for connections of its own)

The backends start one after the other; only the order is needed, no values. It costs nothing, for the first ones take
milliseconds, and it makes shutdown the strict reverse: http, worker, temporal, cache, store. The API only wants
temporal and worker: while one of them restarts it stays up, reads work, and writes get a 503. Nobody waits for the
janitor, and nothing else ends when it fails. What cannot start at the first attempt ends the program, with the reason.

In distributed mode::

    asyncio <- store, cache, temporal <- worker
                 ^ (wants) ^
                 +-- http, health

Temporal wants the store in both modes, for the payloads that are too large for it.

Backends are servers that come and go. They are dialled at once, again and again until they answer, and the API only
wants them: it is there from the beginning, to say what is missing. The state folder is there when something is kept in
it.
"""

from collections.abc import Sequence
from typing import Final

import attrs

from compozy.app.backends import cache_actor, limiter_actor, outage_check, store_actor
from compozy.app.cluster import check_cluster, cluster_actor
from compozy.app.databases import MEMORY
from compozy.app.health import health_actor
from compozy.app.http import http_actor
from compozy.app.janitor import janitor_actor
from compozy.app.options import Loaded
from compozy.app.roles import EVERYTHING, Roles
from compozy.app.state_folder import state_folder_actor
from compozy.app.temporal import asyncio_actor, dev_server_actor
from compozy.app.work import worker_actor
from compozy.config.settings import CacheDriver, Mode, Settings, StoreDriver
from compozy.domain.errors import ConflictError, InvalidError
from compozy.telemetry.metrics import Metrics
from compozy.telemetry.tracing import OFF, Tracing
from supervisors import FOREVER, Backoff, Tree

SHUTDOWN_BUDGET_S: Final = 30.0
"""What stopping everything may take; the graces below fit into it, one after the other."""

# What no restart can mend: wrong input, and a folder that another process uses.
_FATAL: Final = (InvalidError, ConflictError)
_BACKOFF: Final = Backoff(0.1, 10)
_RETRIES: Final = 5
_BACKENDS: Final = ("store", "cache")


def build_tree(loaded: Loaded, metrics: Metrics, *, tracing: Tracing = OFF, roles: Roles = EVERYTHING) -> Tree:
    """Return the tree of a process, not yet opened.

    Args:
        loaded: What to run.
        metrics: Where the actors count.
        tracing: Who is told of requests, executions and tasks.
        roles: What the process does.
    """
    tree = Tree(
        f"compozy:{loaded.project.name}",
        shutdown=SHUTDOWN_BUDGET_S,
        retry_boot=roles.waits and loaded.settings.mode is Mode.DISTRIBUTED,
    )
    planting = _Planting(tree=tree, loaded=loaded, metrics=metrics, tracing=tracing)
    planting.add_backends()
    planting.add_temporal()
    if roles.works:
        # A program that is there for one execution starts no others.
        planting.add_worker(keeps_schedules=roles.waits or roles.serves_http)
    if roles.serves_http:
        planting.add_janitor()
        planting.add_api(wants=("temporal", "worker") if roles.works else ("temporal",))
    elif roles.health_port is not None:
        planting.add_health(roles.health_port)
    elif not planting.is_distributed:
        planting.add_janitor()  # where there is an API, that is the process which tidies up
    return tree


def keeps_files(settings: Settings) -> bool:
    """Tell whether a process with these settings keeps something in files, which no other process may use."""
    is_file = settings.database.driver is StoreDriver.SQLITE and settings.database.path != MEMORY
    is_kept = settings.cache_driver is CacheDriver.SUGARDB and settings.cache.durable
    return is_file or is_kept or settings.temporal.mode is Mode.STANDALONE


def is_forgetful(settings: Settings) -> bool:
    """Tell whether the store forgets with the process what Temporal remembers."""
    return settings.database.driver is StoreDriver.SQLITE and settings.database.path == MEMORY


@attrs.frozen(kw_only=True)
class _Planting:
    """Adds actors to a tree, each with its place and its policy."""

    tree: Tree
    loaded: Loaded
    metrics: Metrics
    tracing: Tracing

    @property
    def is_distributed(self) -> bool:
        return self._settings.mode is Mode.DISTRIBUTED

    def add_backends(self) -> None:
        settings = self._settings
        folder: Sequence[str] = ()
        if keeps_files(settings):
            folder = ("state_folder",)
            self.tree.add(state_folder_actor(self.loaded.state_dir), name="state_folder", grace=1, fatal=_FATAL)
        self.tree.add(asyncio_actor, name="asyncio", grace=6)
        store, cache = store_actor(settings.database, self.metrics), cache_actor(settings, self.metrics)
        # The folder and the store are needed for the order alone.
        self.tree.add(
            store.function,
            name="store",
            needs=(*folder, *store.needs),
            grace=store.grace,
            check=store.check,
            retries=self._retries,
            backoff=_BACKOFF,
            fatal=_FATAL,
        )
        self.tree.add(
            cache.function,
            name="cache",
            needs=(*(folder if self.is_distributed else ("store",)), *cache.needs),
            grace=cache.grace,
            check=cache.check,
            retries=self._retries,
            backoff=_BACKOFF,
            fatal=_FATAL,
        )

    def add_temporal(self) -> None:
        settings = self._settings.temporal
        is_dialled = settings.mode is Mode.DISTRIBUTED
        before = () if self.is_distributed else ("cache",)
        if is_dialled:
            self.tree.add(
                cluster_actor(settings, self.metrics),
                name="temporal",
                needs=(*before, "asyncio"),
                wants=("store",),
                grace=2,
                check=outage_check(check_cluster),
                retries=self._retries,
                backoff=_BACKOFF,
                fatal=_FATAL,
            )
            return
        self.tree.add(
            # A file belongs to this project alone; on a server, others may have executions that run elsewhere.
            dev_server_actor(settings, self.metrics, owns_store=self._settings.database.driver is StoreDriver.SQLITE),
            name="temporal",
            needs=(*(before or ("state_folder",)), "asyncio"),
            wants=("store",),
            grace=8,
            start_timeout=settings.standalone.start_timeout.total_seconds(),
            backoff=_BACKOFF,
            fatal=_FATAL,
        )

    def add_worker(self, *, keeps_schedules: bool) -> None:
        self.tree.add(
            worker_actor(
                self.loaded.project,
                self.metrics,
                tracing=self.tracing,
                concurrency=self._settings.worker.concurrency,
                max_output_bytes=self._settings.limits.max_payload_size,
                keeps_schedules=keeps_schedules,
            ),
            name="worker",
            needs=("store", "cache", "temporal"),
            grace=6,
            retries=self._retries,
            backoff=_BACKOFF,
            fatal=_FATAL,
        )

    def add_janitor(self) -> None:
        retention = self._settings.database.retention
        if retention is not None:
            janitor = janitor_actor(retention)
            self.tree.add(janitor, name="janitor", needs=("store",), grace=1, backoff=_BACKOFF, gives_up="ignore")

    def add_api(self, wants: Sequence[str]) -> None:
        settings = self._settings
        backends = list(_BACKENDS)
        if settings.rate_limit.enabled:
            limiter = limiter_actor(settings)
            self.tree.add(
                limiter.function,
                name="limiter",
                needs=limiter.needs,
                grace=limiter.grace,
                check=limiter.check,
                retries=self._retries,
                backoff=_BACKOFF,
                fatal=_FATAL,
            )
            backends.append("limiter")
        self.tree.add(
            http_actor(self.loaded.project, settings, self.metrics, tracing=self.tracing),
            name="http",
            needs=() if self.is_distributed else backends,
            wants=(*backends, *wants) if self.is_distributed else wants,
            grace=settings.server.shutdown_timeout.total_seconds() + 1,
            backoff=_BACKOFF,
            fatal=_FATAL,
        )

    def add_health(self, port: int) -> None:
        self.tree.add(
            health_actor(self.loaded.project, self.metrics, port=port),
            name="health",
            wants=_BACKENDS,
            grace=2,
            backoff=_BACKOFF,
            fatal=_FATAL,
        )

    @property
    def _settings(self) -> Settings:
        return self.loaded.settings

    @property
    def _retries(self) -> int:
        return FOREVER if self.is_distributed else _RETRIES
