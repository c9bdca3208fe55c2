"""Workflows: what can be executed, and executing it."""

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Final

import attrs
import trio
from quart import Blueprint, Response, request

from compozy.api.drain import Drain
from compozy.api.idempotency import REPLAYED_HEADER, read_key
from compozy.api.problems import STILL_RUNNING, STOPPING, problem
from compozy.api.requests import StartBody, SyncBody, read_body
from compozy.api.services import ApiServices
from compozy.api.views import execution_view, json_response, outcome_view, workflow_detail_view, workflow_view
from compozy.domain.errors import InvalidError, Problem
from compozy.domain.executions import WorkflowState
from compozy.domain.json import JsonObject
from compozy.engine.events import ExecutionEvent
from compozy.engine.executions import Accepted, Execution
from compozy.engine.idempotency import accept_keyed, exec_id_of
from compozy.telemetry.facts import bind_facts

API_PREFIX: Final = "/api/v0"


@attrs.frozen(kw_only=True)
class _Order:
    """What a request asks to be run.

    Attributes:
        draft: The execution.
        sent: Its input as it was sent.
        key: The idempotency key, if there is one.
    """

    draft: WorkflowState
    sent: JsonObject
    key: str | None


@attrs.frozen
class WorkflowRoutes:
    """The routes of the project's workflows."""

    services: ApiServices
    drain: Drain

    def blueprint(self) -> Blueprint:
        """Return the routes."""
        routes = Blueprint("workflows", __name__, url_prefix=f"{API_PREFIX}/workflows")
        routes.get("")(self.list_workflows)
        routes.get("/<workflow_id>")(self.get_workflow)
        routes.post("/<workflow_id>/executions")(self.start)
        routes.post("/<workflow_id>/executions/sync")(self.run)
        return routes

    async def list_workflows(self) -> Response:
        """Answer every workflow of the project, in the order of its files."""
        return json_response({"workflows": [workflow_view(each) for each in self.services.project.workflows.values()]})

    async def get_workflow(self, workflow_id: str) -> Response:
        """Answer one workflow with an outline of its tasks."""
        return json_response(workflow_detail_view(self.services.executions.get_workflow(workflow_id)))

    async def start(self, workflow_id: str) -> Response:
        """Accept an execution and answer 202 with where to find it."""
        order = self._order(workflow_id, await read_body(StartBody))
        return accepted_response(await self._accept(order))

    async def run(self, workflow_id: str) -> Response:
        """Run an execution and answer 200 when it has ended, however it ended; else 408 or 503, and it goes on.

        The view is opened before the execution is begun, so its end cannot be missed, and what the store says after
        the wait decides the answer, so an end that comes together with the timeout is still told.
        """
        body = await read_body(SyncBody)
        patience_s = self._patience_s(body.timeout)
        order = self._order(workflow_id, body)
        executions, exec_id = self.services.executions, order.draft.exec_id
        async with executions.watch(exec_id, tells_tasks=False) as changes:
            accepted = await self._accept(order)
            if not accepted.state.status.is_terminal:
                await self._wait_for_end(changes, patience_s)
        state = await executions.state_of(exec_id)
        if state.status.is_terminal:
            return _marked(json_response(outcome_view(state)), accepted)
        return _marked(self._unfinished(await executions.get(exec_id), patience_s), accepted)

    async def _wait_for_end(self, changes: AsyncIterator[ExecutionEvent], patience_s: float) -> None:
        """Return when the execution has ended, when the time is over, or when the server must answer."""
        with trio.move_on_after(patience_s), self.drain.overdue.until():
            async for change in changes:
                if change.ends_execution:
                    break

    def _order(self, workflow_id: str, body: StartBody) -> _Order:
        """Return what the current request asks to be run, once it has been found to be in order."""
        key = read_key()
        executions = self.services.executions
        exec_id = None if key is None else exec_id_of(executions, workflow_id, key)
        draft = executions.draft(workflow_id, body.input, exec_id=exec_id)
        bind_facts(exec_id=draft.exec_id)
        return _Order(draft=draft, sent=body.input, key=key)

    async def _accept(self, order: _Order) -> Accepted:
        """Accept an execution, or find the one that was accepted under the same key."""
        executions = self.services.executions
        if order.key is None:
            return Accepted(state=await executions.accept(order.draft), is_new=True)
        keys = self.services.idempotency
        return await accept_keyed(executions, keys, order.key, draft=order.draft, sent=order.sent)

    def _patience_s(self, asked: float | None) -> float:
        """Return how many seconds a request waits.

        Raises:
            InvalidError: It asks for more than the limit.
        """
        limit_s = self.services.sync_timeout_limit.total_seconds()
        if asked is None:
            return min(self.services.sync_timeout.total_seconds(), limit_s)
        if asked > limit_s:
            message = f"{asked:g} seconds is more than the {limit_s:g} that a request may wait"
            hint = f"start it with POST {API_PREFIX}/workflows/<id>/executions and follow its events"
            raise InvalidError(Problem(key="timeout", message=message, hint=hint))
        return asked

    def _unfinished(self, execution: Execution, patience_s: float) -> Response:
        """Answer that the execution goes on, with its identity and its state."""
        state = execution.workflow
        extensions = {**_whereabouts(state), "execution": execution_view(execution)}
        if self.drain.overdue.is_set():
            detail = f"the server stops; execution {state.exec_id} is {state.status} and goes on when it is back"
            response = problem(STOPPING, detail, extensions)
            response.headers["Retry-After"] = "1"
            return response
        detail = f"execution {state.exec_id} is {state.status} after {patience_s:g} seconds; it goes on"
        return problem(STILL_RUNNING, detail, extensions)


def accepted_response(accepted: Accepted) -> Response:
    """Answer 202 with where to find an execution."""
    response = json_response(_whereabouts(accepted.state), HTTPStatus.ACCEPTED)
    response.headers["Location"] = _path_of(accepted.state)
    return _marked(response, accepted)


def _path_of(state: WorkflowState) -> str:
    return f"{API_PREFIX}/executions/workflows/{state.exec_id}"


def _marked(response: Response, accepted: Accepted) -> Response:
    """Return the answer with a header that says so when an earlier request has started the execution."""
    if not accepted.is_new:
        response.headers[REPLAYED_HEADER] = "true"
    return response


def _whereabouts(state: WorkflowState) -> JsonObject:
    """Return how to find an execution again."""
    return {
        "exec_id": state.exec_id,
        "exec_url": request.host_url.rstrip("/") + _path_of(state),
        "workflow_id": state.workflow_id,
    }
