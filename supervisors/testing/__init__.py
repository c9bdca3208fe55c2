"""A plugin for pytest, with pytest-trio: trees that are open for a test, and proof that nothing of them is left.

Name it in the ``conftest.py`` at the root of your tests; then every async test can ask for `open_tree`::

    pytest_plugins = ("supervisors.testing",)

It does not announce itself to pytest (as an entry point), since it would then be imported in every run of any
environment where this library is installed: before coverage begins to measure, and even where pytest-trio is missing.

What happens where. A tree has to be left in the task that entered it, and a test and its fixtures are different tasks,
so each tree is held open by a task of its own in the fixture's nursery. While its tree is open, cancellation does not
reach it: the fixture says in which order the trees go down. What a test leaves behind is looked for from outside of
Trio, by `pytest_runtest_call`: it was not there before Trio's run, and is still there after it. So it does not matter
in which order the fixtures of a test begin and end.
"""

import sys
from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, nullcontext
from random import Random
from types import TracebackType
from typing import NoReturn

import pytest
import trio
from pytest_trio import trio_fixture  # type: ignore[import-untyped]  # it has no types

from supervisors.core.events import Event
from supervisors.errors import AbandonedError, TreeFailed
from supervisors.runtime.journal import Journal
from supervisors.runtime.live import Live
from supervisors.runtime.report import render_failure
from supervisors.testing.census import left_since, take_census
from supervisors.tree import Tree

__all__ = ["Journal", "OpenTree", "open_tree", "pytest_runtest_call"]


class OpenTree:
    """Opens trees for the rest of a test; what the fixture `open_tree` gives.

    Attributes:
        failures: Of trees that went down during the test.

    Args:
        nursery: Of the fixture; it is cancelled when a tree fails.
    """

    def __init__(self, nursery: trio.Nursery) -> None:
        self.failures: list[Exception] = []
        self._nursery = nursery
        self._stays: list[_Stay] = []

    async def __call__(
        self, tree: Tree, *, random: Random | None = None, on_event: Callable[[Event], None] | None = None
    ) -> Live:
        """Open a tree for the rest of the test; return when all its actors are ready.

        Cancellation: before they are, the tree is stopped in order. Later only the end of the test stops it.

        Args:
            tree: What to run.
            random: Draws the jitter of the backoff; None: a source that draws the same in every run.
            on_event: Told of each event, for instance a `Journal`.

        Raises:
            TreeError: The declaration is wrong.
            TreeFailed: An actor failed before all were ready.
            TreeStopped: An actor asked the tree to stop before it was ready.
        """
        opening = tree.open(on_event=on_event, random=random or Random(0))  # noqa: S311 - spreads retries; no secret
        live: Live = await self._nursery.start(self._hold, opening)
        return live

    async def close(self) -> None:
        """Stop the trees, the one that was opened last first; each takes what its own budget allows."""
        for stay in reversed(self._stays):
            stay.leave.set()
            await stay.left.wait()

    def raise_failures(self) -> None:
        """Raise what brought trees down, if anything did.

        Raises:
            ExceptionGroup: Of `TreeFailed`, one per tree.
        """
        if self.failures:
            raise ExceptionGroup("trees failed during the test", self.failures)

    async def _hold(
        self,
        opening: AbstractAsyncContextManager[Live],
        task_status: trio.TaskStatus[Live] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        stay = _Stay()
        try:
            with trio.CancelScope() as scope:
                async with opening as live:
                    scope.shield = True  # from here on the fixture says when
                    self._stays.append(stay)
                    task_status.started(live)
                    await self._outlast(stay)
        except Exception as failure:
            if stay not in self._stays:
                raise  # to whoever wanted to open it
            self.failures.append(failure)
        finally:
            stay.left.set()

    async def _outlast(self, stay: "_Stay") -> None:
        try:
            await stay.leave.wait()
        finally:
            if not stay.leave.is_set():  # the tree has failed: the test need not wait until it is down
                self._nursery.cancel_scope.cancel()


class _Stay:
    """One tree that is held open."""

    def __init__(self) -> None:
        self.leave = trio.Event()
        self.left = trio.Event()


@trio_fixture  # type: ignore[untyped-decorator]  # it has no types
async def open_tree(request: pytest.FixtureRequest, nursery: trio.Nursery) -> AsyncIterator[OpenTree]:
    """Give a test its `OpenTree`, which opens trees for the rest of the test.

    Example::

        async def test_orders_are_kept(open_tree):
            live = await open_tree(tree)

            assert await live["store"].get().count_orders() == 0

    When an actor gives up, the test is cancelled and fails with the root cause, even if it waits for something else. At
    the end the trees are stopped in reverse order; then no actor may have been abandoned, and no thread and no child
    process be there that was not there before the test. Threads that Trio keeps for later are all right.
    """
    trees = OpenTree(nursery)
    try:
        yield trees
    finally:
        with trio.CancelScope(shield=True):  # bounded by the budgets of the trees
            await trees.close()
        _tell_of_hang(request.config, trees.failures)
        # Here, in place of the cancellation: that it was a failed tree which cancelled the test has to be said.
        trees.raise_failures()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Let a test whose tree has failed fail with the root causes, and look for what a test has left behind."""
    __tracebackhide__ = True
    if "open_tree" not in getattr(item, "fixturenames", ()):
        return (yield)
    before = take_census()
    result, failure = None, None
    try:
        result = yield
    except (Exception, BaseExceptionGroup) as raised:  # noqa: BLE001 - raised below, where it gets no context
        failure = root_cause(raised)
    left = "; ".join(left_since(before))
    if failure is not None:
        if left:
            failure.add_note(f"left behind: {left}")
        raise failure
    if left:
        _fail(f"left behind: {left}")
    return result


def _fail(why: str) -> NoReturn:
    # In a function of its own: pytest wants to have one entry of the traceback that is not hidden.
    pytest.fail(why, pytrace=False)


def root_cause(raised: BaseException) -> BaseException:
    """Return what is to be seen of what a test has raised: its failed trees first, without their wrapping.

    A single root cause that nothing came on top of is returned itself, with a note of its tree.
    """
    if not isinstance(raised, BaseExceptionGroup):
        return raised
    failures = list(_failed_trees(raised))
    rest: BaseException | None = raised.split(TreeFailed)[1]
    for failure in failures:
        # Where it was raised says nothing: in the fixture. Where its causes were raised, they say themselves.
        failure.__traceback__, failure.__context__, failure.__suppress_context__ = None, None, True
    if not failures:
        return raised
    if rest is not None:
        while isinstance(rest, BaseExceptionGroup) and len(rest.exceptions) == 1:
            rest = rest.exceptions[0]
        return BaseExceptionGroup("a tree failed, and so did the test", [*failures, rest])
    if len(failures) > 1:
        return ExceptionGroup("several trees failed", failures)
    [failure] = failures
    if len(failure.exceptions) > 1:
        return failure
    [cause] = failure.exceptions
    cause.add_note(failure.message)
    return cause.with_traceback(_beyond_us(cause.__traceback__))


def _beyond_us(traceback: TracebackType | None) -> TracebackType | None:
    """Return a traceback from where it leaves this library; all of it when it never does."""
    beyond = traceback
    while beyond is not None and beyond.tb_frame.f_globals.get("__name__", "").startswith("supervisors."):
        beyond = beyond.tb_next
    return beyond or traceback


def _failed_trees(group: BaseExceptionGroup[BaseException]) -> Iterator[TreeFailed]:
    if isinstance(group, TreeFailed):
        yield group
        return
    for inner in group.exceptions:
        if isinstance(inner, BaseExceptionGroup):
            yield from _failed_trees(inner)


def _tell_of_hang(config: pytest.Config, failures: Iterable[Exception]) -> None:
    """Say at once which actors were abandoned: Trio's run ends only when they do, and nothing is shown before."""
    hanging = [f for f in failures if isinstance(f, TreeFailed) and f.subgroup(AbandonedError) is not None]
    if not hanging:
        return
    capture = config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled() if capture is not None else nullcontext():
        for failure in hanging:
            sys.stderr.write(f"\nthe test cannot end before this does:\n{render_failure(failure)}\n")
        sys.stderr.flush()
