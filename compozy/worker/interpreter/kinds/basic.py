"""Basic tasks: call a tool, or ask a model."""

from compozy.domain.definitions import DEFAULT_ASK_TIMEOUT, DEFAULT_TOOL_TIMEOUT, AskDefinition
from compozy.domain.work import AskMemory, AskWork, ToolWork
from compozy.engine.checking import action_of
from compozy.templates import render, render_text
from compozy.worker.interpreter import work
from compozy.worker.interpreter.patience import is_long
from compozy.worker.interpreter.runs import Ending, Runner, TaskRun


async def run_basic(runner: Runner, run: TaskRun) -> Ending:
    """Have the task's tool called, or its model asked."""
    if run.task.ask is not None:
        return await _ask(runner, run, run.task.ask)
    return await _call_tool(runner, run)


async def _call_tool(runner: Runner, run: TaskRun) -> Ending:
    task = run.task
    assert task.tool is not None  # noqa: S101 - the loader refuses a basic task without a known tool
    tool = runner.request.definition.tools[task.tool]
    env = {**render(tool.env, run.scope, sources=runner.sources), **render(task.env, run.scope, sources=runner.sources)}
    declared = task.timeout or task.limits.start_to_close or tool.timeout
    outcome = await work.do(
        runner,
        run,
        ToolWork(tool_id=tool.id, config=tool.config, env={name: str(value) for name, value in env.items()}),
        limit=declared or DEFAULT_TOOL_TIMEOUT,
        is_long=is_long(declared),
    )
    return Ending(outcome=outcome, is_recorded=True)


async def _ask(runner: Runner, run: TaskRun, ask: AskDefinition) -> Ending:
    declared = run.task.timeout or run.task.limits.start_to_close
    outcome = await work.do(
        runner,
        run,
        _question(runner, run, ask),
        limit=declared or DEFAULT_ASK_TIMEOUT,
        is_long=is_long(declared),
    )
    return Ending(outcome=outcome, is_recorded=True)


def _question(runner: Runner, run: TaskRun, ask: AskDefinition) -> AskWork:
    """Return what is asked, rendered; ``.input`` is the task's own there."""
    definition = runner.request.definition
    agent = definition.agents[ask.agent] if ask.agent is not None else None
    action = action_of(run.task, definition)
    model = ask.model or (agent.model if agent is not None else None)
    assert model is not None  # noqa: S101 - the loader finds a model for each question
    scope = {**run.scope, "input": run.state.input}

    def text_of(template: str) -> str:
        return render_text(template, scope, sources=runner.sources)

    prompts = [prompt for prompt in (action.prompt if action is not None else None, ask.prompt) if prompt is not None]
    return AskWork(
        model=model,
        instructions=text_of(agent.instructions) if agent is not None else "",
        prompt="\n\n".join(map(text_of, prompts)),
        agent_id=agent.id if agent is not None else None,
        action_id=ask.action,
        output_schema=(action.output_schema if action is not None else None) or run.task.output_schema,
        memories=tuple(
            AskMemory(memory=definition.memories[each.memory], key=text_of(each.key), read_only=each.read_only)
            for each in (agent.memory if agent is not None else ())
        ),
    )
