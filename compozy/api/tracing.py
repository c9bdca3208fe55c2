"""The span of a request, and what its log lines say of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final

from quart import request
from quart.typing import ResponseTypes

from compozy.telemetry.facts import bind_facts
from compozy.telemetry.tracing import Outcome, Tracing

_TRACED: Final = "/api/"
_FACTS: Final = ("workflow_id", "exec_id")


@contextmanager
def request_span(tracing: Tracing) -> Iterator[Outcome]:
    """Open a span for the current request, under the one that the client names; probes and Prometheus get none.

    Source: OpenTelemetry's semantic conventions for HTTP spans.
    """
    if not tracing.is_on or not request.path.startswith(_TRACED):
        yield Outcome()
        return
    route = request.url_rule.rule if request.url_rule is not None else None
    attributes = {"http.request.method": request.method, "url.path": request.path}
    with tracing.request(
        f"{request.method} {route}" if route else request.method,
        traceparent=request.headers.get("traceparent"),
        attributes={**attributes, "http.route": route} if route else attributes,
    ) as span:
        yield span


def tell_response(span: Outcome, response: ResponseTypes) -> None:
    """Say in the span of a request how it was answered."""
    span.attributes["http.response.status_code"] = response.status_code
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        span.error = HTTPStatus(response.status_code).phrase


def bind_path_facts() -> None:
    """Put what the path of the current request names on every line that its task logs."""
    named = request.view_args or {}
    bind_facts(**{name: named.get(name) for name in _FACTS})
