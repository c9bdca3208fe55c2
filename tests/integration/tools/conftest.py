"""Tools in real processes: a project in a folder of its own, and pipes that tell who lives."""

import os
from contextlib import asynccontextmanager
from datetime import timedelta

import psutil
import pytest
import trio

from compozy.contracts.tools import ToolCall
from compozy.domain.definitions import RuntimeDefinition, RuntimeType, ToolIsolation
from compozy.drivers.tools.project import ToolSettings, open_tools


class Lifeline:
    """A pipe that a program holds: its words tell that it runs, its end tells that it has died."""

    def __init__(self, path):
        os.mkfifo(path)
        self.path = path

    async def wait_up(self):
        # Opened when the program opens it, and not before.
        self._stream = trio.lowlevel.FdStream(await trio.to_thread.run_sync(os.open, self.path, os.O_RDONLY))
        assert bytes(await self._stream.receive_some()).startswith(b"up")

    async def wait_dead(self):
        async with self._stream:
            while await self._stream.receive_some():
                pass


@pytest.fixture
def new_lifeline(tmp_path):
    """Return a function from a name to a lifeline."""
    return lambda name: Lifeline(tmp_path / name)


@pytest.fixture
def lifeline(new_lifeline):
    return new_lifeline("lifeline")


@pytest.fixture
def call():
    """Return a function that makes a call."""

    def make(tool_id, *, timeout=20.0, env=None, **input_):
        return ToolCall(
            tool_id=tool_id,
            tool_exec_id=f"exec-{tool_id}",
            input=input_,
            config={"by": 10},
            env=env or {},
            timeout=timedelta(seconds=timeout),
        )

    return make


@pytest.fixture
def open_project(tmp_path):
    """Return a function that opens the tools of a project; on leaving, no process of theirs may be alive."""

    @asynccontextmanager
    async def opened(entrypoint, source, *, kind="python", permissions=(), isolation="process", **settings):
        (tmp_path / entrypoint).write_text(source)
        runtime = RuntimeDefinition(
            type=RuntimeType(kind),
            entrypoint=entrypoint,
            permissions=permissions,
            isolation=ToolIsolation(isolation if kind == "python" else "none"),
        )
        before = set(psutil.Process().children(recursive=True))
        with trio.fail_after(60):
            async with open_tools(ToolSettings(root=tmp_path, runtime=runtime, **settings)) as tools:
                yield tools
        assert set(psutil.Process().children(recursive=True)) <= before

    return opened
