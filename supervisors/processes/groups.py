"""A process group that goes down with this program, however this program goes down.

Theory of operation (POSIX). A tiny shell, the reaper, is started first: it leads a new process group, ignores TERM,
and reads from a pipe whose other end only this program holds. The child is then started into the reaper's group, before
it executes its own program. So

- when this program dies, even of KILL, the kernel closes the pipe; the reaper reads the end of it, sends TERM to its
  group and, after a grace, KILL; without a grace, KILL alone. The child has no say in that, and neither have its
  descendants, as long as they stay in the group;
- a signal can be sent to the group at any time without hitting a stranger: the group's id is the reaper's process id,
  the reaper is the last to be waited for, and an id is not used again before that;
- nothing depends on which thread started the child. PR_SET_PDEATHSIG does: it follows the thread, and Trio's worker
  threads end after ten idle seconds, which kills a healthy child.

A descendant that leaves the group (a daemon) leaves its protection too.

On Windows there is no reaper: the child is put into a job, which `supervisors.processes.jobs` explains, and it leads a
group of its console, which is how it is asked to end, with CTRL_BREAK. That is a best effort, and not tested by the
suite.
"""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

import trio

from supervisors.processes.children import Children
from supervisors.processes.jobs import Job
from supervisors.processes.listeners import group_listens

ORPHAN_GRACE = 3
"""Seconds from TERM to KILL once this program is gone, unless the child's actor says otherwise."""

_REAPER = (
    'trap "" TERM HUP INT; echo; while read -r _; do :; done; [ "$0" -eq 0 ] || { kill -TERM 0; sleep "$0"; }; '
    "kill -KILL 0"
)

_REAP_S = 5.0  # a killed process can be stuck in the kernel; do not wait for it for ever


class Group:
    """A process group, and the child that was started into it.

    Attributes:
        reaper: Leads the group; None on Windows.
        job: Holds the child and what it starts; Windows only.
        process: The child, once there is one.
    """

    __slots__ = ("job", "process", "reaper")

    def __init__(self, *, reaper: trio.Process | None = None, job: Job | None = None) -> None:
        self.reaper = reaper
        self.job = job
        self.process: trio.Process | None = None

    async def spawn(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None,
        cwd: str | os.PathLike[str] | None,
        pass_fds: Sequence[int] = (),
        umask: int = -1,
    ) -> trio.Process:
        """Start the child; its output comes in one stream.

        Args:
            argv: The command.
            env: Its whole environment; None: that of this program.
            cwd: Its working directory; None: that of this program.
            pass_fds: Descriptors that it inherits; without effect on Windows.
            umask: As for `os.umask`, -1: as this program; without effect on Windows.

        Raises:
            OSError: It could not be started.
        """
        if sys.platform == "win32":
            self.process = await trio.lowlevel.open_process(
                list(argv),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=env,
                cwd=cwd,
                creationflags=subprocess.CREATE_NEW_PROCESS_GROUP,
            )
            with suppress(OSError):  # it has ended already
                if self.job is not None:
                    self.job.add(self.process.pid)
        else:
            self.process = await trio.lowlevel.open_process(
                list(argv),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=env,
                cwd=cwd,
                pass_fds=pass_fds,
                umask=umask,
                process_group=self.reaper.pid if self.reaper is not None else None,
            )
        return self.process

    def holds(self, port: int) -> bool | None:
        """Return whether a process of the group listens on this TCP port; None when the system does not tell."""
        return group_listens(self.reaper.pid, port) if self.reaper is not None else None

    def terminate(self) -> None:
        """Ask the whole group to end."""
        if sys.platform == "win32":
            if self.process is not None:
                with suppress(OSError):  # it has no console, so nothing can be asked of it
                    self.process.send_signal(signal.CTRL_BREAK_EVENT)
        else:
            self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the whole group, the reaper too."""
        if sys.platform == "win32":
            if self.job is not None:
                self.job.kill()
            if self.process is not None:
                self.process.kill()
        else:
            self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if sys.platform != "win32" and self.reaper is not None:
            with suppress(ProcessLookupError, PermissionError):  # how macOS says, too, that all of them are dead
                os.killpg(self.reaper.pid, number)

    async def close(self) -> None:
        """Kill what is left and wait for it; the reaper last, so that its id stays ours while we may signal it."""
        self.kill()
        if self.job is not None:
            self.job.close()
        if self.process is not None:
            await self.process.wait()
        if self.reaper is not None:
            await self.reaper.wait()
            for stream in (self.reaper.stdin, self.reaper.stdout):
                if stream is not None:
                    await stream.aclose()


@asynccontextmanager
async def open_group(children: Children, *, orphan_grace: int = ORPHAN_GRACE) -> AsyncIterator[Group]:
    """Open a group; on leaving, nothing of it is alive.

    Cancellation: the last cleanup is shielded and bounded; whatever is in the group is killed.

    Args:
        children: Where the group is known while it exists.
        orphan_grace: Whole seconds from TERM to KILL once this program is gone; 0: KILL at once, without TERM.

    Raises:
        OSError: The reaper could not be started, or on Windows the job not be made.
    """
    group = Group(job=Job()) if sys.platform == "win32" else Group(reaper=await _start_reaper(orphan_grace))
    children.add(group, group.kill)
    try:
        if group.reaper is not None:
            await _wait_armed(group.reaper)
        yield group
    finally:
        with trio.CancelScope(shield=True, deadline=trio.current_time() + _REAP_S):
            await group.close()
        children.remove(group)


async def _start_reaper(orphan_grace: int) -> trio.Process:
    if sys.platform != "win32":
        # Popen runs in a thread that is never abandoned: this is cancelled before there is a process, or returns it.
        return await trio.lowlevel.open_process(
            ["/bin/sh", "-c", _REAPER, str(orphan_grace)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.defpath},
            cwd="/",
            process_group=0,
        )
    raise AssertionError("a job does on windows what the reaper does elsewhere")


async def _wait_armed(reaper: trio.Process) -> None:
    # Before its trap is set, a TERM to the group would end the reaper and leave the child without protection.
    if reaper.stdout is None or not await reaper.stdout.receive_some(1):
        raise OSError("the reaper did not start; is /bin/sh a POSIX shell?")
