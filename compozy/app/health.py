"""The actor that tells of a worker's health on a port of its own, when there is no API to ask."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import attrs

from compozy.app.executions import current_orchestrator, executions_over
from compozy.app.imports import import_in_thread
from compozy.app.late import cache_of, store_of
from compozy.app.reports import ActorReports
from compozy.contracts.cache import Cache
from compozy.contracts.store import Store
from compozy.domain.definitions import Project
from compozy.engine.executions import Executions
from compozy.telemetry.metrics import Metrics
from supervisors import Context, Ref

_HOST: Final = "127.0.0.1"
_GRACE_S: Final = 1.0
_EDGE: Final = ("application", "services", "server")


@attrs.frozen(kw_only=True)
class _Health:
    """What the routes answer from."""

    metrics: Metrics
    actors: Callable[[], Sequence[Any]]
    executions: Executions


def health_actor(project: Project, metrics: Metrics, *, port: int) -> Callable[..., Awaitable[None]]:
    """Return the actor that serves ``/healthz``, ``/readyz`` and ``/metrics`` to this machine.

    Args:
        project: What is worked on.
        metrics: What is shown.
        port: Where; 0 takes a free one. Its value is the address.
    """

    async def health(ctx: Context, store: Ref[Store], cache: Ref[Cache]) -> None:
        application, services, server = [await import_in_thread(f"compozy.api.{name}") for name in _EDGE]
        executions = executions_over(
            project, store_of(store), cache_of(cache), lambda: current_orchestrator(ctx.tree, project)
        )
        shown = _Health(metrics=metrics, actors=ActorReports(ctx.tree, services.ActorReport), executions=executions)
        await server.serve(
            application.create_health_app(shown),
            host=_HOST,
            port=port,
            graceful_timeout_s=_GRACE_S,
            shutdown_trigger=ctx.stopping.wait,
            task_status=ctx,
        )

    return health
