"""The application: routes, limits, and what happens around every request."""

from time import perf_counter
from typing import Final

import attrs
from quart import Response, g, request
from quart.ctx import RequestContext
from quart.typing import ResponseTypes
from quart_trio import QuartTrio
from typing_extensions import override

from compozy.api.connection import Connection, RefusedWebsocket
from compozy.api.drain import Drain
from compozy.api.events import EventRoutes
from compozy.api.executions import ExecutionRoutes
from compozy.api.health import HealthRoutes, HealthServices
from compozy.api.hosts import check_host
from compozy.api.limits import Rate, RateLimits, add_headers
from compozy.api.problems import answer
from compozy.api.schedules import ScheduleRoutes
from compozy.api.services import ApiServices
from compozy.api.steering import SteeringRoutes
from compozy.api.tracing import bind_path_facts, request_span, tell_response
from compozy.api.workers import WorkerRoutes
from compozy.api.workflows import WorkflowRoutes
from compozy.telemetry.metrics import Metrics
from compozy.telemetry.tracing import OFF, Tracing

_HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class Application(QuartTrio):
    """The HTTP API as an ASGI application.

    Attributes:
        drain: Tells long answers that the server stops; whoever serves the application sets its events.
        is_local_only: Only requests whose Host header names this machine are answered.
        tracing: Who is told of requests.
    """

    asgi_http_class = Connection
    asgi_websocket_class = RefusedWebsocket

    def __init__(self, drain: Drain, tracing: Tracing) -> None:
        super().__init__(__name__, static_folder=None)
        self.drain = drain
        self.is_local_only = False
        self.tracing = tracing

    @override
    async def full_dispatch_request(self, request_context: RequestContext | None = None) -> ResponseTypes:
        with request_span(self.tracing) as span:
            response = await super().full_dispatch_request(request_context)
            tell_response(span, response)
            return response


def create_app(services: ApiServices) -> Application:
    """Return the API over these services. It holds no connection and starts nothing."""
    drain = Drain()
    app = Application(drain, services.tracing)
    app.config["MAX_CONTENT_LENGTH"] = services.max_body_bytes
    # Event streams and synchronous executions end by their own rules.
    app.config["RESPONSE_TIMEOUT"] = None
    app.register_blueprint(HealthRoutes(services).blueprint())
    app.register_blueprint(WorkflowRoutes(services, drain).blueprint())
    app.register_blueprint(ExecutionRoutes(services, drain).blueprint())
    app.register_blueprint(SteeringRoutes(services).blueprint())
    app.register_blueprint(EventRoutes(services).blueprint())
    app.register_blueprint(ScheduleRoutes(services).blueprint())
    app.register_blueprint(WorkerRoutes(services).blueprint())
    limits = RateLimits(services.limiter, services.rate, services.project.name, services.metrics)
    _Around(app, services.metrics, limits).register()
    return app


def create_health_app(services: HealthServices) -> Application:
    """Return an application that answers probes and Prometheus alone, for a process without the API."""
    app = Application(Drain(), OFF)
    app.register_blueprint(HealthRoutes(services).blueprint())
    _Around(app, services.metrics, RateLimits(None, Rate(), "health", services.metrics)).register()
    return app


@attrs.frozen
class _Around:
    """What happens around every request, whatever its route.

    Methods, and asynchronous ones, because Quart runs plain functions on threads.
    """

    app: Application
    metrics: Metrics
    limits: RateLimits

    def register(self) -> None:
        """Have the application call the rest."""
        self.app.register_error_handler(Exception, self.tell)
        self.app.before_request(self.note_the_beginning)
        self.app.before_request(self.check_request)
        self.app.after_request(self.count)
        self.app.after_request(self.add_headers)

    async def tell(self, error: Exception) -> Response:
        return answer(error)

    async def note_the_beginning(self) -> None:
        g.began = perf_counter()
        bind_path_facts()

    async def check_request(self) -> None:
        if self.app.is_local_only:
            check_host(request.headers.get("Host", ""))
        client = request.remote_addr or "unknown"
        g.decision = decision = await self.limits.check(request.path, client)
        if decision is not None and not decision.allowed:
            raise self.limits.refusal(client, decision)

    async def count(self, response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule is not None else None
        seconds = perf_counter() - g.began
        self.metrics.count_request(request.method, route, status=response.status_code, seconds=seconds)
        return response

    async def add_headers(self, response: Response) -> Response:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        if (decision := g.get("decision")) is not None:
            add_headers(response, decision)
        return response
