"""Running an allowed command: no shell, few variables, a group of its own, and no output without end.

The group is that of ``supervisors.processes.groups``: when the call ends, is cancelled or runs out of time, all of it
is killed, and when this program dies, too.
"""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Final

import attrs
import trio

from compozy.domain.json import JsonObject
from compozy.drivers.tools.builtins.commands import Commands, checked_environment
from compozy.drivers.tools.builtins.failures import Code, failure
from compozy.drivers.tools.builtins.harmless import AllowedCommand
from compozy.drivers.tools.builtins.root import Root
from compozy.drivers.tools.builtins.settings import ExecSettings
from supervisors.processes.children import Children
from supervisors.processes.groups import open_group

_CHUNK: Final = 64 * 1024
_LAST_WORDS: Final = 1.0
"""Seconds to read what is left in the pipes after the command has ended and its group was killed."""


@attrs.define
class _Captured:
    """The beginning of what a stream gives."""

    limit: int
    content: bytearray = attrs.Factory(bytearray)
    truncated: bool = False

    async def drain(self, stream: trio.abc.ReceiveStream) -> None:
        """Read to the end, and keep what there is room for: a command whose pipe is full would wait for ever."""
        async for chunk in stream:
            room = self.limit - len(self.content)
            self.content += chunk[:room]
            self.truncated = self.truncated or len(chunk) > room

    @property
    def text(self) -> str:
        """What was kept, as text."""
        return self.content.decode("utf-8", "replace")


@attrs.frozen(kw_only=True)
class _Start:
    """What to start, once it has been checked."""

    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: str
    timeout: timedelta


@attrs.frozen
class Executor:
    """Runs allowed commands below a root.

    Attributes:
        root: Where they run.
        settings: How long and how much.
        commands: Which.
        limiter: Of the threads that look at files.
    """

    root: Root
    settings: ExecSettings
    commands: Commands
    limiter: trio.CapacityLimiter

    async def run(self, given: JsonObject) -> JsonObject:
        """Run a command to its end, for ``cp__exec``. A status other than 0 is a result: ``success`` is false.

        Cancellation: kills the command and all that it started.

        Raises:
            ToolError: It is refused, cannot be started, or runs out of time.
        """
        command = self.commands.get(given["command"])
        arguments: list[str] = given.get("args", [])
        env = {**_own_environment(), **checked_environment(given.get("env", {}))}
        cwd = self.root.parts_of(given.get("working_dir", "."))
        stdout = _Captured(command.max_output_bytes or self.settings.max_stdout_bytes)
        stderr = _Captured(self.settings.max_stderr_bytes)
        timeout = self._timeout(command, given)
        began = trio.current_time()
        directory = await trio.to_thread.run_sync(self._prepare, command, arguments, cwd, limiter=self.limiter)
        try:
            shown = self._path_of(directory, cwd)
            start = _Start(argv=[str(command.path), *arguments], env=env, cwd=shown, timeout=timeout)
            status = await _run(start, stdout, stderr)
        finally:
            os.close(directory)
        return {
            "stdout": stdout.text,
            "stderr": stderr.text,
            "exit_code": status,
            "success": status == 0,
            "duration_ms": round((trio.current_time() - began) * 1000),
            "stdout_truncated": stdout.truncated,
            "stderr_truncated": stderr.truncated,
        }

    def _prepare(self, command: AllowedCommand, arguments: list[str], cwd: tuple[str, ...]) -> int:
        """Check the arguments and return where the command runs, as an open directory. Blocks."""
        self.commands.check_arguments(command, arguments, self.root, cwd)
        with self.root.directory(cwd) as directory:
            return os.dup(directory)

    def _path_of(self, directory: int, cwd: tuple[str, ...]) -> str:
        """Return a path to the open directory. Where the system has none, its name has to do, which may change."""
        return f"/proc/self/fd/{directory}" if sys.platform == "linux" else str(self.root.path.joinpath(*cwd))

    def _timeout(self, command: AllowedCommand, given: JsonObject) -> timedelta:
        most = command.timeout or self.settings.timeout
        return min(most, timedelta(milliseconds=given["timeout_ms"])) if "timeout_ms" in given else most


def _own_environment() -> dict[str, str]:
    return {"PATH": os.defpath, "LANG": "C.UTF-8", "HOME": "/nonexistent"}


async def _run(start: _Start, stdout: _Captured, stderr: _Captured) -> int:
    """Run a command and return its exit status, negative for the signal that ended it.

    Raises:
        ToolError: It cannot be started, or runs out of time.
    """
    if sys.platform == "win32":
        raise failure(Code.COMMAND_REFUSED, "commands are run on POSIX systems only")
    seconds = start.timeout.total_seconds()
    with _start_errors(start.argv[0]), trio.move_on_after(seconds):
        async with open_group(Children(), orphan_grace=0) as group:
            process = group.process = await trio.lowlevel.open_process(
                start.argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=dict(start.env),
                process_group=group.reaper.pid if group.reaper is not None else 0,
                cwd=start.cwd,
            )
            async with _streams_of(process) as (out, err), trio.open_nursery() as nursery:
                nursery.start_soon(stdout.drain, out)
                nursery.start_soon(stderr.drain, err)
                status = await process.wait()
                group.kill()  # what it left behind may hold the pipes open
                nursery.cancel_scope.deadline = trio.current_time() + _LAST_WORDS
            return status
    raise failure(
        Code.TIMED_OUT,
        f"command {start.argv[0]!r} did not end within {seconds:g} s",
        stdout=stdout.text[-2000:],
        stderr=stderr.text[-2000:],
    )


@asynccontextmanager
async def _streams_of(process: trio.Process) -> AsyncIterator[tuple[trio.abc.ReceiveStream, trio.abc.ReceiveStream]]:
    if process.stdout is None or process.stderr is None:
        raise AssertionError("the command was started without pipes")
    async with process.stdout, process.stderr:
        yield process.stdout, process.stderr


@contextmanager
def _start_errors(program: str) -> Iterator[None]:
    """Turn what the operating system says of a command into an error of the tool."""
    try:
        yield
    except OSError as error:
        raise failure(
            Code.COMMAND_FAILED, f"command {program!r} could not be started: {error.strerror}", command=program
        ) from error
