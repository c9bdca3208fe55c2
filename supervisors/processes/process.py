"""Runs a child process as an actor: started, probed, asked to end, and never left behind."""

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from os import PathLike
from typing import Final, NamedTuple

import trio

from supervisors.errors import ChildExitError
from supervisors.processes.children import Children
from supervisors.processes.command_probe import describe_exit
from supervisors.processes.commands import run_command
from supervisors.processes.groups import Group, open_group
from supervisors.processes.liveness import Liveness, watch
from supervisors.processes.output import LAST_WORDS, Output
from supervisors.processes.probes import Probe
from supervisors.processes.supervised import Supervised

UNSET: Final = object()
"""No value was given."""

CANCEL_GRACE = 1.0
"""Seconds from TERM to KILL at least, also when the actor is cancelled at once."""


class RunningChild:
    """A child and what it writes; what probes see of it, they know as `Child`.

    Attributes:
        asked_at: When it was asked to end, or None.
        announced: Whether it was ready.
    """

    __slots__ = ("announced", "argv", "asked_at", "children", "group", "output", "process", "why_not_ready")

    def __init__(
        self, argv: tuple[str, ...], process: trio.Process, *, group: Group, output: Output, children: Children
    ) -> None:
        self.argv = argv
        self.process = process
        self.group = group
        self.output = output
        self.children = children
        self.why_not_ready = ""
        self.asked_at: float | None = None
        self.announced = False

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
        return self.group.holds(port)

    async def run(
        self,
        argv: Sequence[str],
        output: Output,
        *,
        env: Mapping[str, str] | None = None,
        cwd: str | PathLike[str] | None = None,
    ) -> int:
        """Run another command to its end and return its exit status."""
        return await run_command(argv, output, self.children, env=env, cwd=cwd)

    def terminate(self) -> float:
        """Ask its group to end, once, and return when that was."""
        if self.asked_at is None:
            self.asked_at = trio.current_time()
            self.group.terminate()
        return self.asked_at


class Launch(NamedTuple):
    """What to run and how; `Context.process` explains each."""

    argv: tuple[str, ...]
    ready: Probe | None
    value: object
    grace: float | None
    env: Mapping[str, str] | None
    cwd: str | PathLike[str] | None
    pass_fds: Sequence[int]
    umask: int
    orphan_grace: int
    on_line: Callable[[str], None] | None
    liveness: Liveness | None


async def run_child(actor: Supervised, launch: Launch, children: Children) -> None:
    """Run a child until it ends or the actor is asked to stop; `Context.process` says how."""
    async with open_group(children, orphan_grace=launch.orphan_grace) as group:
        process = await group.spawn(
            launch.argv, env=launch.env, cwd=launch.cwd, pass_fds=launch.pass_fds, umask=launch.umask
        )
        child = RunningChild(launch.argv, process, group=group, output=Output(launch.on_line), children=children)
        try:
            async with _reading(child), trio.open_nursery() as nursery:
                nursery.start_soon(_accompany, actor, child, launch)
                nursery.start_soon(_obey, actor, child, launch.grace)
                await process.wait()
                nursery.cancel_scope.cancel()
        except BaseExceptionGroup as raised:
            raise _only(raised) from None
    if not actor.stopping.is_set():
        raise _unasked_end(actor, child)


async def _accompany(actor: Supervised, child: RunningChild, launch: Launch) -> None:
    found = await _wait_ready(actor, child, launch.ready) if launch.ready is not None else None
    child.announced = True
    actor.started(found if launch.value is UNSET else launch.value)
    if launch.liveness is not None:
        await watch(actor, child, launch.liveness)


async def _wait_ready(actor: Supervised, child: RunningChild, probe: Probe) -> object:
    try:
        return await probe(child)
    except BaseException:
        # Cancelled, most likely, for not being ready in time; out of a nursery that is often a group of exceptions. A
        # child that has ended by itself is an error of its own, which says how it ended.
        if child.asked_at is not None or child.process.returncode is None:
            missing = f"{child.why_not_ready}; " if child.why_not_ready else ""
            actor.note(f"{missing}child process {child.argv[0]!r} was running, {child.output.last_words()}")
        raise


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
                with trio.move_on_after(LAST_WORDS):
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
    code = child.process.returncode or 0
    when = "" if child.announced else " before it was ready"
    message = f"child process {child.argv[0]!r} of {actor.name!r} {describe_exit(code)}{when}"
    return ChildExitError(actor.name, message, argv=child.argv, returncode=code, tail=child.tail().strip())
