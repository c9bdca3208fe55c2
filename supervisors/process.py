"""Runs a child process as an actor: started, probed, asked to end, and never left behind."""

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from os import PathLike
from typing import Final, Protocol

import attrs
import trio

from supervisors.children import Children
from supervisors.errors import ChildExitError
from supervisors.groups import Group, open_group
from supervisors.listeners import group_listens
from supervisors.output import Output
from supervisors.probes import Probe

UNSET: Final = object()
"""No value was given."""

CANCEL_GRACE = 1.0
"""Seconds from TERM to KILL at least, also when the actor is cancelled at once."""

_LAST_WORDS = 1.0  # seconds to read what is left in the pipe; a daemon outside the group may hold it open for ever


class Stoppable(Protocol):
    """What is asked for by whoever supervises."""

    def is_set(self) -> bool:
        """Whether the stop was requested."""

    async def wait(self) -> None:
        """Return once the stop was requested."""


class Supervised(Protocol):
    """The actor that the child stands for."""

    @property
    def name(self) -> str:
        """The actor."""

    @property
    def stopping(self) -> Stoppable:
        """Set when it is asked to stop."""

    def started(self, value: object = None) -> None:
        """Announce readiness."""


@attrs.define(eq=False)
class RunningChild:
    """A child and what it writes."""

    argv: tuple[str, ...]
    process: trio.Process
    group: Group
    output: Output
    asked_at: float | None = None
    announced: bool = False

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    def tail(self) -> str:
        """Return the end of what it has written so far."""
        return self.output.tail()

    async def wait_line(self, pattern: re.Pattern[str]) -> re.Match[str]:
        """Wait for a line in which the pattern is found."""
        return await self.output.wait_line(pattern)

    def listens_on(self, port: int) -> bool | None:
        """Return whether a process of its group listens on this port; None when the system does not tell."""
        return group_listens(self.group.reaper.pid, port) if self.group.reaper is not None else None

    def terminate(self) -> float:
        """Ask its group to end, once, and return when that was."""
        if self.asked_at is None:
            self.asked_at = trio.current_time()
            self.group.terminate()
        return self.asked_at


@attrs.frozen(kw_only=True)
class Launch:
    """What to run and how; `Context.process` explains each."""

    argv: tuple[str, ...]
    ready: Probe | None
    value: object
    grace: float | None
    env: Mapping[str, str] | None
    cwd: str | PathLike[str] | None
    pass_fds: Sequence[int]
    umask: int
    on_line: Callable[[str], None] | None


async def run_child(actor: Supervised, launch: Launch, children: Children) -> None:
    """Run a child until it ends or the actor is asked to stop; `Context.process` says how."""
    async with open_group(children) as group:
        process = await group.spawn(
            launch.argv, env=launch.env, cwd=launch.cwd, pass_fds=launch.pass_fds, umask=launch.umask
        )
        child = RunningChild(launch.argv, process, group, Output(launch.on_line))
        try:
            async with _reading(child), trio.open_nursery() as nursery:
                nursery.start_soon(_announce, actor, child, launch)
                nursery.start_soon(_obey, actor, child, launch.grace)
                await process.wait()
                nursery.cancel_scope.cancel()
        except BaseExceptionGroup as raised:
            raise _only(raised) from None
    if not actor.stopping.is_set():
        raise _unasked_end(actor, child)


async def _announce(actor: Supervised, child: RunningChild, launch: Launch) -> None:
    found = await launch.ready(child) if launch.ready is not None else None
    child.announced = True
    actor.started(found if launch.value is UNSET else launch.value)


async def _obey(actor: Supervised, child: RunningChild, grace: float | None) -> None:
    await actor.stopping.wait()
    child.terminate()
    if grace is not None:
        await trio.sleep(grace)
        child.group.kill()


@asynccontextmanager
async def _reading(child: RunningChild) -> AsyncIterator[None]:
    """Read what the child writes during the block, and until its group is gone.

    The reader is out of reach of cancellation while the child ends: one that cannot write cannot clean up either.
    """
    async with trio.open_nursery() as nursery:
        reader = trio.CancelScope(shield=True)
        is_read = trio.Event()
        nursery.start_soon(_read, child, reader, is_read)
        try:
            yield
        finally:
            with trio.CancelScope(shield=True):
                await _end(child)
                with trio.move_on_after(_LAST_WORDS):
                    await is_read.wait()
            reader.cancel()


async def _read(child: RunningChild, scope: trio.CancelScope, is_read: trio.Event) -> None:
    if child.process.stdout is None:
        raise AssertionError("the child was started without a pipe")
    with scope:
        try:
            await child.output.drain(child.process.stdout)
        finally:
            is_read.set()


async def _end(child: RunningChild) -> None:
    # Called under a shield. One that was asked to end long ago has had its grace; any other gets a short one.
    if child.process.returncode is None:
        with trio.move_on_at(child.terminate() + CANCEL_GRACE):
            await child.process.wait()
    child.group.kill()
    with trio.move_on_after(CANCEL_GRACE):
        await child.process.wait()


def _only(group: BaseExceptionGroup[BaseException]) -> BaseException:
    # The nurseries here are a detail; a single error inside them is what the actor's author expects to see.
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def _unasked_end(actor: Supervised, child: RunningChild) -> ChildExitError:
    code = child.process.returncode
    how = f"was killed by signal {-code}" if code is not None and code < 0 else f"exited with status {code}"
    when = "" if child.announced else " before it was ready"
    message = f"child process {child.argv[0]!r} of {actor.name!r} {how}{when}"
    return ChildExitError(actor.name, message, argv=child.argv, returncode=code or 0, tail=child.tail().strip())
