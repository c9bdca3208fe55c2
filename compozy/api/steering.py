"""Steering: what people do to executions that run, and with those that have ended."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

import attrs
from quart import Blueprint, Response

from compozy.api.events import event_of
from compozy.api.idempotency import read_key
from compozy.api.requests import EmptyBody, EventBody, RerunBody, read_body
from compozy.api.services import ApiServices
from compozy.api.views import json_response
from compozy.api.workflows import API_PREFIX, accepted_response
from compozy.domain.executions import WorkflowState
from compozy.domain.ids import keyed_exec_id
from compozy.domain.json import JsonObject
from compozy.engine.executions import Accepted
from compozy.engine.idempotency import accept_keyed
from compozy.engine.steering import Steering


@attrs.frozen
class SteeringRoutes:
    """The routes by which executions are told what to do."""

    services: ApiServices

    @property
    def steering(self) -> Steering:
        """What tells them."""
        return Steering(self.services.executions)

    def blueprint(self) -> Blueprint:
        """Return the routes."""
        routes = Blueprint("steering", __name__, url_prefix=f"{API_PREFIX}/executions/<exec_id>")
        routes.post("/signals")(self.signal)
        routes.post("/cancel")(self.cancel)
        routes.post("/pause")(self.pause)
        routes.post("/resume")(self.resume)
        routes.post("/rerun")(self.rerun)
        return routes

    async def signal(self, exec_id: str) -> Response:
        """Tell one execution that something happened, and answer 202."""
        event = await event_of(self.services, await read_body(EventBody), f"executions/{exec_id}")
        state = await self.steering.signal(exec_id, event)
        return json_response({**_whereabouts(state), "event_id": event.event_id}, HTTPStatus.ACCEPTED)

    async def cancel(self, exec_id: str) -> Response:
        """Have an execution end as CANCELED, and answer 202."""
        return await self._steer(exec_id, self.steering.cancel)

    async def pause(self, exec_id: str) -> Response:
        """Have an execution begin no further task, and answer 202."""
        return await self._steer(exec_id, self.steering.pause)

    async def resume(self, exec_id: str) -> Response:
        """Have a paused execution go on, and answer 202."""
        return await self._steer(exec_id, self.steering.resume)

    async def rerun(self, exec_id: str) -> Response:
        """Accept an execution with the input of another one, and answer 202 with where to find it."""
        body = await read_body(RerunBody)
        key = read_key()
        keyed = None if key is None else keyed_exec_id("rerun key", self.services.project.name, exec_id, key)
        draft = await self.steering.draft_rerun(exec_id, first_task=body.from_, new_exec_id=keyed)
        if key is None:
            accepted = Accepted(state=await self.services.executions.accept(draft), is_new=True)
        else:
            sent = {"rerun": exec_id, "from": body.from_}
            accepted = await accept_keyed(
                self.services.executions, self.services.idempotency, key, draft=draft, sent=sent
            )
        return accepted_response(accepted)

    async def _steer(self, exec_id: str, tell: Callable[[str], Awaitable[WorkflowState]]) -> Response:
        await read_body(EmptyBody)
        return json_response(_whereabouts(await tell(exec_id)), HTTPStatus.ACCEPTED)


def _whereabouts(state: WorkflowState) -> JsonObject:
    return {"exec_id": state.exec_id, "workflow_id": state.workflow_id, "status": state.status.value}
