"""Workers: who carries out the executions, and what each of them runs."""

import attrs
from quart import Blueprint, Response

from compozy.api.services import ApiServices
from compozy.api.views import instant, json_response
from compozy.api.workflows import API_PREFIX
from compozy.domain.json import JsonObject
from compozy.engine.workers import Listing, WorkerReport


@attrs.frozen
class WorkerRoutes:
    """The route of the project's workers."""

    services: ApiServices

    def blueprint(self) -> Blueprint:
        """Return the routes."""
        routes = Blueprint("workers", __name__, url_prefix=f"{API_PREFIX}/workers")
        routes.get("")(self.list_workers)
        return routes

    async def list_workers(self) -> Response:
        """Answer every worker of the project that is there, or was until lately and did not stop in order."""
        return json_response(_listing_view(await self.services.workers.list()))


def _listing_view(listing: Listing) -> JsonObject:
    return {
        "workers": [_worker_view(report) for report in listing.workers],
        "unreadable_workers": list(listing.unreadable),
    }


def _worker_view(report: WorkerReport) -> JsonObject:
    record, differing = report.record, report.differing_workflows
    return {
        "id": record.id,
        "host": record.host,
        "pid": record.pid,
        "state": report.liveness.value,
        "version": record.version,
        "started_at": instant(record.started_at),
        "last_beat_at": instant(record.at),
        "age_s": round(report.age.total_seconds(), 3),
        "same_project": report.same_project,
        "differing_workflows": None if differing is None else list(differing),
        "same_tools": report.same_tools,
    }
