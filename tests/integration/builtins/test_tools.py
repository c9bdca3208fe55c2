"""Built-in tools beside a project's own."""

from datetime import timedelta

import pytest
import trio
from typing_extensions import override

from compozy.contracts.tools import ToolCall, Tools
from compozy.domain.errors import ToolError
from compozy.drivers.tools.builtins.settings import BuiltinSettings
from compozy.drivers.tools.builtins.tools import BuiltinTools, with_builtins


class OwnTools(Tools):
    @override
    async def run(self, call):
        return {"ran": call.tool_id}


def call(tool_id, **input_):
    return ToolCall(tool_id=tool_id, tool_exec_id="T", input=input_, config={}, timeout=timedelta(seconds=5))


@pytest.fixture
async def both(place):
    return with_builtins(OwnTools(), BuiltinTools(BuiltinSettings(root=place.root)))


async def test_ids_of_built_in_tools_go_to_them_and_others_to_the_project(both):
    assert await both.run(call("mine")) == {"ran": "mine"}
    assert (await both.run(call("cp__read_file", path="docs/deep/data.json")))["content"] == "{}"


async def test_a_built_in_tool_that_there_is_not_is_an_error_with_the_nearest_one(both):
    with pytest.raises(ToolError, match="did you mean 'cp__read_file'") as caught:
        await both.run(call("cp__read_fiel"))

    assert caught.value.error_code == "TOOL_NOT_FOUND"


async def test_files_are_read_on_threads_while_the_loop_is_free(both, place):
    (place.root / "rows").write_text("a\n" * 20_000)
    ended = trio.Event()
    turns = 0

    async def search():
        await both.run(call("cp__grep", path="rows", pattern="b"))
        ended.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(search)
        while not ended.is_set():
            turns += 1
            await trio.lowlevel.checkpoint()

    assert turns > 10


async def test_an_error_that_nobody_foresaw_is_one_of_the_task(place):
    async def find(host, port):
        await trio.lowlevel.checkpoint()
        raise RuntimeError("out of order")

    tools = BuiltinTools(BuiltinSettings(root=place.root), find=find)

    with pytest.raises(ToolError, match="raised RuntimeError: out of order") as caught:
        await tools.run(call("cp__fetch", url="http://x.test/"))
    assert caught.value.error_code == "TOOL_FAILED"


async def test_a_call_that_takes_longer_than_the_task_may_is_timed_out(place):
    async def find(host, port):
        await trio.sleep_forever()

    tools = BuiltinTools(BuiltinSettings(root=place.root), find=find)
    short = ToolCall(
        tool_id="cp__fetch",
        tool_exec_id="T",
        input={"url": "http://x.test/"},
        config={},
        timeout=timedelta(milliseconds=20),
    )

    with pytest.raises(ToolError, match="did not end within") as caught:
        await tools.run(short)
    assert caught.value.error_code == "TIMED_OUT"
