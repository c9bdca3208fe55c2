"""Following an execution to its end."""

from contextlib import aclosing, asynccontextmanager

import attrs
import pytest
import trio

from compozy.cli.running.sources import PATIENCE_S, Source, Watcher, follow
from compozy.cli.running.views import TaskView, View
from compozy.domain.errors import UnavailableError
from compozy.domain.statuses import Status
from compozy.drivers.clock import utc_now
from compozy.engine.events import ExecutionEvent

NOW = utc_now()


def view(status, **tasks):
    rows = {
        name: TaskView(task_exec_id=name, task_id=name, status=each, started_at=NOW, changed_at=NOW)
        for name, each in tasks.items()
    }
    return View(exec_id="E", workflow_id="w", status=status, started_at=NOW, changed_at=NOW, tasks=rows)


def event(status, task=None):
    return ExecutionEvent(exec_id="E", workflow_id="w", status=status, task_id=task, task_exec_id=task, at=NOW)


@attrs.define
class Script(Source):
    """A source that gives what it was told to, in order; an exception in place of a value is raised.

    Attributes:
        views: For each call of ``get``; the last one stays.
        streams: For each ``watch``, its events; when there are no more, it cannot be reached.
    """

    views: list
    streams: list
    reads: int = 0

    async def start(self, workflow_id, input_):
        raise NotImplementedError

    async def get(self, _exec_id):
        await trio.lowlevel.checkpoint()
        self.reads += 1
        found = self.views.pop(0) if len(self.views) > 1 else self.views[0]
        if isinstance(found, Exception):
            raise found
        return found

    @asynccontextmanager
    async def watch(self, _exec_id):
        await trio.lowlevel.checkpoint()
        if not self.streams:
            raise UnavailableError("gone")
        async with aclosing(self._events(self.streams.pop(0))) as events:
            yield events

    async def _events(self, stream):
        for each in stream:
            await trio.lowlevel.checkpoint()
            if isinstance(each, Exception):
                raise each
            yield each

    def aftermath(self, _exec_id):
        return ""

    def hurry(self):
        raise NotImplementedError


@attrs.define
class Seen(Watcher):
    """Keeps what it is told.

    Attributes:
        shown: What was read and what changed, in order.
    """

    shown: list = attrs.Factory(list)

    def show(self, view):
        self.shown.append(view)

    def tell(self, event):
        self.shown.append(event)


async def test_each_change_is_told_and_the_end_is_read_in_full():
    end = view(Status.SUCCESS, a=Status.SUCCESS)
    begin, change = view(Status.RUNNING, a=Status.RUNNING), event(Status.SUCCESS, "a")
    source = Script(views=[begin, end], streams=[[change, event(Status.SUCCESS)]])
    seen = Seen()

    ended = await follow(source, "E", seen)

    assert ended is end
    assert seen.shown == [begin, change, end]


async def test_execution_that_has_ended_already_needs_no_event():
    source = Script(views=[view(Status.FAILED)], streams=[[]])

    ended = await follow(source, "E", Seen())

    assert ended.status is Status.FAILED


async def test_however_many_tasks_begin_the_execution_is_read_twice():
    begun = [event(Status.RUNNING, str(number)) for number in range(100)]
    source = Script(views=[view(Status.RUNNING), view(Status.SUCCESS)], streams=[[*begun, event(Status.SUCCESS)]])

    await follow(source, "E", Seen())

    assert source.reads == 2


async def test_stream_that_breaks_is_opened_again(autojump_clock):
    source = Script(
        views=[view(Status.RUNNING), view(Status.RUNNING), view(Status.SUCCESS)],
        streams=[[UnavailableError("connection lost")], [event(Status.SUCCESS)]],
    )

    ended = await follow(source, "E", Seen())

    assert ended.status is Status.SUCCESS
    assert source.streams == []


async def test_stream_that_ends_without_the_end_is_opened_again(autojump_clock):
    source = Script(views=[view(Status.RUNNING)] * 3 + [view(Status.SUCCESS)], streams=[[], [event(Status.SUCCESS)]])

    ended = await follow(source, "E", Seen())

    assert ended.status is Status.SUCCESS
    assert source.streams == []


async def test_runtime_that_stays_away_is_given_up_after_the_patience(autojump_clock):
    source = Script(views=[UnavailableError("gone")], streams=[])

    with pytest.raises(UnavailableError, match="gone"):
        await follow(source, "E", Seen())

    assert PATIENCE_S - 2 <= trio.current_time() <= PATIENCE_S


async def test_runtime_that_says_when_to_ask_again_is_not_asked_earlier(autojump_clock):
    source = Script(views=[view(Status.SUCCESS)], streams=[[UnavailableError("too many requests", retry_after_s=7)]])
    source.views.insert(0, UnavailableError("too many requests", retry_after_s=7))
    source.streams.append([])

    await follow(source, "E", Seen())

    assert 7 <= trio.current_time() < 8


async def test_runtime_that_asks_for_more_than_the_patience_is_given_up_at_once(autojump_clock):
    source = Script(views=[UnavailableError("too many requests", retry_after_s=PATIENCE_S + 1)], streams=[[]])

    with pytest.raises(UnavailableError, match="too many requests"):
        await follow(source, "E", Seen())

    assert trio.current_time() == 0


async def test_patience_begins_anew_with_each_sign_of_life(autojump_clock):
    source = Script(
        views=[view(Status.RUNNING)] * 20 + [view(Status.SUCCESS)], streams=[[UnavailableError("lost")]] * 20 + [[]]
    )

    ended = await follow(source, "E", Seen())

    assert ended.status is Status.SUCCESS
