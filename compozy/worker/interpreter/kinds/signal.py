"""Signal tasks: tell that something happened."""

from temporalio import workflow

from compozy.domain.definitions import DEFAULT_TOOL_TIMEOUT
from compozy.domain.statuses import Status
from compozy.domain.work import Signal, SignalWork
from compozy.engine.scopes import placed
from compozy.templates import render
from compozy.worker.interpreter import work
from compozy.worker.interpreter.event_names import event_name_of
from compozy.worker.interpreter.patience import is_long
from compozy.worker.interpreter.runs import Ending, Runner, TaskRun


async def run_signal(runner: Runner, run: TaskRun) -> Ending:
    """Have the event told to whoever waits for it or is started by it, and tell it to this execution too."""
    definition = run.task.signal
    assert definition is not None  # noqa: S101 - the loader refuses a signal task without a signal
    name = event_name_of(runner, run, definition.name, key="signal.id")
    with placed("signal.payload"):
        payload = render(definition.payload, run.scope, sources=runner.sources)
    # Written by whoever started it on an event; what has no such trigger begins a row of its own.
    depth = (runner.request.trigger or {}).get("depth", 0)
    is_whole = workflow.info().workflow_id == runner.request.exec_id
    outcome = await work.do(
        runner,
        run,
        SignalWork(name=name, payload=payload, tells_sender=not is_whole, depth=depth),
        limit=run.task.timeout or DEFAULT_TOOL_TIMEOUT,
        is_long=is_long(run.task.timeout),
    )
    if is_whole and outcome.status is Status.SUCCESS:
        # Not over the server: its word would come when the execution may be about to end, and the step be done again.
        sender = runner.request.exec_id
        event_id = run.state.task_exec_id
        runner.control.take(Signal(name=name, payload=payload, event_id=event_id, at=workflow.now(), sender=sender))
    return Ending(outcome=outcome, is_recorded=True)
