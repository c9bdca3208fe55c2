"""Warnings: what loads, and will not do what somebody may expect of it."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Final

from compozy.config.documents import Document, in_line_order
from compozy.config.resource_entries import ModelEntry
from compozy.config.workflow_file import WorkflowFile
from compozy.contracts.models import Provider
from compozy.domain.errors import Problem
from compozy.engine.loading.building import build_schedule
from compozy.engine.loading.declarations import Declarations, Placed, all_tasks, workflow_declarations
from compozy.engine.loading.endings import ending_warnings
from compozy.engine.loading.foresight import foresight_warnings
from compozy.engine.loading.places import TEMPLATE_MARK
from compozy.engine.loading.resources import Resources
from compozy.engine.loading.roots import root_warnings
from compozy.engine.loading.starting import name_of
from compozy.engine.schedules.instants import upcoming

_PROVIDERS: Final = frozenset(Provider)


def workflow_warnings(
    document: Document,
    workflow: WorkflowFile,
    project: Resources,
    *,
    env: Collection[str],
    now: datetime,
    is_sound: bool,
) -> list[Problem]:
    """Return the warnings about a workflow, in the order of the lines.

    Args:
        document: The file.
        workflow: The same in its shape, or as far as it has it.
        project: What the project gives to every workflow.
        env: The variables of the project.
        now: When this is; aware.
        is_sound: Whether nothing is wrong with it: what its templates find and when it is due, only then can be known.
    """
    declared = workflow_declarations(document, workflow)
    models: list[Placed[ModelEntry]] = [
        ((*path, "model_config"), task.model)
        for path, task in all_tasks(workflow)
        if isinstance(task.model, ModelEntry)
    ]
    found = [
        *_webhooks(document, workflow),
        *_models(document, models),
        *model_warnings([declared]),
        *_env(document, workflow),
        *ending_warnings(document, workflow.tasks),
    ]
    if is_sound:
        config = workflow.config
        schema = project.with_declarations([declared]).schema_of(config.input if config else None)
        own_env = [task.env for _, task in all_tasks(workflow)]
        known_env = {*env, *((config and config.env) or ()), *(name for names in own_env for name in names or ())}
        found += foresight_warnings(document, workflow, schema, known_env)
        found += root_warnings(document, workflow)
        found += _schedule(document, workflow, now)
    return in_line_order(found)


def model_warnings(declared: Iterable[Declarations]) -> Iterator[Problem]:
    """Yield the models that nobody answers for, among those that files declare."""
    for each in declared:
        inline = [((*path, "model"), agent.model) for path, agent in each.all_agents]
        yield from _models(each.document, each.models)
        yield from _models(each.document, [(path, model) for path, model in inline if isinstance(model, ModelEntry)])


def _models(document: Document, models: Iterable[Placed[ModelEntry]]) -> Iterator[Problem]:
    for path, model in models:
        if model.provider not in _PROVIDERS:
            message = f"this version does not know {model.provider!r}: a task that asks the model fails, MODEL_UNKNOWN"
            yield document.problem((*path, "provider"), message, hint="provider: mock answers offline")


def _webhooks(document: Document, workflow: WorkflowFile) -> Iterator[Problem]:
    for at, trigger in enumerate(workflow.triggers or []):
        if trigger.type == "webhook":
            message = f"this version serves no webhooks: {name_of(trigger)!r} starts nothing"
            hint = "start the workflow over the HTTP API, or have a signal start it"
            yield document.problem(("triggers", at), message, hint=hint)


def _env(document: Document, workflow: WorkflowFile) -> Iterator[Problem]:
    for name, value in ((workflow.config and workflow.config.env) or {}).items():
        if TEMPLATE_MARK in value:
            message = "templates in config.env are not rendered: the value stays this text"
            hint = "write the value itself, put it in .env, or give the template under env of a task"
            yield document.problem(("config", "env", name), message, hint=hint)


def _schedule(document: Document, workflow: WorkflowFile, now: datetime) -> Iterator[Problem]:
    schedule = build_schedule(workflow.schedule) if workflow.schedule is not None else None
    if schedule is not None and schedule.enabled and not upcoming(schedule, after=now, count=1):
        path = ("schedule", "cron" if schedule.end_at is None else "end_at")
        yield document.problem(path, "the schedule is over: it starts nothing any more", hint="or set enabled: false")
