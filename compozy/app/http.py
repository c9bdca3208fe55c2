"""The actor that serves the API."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

import trio

from compozy.app.executions import current_orchestrator, executions_over
from compozy.app.imports import import_in_thread
from compozy.config.settings import ServerSettings
from compozy.contracts.cache import Cache
from compozy.contracts.store import Store
from compozy.domain.definitions import Project
from compozy.drivers.clock import utc_now
from compozy.telemetry.metrics import Metrics
from supervisors import Context, Ref, TreeStatus


def http_actor(project: Project, settings: ServerSettings, metrics: Metrics) -> Callable[..., Awaitable[None]]:
    """Return the actor that serves the API; its value is the address it listens on."""

    async def http(ctx: Context, store: Store, cache: Cache, temporal: Ref[Any], worker: Ref[Any]) -> None:  # noqa: ARG001 - the worker is wanted for the order of stopping
        # Separately, because quart and hypercorn take longer to import than all else here.
        application = await import_in_thread("compozy.api.application")
        services = await import_in_thread("compozy.api.services")
        server = await import_in_thread("compozy.api.server")

        def actors() -> Sequence[Any]:
            return actor_reports(ctx.tree.status(), services.ActorReport)

        executions = executions_over(project, store, cache, lambda: current_orchestrator(temporal, project))
        app = application.create_app(
            services.ApiServices(executions=executions, project=project, metrics=metrics, actors=actors)
        )
        await server.serve(
            app,
            host=settings.host,
            port=settings.port,
            allow_public=settings.allow_public,
            graceful_timeout_s=settings.shutdown_timeout.total_seconds(),
            shutdown_trigger=ctx.stopping.wait,
            task_status=ctx,
        )

    return http


def actor_reports(status: TreeStatus, make: Callable[..., Any]) -> list[Any]:
    """Return the rows of a tree's status as the edge shows them, their times on the wall clock."""
    now, monotonic = utc_now(), trio.current_time()
    return [
        make(
            name=row.name,
            state=str(row.state),
            ready=row.ready,
            since=now - timedelta(seconds=monotonic - row.since),
            generation=row.generation,
            restarts=row.restarts,
            reason=None if row.ready else str(row.reason),
        )
        for row in status
    ]
