"""Health and metrics: alive, ready, and what Prometheus reads."""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Final, Protocol

import attrs
import trio
from quart import Blueprint, Response

from compozy.api.services import ActorReport
from compozy.api.views import actor_view, json_response
from compozy.domain.errors import UnavailableError
from compozy.domain.statuses import Status
from compozy.engine.executions import Executions
from compozy.telemetry.metrics import CONTENT_TYPE, Metrics

_COUNT_S: Final = 1.0
"""How long counting may take; the rest of the metrics is wanted most when the store is slow."""


class HealthServices(Protocol):
    """What these routes answer from: a part of ``ApiServices``, which a process without the API has, too."""

    @property
    def metrics(self) -> Metrics:
        """What ``/metrics`` shows."""
        ...

    @property
    def actors(self) -> Callable[[], Sequence[ActorReport]]:
        """Gives a snapshot of the actors that must be ready."""
        ...

    @property
    def executions(self) -> Executions:
        """Counts what has not ended."""
        ...


@attrs.frozen(kw_only=True)
class Health:
    """What a process without the API answers from.

    Attributes:
        metrics: What ``/metrics`` shows.
        actors: Gives a snapshot of the actors that must be ready.
        executions: Counts what has not ended.
    """

    metrics: Metrics
    actors: Callable[[], Sequence[ActorReport]]
    executions: Executions


@attrs.frozen
class HealthRoutes:
    """The routes that operators' programs ask."""

    services: HealthServices

    def blueprint(self) -> Blueprint:
        """Return the routes."""
        routes = Blueprint("health", __name__)
        routes.get("/healthz")(self.alive)
        routes.get("/readyz")(self.ready)
        routes.get("/metrics")(self.metrics)
        return routes

    async def alive(self) -> Response:
        """Answer that the process answers. It says nothing of the backends: restarting it would not mend them."""
        return json_response({"status": "alive"})

    async def ready(self) -> Response:
        """Answer 200 when every actor that the program needs is ready, else 503; and how each stands."""
        actors = self.services.actors()
        is_ready = all(actor.ready or not actor.needed for actor in actors)
        body = {"ready": is_ready, "actors": [actor_view(actor) for actor in actors]}
        response = json_response(body, HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE)
        if not is_ready:
            response.headers["Retry-After"] = "1"
        return response

    async def metrics(self) -> Response:
        """Answer the metrics in Prometheus' text format, those of the actors included."""
        self.services.metrics.set_unfinished(await self._unfinished())
        with self.services.metrics.watching_actors(self.services.actors):
            return Response(self.services.metrics.render(), content_type=CONTENT_TYPE)

    async def _unfinished(self) -> Mapping[Status, int] | None:
        """Return how many executions have not ended; None when the store does not say."""
        with trio.move_on_after(_COUNT_S):
            try:
                return await self.services.executions.unfinished()
            except UnavailableError:
                return None
        return None
