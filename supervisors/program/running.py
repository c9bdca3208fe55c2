"""Runs a tree as a program: signals, exit status, final report."""

import os
import signal
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from typing import NamedTuple

import trio

from supervisors.core.events import Event
from supervisors.errors import AbandonedError, TreeFailed
from supervisors.program.signals import Reactions, reacting
from supervisors.runtime.blocked import Blocked, log_blocked
from supervisors.runtime.executor import Executor
from supervisors.runtime.live import Live
from supervisors.runtime.report import render_failure
from supervisors.runtime.watchdog import LIMIT, LoopWatch
from supervisors.tree import Tree


class Ending(NamedTuple):
    """How a tree came to its end when nothing failed.

    Attributes:
        result: What the main actor returned, or None.
        signals: The signals that asked for it, in order of arrival.
    """

    result: object = None
    signals: tuple[signal.Signals, ...] = ()

    @property
    def exit_code(self) -> int:
        """The exit status that says so.

        0 after a graceful stop, 128 + signal when a second signal made it hurry; without signals the main actor's
        result if that is an integer, else 0.
        """
        if len(self.signals) > 1:
            return 128 + self.signals[-1]
        return self.result if isinstance(self.result, int) and not self.signals else 0


async def serve(
    tree: Tree,
    *,
    on_event: Callable[[Event], None] | None = None,
    blocked_after: float | None = LIMIT,
    on_blocked: Callable[[Blocked], None] = log_blocked,
    task_status: trio.TaskStatus[Live] = trio.TASK_STATUS_IGNORED,
) -> Ending:
    """Run a tree until it ends: a signal arrives, an actor asks for it or gives up, or the main actor returns.

    The first SIGINT or SIGTERM stops the tree in order, the second cancels the actors, still in order, the third kills
    the process groups of all children and exits at once with 128 + signal. The handlers are in place before the first
    actor starts and until the last has ended. Must run in the main thread.

    Cancellation: a request to stop; the ordered stop still runs, bounded by the tree's budget.

    Args:
        tree: What to run.
        on_event: Told of each event; must not block.
        blocked_after: Report what keeps the event loop from coming back for so many seconds; None: do not watch it.
        on_blocked: Gets such a report, in a thread of its own. The default logs a warning.
        task_status: Started with the live tree once it is ready, or is going down.

    Raises:
        TreeFailed: An actor gave up or failed to stop; holds the root causes.
    """
    watch = LoopWatch(blocked_after, on_blocked)
    executor = Executor(tree.plan(), on_event=on_event, random=None, watch=watch)
    live = Live(executor.board)
    reactions = Reactions(
        ask=lambda number: live.request_stop(number.name),
        hurry=lambda number: live.request_stop(number.name, hurried=True),
        last=executor.children.kill_all,
    )
    with reacting(reactions):
        executor.launch()
        try:
            await executor.board.wait_until(lambda: live.is_ready or live.is_stopping)
            task_status.started(live)
            await live.wait_stopped()
        finally:
            with trio.CancelScope(shield=True, deadline=executor.latest_end()):
                await executor.stop("serve() was cancelled")
            executor.raise_failure()
    return Ending(result=live.result, signals=tuple(reactions.received))


def run(
    tree: Tree,
    *,
    on_event: Callable[[Event], None] | None = None,
    on_failure: Callable[[TreeFailed], int] | None = None,
    blocked_after: float | None = LIMIT,
    on_blocked: Callable[[Blocked], None] = log_blocked,
) -> int:
    """Run a tree as the whole program and return its exit status; `serve` says how signals are treated.

    0 after a graceful stop, also by signal; 1 when the tree failed, with a report on standard error; 128 + signal when
    a second signal made it hurry, or a third ended it; else the main actor's result if that is an integer.

    An actor that cannot even be cancelled would keep Trio from ending; then the process exits right after the report.

    Example::

        if __name__ == "__main__":
            raise SystemExit(run(tree))

    Args:
        tree: What to run.
        on_event: Told of each event as it happens; must not block.
        on_failure: Reports a failure and returns the exit status, in place of the report on standard error and 1.
        blocked_after: Report what keeps the event loop from coming back for so many seconds; None: do not watch it.
        on_blocked: Gets such a report, in a thread of its own. The default logs a warning.

    Raises:
        TreeError: The declaration is wrong.
    """
    serving = partial(serve, tree, on_event=on_event, blocked_after=blocked_after, on_blocked=on_blocked)
    return trio.run(_run_to_exit_code, serving, on_failure or _report)


async def _run_to_exit_code(serving: Callable[[], Awaitable[Ending]], on_failure: Callable[[TreeFailed], int]) -> int:
    try:
        ending = await serving()
    except TreeFailed as failure:
        code = on_failure(failure)
        if failure.subgroup(AbandonedError) is not None:
            _exit_now(code)
        return code
    return ending.exit_code


def _report(failure: TreeFailed) -> int:
    sys.stderr.write(f"{render_failure(failure)}\n")
    return 1


def _exit_now(code: int) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
