"""The environment variables of a task: what it gives to its templates, to what runs in it, and to its tool."""

import attrs

from compozy.domain.json import JsonObject
from compozy.engine.scopes import placed
from compozy.templates import render
from compozy.templates.values import to_text
from compozy.worker.interpreter.changes import Change, has
from compozy.worker.interpreter.frames import Frame
from compozy.worker.interpreter.runs import Runner, TaskRun


def with_variables(runner: Runner, run: TaskRun) -> TaskRun:
    """Return a run whose templates see its task's own variables over those around it.

    Raises:
        TemplateError: A template of ``env`` cannot be rendered.
    """
    if not run.task.env:
        return run
    with placed("env"):
        own: JsonObject = render(run.task.env, run.scope, sources=runner.sources)
    texts: JsonObject = {name: to_text(value) for name, value in own.items()}
    seen = texts if texts == own or has(Change.ENV_IS_TEXT) else own
    scope = {**run.scope, "env": {**(run.scope.get("env") or {}), **seen}}
    return attrs.evolve(run, scope=scope, env={**run.env, **texts})


def inside(run: TaskRun) -> Frame:
    """Return the frame of what runs in a task, which sees the task's variables."""
    frame = run.frame.inside(run.state, run.task, attempt=run.attempt)
    if not run.task.env:
        return frame
    frame = attrs.evolve(frame, env=run.env)
    return frame.seeing({"env": run.scope["env"]}) if has(Change.ENV_GOES_INSIDE) else frame


def tool_variables(runner: Runner, run: TaskRun) -> dict[str, str]:
    """Return the variables of the task's tool: its own, under those of the containers around, under the task's.

    Raises:
        TemplateError: A template of the tool's ``env`` cannot be rendered.
    """
    assert run.task.tool is not None  # noqa: S101 - the loader refuses a basic task without a known tool
    tool = runner.request.definition.tools[run.task.tool]
    with placed("env"):
        env = {**render(tool.env, run.scope, sources=runner.sources), **run.env}
    return {name: to_text(value) for name, value in env.items()}
