"""Executions: finding them, and following one."""

import attrs
from quart import Blueprint, Response, request

from compozy.api.drain import Drain
from compozy.api.requests import ListQuery, read_query
from compozy.api.services import ApiServices
from compozy.api.streams import EventStream
from compozy.api.views import execution_view, json_response, page_view
from compozy.api.workflows import API_PREFIX
from compozy.contracts.store import WorkflowFilter


@attrs.frozen
class ExecutionRoutes:
    """The routes of recorded executions."""

    services: ApiServices
    drain: Drain

    def blueprint(self) -> Blueprint:
        """Return the routes."""
        routes = Blueprint("executions", __name__, url_prefix=f"{API_PREFIX}/executions/workflows")
        routes.get("")(self.list_executions)
        routes.get("/<exec_id>")(self.get_execution)
        routes.get("/<exec_id>/events")(self.follow)
        return routes

    async def list_executions(self) -> Response:
        """Answer one page of executions, newest first."""
        query = read_query(ListQuery, repeatable=frozenset({"status"}))
        where = WorkflowFilter(
            workflow_id=query.workflow_id, statuses=query.status, parent_exec_id=query.parent_exec_id
        )
        page = await self.services.executions.list(where, cursor=query.cursor, limit=query.limit)
        return json_response(page_view(page))

    async def get_execution(self, exec_id: str) -> Response:
        """Answer one execution with its tasks."""
        return json_response(execution_view(await self.services.executions.get(exec_id)))

    async def follow(self, exec_id: str) -> Response:
        """Answer a stream of server-sent events: how the execution stands, then each change until it has ended."""
        # Read once before the answer begins: a 404 can be told only now.
        await self.services.executions.get(exec_id)
        stream = EventStream(
            self.services.executions,
            exec_id,
            heartbeat_s=self.services.heartbeat.total_seconds(),
            stopping=self.drain.stopping,
        )
        response = Response(b"" if request.method == "HEAD" else stream, content_type="text/event-stream")
        # Proxies must hand on each event as it comes.
        response.headers["X-Accel-Buffering"] = "no"
        return response
