"""Schedules: when workflows run by themselves, and acting on that."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Final

import attrs
from pydantic import Field
from quart import Blueprint, Response

from compozy.api.requests import EmptyBody, Wire, read_body
from compozy.api.services import ApiServices
from compozy.api.views import instant, json_response
from compozy.api.workflows import API_PREFIX
from compozy.contracts.schedules import Scheduled, ScheduledRun
from compozy.domain.definitions import ScheduleDefinition
from compozy.domain.json import JsonObject
from compozy.engine.schedules.changes import without_input
from compozy.engine.schedules.instants import upcoming
from compozy.engine.schedules.keeping import BY_HAND, ScheduleReport

_SHOWN_TIMES: Final = 5
_STOPPED: Final = ("paused", "off")


class NoteBody(Wire):
    """The body of a request that stops or resumes something for a reason."""

    note: str = Field(default=BY_HAND, min_length=1, max_length=500)


@attrs.frozen
class ScheduleRoutes:
    """The routes of the project's schedules; each is known by its workflow."""

    services: ApiServices

    def blueprint(self) -> Blueprint:
        """Return the routes."""
        routes = Blueprint("schedules", __name__, url_prefix=f"{API_PREFIX}/schedules")
        routes.get("")(self.list_schedules)
        routes.get("/<workflow_id>")(self.get_schedule)
        routes.post("/<workflow_id>/run")(self.run_now)
        routes.post("/<workflow_id>/pause")(self.pause)
        routes.post("/<workflow_id>/resume")(self.resume)
        return routes

    async def list_schedules(self) -> Response:
        """Answer every schedule of the project, in the order of its files."""
        reports = await self.services.schedules.list()
        return json_response({"schedules": [schedule_view(report) for report in reports]})

    async def get_schedule(self, workflow_id: str) -> Response:
        """Answer one schedule."""
        return await self._answer(workflow_id)

    async def run_now(self, workflow_id: str) -> Response:
        """Act as if it were due now, and answer 202: whether that starts an execution is up to its overlap policy."""
        await read_body(EmptyBody)
        await self.services.schedules.run_now(workflow_id)
        return await self._answer(workflow_id, HTTPStatus.ACCEPTED)

    async def pause(self, workflow_id: str) -> Response:
        """Have it start nothing, and answer how it stands."""
        body = await read_body(NoteBody)
        await self.services.schedules.pause(workflow_id, body.note)
        return await self._answer(workflow_id)

    async def resume(self, workflow_id: str) -> Response:
        """Have it start what is due from now on, and answer how it stands."""
        body = await read_body(NoteBody)
        await self.services.schedules.resume(workflow_id, body.note)
        return await self._answer(workflow_id)

    async def _answer(self, workflow_id: str, status: HTTPStatus = HTTPStatus.OK) -> Response:
        return json_response(schedule_view(await self.services.schedules.get(workflow_id)), status)


def schedule_view(report: ScheduleReport) -> JsonObject:
    """Return a schedule: what its file says, and what has come of it."""
    return {
        "workflow_id": report.workflow_id,
        "state": _state(report),
        **_definition_view(report.definition),
        **_scheduled_view(report.scheduled),
        "next_times": [instant(each) for each in _next_times(report)],
        "differs": report.scheduled is not None and report.scheduled.definition != without_input(report.definition),
    }


def _state(report: ScheduleReport) -> str:
    if report.scheduled is None:
        return "absent"
    if not report.scheduled.is_paused:
        return "active"
    return "paused" if report.definition.enabled else "off"


def _next_times(report: ScheduleReport) -> tuple[datetime, ...]:
    """Return when it is due next: never while it starts nothing; else what holds it says so, and knows the jitter."""
    if _state(report) in _STOPPED or not report.definition.enabled:
        return ()
    if report.scheduled is not None and report.scheduled.next_times:
        return report.scheduled.next_times[:_SHOWN_TIMES]
    return upcoming(report.definition, after=datetime.now(UTC), count=_SHOWN_TIMES)


def _definition_view(definition: ScheduleDefinition) -> JsonObject:
    return {
        "cron": definition.cron,
        "timezone": definition.timezone,
        "overlap_policy": definition.overlap_policy.value,
        "jitter_s": _seconds(definition.jitter),
        "start_at": None if definition.start_at is None else instant(definition.start_at),
        "end_at": None if definition.end_at is None else instant(definition.end_at),
    }


def _scheduled_view(scheduled: Scheduled | None) -> JsonObject:
    if scheduled is None:
        return {"note": "", "paused_at": None, "running": [], "recent": [], "skipped": 0, "missed": 0}
    return {
        "note": scheduled.note,
        "paused_at": None if scheduled.paused_at is None else instant(scheduled.paused_at),
        "running": list(scheduled.running),
        "recent": [_run_view(each) for each in scheduled.recent],
        "skipped": scheduled.skipped,
        "missed": scheduled.missed,
    }


def _run_view(run: ScheduledRun) -> JsonObject:
    return {"exec_id": run.exec_id, "due_at": instant(run.due_at), "started_at": instant(run.started_at)}


def _seconds(duration: timedelta | None) -> float | None:
    return None if duration is None else duration.total_seconds()
