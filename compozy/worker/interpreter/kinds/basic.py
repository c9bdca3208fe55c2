"""Basic tasks: call a tool, or ask a model."""

from compozy.domain.definitions import DEFAULT_ASK_TIMEOUT, DEFAULT_TOOL_TIMEOUT, AskDefinition
from compozy.domain.work import AskMemory, AskWork, ToolWork
from compozy.engine.checking import action_of
from compozy.engine.scopes import placed
from compozy.templates import render_text
from compozy.worker.interpreter import work
from compozy.worker.interpreter.environment import tool_variables
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
    declared = task.timeout or task.limits.start_to_close or tool.timeout
    outcome = await work.do(
        runner,
        run,
        ToolWork(tool_id=tool.id, config=tool.config, env=tool_variables(runner, run)),
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

    def text_of(key: str, template: str) -> str:
        with placed(key):
            return render_text(template, scope, sources=runner.sources)

    prompts = {"action.prompt": action.prompt if action is not None else None, "prompt": ask.prompt}
    return AskWork(
        model=model,
        instructions=text_of("instructions", agent.instructions) if agent is not None else "",
        prompt="\n\n".join(text_of(key, prompt) for key, prompt in prompts.items() if prompt is not None),
        agent_id=agent.id if agent is not None else None,
        action_id=ask.action,
        output_schema=(action.output_schema if action is not None else None) or run.task.output_schema,
        memories=tuple(
            AskMemory(
                memory=definition.memories[each.memory], key=text_of("memory.key", each.key), read_only=each.read_only
            )
            for each in (agent.memory if agent is not None else ())
        ),
    )
