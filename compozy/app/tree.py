"""The tree: which actors a project stands on, and who needs whom.

::

    state_folder <- store <- cache <- temporal <- worker        (temporal needs asyncio too,
                     ^         ^         ^          ^            and so does store on PostgreSQL)
                     +---------+-- http -+-(wants)--+
                     +-- janitor                                (when there is a retention)

In standalone mode the backends start one after the other; only the order is needed, no values. It costs nothing, for
the first ones take milliseconds, and it makes shutdown the strict reverse: http, worker, temporal, cache, store. The
API only wants temporal and worker: while one of them restarts it stays up, reads work, and writes get a 503. Nobody
waits for the janitor, and nothing else ends when it fails.
"""

from typing import Final

from compozy.app.backends import store_actor, sugardb_actor
from compozy.app.http import http_actor
from compozy.app.janitor import janitor_actor
from compozy.app.options import Loaded
from compozy.app.state_folder import state_folder_actor
from compozy.app.temporal import asyncio_actor, dev_server_actor
from compozy.app.work import worker_actor
from compozy.domain.errors import ConflictError, InvalidError
from compozy.telemetry.metrics import Metrics
from supervisors import Backoff, Tree

SHUTDOWN_BUDGET_S: Final = 30.0
"""What stopping everything may take; the graces below fit into it, one after the other."""

# What no restart can mend: wrong input, and a folder that another process uses.
_FATAL: Final = (InvalidError, ConflictError)
_BACKOFF: Final = Backoff(0.1, 10)


def build_tree(loaded: Loaded, metrics: Metrics, *, serves_http: bool = True) -> Tree:
    """Return the tree of a standalone project, not yet opened.

    Args:
        loaded: What to run.
        metrics: Where the actors count.
        serves_http: Whether it has the API; an embedded runtime has not.
    """
    settings, project = loaded.settings, loaded.project
    start_timeout = settings.temporal.standalone.start_timeout.total_seconds()
    tree = Tree(f"compozy:{project.name}", shutdown=SHUTDOWN_BUDGET_S)
    tree.add(state_folder_actor(loaded.state_dir), name="state_folder", grace=1, fatal=_FATAL)
    store = store_actor(settings.database, metrics)
    tree.add(store.function, name="store", needs=store.needs, grace=store.grace, fatal=_FATAL)
    tree.add(sugardb_actor(), name="cache", needs=("store",), grace=1)
    tree.add(asyncio_actor, name="asyncio", grace=6)
    tree.add(
        dev_server_actor(settings.temporal),
        name="temporal",
        needs=("cache", "asyncio"),
        grace=8,
        start_timeout=start_timeout,
        backoff=_BACKOFF,
        fatal=_FATAL,
    )
    tree.add(
        worker_actor(project, metrics),
        name="worker",
        needs=("store", "cache", "temporal"),
        grace=6,
        backoff=_BACKOFF,
        fatal=_FATAL,
    )
    if settings.database.retention is not None:
        janitor = janitor_actor(settings.database.retention)
        tree.add(janitor, name="janitor", needs=("store",), grace=1, backoff=_BACKOFF, gives_up="ignore")
    if serves_http:
        grace = settings.server.shutdown_timeout.total_seconds() + 1
        tree.add(
            http_actor(project, settings.server, metrics),
            name="http",
            needs=("store", "cache"),
            wants=("temporal", "worker"),
            grace=grace,
            backoff=_BACKOFF,
            fatal=_FATAL,
        )
    return tree
