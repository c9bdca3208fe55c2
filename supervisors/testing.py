"""A plugin for pytest, with pytest-trio: trees that are open for a test, and proof that nothing of them is left.

Name it in the ``conftest.py`` at the root of your tests; then every async test can ask for `open_tree`::

    pytest_plugins = ("supervisors.testing",)

It does not announce itself to pytest (as an entry point), since it would then be imported in every run of an environment
where this library happens to be installed: before coverage begins to measure, and where pytest-trio is missing.

What happens where. Each tree is held open by a task of its own in the fixture's nursery, for a test and its fixtures are
different tasks and a tree has to be left in the task that entered it. Such a task is out of reach of cancellation while
its tree is open, so that the fixture decides in which order the trees go down. The test is looked at from outside of
Trio, by `pytest_runtest_call`: what was not there before Trio began to run and is still there after it has ended is what
the test has left behind, whichever of its fixtures ended first.
"""

import sys
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import nullcontext
from random import Random

import pytest
import trio
from pytest_trio import trio_fixture  # type: ignore[import-untyped]  # it has no types

from supervisors.census import left_since, take_census
from supervisors.errors import AbandonedError, TreeFailed
from supervisors.events import Event, describe
from supervisors.journal import Journal
from supervisors.live import Live
from supervisors.tree import Tree

__all__ = ["Journal", "OpenTree", "open_tree", "pytest_runtest_call"]


class OpenTree:
    """Opens trees for the rest of a test; what the fixture `open_tree` gives.

    Args:
        nursery: Of the fixture.
        failures: Where the failure of a tree goes to.
    """

    def __init__(self, nursery: trio.Nursery, failures: list[Exception]) -> None:
        self._nursery = nursery
        self._failures = failures
        self._open: list[_Stay] = []

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
        live: Live = await self._nursery.start(self._hold, tree, random or Random(0), on_event)  # noqa: S311 - a test's
        return live

    async def _hold(
        self,
        tree: Tree,
        random: Random,
        on_event: Callable[[Event], None] | None,
        task_status: trio.TaskStatus[Live] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        stay = _Stay()
        try:
            with trio.CancelScope() as scope:
                async with tree.open(on_event=on_event, random=random) as live:
                    scope.shield = True
                    self._open.append(stay)
                    task_status.started(live)
                    try:
                        await stay.leave.wait()
                    finally:
                        if not stay.leave.is_set():  # the tree has failed: the test need not wait for its end
                            self._nursery.cancel_scope.cancel()
        except Exception as failure:
            self._failures.append(failure)
            if stay not in self._open:
                raise
        finally:
            stay.left.set()

    async def close(self) -> None:
        """Stop the trees, the one that was opened last first; each takes what its own budget allows."""
        for stay in reversed(self._open):
            stay.leave.set()
            await stay.left.wait()


class _Stay:
    """One tree that is held open."""

    def __init__(self) -> None:
        self.leave = trio.Event()
        self.left = trio.Event()


_FAILURES = pytest.StashKey[list[Exception]]()


@trio_fixture  # type: ignore[untyped-decorator]  # it has no types
async def open_tree(request: pytest.FixtureRequest, nursery: trio.Nursery) -> AsyncIterator[OpenTree]:
    """Open trees for the rest of the test: ``live = await open_tree(tree)``.

    When an actor gives up, the test is cancelled and fails with the root cause, even if it waits for something else. At
    the end the trees are stopped in reverse order; then no actor must have been abandoned, and no thread and no child
    process be there that was not there before the test. Threads that Trio keeps for later are all right.
    """
    failures = request.node.stash.setdefault(_FAILURES, [])
    trees = OpenTree(nursery, failures)
    background = len(failures)
    try:
        yield trees
    finally:
        with trio.CancelScope(shield=True):  # bounded by the budgets of the trees
            await trees.close()
        _warn_of_hang(request.config, failures)
    if failures[background:]:
        raise _all_of(failures)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Let the root causes be what is seen of a test whose tree has failed, and look for what it has left behind."""
    __tracebackhide__ = True
    if open_tree.__name__ not in getattr(item, "fixturenames", ()):
        return (yield)
    before = take_census()
    result: object = None
    raised: BaseException | None = None
    try:
        result = yield
    except BaseException as error:  # noqa: BLE001 - raised again below, outside of this clause: it must not get a context
        raised = error
    left = "; ".join(left_since(before))
    if raised is not None:
        shown = _as_seen(raised, item.stash.get(_FAILURES, []))
        if left:
            shown.add_note(f"left behind: {left}")
        raise shown
    if left:
        pytest.fail(f"left behind: {left}", pytrace=False)
    return result
