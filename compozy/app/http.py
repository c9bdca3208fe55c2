"""The actor that serves the API."""

from collections.abc import Awaitable, Callable
from typing import Final

from compozy.app.executions import current_orchestrator, executions_over
from compozy.app.imports import import_in_thread
from compozy.app.late import cache_of, limiter_of, store_of
from compozy.app.presence import workers_over
from compozy.app.reports import ActorReports
from compozy.app.schedules import current_schedules
from compozy.config.settings import Settings
from compozy.contracts.cache import Cache
from compozy.contracts.limiter import Limiter
from compozy.contracts.store import Store
from compozy.domain.definitions import Project
from compozy.engine.idempotency import IdempotencyKeys
from compozy.engine.schedules.keeping import ProjectSchedules
from compozy.telemetry.metrics import Metrics
from compozy.telemetry.tracing import Tracing
from supervisors import Context, Ref

_EDGE: Final = ("application", "services", "limits", "server")


def http_actor(
    project: Project, settings: Settings, metrics: Metrics, *, tracing: Tracing
) -> Callable[..., Awaitable[None]]:
    """Return the actor that serves the API; its value is the address it listens on."""

    async def http(
        ctx: Context,
        store: Store | Ref[Store],
        cache: Cache | Ref[Cache],
        limiter: Limiter | Ref[Limiter] | None = None,
    ) -> None:
        # Separately, because quart and hypercorn take longer to import than all else here.
        application, services, limits, server = [await import_in_thread(f"compozy.api.{name}") for name in _EDGE]

        held = cache_of(cache)
        executions = executions_over(
            project,
            store_of(store),
            held,
            lambda: current_orchestrator(ctx.tree, project),
            max_input_bytes=settings.limits.max_payload_size,
        )
        app = application.create_app(
            services.ApiServices(
                executions=executions,
                project=project,
                idempotency=IdempotencyKeys(held.kv),
                metrics=metrics,
                actors=ActorReports(ctx.tree, services.ActorReport),
                workers=await workers_over(project, held),
                limiter=limiter_of(limiter),
                rate=limits.Rate(limit=settings.rate_limit.limit, window=settings.rate_limit.window),
                schedules=ProjectSchedules(project=project, schedules=lambda: current_schedules(ctx.tree, project)),
                tracing=tracing,
                max_body_bytes=settings.limits.max_payload_size,
            )
        )
        await server.serve(
            app,
            host=settings.server.host,
            port=settings.server.port,
            allow_public=settings.server.allow_public,
            graceful_timeout_s=settings.server.shutdown_timeout.total_seconds(),
            shutdown_trigger=ctx.stopping.wait,
            task_status=ctx,
        )

    return http
