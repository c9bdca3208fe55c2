"""What is reported of actors that cannot do what they are for."""

import attrs
import pytest
import trio
import trio.testing

from compozy.app.reports import ActorReports
from compozy.domain.errors import UnavailableError
from supervisors import FOREVER, Backoff, Tree


@attrs.frozen(kw_only=True)
class Report:
    name: str
    state: str
    ready: bool
    needed: bool
    since: object
    generation: int
    restarts: int
    reason: str | None
    ready_after: object = None
    ready_in: object = None
    waited_for: str | None = None


@pytest.fixture
def tree():
    return Tree("reported", retry_boot=True)


async def test_an_actor_whose_server_is_away_is_not_ready_and_says_why(tree):
    contexts = []

    @tree.actor
    async def cache(ctx):
        contexts.append(ctx)
        ctx.started()
        await ctx.stopping.wait()

    async with tree.open() as live:
        reports = ActorReports(live, Report)
        contexts[0].report_health("redis does not answer", fails=FOREVER)
        [away] = reports()
        contexts[0].report_health(None)
        [back] = reports()

    assert (away.ready, away.state, away.reason) == (False, "degraded", "health check failed: redis does not answer")
    assert (back.ready, back.state, back.reason, back.generation) == (True, "ready", None, 1)


async def test_what_nobody_needs_does_not_make_the_program_unready(tree):
    failed = trio.Event()

    @tree.actor(gives_up="ignore", retries=0)
    async def janitor(ctx):
        ctx.started()
        await failed.wait()
        raise RuntimeError("a fault")

    @tree.actor
    async def store(ctx):
        ctx.started()
        await ctx.stopping.wait()

    async with tree.open() as live:
        failed.set()
        await trio.testing.wait_all_tasks_blocked()
        reports = {report.name: report for report in ActorReports(live, Report)()}

    assert (reports["janitor"].ready, reports["janitor"].needed) == (False, False)
    assert (reports["store"].ready, reports["store"].needed) == (True, True)


async def test_an_actor_that_tries_again_says_what_was_wrong_the_last_time(tree):
    trying, doors = trio.Event(), trio.Event()

    @tree.actor(backoff=Backoff(0, 0))
    async def store(ctx):
        if ctx.generation == 1:
            raise UnavailableError("postgresql refuses")
        trying.set()
        await doors.wait()
        ctx.started()
        await ctx.stopping.wait()

    @tree.actor(gives_up="ignore")
    async def asker(ctx):
        ctx.started()
        await trying.wait()
        found.extend(report for report in ActorReports(ctx.tree, Report)() if report.name == "store")
        doors.set()
        await ctx.stopping.wait()

    found = []
    async with tree.open():
        pass

    [report] = found
    assert (report.ready, report.state) == (False, "starting")
    assert "after UnavailableError: postgresql refuses" in report.reason
