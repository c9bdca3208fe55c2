"""One ``compozy run``: start an execution, follow it, print what it gives; Ctrl-C ends it in order."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from functools import partial

import attrs
import click
import trio

from compozy.cli.complaints import complain
from compozy.cli.exits import Exit
from compozy.cli.running.displays import open_display
from compozy.cli.running.results import print_output
from compozy.cli.running.sources import Source, follow
from compozy.cli.running.views import View
from compozy.cli.signals import until_signal
from compozy.domain.durations import parse_duration
from compozy.domain.errors import InvalidError, Problem
from compozy.domain.json import JsonObject
from compozy.domain.statuses import Status


@attrs.frozen(kw_only=True)
class Request:
    """What to run.

    Attributes:
        workflow_id: Which workflow.
        input: Its input.
        patience: How long to wait for its end once it has started; None waits for as long as it takes.
    """

    workflow_id: str
    input: JsonObject
    patience: timedelta | None = None


@attrs.define
class Session:
    """How far one request has come, so that whoever ends it early can say what becomes of the execution.

    Attributes:
        view: The execution as it ended; None until it has.
        aftermath: What becomes of it when nobody follows it; empty until it has started.
        source: Where it runs; None until that is open.
    """

    view: View | None = None
    aftermath: str = ""
    source: Source | None = None

    def hurry(self) -> None:
        """Have the source, once it is open, take no time to close: what it is at is given up."""
        if self.source is not None:
            self.source.hurry()

    async def carry_out(self, request: Request, opening: AbstractAsyncContextManager[Source]) -> None:
        """Start the execution and follow it to its end, or to the end of the request's patience."""

        async def start(source: Source) -> str:
            return await source.start(request.workflow_id, request.input)

        await self._follow(opening, start, request.patience)

    async def watch(
        self, exec_id: str, patience: timedelta | None, opening: AbstractAsyncContextManager[Source]
    ) -> None:
        """Follow an execution that somebody else has started to its end, or to the end of the patience."""

        async def find(source: Source) -> str:
            return (await source.get(exec_id)).exec_id  # raises when there is none

        await self._follow(opening, find, patience)

    async def _follow(
        self,
        opening: AbstractAsyncContextManager[Source],
        find: Callable[[Source], Awaitable[str]],
        patience: timedelta | None,
    ) -> None:
        with open_display() as display:
            async with opening as source:
                self.source = source
                exec_id = await find(source)
                self.aftermath = source.aftermath(exec_id)
                with trio.move_on_after(_seconds(patience)):
                    self.view = await follow(source, exec_id, display)


def run_session(request: Request, opening: AbstractAsyncContextManager[Source], *, format_: str) -> Exit:
    """Carry out the request, print the output on stdout and return the exit code."""
    session = Session()
    interrupted = _run(session, partial(session.carry_out, request, opening))
    return conclude(session, interrupted=interrupted, patience=request.patience, format_=format_)


def watch_session(
    exec_id: str, opening: AbstractAsyncContextManager[Source], *, patience: timedelta | None, format_: str
) -> Exit:
    """Follow an execution, print its output on stdout and return the exit code."""
    session = Session()
    interrupted = _run(session, partial(session.watch, exec_id, patience, opening))
    return conclude(session, interrupted=interrupted, patience=patience, format_=format_)


def conclude(session: Session, *, interrupted: bool, patience: timedelta | None, format_: str) -> Exit:
    """Print how the session ended and return the exit code."""
    view = session.view
    if view is not None and view.status is Status.SUCCESS:
        print_output(view.output, format_)
        return Exit.SUCCESS
    if view is not None and view.status.is_terminal:
        complain(f"workflow {view.workflow_id!r} ended {view.status}: {view.error or 'no reason was given'}")
        return Exit.FAILED
    if interrupted:
        click.echo(f"interrupted; {session.aftermath}" if session.aftermath else "interrupted", err=True)
        return Exit.INTERRUPTED
    complain(f"no end within {_seconds(patience):g} s; {session.aftermath}")
    return Exit.FAILED


def parse_patience(text: str | None) -> timedelta | None:
    """Return the duration that ``--timeout`` names.

    Raises:
        InvalidError: It is not a duration.
    """
    if text is None:
        return None
    try:
        return parse_duration(text)
    except InvalidError as error:
        first = error.problems[0]
        raise InvalidError(Problem(key="--timeout", message=first.message, hint=first.hint)) from error


def _run(session: Session, work: Callable[[], Awaitable[None]]) -> bool:
    return trio.run(partial(until_signal, work, hurry=session.hurry))


def _seconds(duration: timedelta | None) -> float:
    return float("inf") if duration is None else duration.total_seconds()
