"""What starts executions by itself: triggers and schedules that cannot work."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo, available_timezones

from compozy.config.documents import Document
from compozy.config.workflow_file import ScheduleEntry, TriggerEntry, WorkflowFile
from compozy.domain.cron import parse_cron
from compozy.domain.errors import InvalidError, Problem
from compozy.domain.json import JsonObject
from compozy.domain.key_paths import KeyPath
from compozy.domain.suggestions import did_you_mean
from compozy.engine.loading.gaps import is_whole
from compozy.engine.loading.resources import Resources
from compozy.engine.loading.schema_rules import schema_faults, schema_problems
from compozy.engine.schemas import conformed


def trigger_problems(document: Document, workflow: WorkflowFile, resources: Resources) -> Iterator[Problem]:
    """Yield what is wrong with the triggers of a workflow."""
    seen: dict[tuple[str, str], int] = {}
    for at, trigger in enumerate(workflow.triggers or []):
        path: KeyPath = ("triggers", at)
        yield from schema_problems(document, (*path, "schema"), trigger.schema_, resources)
        if is_whole(document, path):
            yield from _keys_of_trigger(document, path, trigger)
        name = (trigger.type, name_of(trigger))
        if seen.setdefault(name, at) != at:
            line = document.find_line(("triggers", seen[name]))
            message = f"another trigger has the name {name[1]!r}"
            yield document.problem((*path, "name"), message, hint=f"it is in line {line}")


def schedule_problems(document: Document, workflow: WorkflowFile, resources: Resources) -> Iterator[Problem]:
    """Yield what is wrong with the schedule of a workflow, with what each execution would get as its input too."""
    schedule = workflow.schedule
    if schedule is None:
        return
    try:
        parse_cron(schedule.cron)
    except InvalidError as error:
        for problem in error.problems:
            yield document.problem(("schedule", "cron"), problem.message, hint=problem.hint)
    yield from _time_problems(document, schedule)
    schema = resources.schema_of(workflow.config.input) if workflow.config else None
    is_known = is_whole(document, ("schedule",)) and is_whole(document, ("config",))
    if schema is not None and not schema_faults(schema) and is_known:
        yield from _input_problems(document, schedule.input or {}, schema)


def name_of(trigger: TriggerEntry) -> str:
    """Return the name of the event, or the slug of the webhook."""
    slug = (trigger.webhook or {}).get("slug")
    return trigger.name or (slug if isinstance(slug, str) else "")


def _keys_of_trigger(document: Document, path: KeyPath, trigger: TriggerEntry) -> Iterator[Problem]:
    if trigger.type == "signal":
        if trigger.name is None:
            yield document.problem((*path, "name"), "is required for type: signal", hint="name the event")
        if trigger.webhook is not None:
            hint = "it belongs to type: webhook"
            yield document.problem((*path, "webhook"), "has no meaning for type: signal", hint=hint)
    elif not name_of(trigger):
        hint = "name the end of its address"
        yield document.problem((*path, "webhook", "slug"), "is required for type: webhook", hint=hint)


def _time_problems(document: Document, schedule: ScheduleEntry) -> Iterator[Problem]:
    if schedule.timezone is not None and not _is_timezone(schedule.timezone):
        hint = _zone_hint(schedule.timezone)
        message = f"{schedule.timezone!r} is not a time zone"
        yield document.problem(("schedule", "timezone"), message, hint=hint)
    start, end = schedule.start_at, schedule.end_at
    if start is not None and end is not None and start >= end:
        hint = "let it end after it has begun"
        yield document.problem(("schedule", "end_at"), "is not after start_at", hint=hint)


def _zone_hint(name: str) -> str:
    """Return the way out for an unknown time zone; there are too many to list them."""
    hint = did_you_mean(name, available_timezones())
    return hint.partition("?")[0] + "?" if hint.startswith("did you mean") else "write for example Europe/Lisbon"


def _is_timezone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, KeyError, OSError):  # a path, an unknown name, a folder of names
        return False
    return True


def _input_problems(document: Document, given: JsonObject, schema: JsonObject) -> Iterator[Problem]:
    try:
        conformed(given, schema, called="input")
    except InvalidError as error:
        for problem in error.problems:
            where = f" ({problem.key})" if problem.key != "input" else ""
            message = f"does not satisfy the workflow's config.input: {problem.message}{where}"
            yield document.problem(("schedule", "input"), message, hint=problem.hint)
