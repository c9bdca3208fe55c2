"""How one ``compozy run`` ends."""

import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import attrs
import pytest

from compozy.cli.exits import Exit
from compozy.cli.running.session import Request, Session, conclude, run_session
from compozy.cli.running.sources import Source
from compozy.cli.running.views import View
from compozy.domain.errors import NotFoundError
from compozy.domain.statuses import Status

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def view(status, **known):
    return View(exec_id="E", workflow_id="greet", status=status, started_at=NOW, changed_at=NOW, **known)


@attrs.define
class Ended(Source):
    """A source whose executions have ended as soon as they were started.

    Attributes:
        end: How.
        log: What happened to the source.
    """

    end: View
    log: list

    async def start(self, workflow_id, input_):
        self.log.append((workflow_id, input_))
        if workflow_id != self.end.workflow_id:
            raise NotFoundError(f"there is no workflow {workflow_id!r}")
        return self.end.exec_id

    async def get(self, _exec_id):
        return self.end

    @asynccontextmanager
    async def watch(self, _exec_id):
        yield self

    def aftermath(self, exec_id):
        return f"{exec_id} goes on"

    def hurry(self):
        self.log.append("hurried")

    @asynccontextmanager
    async def opened(self):
        self.log.append("opened")
        try:
            yield self
        finally:
            self.log.append("closed")


def test_output_is_printed_once_the_source_is_closed(capsys):
    source = Ended(view(Status.SUCCESS, output={"text": "hi"}), [])

    exit_ = run_session(Request(workflow_id="greet", input={"n": 1}), source.opened(), format_="json")

    assert exit_ is Exit.SUCCESS
    assert json.loads(capsys.readouterr().out) == {"text": "hi"}
    assert source.log == ["opened", ("greet", {"n": 1}), "closed"]


async def test_source_hurries_once_it_is_open():
    source = Ended(view(Status.SUCCESS), [])
    session = Session()
    session.hurry()

    await session.carry_out(Request(workflow_id="greet", input={}), source.opened())
    session.hurry()

    assert source.log == ["opened", ("greet", {}), "closed", "hurried"]


def test_source_is_closed_when_the_execution_cannot_be_started(capsys):
    source = Ended(view(Status.SUCCESS), [])

    with pytest.raises(ExceptionGroup) as raised:
        run_session(Request(workflow_id="nope", input={}), source.opened(), format_="json")

    assert raised.group_contains(NotFoundError)
    assert source.log[-1] == "closed"
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("status", [Status.FAILED, Status.TIMED_OUT, Status.CANCELED])
def test_execution_that_did_not_end_well_fails_with_its_reason(capsys, status):
    session = Session(view=view(status, error="boom"))

    exit_ = conclude(session, interrupted=False, patience=None, format_="json")

    captured = capsys.readouterr()
    assert exit_ is Exit.FAILED
    assert (captured.out, captured.err) == ("", f"error: workflow 'greet' ended {status}: boom\n")


@pytest.mark.parametrize("seen", [None, view(Status.RUNNING)])
def test_execution_that_is_left_is_told_what_becomes_of_it(capsys, seen):
    session = Session(view=seen, aftermath="E goes on")

    interrupted = conclude(session, interrupted=True, patience=None, format_="json")
    late = conclude(session, interrupted=False, patience=timedelta(seconds=2), format_="json")

    captured = capsys.readouterr()
    assert (interrupted, late) == (Exit.INTERRUPTED, Exit.FAILED)
    assert captured.out == ""
    assert captured.err.splitlines() == ["interrupted; E goes on", "error: no end within 2 s; E goes on"]


def test_interrupt_before_anything_was_started_says_no_more_than_that(capsys):
    exit_ = conclude(Session(), interrupted=True, patience=None, format_="json")

    assert exit_ is Exit.INTERRUPTED
    assert capsys.readouterr().err == "interrupted\n"


def test_execution_that_ended_before_the_interrupt_arrived_counts_as_ended(capsys):
    exit_ = conclude(Session(view=view(Status.SUCCESS, output=1)), interrupted=True, patience=None, format_="json")

    assert exit_ is Exit.SUCCESS
    assert capsys.readouterr().out == "1\n"
