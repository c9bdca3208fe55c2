"""Memory tasks: read, write and forget conversations."""

from compozy.domain.definitions import DEFAULT_TOOL_TIMEOUT
from compozy.domain.work import MemoryWork
from compozy.engine.scopes import placed
from compozy.templates import render, render_text
from compozy.worker.interpreter import work
from compozy.worker.interpreter.patience import is_long
from compozy.worker.interpreter.runs import Ending, Runner, TaskRun

_ANYTHING = "*"


async def run_memory(runner: Runner, run: TaskRun) -> Ending:
    """Have the operation carried out."""
    task, call = run.task, run.task.memory
    assert call is not None  # noqa: S101 - the loader refuses a memory task without an operation
    # Only as it is written there: what a template comes to may be anybody's, and must not reach others' conversations.
    is_prefix = call.key.endswith(_ANYTHING)
    key = call.key.removesuffix(_ANYTHING) if is_prefix else call.key
    with placed("key_template"):
        rendered_key = render_text(key, run.scope, sources=runner.sources)
    with placed("payload"):
        payload = render(call.payload, run.scope, sources=runner.sources)
    declared = task.timeout or task.limits.start_to_close
    outcome = await work.do(
        runner,
        run,
        MemoryWork(
            memory=runner.request.definition.memories[call.memory],
            operation=call.operation,
            key=rendered_key,
            payload=payload,
            limit=call.limit,
            offset=call.offset,
            is_prefix=is_prefix,
        ),
        limit=declared or DEFAULT_TOOL_TIMEOUT,
        is_long=is_long(declared),
    )
    return Ending(outcome=outcome, is_recorded=True)
