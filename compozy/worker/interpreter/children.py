"""The tasks in a container: when each begins, when the rest is not wanted any more, and how the container ended."""

import asyncio
from collections.abc import Mapping, Sequence

import attrs

from compozy.domain.definitions import CONTAINERS, Strategy, TaskDefinition
from compozy.domain.executions import Failure
from compozy.domain.statuses import Status
from compozy.domain.views import TaskView
from compozy.domain.work import TaskOutcome
from compozy.engine import planning
from compozy.engine.rules.containers import container_failure, container_output
from compozy.engine.rules.strategies import Verdict, verdict
from compozy.worker.interpreter.cancelling import cancel_and_wait, raise_if_canceled
from compozy.worker.interpreter.changes import Change, has
from compozy.worker.interpreter.frames import Frame
from compozy.worker.interpreter.runs import Done, Ending, Runner, TaskRun
from compozy.worker.interpreter.sleeping import sleep_after


@attrs.frozen
class Child:
    """A task to run in a container.

    Attributes:
        task: The task, with its own id.
        frame: Where it runs.
    """

    task: TaskDefinition
    frame: Frame


@attrs.frozen(kw_only=True)
class Pace:
    """How children follow one another.

    Attributes:
        at_once: How many run at once; None means all.
        batch: How many are finished before the next ones begin; None means all.
        is_sequence: Whether one follows the other, so that the sleep after one holds up the next.
        shows_elders: Whether each sees those before it among ``.tasks``.
    """

    at_once: int | None = None
    batch: int | None = None
    is_sequence: bool = False
    shows_elders: bool = False


async def run_children(
    runner: Runner, children: Sequence[Child], ended: dict[str, TaskView], *, strategy: Strategy, pace: Pace
) -> bool:
    """Run the children of a container until its strategy wants no more; return whether one of them settled it.

    When it returns, or raises, nothing in the container runs any more, and each child is recorded or noted: those that
    were not wanted any more, and those that never began, as CANCELED.

    Cancellation: stops what runs, and leaves when it has been stopped.

    Args:
        runner: What runs them.
        children: In the order in which they begin.
        ended: Where they are put when it returns or raises, in that order.
        strategy: The container's.
        pace: How they follow one another.
    """
    siblings = _Siblings(runner=runner, children=children, strategy=strategy, pace=pace)
    try:
        return await siblings.run()
    finally:
        ended.update(siblings.views())


@attrs.define(kw_only=True, eq=False)
class _Siblings:
    """The children of one container, some of which have begun."""

    runner: Runner
    children: Sequence[Child]
    strategy: Strategy
    pace: Pace
    tasks: dict[int, "asyncio.Task[Done]"] = attrs.Factory(dict)  # of those that were begun
    entered: set[int] = attrs.Factory(set)  # of these, those whose life has begun, and which note their own end
    running: int = 0
    barrier: int = 0
    news: "asyncio.Queue[int]" = attrs.Factory(asyncio.Queue)

    async def run(self) -> bool:
        try:
            raise_if_canceled()
            while self._begin_more():
                position = await self.news.get()
                self.running -= 1
                if self._settles(position):
                    return True
                await self._pause_after(position)
        finally:
            await self._stop()
        return False

    def _begin_more(self) -> bool:
        """Begin as many as may run now; return whether any does."""
        total = len(self.children)
        if not self.running and self.barrier == len(self.tasks):
            self.barrier = total if self.pace.batch is None else min(total, self.barrier + self.pace.batch)
        while len(self.tasks) < self.barrier and (self.pace.at_once is None or self.running < self.pace.at_once):
            self._begin(len(self.tasks))
        return self.running > 0

    def _begin(self, position: int) -> None:
        task = self.tasks[position] = asyncio.create_task(self._live(position))
        task.add_done_callback(lambda _: self.news.put_nowait(position))
        self.running += 1

    async def _live(self, position: int) -> Done:
        self.entered.add(position)
        child = self.children[position]
        return await self.runner.run(child.task, {}, child.frame)

    def _settles(self, position: int) -> bool:
        """Tell whether with this end the container is decided, whatever the others do; then they are not wanted."""
        view = self._view(position)
        child = self.children[position]
        if self.pace.shows_elders:
            child.frame.scope["tasks"][child.task.id] = view.as_json()
        # As if there were one more: it may be in another part of the container.
        return _verdict(self.strategy, [view], total=2).cancels_rest

    async def _pause_after(self, position: int) -> None:
        if self.pace.is_sequence and position + 1 < len(self.children):
            await sleep_after(self.children[position].task, self._view(position))

    async def _stop(self) -> None:
        try:
            await cancel_and_wait([task for task in self.tasks.values() if not task.done()])
        finally:
            for position, child in enumerate(self.children):
                if position not in self.entered:
                    self.runner.pass_over(child.task, child.frame)

    def views(self) -> dict[str, TaskView]:
        """Return how they all ended."""
        return {child.task.id: self._view(position) for position, child in enumerate(self.children)}

    def _view(self, position: int) -> TaskView:
        task = self.tasks.get(position)
        if task is None or task.cancelled():
            child = self.children[position]
            return canceled_view(child.task, self.runner.stopped.get(child.frame.run_id_of(child.task.id)))
        return task.result().view


def canceled_view(task: TaskDefinition, ended: Mapping[str, TaskView] | None = None) -> TaskView:
    """Return how a task in a container ended that was not wanted any more.

    Args:
        task: The task.
        ended: How the tasks in it ended, by id; None when none has begun.
    """
    children: dict[str, TaskView] | None = None
    if task.type in CONTAINERS:
        children = dict(ended) if ended and has(Change.CANCELED_KEEP_CHILDREN) else {}
    return TaskView(status=Status.CANCELED, error=planning.CANCELED.error, children=children)


def container_ending(run: TaskRun, *, outcome: TaskOutcome | None = None) -> Ending:
    """Return how a container ended whose children have.

    Args:
        run: Its run.
        outcome: How it ended whatever its strategy says; None when the strategy decides.
    """
    outcomes = {
        child_id: TaskOutcome(status=view.status, output=view.as_json()["output"], error=view.error)
        for child_id, view in run.children.items()
    }
    if outcome is None:
        status = _verdict(run.task.strategy, list(run.children.values()), total=len(outcomes)).status
        assert status is not None  # noqa: S101 - all children have ended
        error = None if status is Status.SUCCESS else _failure(outcomes)
        outcome = TaskOutcome(status=status, error=error)
    return Ending(outcome=attrs.evolve(outcome, output=container_output(outcomes, outcome.status)))


def _verdict(strategy: Strategy, views: Sequence[TaskView], *, total: int) -> Verdict:
    statuses, skipped = [view.status for view in views], sum(view.is_skipped for view in views)
    reached = verdict(strategy, statuses, total=total, skipped=skipped)
    if skipped:
        once = verdict(strategy, statuses, total=total)
        if once != reached and not has(Change.SKIPPED_DO_NOT_COUNT):
            return once
    return reached


def _failure(outcomes: Mapping[str, TaskOutcome]) -> Failure:
    told = container_failure(outcomes)
    if "more" in told.details and not has(Change.FEWER_MESSAGES):
        return container_failure(outcomes, most=len(outcomes))
    return told
