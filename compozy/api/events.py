"""Events: telling what happened to whoever waits for it or is started by it."""

from http import HTTPStatus

import attrs
from quart import Blueprint, Response

from compozy.api.idempotency import read_key
from compozy.api.requests import EventBody, read_body
from compozy.api.services import ApiServices
from compozy.api.views import json_response
from compozy.api.workflows import API_PREFIX
from compozy.domain.errors import InvalidError, Problem
from compozy.domain.events import event_name
from compozy.domain.ids import keyed_exec_id, new_exec_id
from compozy.domain.work import Signal
from compozy.engine.dispatching import Dispatching


@attrs.frozen
class EventRoutes:
    """The route of events."""

    services: ApiServices

    def blueprint(self) -> Blueprint:
        """Return the routes."""
        routes = Blueprint("events", __name__, url_prefix=f"{API_PREFIX}/events")
        routes.post("")(self.tell)
        return routes

    async def tell(self) -> Response:
        """Tell an event and answer 202 with what became of it."""
        event = await event_of(self.services, await read_body(EventBody), "events")
        dispatched = await Dispatching(self.services.executions).tell(event)
        return json_response(dispatched.as_json(), HTTPStatus.ACCEPTED)


async def event_of(services: ApiServices, body: EventBody, scope: str) -> Signal:
    """Return the event that the current request tells; a repetition under the same key is the same event.

    Args:
        services: What is known of keys, and whose clock counts.
        body: The body of the request.
        scope: What the keys belong to.

    Raises:
        InvalidError: It cannot be an event; or its key was used for another.
        UnavailableError: There is a key, and the cache cannot be reached now.
    """
    key = read_key()
    if key is not None and body.event_id is not None:
        hint = "leave one of them out"
        raise InvalidError(Problem(key="event_id", message="there is an Idempotency-Key that says the same", hint=hint))
    event_id = body.event_id or new_exec_id()
    if key is not None:
        project = services.project.name
        await services.idempotency.claim(f"{project}:{scope}", key, {"name": body.name, "payload": body.payload})
        event_id = keyed_exec_id("event key", project, scope, key)
    at = services.executions.clock()
    return Signal(name=event_name(body.name), payload=body.payload, event_id=event_id, at=at)
