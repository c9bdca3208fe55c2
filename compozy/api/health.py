"""Health and metrics: alive, ready, and what Prometheus reads."""

from http import HTTPStatus

import attrs
from quart import Blueprint, Response

from compozy.api.services import ApiServices
from compozy.api.views import actor_view, json_response
from compozy.telemetry.metrics import CONTENT_TYPE


@attrs.frozen
class HealthRoutes:
    """The routes that operators' programs ask."""

    services: ApiServices

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
        """Answer 200 when every actor is ready, else 503; either way, how each stands and why."""
        actors = self.services.actors()
        is_ready = all(actor.ready for actor in actors)
        body = {"ready": is_ready, "actors": [actor_view(actor) for actor in actors]}
        response = json_response(body, HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE)
        if not is_ready:
            response.headers["Retry-After"] = "1"
        return response

    async def metrics(self) -> Response:
        """Answer the metrics in Prometheus' text format, those of the actors included."""
        with self.services.metrics.watching_actors(self.services.actors):
            return Response(self.services.metrics.render(), content_type=CONTENT_TYPE)
